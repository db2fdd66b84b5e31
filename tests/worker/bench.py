"""A real worker process on a real broker and database, and jobs put in front of it by their rows."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import select, text

from core.db import jobs, runs
from core.db.models import Attempt, Dataset, File, Job, Metric, Point, Project, Student, Teacher
from core.db.session import Database
from core.recipe import Recipe
from core.settings import Settings
from core.storage.local import LocalStorage
from tests.fixtures.clock import by_the_clock

PATIENCE = 120.0


def wait_for(what: str, check: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """The first truthy answer; the test fails, naming what it waited for, when there is none."""
    deadline = time.monotonic() + patience
    while not (answer := check()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return answer


class Bench:
    """Settings of a fast test: short leases, a checkpoint every fraction of a second."""

    def __init__(self, folder: Path, database: Database, *, broker: str | None, **settings: str) -> None:
        self.folder, self.database = folder, database
        self.environment = {
            "PATH": os.environ["PATH"],
            "DISTILLERY_DATA_DIR": str(folder),
            "DISTILLERY_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "DISTILLERY_LEASE_SECONDS": "4",
            "DISTILLERY_HEARTBEAT_SECONDS": "0.5",
            "DISTILLERY_POLL_SECONDS": "0.3",
            "DISTILLERY_CHECKPOINT_SECONDS": "0.3",
            "DISTILLERY_STOP_GRACE_SECONDS": "5",
            "DISTILLERY_THREADS": "1",
            **{f"DISTILLERY_{name.upper()}": value for name, value in settings.items()},
        }
        if broker:
            self.environment["DISTILLERY_BROKER_URL"] = broker
        self.storage = LocalStorage(folder / "storage")
        self.workers: list[subprocess.Popen[bytes]] = []
        self.children: list[psutil.Process] = []  # those a test had in hand, and may have left suspended
        with database.write() as work:
            project = Project(name="default")
            work.add(project)
            work.flush()
            self.project = project.id

    # --- the worker ---------------------------------------------------------------------------------------------

    def start_worker(self, **settings: str) -> subprocess.Popen[bytes]:
        extra = {f"DISTILLERY_{name.upper()}": value for name, value in settings.items()}
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "--pool=threads", "--concurrency=1"],
                env=self.environment | extra,
                cwd=Path(__file__).parents[2],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def suspend(self, worker: subprocess.Popen[bytes]) -> None:
        """Put a worker to sleep between two of its transactions: within one it would hold the database's lock, and
        nobody else could write."""
        while True:
            os.killpg(worker.pid, signal.SIGSTOP)
            if not self._locked():
                return
            os.killpg(worker.pid, signal.SIGCONT)
            time.sleep(0.05)

    def _locked(self) -> bool:
        url = self.database.url
        if url.get_backend_name() == "sqlite":
            try:
                with closing(sqlite3.connect(str(url.database), timeout=1, isolation_level=None)) as other:
                    other.execute("BEGIN EXCLUSIVE")  # a sleeping reader too would keep every writer waiting
                    other.execute("ROLLBACK")
            except sqlite3.OperationalError:
                return True
            return False
        time.sleep(0.2)  # a statement under way comes to its end: the server is awake
        with self.database.read() as session:
            asleep = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
            )
            return bool(session.scalar(text(asleep)))

    def training_child(self) -> psutil.Process:
        """The child that is training now."""

        def find() -> psutil.Process | None:
            for worker in self.workers:
                with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    for process in psutil.Process(worker.pid).children():
                        if "core.training.child" in process.cmdline():
                            return process
            return None

        child: psutil.Process = wait_for("a training child", find)
        self.children.append(child)
        return child

    def close(self) -> None:
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGCONT)
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        for child in self.children:
            with suppress(psutil.NoSuchProcess):
                child.kill()

    # --- rows ---------------------------------------------------------------------------------------------------

    def add_digits(self) -> str:
        with self.database.write() as work:
            dataset = Dataset(project_id=self.project, name="digits", source={"kind": "builtin", "name": "digits"})
            work.add(dataset)
            work.flush()
            runs.enqueue(work, kind="read_dataset", subject=dataset.id, project_id=self.project)
        self.wait_ready(Dataset, dataset.id)
        return dataset.id

    def add_teacher(self, student: str, dataset: str) -> str:
        with self.database.write() as work:
            source = {"kind": "student", "student": student}
            teacher = Teacher(project_id=self.project, name="teacher", source=source, dataset_id=dataset)
            work.add(teacher)
            work.flush()
            runs.enqueue(work, kind="read_teacher", subject=teacher.id, project_id=self.project)
        self.wait_ready(Teacher, teacher.id)
        return teacher.id

    def wait_ready(self, noun: type[Dataset] | type[Teacher], id: str) -> None:
        def ready() -> bool:
            with self.database.read() as session:
                row = session.get_one(noun, id)
                assert row.status != "rejected", row.error
                return row.status == "ready"

        wait_for(f"{noun.__tablename__} to be ready", ready)

    def add_job(self, recipe: dict[str, Any]) -> str:
        parsed = Recipe.model_validate(recipe)
        with self.database.write() as work:
            teacher = parsed.teacher if isinstance(parsed.teacher, str) else None
            job = jobs.create(work, self.project, parsed, classes=10, teacher_id=teacher, dataset_id=parsed.dataset)
            return job.id

    def act(self, job: str, action: str) -> None:
        with self.database.write() as work:
            runs.act(work, work.get_one(Job, job), action)

    def job(self, id: str) -> Job:
        with self.database.read() as session:
            return session.get_one(Job, id)

    def wait_status(self, id: str, *wanted: str) -> Job:
        def reached() -> Job | None:
            job = self.job(id)
            assert job.status in wanted or job.status not in ("failed",), job.error
            return job if job.status in wanted else None

        job: Job = wait_for(f"{id} to be {wanted}", reached)
        return job

    def wait_step(self, id: str, step: int) -> None:
        wait_for(f"step {step} of {id}", lambda: ((self.job(id).progress or {}).get("step") or 0) >= step)

    def attempts(self, job: str) -> list[Attempt]:
        with self.database.read() as session:
            run = runs.of_subject(session, job)
            assert run is not None
            return list(session.scalars(select(Attempt).where(Attempt.run_id == run.id).order_by(Attempt.n)))

    def tensors(self, job: str) -> dict[str, str]:
        """Label -> hash of the final tensors; and the stored file is what its row says."""
        with self.database.read() as session:
            for file in session.scalars(select(File).join(Student).where(Student.job_id == job)):
                assert hashlib.sha256(self.storage.fetch(file.key).read_bytes()).hexdigest() == file.sha256
            students = session.scalars(select(Student).where(Student.job_id == job)).all()
        assert all(student.status == "trained" for student in students), [s.status for s in students]
        return {student.label: student.tensors_sha256 or "" for student in students}

    def curves(self, job: str) -> dict[tuple[str, str], list[tuple[int, float]]]:
        """(label, metric) -> points by step, without what the clock says."""
        with self.database.read() as session:
            labels = {s.id: s.label for s in session.scalars(select(Student).where(Student.job_id == job))}
            rows = session.execute(
                select(Metric, Point).join(Point).where(Metric.job_id == job).order_by(Point.step)
            ).all()
        curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
        for metric, point in rows:
            if not by_the_clock(metric.name):
                curves.setdefault((labels.get(metric.student_id, ""), metric.name), []).append(
                    (point.step, point.value)
                )
        return curves

    def settings(self) -> Settings:
        return Settings(data_dir=self.folder)


def recipe(dataset: str, teacher: str | None, **training: Any) -> dict[str, Any]:
    """Two students and a control on digits: some hundred short steps."""
    return {
        "name": "kill me",
        "dataset": dataset,
        "teacher": teacher,
        "loss": {"kind": "dist", "temperature": 4},
        "students": [{"name": "small", "architecture": "resnet8", "seeds": [0, 1]}],
        "training": {"epochs": 40, "batch_size": 64, "augment": {"kind": "crop_flip", "flip": False}} | training,
    }
