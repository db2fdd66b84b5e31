"""What a source must be before a teacher is made of it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.teachers.schemas import PretrainedWeights, SeveralTeachers, TeacherCreate, TrainedStudent
from api.uploads.service import check_upload
from core.catalog import Architecture, architecture
from core.db import teachers, waiting
from core.db.models import Dataset, Student, Teacher
from core.errors import Conflict, Invalid, Problem
from core.views import fixed_side
from core.weights import published


def register(work: Session, project_id: str, wish: TeacherCreate, measured_on: Dataset | None = None) -> Teacher:
    """The teacher, validating. `measured_on` takes the place of the wish's data set; it may still be read itself."""
    parts = _members(work, project_id, wish.source) if isinstance(wish.source, SeveralTeachers) else []
    architecture = _check(work, project_id, wish, parts)
    bound_to = next((row.dataset_id for row in parts if row.bound), None)  # where it teaches, if anywhere
    return teachers.create(
        work,
        project_id,
        name=wish.name,
        source=wish.source.model_dump(mode="json"),
        architecture=architecture,
        normalization=wish.normalization.model_dump(mode="json") if wish.normalization else None,
        dataset_id=measured_on.id if measured_on else wish.dataset or bound_to,
        image_size=wish.image_size,
        waits_for=waiting.waits_for(measured_on, *parts),
    )


def _check(session: Session, project_id: str, wish: TeacherCreate, members: list[Teacher]) -> str | None:
    """`Invalid` that says what is wrong; returns the canonical architecture where one was asked for."""
    source = wish.source
    found = architecture(wish.architecture, "/architecture") if wish.architecture else None
    if isinstance(source, PretrainedWeights):
        named, _ = published(source.model_dump())
        if found is not None and found.network != named.network:
            detail = f"The source names {named.name}, not {found.name}: leave the architecture out."
            raise Invalid([Problem("/architecture", "architecture_mismatch", detail)])
        found = named
    elif isinstance(source, TrainedStudent):
        _check_student(session, project_id, source.student)
    elif isinstance(source, SeveralTeachers):
        _check_members(members, wish)
    else:
        check_upload(session, project_id, source.upload, "teacher", "/source/upload")
    if found is not None and wish.image_size is not None:
        _check_side(found, wish.image_size)
    if wish.dataset is not None:
        _check_dataset(session, project_id, wish.dataset)
    return found.name if found else None


def _members(session: Session, project_id: str, source: SeveralTeachers) -> list[Teacher]:
    """The teachers that it names; `Invalid` for each that is not there, was rejected, or is named twice."""
    query = select(Teacher).where(
        Teacher.id.in_([member.teacher for member in source.members]), Teacher.project_id == project_id
    )
    known = {row.id: row for row in session.scalars(query)}
    problems: list[Problem] = []
    found: list[Teacher] = []
    for index, member in enumerate(source.members):
        row, pointer = known.get(member.teacher), f"/source/members/{index}/teacher"
        if row is None:
            detail = f"There is no teacher {member.teacher!r} in this project."
            problems.append(Problem(pointer, "unknown_teacher", detail))
        elif row.status == "rejected":
            why = (row.error or {}).get("detail", "see its error")
            problems.append(Problem(pointer, "teacher_rejected", f"Teacher {row.name!r} was rejected: {why}"))
        elif row in found:
            detail = f"Teacher {row.name!r} stands there twice: give it a larger weight instead."
            problems.append(Problem(pointer, "named_twice", detail))
        else:
            found.append(row)
    if problems:
        raise Invalid(problems)
    return found


def _check_members(members: list[Teacher], wish: TeacherCreate) -> None:
    for field in ("architecture", "normalization", "image_size"):
        if getattr(wish, field) is not None:
            detail = f"Every member sees images its own way: an ensemble has no {field}. Leave it out."
            raise Invalid([Problem(f"/{field}", "not_for_an_ensemble", detail)])
    known = [row for row in members if row.classes is not None]
    if len({row.classes for row in known}) > 1:
        listed = ", ".join(f"{row.name} {row.classes}" for row in known)
        detail = f"They know different numbers of classes: {listed}."
        raise Invalid([Problem("/source/members", "class_count_mismatch", detail)])
    for index, row in enumerate(members):
        if row.bound and wish.dataset is not None and row.dataset_id != wish.dataset:
            detail = f"Teacher {row.id} knows the images of data set {row.dataset_id} alone."
            raise Invalid([Problem(f"/source/members/{index}/teacher", "teacher_of_another_dataset", detail)])


def _check_side(network: Architecture, side: int) -> None:
    fixed = fixed_side(network)
    if fixed is not None and side != fixed:
        detail = f"{network.name} takes images of {fixed} px alone, not of {side}: leave image_size out."
        raise Invalid([Problem("/image_size", "image_size_fixed", detail)])
    if side < network.min_image_size:
        detail = f"{network.name} needs images of {network.min_image_size} px and more, not of {side}."
        raise Invalid([Problem("/image_size", "image_too_small", detail)])


def _check_student(session: Session, project_id: str, id: str) -> None:
    student = session.scalar(select(Student).where(Student.id == id, Student.project_id == project_id))
    if student is None:
        detail = f"There is no student {id!r} in this project."
        raise Invalid([Problem("/source/student", "unknown_student", detail)])
    if student.status != "trained":
        raise Conflict("not_ready", f"Student {id} is {student.status}; only a trained one can be a teacher.")


def _check_dataset(session: Session, project_id: str, id: str) -> None:
    dataset = session.scalar(select(Dataset).where(Dataset.id == id, Dataset.project_id == project_id))
    if dataset is None or dataset.status == "rejected":
        what = "was rejected" if dataset else "is not in this project"
        raise Invalid([Problem("/dataset", "unknown_dataset", f"Data set {id!r} {what}.")])
    if dataset.status != "ready":
        raise Conflict("not_ready", f"Data set {id} is still validating; try again when it is ready.")
