"""What every piece of a recipe has in common."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A piece of a recipe: unknown fields are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
