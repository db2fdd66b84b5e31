"""A real service for the browser: the API under uvicorn, SQLite, and rows written by the functions that a worker uses.

Only the figures are invented: a test of a page needs curves, not training.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from sqlalchemy import text

import migrations
from api.app import create_app
from core.db import jobs, runs
from core.db.keys import DEFAULT_PROJECT
from core.db.models import Dataset, Job, Metric, Teacher, Worker
from core.db.session import Database
from core.recipe import Recipe
from core.settings import Settings
from core.storage import Storage, keys, open_storage
from tests.fixtures.digits import read_digits

if TYPE_CHECKING:
    from tests.browser.attempt import Attempt


@dataclass
class Stage:
    """The service and its rows."""

    url: str
    key: str
    database: Database
    storage: Storage
    folder: Path

    def worker(self, *, slots: int = 2, busy: int = 0) -> str:
        with self.database.write() as work:
            row = Worker(hostname="gpu-02", pid=4711, slots=slots, busy=busy, version="0.1.0", devices=[])
            work.add(row)
        return row.id

    def digits(self, name: str = "handwritten digits") -> str:
        """The real ones, packed and stored as a worker does it."""
        folder = self.folder / "digits"
        folder.mkdir(exist_ok=True)
        report = read_digits(folder)
        path = Path(report.pop("path"))
        report.pop("ignored_total")
        with self.database.write() as work:
            source = {"kind": "builtin", "name": "digits"}
            row = Dataset(project_id=DEFAULT_PROJECT, name=name, status="ready", source=source, **report)
            work.add(row)
        self.storage.put(keys.dataset(row.id), path)
        return row.id

    def teacher(self, dataset: str, name: str = "digits teacher", student: str | None = None) -> str:
        """An uploaded network, or a student that was trained here."""
        source = {"kind": "student", "student": student} if student else {"kind": "upload", "upload": "upl_before"}
        with self.database.write() as work:
            row = Teacher(
                project_id=DEFAULT_PROJECT,
                name=name,
                status="ready",
                source=source,
                dataset_id=dataset,
                architecture="cifar/resnet20",
                classes=10,
                class_names=list("0123456789"),
                parameters=272_474,
                normalization={"mean": [0.3] * 3, "std": [0.37] * 3},
                sha256="c" * 64,
                bytes=1_116_000,
                top1=0.979,
            )
            work.add(row)
        return row.id

    def job(self, dataset: str, teacher: str | None, **changes: Any) -> str:
        wish = {"preset": "digits", "dataset": dataset, "teacher": teacher} | changes
        with self.database.write() as work:
            job = jobs.create(
                work,
                DEFAULT_PROJECT,
                Recipe.model_validate(wish),
                classes=10,
                teacher_id=teacher,
                dataset_id=dataset,
            )
        return job.id

    def curves(self, job: str, names: Sequence[str], steps: int) -> int:
        """Points in bulk, every step of every student of the job: how many."""
        rows = text(
            "INSERT INTO points (metric_id, step, value, attempt) "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :steps) "
            "SELECT :metric, i, 2.0 / (1 + i * 8.0 / :steps) + (i * 7919 % 97) / 900.0 + :apart, 1 FROM n"
        )
        with self.database.read() as session:
            students = [student.id for student in session.get_one(Job, job).students]
        for i, student in enumerate(students):
            for name in names:
                with self.database.write() as work:  # one each: nobody waits long for the database
                    metric = Metric(job_id=job, student_id=student, name=name)
                    work.add(metric)
                    work.flush()
                    work.execute(rows, {"metric": metric.id, "steps": steps, "apart": i / 20})
        return len(students) * len(names) * steps

    def attempt(self, worker: str = "wrk_here") -> "Attempt":
        from tests.browser.attempt import Attempt  # which knows its stage

        """The best queued run, claimed."""
        with self.database.write() as work:
            claim = runs.claim(work, worker)
            assert claim is not None, "no run is queued"
            students = [s.id for s in work.get_one(Job, claim.subject).students]
        return Attempt(self, claim, students)


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    """An empty service on a free port of this machine."""
    settings = Settings(
        data_dir=folder / "data", broker_url=None, rate_limit=0, webhook_networks=["127.0.0.0/8"], _env_file=None
    )
    settings.data_dir.mkdir(parents=True)
    migrations.upgrade(settings.database)
    database, storage = Database(settings.database), open_storage(settings)
    app = create_app(settings, database, storage)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the service did not start")
            thread.join(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        key = settings.admin_key_file.read_text().strip()
        yield Stage(f"http://127.0.0.1:{port}", key, database, storage, folder)
    finally:
        server.should_exit = True
        thread.join()
