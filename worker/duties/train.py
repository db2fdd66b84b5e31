"""Train a job's students: resume from the newest good checkpoint, publish files before the rows that name them."""

import hashlib
import logging
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from core.assignment import TrainAssignment
from core.db import belongings, reports, runs, standing
from core.db import events as job_events
from core.db.curves import Measured
from core.db.models import Checkpoint, Job, Run, Student
from core.db.session import UnitOfWork
from core.errors import Damaged, NotFound, Stale
from core.events import (
    CheckpointSaved,
    Event,
    Log,
    Metrics,
    Phase,
    Progress,
    Spent,
    Started,
    StudentFailed,
    StudentSaved,
)
from core.plan import StudentPlan
from core.points import reach
from core.recipe import Recipe
from core.storage import keys
from core.weights import start_files
from worker.equipment import Equipment

log = logging.getLogger(__name__)


class Train:
    module = "core.training.child"

    def __init__(self, claim: runs.Claim, equipment: Equipment, folder: Path) -> None:
        self.claim, self.equipment, self.folder = claim, equipment, folder
        self.student_ids: dict[str, str] = {}
        self.totals: dict[str, int] = {"total_steps": 0, "total_epochs": 0}

    # --- before -------------------------------------------------------------------------------------------------

    def prepare(self) -> TrainAssignment:
        good, bad = self._choose_checkpoint()
        reach("start.chosen")
        with self.equipment.database.write() as work:
            runs.fence(work, self.claim)
            for checkpoint in bad:
                work.delete(work.get_one(Checkpoint, checkpoint.id))
                line = f"The checkpoint of step {checkpoint.step} is missing or damaged; going back to the one before."
                self._log(work, "warning", line)
            if self.claim.attempt > 1:
                reports.rewind(work, self.claim.subject, self.claim.attempt, good.step if good else None)
            reach("start.rewound")
            job = work.get_one(Job, self.claim.subject)
            students = list(job.students)
            recipe = Recipe.model_validate(job.recipe)
        self.student_ids = {student.label: student.id for student in students}
        decided = job.decided
        fetch = partial(self.equipment.storage.fetch, hold=self.folder)
        plans = [StudentPlan.model_validate(student.plan) for student in students]
        return TrainAssignment(
            folder=self.folder,
            threads=decided["threads"] if decided else self.equipment.threads,
            recipe=recipe,
            students=plans,
            dataset=fetch(keys.dataset(job.dataset_id)),
            teacher=fetch(keys.teacher(job.teacher_id)) if job.teacher_id else None,
            pretrained=start_files(plans, self.equipment.settings),
            resume=fetch(good.key) if good else None,
            decided=decided,
            checkpoint_seconds=self.equipment.settings.checkpoint_seconds,
        )

    def _choose_checkpoint(self) -> tuple[Checkpoint | None, list[Checkpoint]]:
        """(the newest whose file is what its row says, the newer ones that are not)."""
        bad: list[Checkpoint] = []
        with self.equipment.database.read() as session:
            candidates = reports.checkpoints(session, self.claim.subject)
        for checkpoint in candidates:
            with suppress(NotFound, Damaged), self.equipment.storage.fetch(checkpoint.key).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == checkpoint.sha256:
                    return checkpoint, bad
            log.warning("checkpoint %s of %s is missing or damaged", checkpoint.key, checkpoint.job_id)
            bad.append(checkpoint)
        return None, bad

    # --- meanwhile ----------------------------------------------------------------------------------------------

    def report(self, batch: int, events: list[Event]) -> None:
        """Files first, then all rows of this batch in one fenced transaction, then the files they replace go."""
        reach("publish.begin")
        stored = self._store_all(events)
        reach("publish.stored")
        try:
            self._write(batch, events, stored)
        except Stale:
            self._take_back(chain.from_iterable(stored.values()))
            raise

    def _take_back(self, stored: Iterable[str]) -> None:
        """The run was taken between the look and the rows. What a row names all the same, because an earlier try was
        committed and nobody heard of it, stays."""
        with self.equipment.database.read() as session:
            named = belongings.of_jobs(session, [self.claim.subject])
        for key in set(stored) - named:
            self.equipment.storage.delete(key)

    def _write(self, batch: int, events: list[Event], stored: dict[int, list[str]]) -> None:
        with self.equipment.database.write() as work:
            run = runs.fence(work, self.claim)
            reach("publish.fenced")
            if not reports.begin_batch(work, run, batch):
                return  # it was committed, and nobody heard of it
            job = work.get_one(Job, self.claim.subject)
            obsolete: list[str] = []
            points: list[Measured] = []
            progress: Progress | None = None
            spent: Spent | None = None
            for event in events:
                if isinstance(event, Metrics):
                    points += [(event.step, self._id(label), name, value) for label, name, value in event.points]
                elif isinstance(event, Progress):
                    progress = event
                elif isinstance(event, Spent):
                    spent = event
                else:
                    # A checkpoint's row must not be visible before the figures up to its step are.
                    reports.record_metrics(work, job.id, self.claim.attempt, points)
                    points = []
                    obsolete += self._record(work, run, job, event, stored[id(event)])
            reports.record_metrics(work, job.id, self.claim.attempt, points)
            if progress is not None:
                reports.record_progress(work, job, self.claim.attempt, self._progress(progress))
            if spent is not None:
                reports.record_spent(work, run, teacher_forwards=spent.teacher_forwards)
            reach("publish.rows")
            work.after_commit(partial(reach, "publish.committed"))
            for key in obsolete:
                work.after_commit(partial(self.equipment.storage.delete, key))

    def _id(self, label: str | None) -> str:
        return self.student_ids[label] if label is not None else ""

    def _progress(self, progress: Progress) -> dict[str, Any]:
        total = self.totals["total_steps"]
        return {
            "percent": round(100 * progress.step / total, 1) if total else 0.0,
            "step": progress.step,
            "epoch": progress.epoch,
            "eta_seconds": round(progress.eta_seconds, 1),
            "images_per_second": round(progress.images_per_second, 1),
            **self.totals,
        }

    def _store_all(self, events: list[Event]) -> dict[int, list[str]]:
        """By event (its id), the keys of its files. One who has slept through a takeover stores nothing."""
        if any(isinstance(event, CheckpointSaved | StudentSaved) for event in events):
            with self.equipment.database.read() as session:
                runs.look(session, self.claim)
        return {id(event): self._store(event) for event in events}

    def _store(self, event: Event) -> list[str]:
        """Make an event's files durable in storage; returns their keys."""
        stored = []
        if isinstance(event, CheckpointSaved):
            reach("publish.checkpoint")
            stored = [(keys.checkpoint(self.claim.subject, self.claim.attempt, event.step), event.path)]
        elif isinstance(event, StudentSaved):
            reach("publish.student")
            student = self._id(event.student)
            stored = [
                (keys.student_file(self.claim.subject, student, self.claim.attempt, event.step, file.name), file.path)
                for file in event.files
            ]
        for key, path in stored:
            self.equipment.storage.put(key, Path(path))
        return [key for key, _ in stored]

    def _record(self, work: UnitOfWork, run: Run, job: Job, event: Event, stored: list[str]) -> list[str]:
        """One event's rows; returns the storage keys that they make obsolete."""
        attempt = self.claim.attempt
        match event:
            case Phase():
                reports.record_phase(work, job, attempt, event.name, event.message)
                self._log(work, "info", f"{event.message or event.name}".capitalize() + ".")
            case Log():
                self._log(work, event.level, event.message)
            case Started():
                self._started(work, run, job, event)
            case CheckpointSaved():
                size = f"{event.bytes / 1e6:,.1f} MB"
                self._log(work, "info", f"Checkpoint of step {event.step}, after epoch {event.epoch}, {size}.")
                return reports.record_checkpoint(
                    work, run, step=event.step, epoch=event.epoch, key=stored[0], bytes=event.bytes, sha256=event.sha256
                )
            case StudentSaved():
                what = "last weights" if event.final else "best weights so far"
                self._log(work, "info", f"{event.student}: {what} stored, val top-1 {event.metrics['top1']:.1%}.")
                return reports.record_student(
                    work,
                    work.get_one(Student, self._id(event.student)),
                    attempt,
                    metrics=event.metrics,
                    files=list(zip(event.files, stored, strict=True)),
                    tensors_sha256=event.tensors_sha256,
                    final=event.final,
                )
            case StudentFailed():
                error = {"code": "diverged", "title": "Training diverged", "detail": event.detail, "step": event.step}
                error |= {"term": event.term, "hint": "A lower learning rate or a warm-up usually helps."}
                reports.fail_student(work, work.get_one(Student, self._id(event.student)), attempt, error)
        return []

    def _started(self, work: UnitOfWork, run: Run, job: Job, event: Started) -> None:
        self.totals = {"total_steps": event.total_steps, "total_epochs": event.total_epochs}
        job.decided = job.decided or event.decided
        if event.teacher is not None:
            job.result = job.result or {"teacher": event.teacher}
        reports.set_students_training(work, job.id, event.parameters)
        gpus = event.decided.get("processes", 1) if event.decided.get("device") == "cuda" else 0
        reports.record_spent(work, run, gpus=gpus)
        where = f"from step {event.step}" if event.step else "from the start"
        line = f"Attempt {self.claim.attempt} begins {where}, on {event.decided.get('device')}."
        if not event.bitwise:
            line += " It began on another kind of device: the weights may differ in their last bits (bitwise: false)."
        self._log(work, "info" if event.bitwise else "warning", line)

    def _log(self, work: UnitOfWork, level: str, message: str) -> None:
        line = {"level": level, "message": message}
        job_events.append(work, self.claim.subject, self.claim.attempt, [("log", line)])

    def publish(self, result: dict[str, Any]) -> None:
        """Every file was stored when its event came."""

    # --- after --------------------------------------------------------------------------------------------------

    def succeed(self, work: UnitOfWork, run: Run, result: dict[str, Any]) -> None:
        job = work.get_one(Job, run.subject)
        job.result = result
        standing.settle(work, job.id, result)
        if job.progress:
            job.progress = job.progress | {"percent": 100.0, "step": job.progress["total_steps"], "eta_seconds": 0.0}
