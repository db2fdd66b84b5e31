"""/v1/students: what came out, and its files."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.deps import Reading, RootPath, TheCaller, ThePart, TheStorage
from api.schemas import Listing
from api.students import service
from api.students.download import Download, not_modified
from api.students.schemas import DisagreementRead, EvaluationRead, StudentRead
from core.catalog import canonical_name
from core.db import students
from core.db.models import Student
from core.evaluation import SplitName

router = APIRouter(prefix="/students", tags=["students"])


def _read(session: Session, root_path: str, rows: Sequence[Student]) -> list[StudentRead]:
    datasets, teachers = students.origins(session, rows)
    return [
        StudentRead.of(row, root_path, datasets[row.job.dataset_id], teachers.get(row.job.teacher_id or ""))
        for row in rows
    ]


@router.get("")
def list_students(
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    root_path: RootPath,
    job: Annotated[str | None, Query(max_length=100, description="The job's id.")] = None,
    status: Annotated[
        Literal["waiting", "training", "trained", "failed", "cancelled"] | None,
        Query(description="How far its training is."),
    ] = None,
    role: Annotated[
        Literal["student", "control"] | None, Query(description="A control learns from the labels alone.")
    ] = None,
    architecture: Annotated[
        str | None, Query(max_length=200, description="Its name, with or without the library.")
    ] = None,
    dataset: Annotated[str | None, Query(max_length=100, description="The data set's id.")] = None,
    name: Annotated[str | None, Query(max_length=200, description="Part of the label.")] = None,
    sort: Annotated[
        students.Sort,
        Query(
            description="What `order` goes by; students without a value come last. Accuracy and agreement are those on "
            "test where there is one."
        ),
    ] = students.Sort.CREATED_AT,
) -> Listing[StudentRead]:
    """The project's students; by default the newest first."""
    page = students.listing(
        session,
        caller.project_id,
        window,
        job=job,
        status=status,
        role=role,
        architecture=canonical_name(architecture) if architecture else None,
        dataset=dataset,
        name=name,
        sort=sort,
    )
    return Listing(data=_read(session, root_path, page.rows), has_more=page.next is not None, next=page.next)


@router.get("/{student_id}")
def get_student(student_id: str, caller: TheCaller, session: Reading, root_path: RootPath) -> StudentRead:
    """One student with its figures and files."""
    return _read(session, root_path, [students.get(session, caller.project_id, student_id)])[0]


TheSplit = Annotated[SplitName | None, Query(description="Default: test where there is one, else val.")]


@router.get("/{student_id}/evaluation", responses={409: {}})
def get_evaluation(
    student_id: str, caller: TheCaller, session: Reading, storage: TheStorage, split: TheSplit = None
) -> EvaluationRead:
    """Per class, confusions and calibration, beside the teacher, at the end of the training."""
    student, evaluation = service.evaluation(session, storage, caller.project_id, student_id)
    chosen = service.chosen_split(evaluation, split)
    return EvaluationRead(
        **dict(evaluation.splits[chosen]),
        id=student.id,
        dataset=student.job.dataset_id,
        split=chosen,
        splits=list(evaluation.splits),
    )


@router.get("/{student_id}/disagreements", responses={409: {}})
def list_disagreements(
    student_id: str,
    caller: TheCaller,
    session: Reading,
    storage: TheStorage,
    root_path: RootPath,
    split: TheSplit = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Images per page.")] = 24,
    after: Annotated[int, Query(ge=-1, lt=2**31, description="Number of the last one seen.")] = -1,
) -> Listing[DisagreementRead]:
    """The images on which student and teacher differ, at most a hundred of each kind: what was left to learn."""
    student, evaluation = service.evaluation(session, storage, caller.project_id, student_id)
    chosen = service.chosen_split(evaluation, split)
    found = evaluation.disagreements[chosen]
    base = f"{root_path}/v1/datasets/{student.job.dataset_id}/samples/{chosen}"
    shown = found[after + 1 : after + 1 + limit]
    more = after + 1 + limit < len(found)
    data = [DisagreementRead(**dict(one), image=f"{base}/{one.index}.png") for one in shown]
    return Listing(data=data, has_more=more, next=str(after + limit) if more else None)


def _header(pattern: str, description: str) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": "string", "pattern": pattern}}


_TAG = {"ETag": _header('^"sha256-[0-9a-f]{64}"$', "The hash of the whole file.")}
_WHOLE = _TAG | {
    "Accept-Ranges": _header("^bytes$", "Parts can be asked for."),
    "Content-Disposition": _header("^attachment; filename", "The file's name."),
}
_PART = _WHOLE | {"Content-Range": _header(r"^bytes \d+-\d+/\d+$", "Which part of how many bytes.")}
_BYTES = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"headers": _WHOLE},
    304: {"description": "You have it already.", "headers": _TAG},
}
_DOWNLOADS: dict[int | str, dict[str, Any]] = _ANSWERS | {
    200: {"content": _BYTES, "headers": _WHOLE},
    206: {"description": "The part that was asked for.", "content": _BYTES, "headers": _PART},
    416: {},
}


@router.head("/{student_id}/files/{name}", name="head_student_file", response_class=Response, responses=_ANSWERS)
@router.get("/{student_id}/files/{name}", response_class=Response, responses=_DOWNLOADS)
def download_student_file(
    request: Request,
    student_id: str,
    name: Annotated[str, Path(description="One of the student's `files`, such as weights.safetensors.")],
    caller: TheCaller,
    session: Reading,
    storage: TheStorage,
) -> Response:
    """Download a file, or parts of it. The ETag is `"sha256-<hex>"` of the whole."""
    file = students.file(session, caller.project_id, student_id, name)
    if not_modified(request, file.sha256):
        return Download.unchanged(file)
    return Download.of(request, file, storage)
