"""/v1/students: what came out, and its files."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.deps import Reading, RootPath, TheCaller, ThePart, TheStorage
from api.schemas import Listing
from api.students.download import Download, not_modified
from api.students.schemas import StudentRead
from core.catalog import canonical_name
from core.db import students

router = APIRouter(prefix="/students", tags=["students"])


@router.get("")
def list_students(
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    root_path: RootPath,
    job: Annotated[str | None, Query(max_length=100, description="The job's id.")] = None,
    status: Annotated[Literal["waiting", "training", "trained", "failed", "cancelled"] | None, Query()] = None,
    role: Annotated[Literal["student", "control"] | None, Query()] = None,
    architecture: Annotated[str | None, Query(max_length=200)] = None,
) -> Listing[StudentRead]:
    """The project's students, newest first."""
    page = students.listing(
        session,
        caller.project_id,
        window,
        job=job,
        status=status,
        role=role,
        architecture=canonical_name(architecture) if architecture else None,
    )
    data = [StudentRead.of(row, root_path) for row in page.rows]
    return Listing(data=data, has_more=page.next is not None, next=page.next)


@router.get("/{student_id}")
def get_student(student_id: str, caller: TheCaller, session: Reading, root_path: RootPath) -> StudentRead:
    """One student with its figures and files."""
    return StudentRead.of(students.get(session, caller.project_id, student_id), root_path)


_BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part that was asked for."},
    304: {"description": "You have it already."},
}


@router.head("/{student_id}/files/{name}", name="head_student_file", response_class=Response)
@router.get("/{student_id}/files/{name}", response_class=Response, responses=_BINARY)
def download_student_file(
    request: Request, student_id: str, name: str, caller: TheCaller, session: Reading, storage: TheStorage
) -> Response:
    """Download a file, or parts of it. The ETag is `"sha256-<hex>"` of the whole."""
    file = students.file(session, caller.project_id, student_id, name)
    if not_modified(request, file.sha256):
        return Download.unchanged(file)
    return Download.of(file, storage.fetch(file.key))
