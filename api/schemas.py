"""What every noun's schemas share."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, model_validator

from api.strict import refuse_conversions
from core.recipe import check_name

T = TypeVar("T")

Name = Annotated[
    str,
    Field(min_length=1, max_length=200, description="1 to 200 characters, none of them a control character."),
    AfterValidator(check_name),
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in lower-case hexadecimal.")]


class Wish(BaseModel):
    """A body that a client sends: unknown fields and other types are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _as_said(cls, value: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        wish = read(value)
        refuse_conversions(value, wish)
        return wish


class Read(BaseModel):
    """What the API answers with, built from a row."""

    model_config = ConfigDict(from_attributes=True, ser_json_inf_nan="null")


class ObjectRead(Read):
    id: str
    created_at: datetime


class Listing(Read, Generic[T]):
    """One page of a list; `next` is the `after` of the next one."""

    object: Literal["list"] = "list"
    data: list[T]
    has_more: bool = False
    next: str | None = None


class FailureRead(Read):
    """Why something could not go on."""

    code: str = Field(description="Stable, for programs.")
    title: str = ""
    detail: str
    hint: str = ""
    retryable: bool = False
    errors: list[dict[str, Any]] = Field(default_factory=list)


class Reference(Read):
    """Another object, in passing."""

    id: str
    name: str
