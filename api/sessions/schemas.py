"""Signing in."""

from pydantic import Field, SecretStr, model_validator

from api.schemas import Wish


class SessionCreate(Wish):
    """Sign a browser in, with a key or with the one-time code of the address that `up` prints."""

    key: SecretStr | None = Field(None, max_length=200, description="An API key.")
    code: SecretStr | None = Field(None, max_length=200, description="A one-time sign-in code.")

    @model_validator(mode="after")
    def _one_of_them(self) -> "SessionCreate":
        if (self.key is None) == (self.code is None):
            raise ValueError("give either key or code")
        return self
