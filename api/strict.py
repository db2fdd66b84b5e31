"""Bodies are taken as JSON says them: `"5"` and `true` are no numbers, `1` is no boolean, nor a time.

Pydantic would read them as such, which suits YAML and forms; the description of the interface says that they are
refused. Its own strict mode would also refuse `1.0` where an integer is wanted, and lists for tuples.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Loc = tuple[int | str, ...]


def refuse_conversions(body: Any, read: BaseModel) -> None:
    """Raises `ValidationError` where a value of the parsed body became one of another kind in what was read of it."""
    found = [_problem(*one) for one in _conversions(body, read.model_dump(mode="json"), ())]
    if found:
        raise ValidationError.from_exception_data(type(read).__name__, found)


def _problem(loc: Loc, said: Any, wanted: str) -> InitErrorDetails:
    told = PydanticCustomError("wrong_type", "Input should be a {wanted}", {"wanted": wanted})
    return {"type": told, "loc": loc, "input": said}


def _conversions(said: Any, read: Any, loc: Loc) -> Iterator[tuple[Loc, Any, str]]:
    if isinstance(said, dict) and isinstance(read, dict):
        for key in said.keys() & read.keys():
            yield from _conversions(said[key], read[key], (*loc, key))
    elif isinstance(said, list) and isinstance(read, list):
        for index, (one, other) in enumerate(zip(said, read, strict=False)):
            yield from _conversions(one, other, (*loc, index))
    elif (wanted := _kind(read)) is not None and _kind(said) not in (None, wanted):
        yield loc, said, wanted


def _kind(value: Any) -> str | None:
    """JSON's name of a single value's kind."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else None
