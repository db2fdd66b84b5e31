"""Which files in storage belong to a row. What belongs to none is garbage (worker/garbage.py)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.models import Checkpoint, Dataset, File, Job, Student, Teacher, Upload
from core.storage import keys

_NOUNS: dict[str, type[Upload | Dataset | Teacher | Job]] = {
    keys.UPLOADS: Upload,
    keys.DATASETS: Dataset,
    keys.TEACHERS: Teacher,
    keys.JOBS: Job,
}


def unknown(session: Session, folder: str, ids: Sequence[str]) -> list[str]:
    """Of the ids below a folder of keys, those that no row has."""
    noun = _NOUNS[folder]
    known = set(session.scalars(select(noun.id).where(noun.id.in_(ids))))
    return [id for id in ids if id not in known]


def of_jobs(session: Session, ids: Sequence[str]) -> set[str]:
    """The keys of the jobs' checkpoints and students' files."""
    checkpoints = session.scalars(select(Checkpoint.key).where(Checkpoint.job_id.in_(ids)))
    files = session.scalars(
        select(File.key).join(Student, Student.id == File.student_id).where(Student.job_id.in_(ids))
    )
    return {*checkpoints, *files}
