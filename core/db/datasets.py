"""Data sets: registered at once, read by a run, then immutable."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.db import runs
from core.db.models import Dataset, Job, Run, Teacher, Upload
from core.db.paging import Page, Window, page
from core.errors import Conflict, NotFound
from core.lifecycle import HELD


def create(work: Session, project_id: str, *, name: str, source: dict[str, Any]) -> Dataset:
    """The row, validating, and the run that reads it."""
    dataset = Dataset(project_id=project_id, name=name, source=with_hash(work, source))
    work.add(dataset)
    work.flush()
    runs.enqueue(work, kind="read_dataset", subject=dataset.id, project_id=project_id)
    return dataset


def with_hash(session: Session, source: dict[str, Any]) -> dict[str, Any]:
    """A source that is an upload also tells its SHA-256: so the same bytes are found when the upload is long gone."""
    if source["kind"] != "upload":
        return source
    return source | {"sha256": session.scalar(select(Upload.sha256).where(Upload.id == source["upload"]))}


def get(session: Session, project_id: str, id: str) -> Dataset:
    dataset = session.scalar(select(Dataset).where(Dataset.id == id, Dataset.project_id == project_id))
    if dataset is None:
        raise NotFound("data set", id)
    return dataset


def listing(
    session: Session,
    project_id: str,
    window: Window,
    *,
    status: str | None = None,
    name: str | None = None,
    upload: str | None = None,
    source_sha256: str | None = None,
) -> Page[Dataset]:
    query = select(Dataset).where(Dataset.project_id == project_id)
    if status:
        query = query.where(Dataset.status == status)
    if name:
        query = query.where(Dataset.name.icontains(name, autoescape=True))
    if upload:
        query = query.where(Dataset.source["upload"].as_string() == upload)
    if source_sha256:
        query = query.where(Dataset.source["sha256"].as_string() == source_sha256)
    return page(session, query, Dataset.id, window)


def remove(work: Session, dataset: Dataset) -> None:
    """Delete a data set that nothing uses; `Conflict` that names what does."""
    job = work.scalar(select(Job.id).where(Job.dataset_id == dataset.id).limit(1))
    teacher = work.scalar(select(Teacher.id).where(Teacher.dataset_id == dataset.id).limit(1))
    if job or teacher:
        user = f"job {job}" if job else f"teacher {teacher}"
        raise Conflict("in_use", f"Data set {dataset.id} is used by {user}; delete that first.")
    remove_runs(work, dataset.id, "data set")
    work.execute(delete(Dataset).where(Dataset.id == dataset.id))


def remove_runs(work: Session, subject: str, noun: str) -> None:
    """The runs that read it; `Conflict` while a worker holds one."""
    mine = list(work.scalars(select(Run).where(Run.subject == subject).with_for_update()))
    if any(run.status in HELD for run in mine):
        raise Conflict("in_use", f"{noun.capitalize()} {subject} is being read right now; try again when it is done.")
    for run in mine:
        work.delete(run)
    work.flush()


def uses_upload(session: Session, upload_id: str) -> str | None:
    """A data set or teacher that still has to be read from this upload."""
    for noun in (Dataset, Teacher):
        waiting = noun.status == "validating"
        found = session.scalar(select(noun.id).where(noun.source["upload"].as_string() == upload_id, waiting).limit(1))
        if found:
            return found
    return None
