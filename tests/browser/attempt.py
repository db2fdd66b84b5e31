"""One attempt at a job, told to the database by the functions that a worker uses. Only the figures are invented."""

import hashlib
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.db import events, reports, runs, standing
from core.db.curves import Measured
from core.db.models import Job, Student
from core.db.runs import Claim, Ending
from core.errors import Failure
from core.evaluation import Evaluation
from core.events import StudentFile
from core.storage import keys
from core.training.evaluate import Answers, Beside
from core.training.evaluation import disagreements_of, evaluation_of
from tests.browser.stage import Stage

STEPS_PER_EPOCH = 10
CLASSES = [*"012345678", "nine, " + "as somebody with much to say called their folder " * 3]


def evaluation(seed: int) -> Evaluation:
    """What a student with a few mistakes would have."""
    generator = np.random.default_rng(seed)
    labels = np.arange(200) % 10

    def answers(wrong: float) -> Answers:
        slips = generator.uniform(size=200) < wrong
        predicted = np.where(slips, generator.integers(0, 10, 200), labels)
        near = Beside(generator.exponential(size=200), np.ones(200), 0.9)
        confidence = generator.uniform(0.4, 1, 200)
        return Answers(predicted, predicted == labels, labels >= 0, True, -np.log(confidence), confidence, near)

    student, teacher = answers(0.2), answers(0.05)
    named = [f"val/{number:04}.png" for number in range(200)]
    return Evaluation(
        splits={"val": evaluation_of(student, teacher, labels, CLASSES)},
        disagreements={"val": disagreements_of(student, teacher, labels, lambda at: [named[i] for i in at])},
    )


