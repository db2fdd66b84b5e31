"""What pydantic found in a document, as problems at the places where its author wrote it."""

from collections.abc import Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic_core import ErrorDetails

from core.errors import Problem

Loc = Sequence[int | str]
MOST_TOLD = 100  # problems of one document: each is looked at, and compared with every name that there is


def problems_at(errors: Sequence[ErrorDetails], document: Any, model: Any) -> list[Problem]:
    """The first of all errors of validating `document` as `model`: as many as anybody reads."""
    return [problem_at(error, document, model) for error in errors[:MOST_TOLD]]


def problem_at(error: ErrorDetails, document: Any, model: Any) -> Problem:
    """One error of validating `document` as `model`; a field that does not exist is told which ones do."""
    detail = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        detail = no_such("field", str(error["loc"][-1]), _fields(model, error["loc"][:-1]))
    pointer = _pointer(error["loc"], document, error["type"] == "missing")
    return Problem(pointer, error["type"], detail[:1].upper() + detail[1:])


def no_such(what: str, name: str, known: list[str]) -> str:
    """In words: there is none of this name, and which one was probably meant."""
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.7)
    if near:
        return f"There is no such {what}. Did you mean {near[0]}?"
    return f"There is no such {what}." + (f" There are: {', '.join(known)}." if known else "")


def _fields(kind: Any, loc: Loc) -> list[str]:
    """The fields of the model to which `loc` leads from the type `kind`; none where it leads to no model."""
    origin, inner = get_origin(kind), [part for part in get_args(kind) if part is not type(None)]
    if origin is Annotated or (origin in (Union, UnionType) and len(inner) == 1):
        return _fields(inner[0], loc)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if not loc:
            return list(kind.model_fields)
        field = kind.model_fields.get(str(loc[0]))
        return _fields(field.annotation, loc[1:]) if field else []
    if not loc:
        return []
    if origin in (Union, UnionType):
        return next((_fields(member, loc[1:]) for member in inner if loc[0] in _tags(member)), [])
    return _fields(inner[-1], loc[1:]) if origin in (list, dict) else []


def _tags(member: Any) -> list[str]:
    """How pydantic calls a member of a union: by its class, its tag, or its `kind`."""
    if get_origin(member) is Annotated:
        named = [part.tag for part in get_args(member)[1:] if isinstance(part, Tag)]
        return named or _tags(get_args(member)[0])
    fields = getattr(member, "model_fields", {})
    kinds = get_args(fields["kind"].annotation) if "kind" in fields else ()
    return [getattr(member, "__name__", ""), *kinds]


def _pointer(loc: Loc, document: Any, missing: bool) -> str:
    """Where an error lies, as a JSON Pointer. Pydantic also names union members, which no document contains."""
    parts: list[int | str] = []
    for index, part in enumerate(loc):
        inside = (isinstance(document, dict) and part in document) or (
            isinstance(document, list) and isinstance(part, int) and part < len(document)
        )
        if inside:
            document = document[part]
        elif not (missing and index == len(loc) - 1):
            continue
        parts.append(part)
    return pointer(*parts)


def pointer(*parts: int | str) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
