"""/v1/teachers: register checkpoints, see what they are."""

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.deps import Reading, TheCaller, ThePart, TheQueue, TheSettings, TheStorage, Work
from api.idempotency import Creates, CreatingRoute
from api.schemas import Listing
from api.teachers import service
from api.teachers.schemas import TeacherCreate, TeacherRead
from core.db import projects, teachers
from core.storage import keys as storage_keys

router = APIRouter(prefix="/teachers", tags=["teachers"], route_class=CreatingRoute)


@router.post("", status_code=201, dependencies=[Creates])
def create_teacher(
    wish: TeacherCreate, caller: TheCaller, work: Work, queue: TheQueue, settings: TheSettings
) -> TeacherRead:
    """Register a teacher; a worker reads and validates it."""
    projects.check_storage(work, caller.project_id, settings)
    teacher = service.register(work, caller.project_id, wish)
    work.after_commit(queue.nudge)
    return TeacherRead.of(teacher)


@router.get("")
def list_teachers(
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    status: Annotated[
        Literal["validating", "ready", "rejected"] | None, Query(description="What became of the reading.")
    ] = None,
    name: Annotated[str | None, Query(max_length=200, description="Part of the name.")] = None,
    upload: Annotated[str | None, Query(max_length=100, description="Made of this upload.")] = None,
    source_sha256: Annotated[str | None, Query(max_length=64, description="Made of a file with this hash.")] = None,
) -> Listing[TeacherRead]:
    """The project's teachers, newest first."""
    filters = {"status": status, "name": name, "upload": upload, "source_sha256": source_sha256}
    page = teachers.listing(session, caller.project_id, window, **filters)
    return Listing(data=[TeacherRead.of(row) for row in page.rows], has_more=page.next is not None, next=page.next)


@router.get("/{teacher_id}")
def get_teacher(teacher_id: str, caller: TheCaller, session: Reading) -> TeacherRead:
    """One teacher."""
    return TeacherRead.of(teachers.get(session, caller.project_id, teacher_id))


@router.delete("/{teacher_id}", status_code=204)
def delete_teacher(teacher_id: str, caller: TheCaller, work: Work, storage: TheStorage) -> None:
    """Delete a teacher that no job uses."""
    teachers.remove(work, teachers.get(work, caller.project_id, teacher_id))
    work.after_commit(partial(storage.delete_prefix, storage_keys.teacher_folder(teacher_id)))
