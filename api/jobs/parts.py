"""Uploads, builtin sets and published weights that a recipe names directly become a data set and a teacher: once."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.datasets import service as dataset_service
from api.datasets.schemas import DatasetSource
from api.teachers import service as teacher_service
from api.teachers.schemas import TeacherCreate
from core.catalog import BUILTIN, PUBLISHING, canonical_name
from core.db import datasets
from core.db.models import Dataset, Teacher, Upload
from core.errors import Invalid, Problem
from core.recipe import DatasetFile, Recipe
from core.settings import Settings
from core.teaching import Ensemble, TeacherFile

UPLOAD = "upl_"
Json = dict[str, Any]


def register(work: Session, project_id: str, recipe: Recipe, settings: Settings) -> Recipe:
    """The recipe with ids alone. `Invalid` for an upload that does not serve; what is known is not made again."""
    dataset = _dataset(work, project_id, recipe.dataset, settings)
    recipe = recipe.model_copy(update={"dataset": dataset})
    return recipe.model_copy(update={"teacher": _teacher(work, project_id, recipe.teacher, dataset)})


@contextmanager
def _at(pointer: str) -> Iterator[None]:
    """What is wrong with a source is wrong with the recipe's field."""
    try:
        yield
    except ValidationError as error:
        detail = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        raise Invalid([Problem(pointer, "invalid", detail)]) from error
    except Invalid as error:
        raise Invalid([Problem(pointer, p.code, p.detail) for p in error.problems]) from error


def _dataset(work: Session, project_id: str, said: str | DatasetFile, settings: Settings) -> str:
    path = said if isinstance(said, str) else said.path
    options = {} if isinstance(said, str) else said.options()
    if path.startswith(BUILTIN):
        wish: Json = {"kind": "builtin", "name": path.removeprefix(BUILTIN)} | options
    elif path.startswith(UPLOAD):
        wish = {"kind": "upload", "upload": path} | options
    elif isinstance(said, str):
        return said  # a data set's id, or what is told to be none
    else:
        detail = "Over REST a data set with options is an upload (upl_…) or builtin:<name>."
        raise Invalid([Problem("/dataset/path", "dataset_is_a_file", detail)])
    with _at("/dataset"):
        source = TypeAdapter(DatasetSource).validate_python(wish)
        asked = source.model_dump(mode="json")
        mine = select(Dataset).where(Dataset.project_id == project_id, Dataset.status != "rejected")
        same = mine.where(Dataset.source[_told_by(asked)].as_string() == asked[_told_by(asked)])
        for row in work.scalars(same.order_by(Dataset.id.desc())):
            if {k: v for k, v in row.source.items() if k != "sha256"} == asked:
                return row.id
        dataset_service.check_source(work, project_id, source, settings)
    name = _filename(work, path) if path.startswith(UPLOAD) else wish["name"]
    return datasets.create(work, project_id, name=name, source=asked).id


def _told_by(source: Json) -> str:
    """The field that tells sources of its kind apart."""
    return "upload" if source["kind"] == "upload" else "name"


def _teacher(work: Session, project_id: str, said: str | TeacherFile | Ensemble | None, dataset_id: str) -> str | None:
    if said is None:
        return None
    if isinstance(said, Ensemble):
        return _ensemble(work, project_id, said, dataset_id)
    if said == "":
        return said  # is told to be none
    file = TeacherFile(path=said) if isinstance(said, str) else said
    library, _, name = file.path.partition("/")
    if file.path.startswith(UPLOAD):
        source: Json = {"kind": "upload", "upload": file.path}
    elif library in PUBLISHING and name:
        source = {"kind": "pretrained", "library": library, "name": name}
    elif isinstance(said, str):
        return said  # a teacher's id, or what is told to be none
    else:
        detail = "A file can be named in a JOB.yaml only; over REST, name an upload (upl_…): PUT /v1/uploads."
        raise Invalid([Problem("/teacher", "teacher_is_a_file", detail)])
    dataset = work.scalar(select(Dataset).where(Dataset.id == dataset_id, Dataset.project_id == project_id))
    if dataset is None or dataset.status == "rejected":
        return None  # the data set is what will be complained about
    given: Json = {"architecture": file.architecture, "normalization": file.normalization}
    with _at("/teacher"):
        if known := _known_teacher(work, project_id, source, dataset_id, file):
            return known
        filename = _filename(work, file.path) if source["kind"] == "upload" else file.path
        wish = TeacherCreate.model_validate({"name": filename, "source": source} | given)
        return teacher_service.register(work, project_id, wish, dataset).id


def _ensemble(work: Session, project_id: str, said: Ensemble, dataset_id: str) -> str | None:
    """Its members become teachers first; the same mean is not made twice."""
    members: list[Json] = []
    for index, member in enumerate(said.members):
        with _at(f"/teacher/members/{index}"):
            alone = member.architecture is None and member.normalization is None
            id = _teacher(work, project_id, member.path if alone else member, dataset_id)
        if id is None:
            return None  # the data set is what will be complained about
        members.append({"teacher": id, "weight": member.weight})
    dataset = work.scalar(select(Dataset).where(Dataset.id == dataset_id, Dataset.project_id == project_id))
    if dataset is None:
        return None  # as above
    source = {"kind": "ensemble", "members": members}
    mine = select(Teacher).where(Teacher.project_id == project_id, Teacher.status != "rejected")
    for row in work.scalars(mine.where(Teacher.dataset_id == dataset_id).order_by(Teacher.id.desc())):
        if row.source == source:
            return row.id
    named = (work.get(Teacher, member["teacher"]) for member in members)
    name = " + ".join(row.name for row in named if row is not None)
    wish = TeacherCreate.model_validate({"name": name[:200] or "mean", "source": source})
    try:
        return teacher_service.register(work, project_id, wish, dataset).id
    except Invalid as error:
        at = re.compile(r"/source(/members/\d+)?.*")
        raise Invalid([Problem(at.sub(r"/teacher\1", p.pointer), p.code, p.detail) for p in error.problems]) from error


def _known_teacher(work: Session, project_id: str, source: Json, dataset_id: str, file: TeacherFile) -> str | None:
    mine = select(Teacher).where(Teacher.project_id == project_id, Teacher.status != "rejected")
    normalization = file.normalization.model_dump(mode="json") if file.normalization else None
    for row in work.scalars(mine.where(Teacher.dataset_id == dataset_id).order_by(Teacher.id.desc())):
        same_source = all(row.source.get(key) == value for key, value in source.items())
        same_network = file.architecture is None or row.architecture == canonical_name(file.architecture)
        asked = row.asked or {}
        if same_source and same_network and asked.get("normalization") == normalization and "image_size" not in asked:
            return row.id
    return None


def _filename(session: Session, upload_id: str) -> str:
    return session.scalar(select(Upload.filename).where(Upload.id == upload_id)) or upload_id
