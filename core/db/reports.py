"""What an attempt reports about its job: metrics, progress, checkpoints, students. Callers have fenced the run.

Nothing here looks at who is asking: `core.db.runs.fence` in the same transaction has.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db import curves, events, standing, students
from core.db.curves import Measured
from core.db.models import Attempt, Checkpoint, File, Job, Run, Student, now, stamp
from core.events import StudentFile


def record_metrics(work: Session, job_id: str, attempt: int, measured: Sequence[Measured]) -> None:
    """Store points and tell them in one `metric` event, by series. The same point again replaces itself."""
    if not measured:
        return
    columns = curves.by_metric(measured)
    curves.store(work, job_id, attempt, columns)
    if any(name == standing.FIGURE for _, name in columns):
        standing.refresh(work, job_id)
    series = [
        {"student": student_id or None, "name": name, "step": steps, "value": values}
        for (student_id, name), (steps, values) in columns.items()
    ]
    events.append(work, job_id, attempt, [("metric", {"series": series, "attempt": attempt})])


def rewind(work: Session, job_id: str, attempt: int, to_step: int | None) -> None:
    """Forget the figures beyond a checkpoint's step (None: all), so that no curve has a double; tell open pages."""
    curves.forget(work, job_id, beyond=to_step)
    standing.refresh(work, job_id)
    events.append(work, job_id, attempt, [("rewind", {"to_step": to_step or 0, "attempt": attempt})])


def checkpoints(session: Session, job_id: str) -> list[Checkpoint]:
    """Newest first."""
    query = select(Checkpoint).where(Checkpoint.job_id == job_id).order_by(Checkpoint.step.desc(), Checkpoint.id.desc())
    return list(session.scalars(query))


def record_phase(work: Session, job: Job, attempt: int, name: str, message: str) -> None:
    at = stamp(now())
    history = [dict(entry) for entry in job.phase_history]
    if history and history[-1]["ended_at"] is None:
        history[-1]["ended_at"] = at
    job.phase = name
    job.phase_history = [*history, {"phase": name, "message": message, "started_at": at, "ended_at": None}]
    events.append(work, job.id, attempt, [("status", {"status": job.status, "phase": name, "message": message})])


def record_progress(work: Session, job: Job, attempt: int, progress: dict[str, Any]) -> None:
    job.progress = progress | {"updated_at": stamp(now())}
    events.append(work, job.id, attempt, [("progress", job.progress)])


def record_spent(work: Session, run: Run, *, gpus: int | None = None, teacher_forwards: int | None = None) -> None:
    """What the run's attempt uses, and has cost so far; None: as it was told before."""
    attempt = work.get_one(Attempt, (run.id, run.attempt))
    if gpus is not None:
        attempt.gpus = gpus
    if teacher_forwards is not None:
        attempt.teacher_forwards = teacher_forwards


def begin_batch(work: Session, run: Run, batch: int) -> bool:
    """Whether the attempt's report of this number is still to be written; it is now."""
    attempt = work.get_one(Attempt, (run.id, run.attempt))
    if attempt.batches >= batch:
        return False
    attempt.batches = batch
    return True


def record_checkpoint(
    work: Session, run: Run, *, step: int, epoch: int, key: str, bytes: int, sha256: str
) -> list[str]:
    """A checkpoint that is durable in storage. Returns the keys that are no longer needed (all but the last two)."""
    before = checkpoints(work, run.subject)
    if not before or step > before[0].step:
        run.failures = 0  # it got further: crashes so far were no loop
    superseded = [c for c in before if c.step >= step] + [c for c in before if c.step < step][1:]
    for old in superseded:
        work.delete(old)
    work.flush()
    checkpoint = Checkpoint(
        job_id=run.subject, attempt=run.attempt, step=step, epoch=epoch, key=key, bytes=bytes, sha256=sha256
    )
    work.add(checkpoint)
    work.flush()
    data = {"id": checkpoint.id, "step": step, "epoch": epoch, "bytes": bytes, "sha256": sha256}
    events.append(work, run.subject, run.attempt, [("checkpoint", data)])
    return [old.key for old in superseded if old.key != key]


def record_student(
    work: Session,
    student: Student,
    attempt: int,
    *,
    metrics: dict[str, Any],
    files: Iterable[tuple[StudentFile, str]],
    tensors_sha256: str,
    final: bool,
) -> list[str]:
    """A student's weights, durable in storage under the given keys. Returns the keys they replace."""
    old = {file.name: file for file in work.scalars(select(File).where(File.student_id == student.id))}
    replaced = []
    for file, key in files:
        row = old.get(file.name) or File(student_id=student.id, name=file.name)
        if row.key and row.key != key:
            replaced.append(row.key)
        row.key, row.bytes, row.sha256, row.media_type = key, file.bytes, file.sha256, file.media_type
        row.created_at = now()
        work.add(row)
    students.measure(student, metrics)
    student.tensors_sha256 = tensors_sha256
    student.status = "trained" if final else "training"
    work.flush()
    told = {"student": {"id": student.id, "status": student.status, "metrics": metrics}}
    events.append(work, student.job_id, attempt, [("status", told)])
    return replaced


def fail_student(work: Session, student: Student, attempt: int, error: dict[str, Any]) -> None:
    student.status, student.error = "failed", error
    work.flush()
    standing.refresh(work, student.job_id)
    told = {"student": {"id": student.id, "status": "failed", "error": error}}
    line = {"level": "error", "message": f"{student.label}: {error['detail']}"}
    events.append(work, student.job_id, attempt, [("status", told), ("log", line)])


def set_students_training(work: Session, job_id: str, parameters: dict[str, int]) -> None:
    """The loop has begun: who trains, and how large each is."""
    for label, count in parameters.items():
        work.execute(update(Student).where(Student.job_id == job_id, Student.label == label).values(parameters=count))
    work.execute(update(Student).where(Student.job_id == job_id, Student.status == "waiting").values(status="training"))