@dataclass
class Attempt:
    """One attempt at a job, as its worker would report it."""

    stage: Stage
    claim: Claim
    students: list[str]
    epochs: int = 60
    epoch: int = 0
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def job(self) -> str:
        return self.claim.subject

    def begin(self, *, teacher: float | None = 0.983) -> None:
        with self.stage.database.write() as work:
            job = work.get_one(Job, self.job)
            reports.record_phase(work, job, self.claim.attempt, "training", "")
            job.decided = {"device": "cpu", "precision": "float32", "threads": 1, "torch": "2.15.0"}
            if teacher is not None:
                self.result = {
                    "teacher": {
                        "architecture": "cifar/resnet20",
                        "parameters": 272_474,
                        "top1": teacher,
                        "top1_interval": [teacher - 0.012, teacher + 0.009],
                        "top5": 0.999,
                        "test": {"top1": teacher - 0.004, "top1_interval": [teacher - 0.012, teacher + 0.004]},
                    }
                }
                job.result = self.result
                reports.record_metrics(work, self.job, self.claim.attempt, [(0, "", "teacher/top1", teacher)])
            reports.set_students_training(work, self.job, {})
            self._log(work, "info", f"Attempt {self.claim.attempt} begins from the start, on cpu.")

    def train(self, epochs: int = 1) -> None:
        """So many epochs further: every curve, the progress, one log line each."""
        for _ in range(epochs):
            self.epoch += 1
            step = self.epoch * STEPS_PER_EPOCH
            with self.stage.database.write() as work:
                job = work.get_one(Job, self.job)
                points = [p for i, s in enumerate(job.students) for p in self._points(i, s, step)]
                points.append((step, "", "images_per_second", 4000 + 300 * math.sin(step)))
                reports.record_metrics(work, self.job, self.claim.attempt, points)
                progress = {
                    "percent": round(100 * self.epoch / self.epochs, 1),
                    "step": step,
                    "epoch": self.epoch,
                    "total_steps": self.epochs * STEPS_PER_EPOCH,
                    "total_epochs": self.epochs,
                    "images_per_second": 4120.0,
                    "eta_seconds": 4.0 * (self.epochs - self.epoch),
                }
                reports.record_progress(work, job, self.claim.attempt, progress)
                self._log(work, "info", f"epoch {self.epoch} of {self.epochs}")

    def _points(self, i: int, student: Student, step: int) -> list[Measured]:
        t = step / (self.epochs * STEPS_PER_EPOCH)
        ceiling = (0.962 if "small" in student.name else 0.972) - (0.014 if student.role == "control" else 0)
        noise = 0.004 * math.sin(3.7 * step + 5 * i) * (1.1 - t)
        top1 = ceiling - 0.75 * math.exp(-9 * t) + noise
        loss = 2.3 * math.exp(-4 * t) + 0.1 + noise
        values = {"val/top1": top1, "val/top5": min(1.0, top1 + 0.02), "train/top1": min(1.0, top1 + 0.015)}
        values |= {"loss/total": 3 * loss, "loss/task": loss, "lr": 0.05 * 0.1 ** ((t > 0.5) + (t > 0.75))}
        if student.role == "student":
            values |= {"val/agreement": top1 + 0.008, "loss/inter": loss / 4, "loss/intra": loss / 3}
            values |= {"val/agreement_teacher_right": min(1.0, top1 + 0.014), "val/agreement_teacher_wrong": 0.6 * t}
            values |= {"val/inter": 0.99 - 0.5 * math.exp(-6 * t), "val/intra": 0.96 - 0.6 * math.exp(-5 * t)}
            values |= {"gradient/task": 0.5 - 0.2 * t, "gradient/inter": 0.3, "gradient/intra": 0.2 + 0.2 * t}
        return [(step, student.id, name, value) for name, value in values.items()]

    def checkpoint(self) -> None:
        step = self.epoch * STEPS_PER_EPOCH
        with self.stage.database.write() as work:
            run = runs.fence(work, self.claim)
            reports.record_checkpoint(
                work, run, step=step, epoch=self.epoch, key=f"c/{step}", bytes=4_200_000, sha256="a" * 64
            )

    def log(self, level: str, message: str) -> None:
        with self.stage.database.write() as work:
            self._log(work, level, message)

    def _log(self, work: Any, level: str, message: str) -> None:
        events.append(work, self.job, self.claim.attempt, [("log", {"level": level, "message": message})])

    def crash(self) -> "Attempt":
        """The worker is lost; another attempt goes on from half of the epochs so far."""
        with self.stage.database.write() as work:
            run = runs.fence(work, self.claim)
            runs.end(work, run, Ending("crashed", signal=9, peak_memory=900_000_000))
        again = self.stage.attempt()
        again.epoch, again.result = self.epoch // 2, self.result
        with self.stage.database.write() as work:
            reports.rewind(work, self.job, again.claim.attempt, again.epoch * STEPS_PER_EPOCH)
            reports.record_phase(work, work.get_one(Job, self.job), again.claim.attempt, "training", "")
        return again

    def pause(self) -> None:
        """It has reached its checkpoint, as was asked."""
        with self.stage.database.write() as work:
            runs.end(work, runs.fence(work, self.claim), Ending("paused", exit_code=0))

    def finish(self) -> None:
        """Weights, figures, a verdict."""
        with self.stage.database.write() as work:
            job = work.get_one(Job, self.job)
            for i, student in enumerate(list(job.students)):
                self._save(work, i, student)
            run = runs.fence(work, self.claim)
            job.result = self.result | {"evaluated_on": "test"} | self._outcome(list(job.students))
            standing.settle(work, job.id, job.result)
            runs.end(work, run, Ending("succeeded", exit_code=0, peak_memory=812_000_000))

    def fail(self, failure: Failure) -> None:
        with self.stage.database.write() as work:
            runs.end(work, runs.fence(work, self.claim), Ending("failed", exit_code=1), error=failure)

    def _save(self, work: Any, i: int, student: Student) -> None:
        contents = {
            "weights.safetensors": f"weights of {student.label}".encode() * 4000,
            "evaluation.json": evaluation(i).model_dump_json().encode(),
        }
        files = [self._file(student, name, content) for name, content in contents.items()]
        top1 = 0.955 + 0.002 * (i % 5)
        metrics: dict[str, Any] = {
            "top1": top1,
            "top1_interval": [top1 - 0.012, top1 + 0.01],
            "top5": 0.998,
            "agreement": 0.966 if student.role == "student" else None,
            "best": {"top1": top1 + 0.003, "step": 500, "epoch": 50},
            "test": {
                "top1": top1 - 0.002,
                "top1_interval": [top1 - 0.014, top1 + 0.008],
                "top5": 0.997,
                "agreement": 0.966 if student.role == "student" else None,
            },
            "evaluated_on": "test",
            "latency_ms": 0.8 + 0.1 * i,
        }
        if student.role == "student":
            metrics |= {"control_difference": {"value": 0.011, "interval": [0.003, 0.019]}, "gap_closed": 0.42}
        reports.record_student(
            work, student, self.claim.attempt, metrics=metrics, files=files, tensors_sha256="b" * 64, final=True
        )

    def _file(self, student: Student, name: str, content: bytes) -> tuple[StudentFile, str]:
        path = self.stage.folder / f"{student.id}-{name}"
        path.write_bytes(content)
        key = keys.student_file(self.job, student.id, self.claim.attempt, 600, name)
        self.stage.storage.put(key, path)
        sha256 = hashlib.sha256(content).hexdigest()
        return StudentFile(name, str(path), len(content), sha256, "application/octet-stream"), key

    def _outcome(self, students: list[Student]) -> dict[str, Any]:
        names = list(dict.fromkeys(s.name for s in students if s.role == "student"))
        groups = []
        for i, name in enumerate(names):
            own = [s for s in students if s.name == name]
            top1, gain = 0.951 + 0.012 * i, 0.014 - 0.009 * i
            groups.append(
                {
                    "name": name,
                    "architecture": own[0].architecture,
                    "role": "student",
                    "parameters": own[0].parameters,
                    "loss": "dist",
                    "seeds": len(own),
                    "top1": top1,
                    "top1_interval": [top1 - 0.006, top1 + 0.006],
                    "agreement": 0.964,
                    "control": {"top1": top1 - gain, "top1_interval": [top1 - gain - 0.007, top1 - gain + 0.007]},
                    "difference": {"value": gain, "interval": [gain - 0.008, gain + 0.008]},
                    "gap_closed": 0.43 if i == 0 else None,
                    "gap_closed_reason": None if i == 0 else "The teacher is not clearly better than the control.",
                }
            )
        best = names[-1]
        text = (
            f"{best} leads with 96.3% top-1 on test, 1.6 points below the teacher and 1.6 times smaller. Distillation "
            f"helped {names[0]} (+1.4 over its control, 95 % interval +0.6 to +2.2); no clear effect on {best}."
        )
        return {"groups": groups, "verdict": {"text": text, "helped": True}}
