"""JOB.yaml: a recipe whose teacher and data set may also lie on this machine."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core.catalog import BUILTIN, BUILTIN_DATASETS, PUBLISHING
from core.errors import Invalid, Problem
from core.problems import problem_at
from core.recipe import Recipe
from core.teaching import Member, TeacherFile


class _Loader(yaml.SafeLoader):
    """YAML 1.2's numbers and booleans: PyYAML takes `1e-3` for a text and `off` for false, as 1.1 had it."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:bool"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


@dataclass(frozen=True)
class Builtin:
    """A data set that ships with Distillery."""

    name: str


def _problems(error: ValidationError, document: Any) -> Iterator[Problem]:
    seen = set()
    for item in error.errors(include_url=False):
        place = item["loc"][0] if item["loc"] else ""
        other_half = place in ("teacher", "dataset") and len(item["loc"]) == 2 and "str" in str(item["loc"][1])
        if other_half and isinstance(document.get(place), dict):
            continue  # of "a name or an object": an object was meant
        problem = problem_at(item, document, Recipe)
        if problem not in seen:
            seen.add(problem)
            yield problem


def parse_recipe(document: Any) -> Recipe:
    """The recipe, or `Invalid` with every problem at its field."""
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise Invalid(list(_problems(error, document)), "invalid_recipe") from error


def read_document(file: Path) -> dict[str, Any]:
    """The YAML of a file as it stands there."""
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise Invalid([Problem("", "unreadable_file", f"Cannot read {file}: {error.strerror}.")]) from error
    except UnicodeDecodeError as error:
        raise Invalid([Problem("", "not_text", f"{file} is not UTF-8 text.")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or "not valid"
        raise Invalid([Problem("", "invalid_yaml", f"{file}{where}: {reason}.")]) from error
    if not isinstance(document, dict):
        raise Invalid([Problem("", "invalid_yaml", f"{file} must hold fields, such as `dataset:` and `students:`.")])
    return document


def _is_id(text: str, noun: str | None) -> bool:
    """Of an upload, or of the noun: `dst`, `tch`."""
    return text.isidentifier() and text.startswith(("upl_", f"{noun}_") if noun else "upl_")


def local_dataset(recipe: Recipe, base: Path) -> Builtin | Path | None:
    """What the recipe's data set is here: builtin, a path, or None for an id of the service."""
    said = recipe.dataset
    text, pointer = (said, "/dataset") if isinstance(said, str) else (said.path, "/dataset/path")
    if text.startswith(BUILTIN):
        name = text.removeprefix(BUILTIN)
        if name not in BUILTIN_DATASETS:
            there = ", ".join(BUILTIN + known for known in BUILTIN_DATASETS)
            raise Invalid([Problem(pointer, "unknown_dataset", f"There is no {text}; there are: {there}.")])
        return Builtin(name)
    return _existing(text, base, "dst" if isinstance(said, str) else None, pointer)


def local_teacher(said: str | TeacherFile, base: Path, pointer: str = "/teacher") -> tuple[Path, TeacherFile] | None:
    """A teacher's file with what is known of it; None for published weights or an id of the service."""
    known = TeacherFile(path=said) if isinstance(said, str) else said
    if names_published(known.path, base):
        return None  # the service has them, or fetches them
    file = isinstance(said, TeacherFile) and not isinstance(said, Member)
    path = _existing(known.path, base, None if file else "tch", f"{pointer}/path" if file else pointer)
    if path is not None and not path.is_file():
        raise Invalid([Problem(pointer, "not_a_file", f"{path} is not a file.")])
    return (path, known) if path else None


def names_published(said: str, base: Path) -> bool:
    """Whether the teacher is one of a library's, such as timm/resnet50.a1_in1k."""
    return said.partition("/")[0] in PUBLISHING and not (base / said).exists()


def _existing(text: str, base: Path, noun: str | None, pointer: str) -> Path | None:
    path = (base / Path(text).expanduser()).resolve()
    if path.exists():
        return path
    if _is_id(text, noun):
        return None
    raise Invalid([Problem(pointer, "no_such_file", f"There is no file or folder {path}.")])
