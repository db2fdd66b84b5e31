"""A service of its own, with an object of every kind: a process, a SQLite file, a folder of files."""

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

import migrations
from core.db import events, keys, reports
from core.db.keys import DEFAULT_PROJECT
from core.db.models import Student, Worker, now
from core.db.session import Database
from core.evaluation import FILE
from core.settings import Settings
from core.storage import open_storage
from tests.api.schema.evaluation import WHOLE
from tests.fixtures.service import Make

WEIGHTS = b"not weights, but as good as any for who downloads them"


@dataclass(frozen=True)
class Service:
    """Where it answers, to whom, and what there is: by the name of a path's parameter, the values it may have."""

    url: str
    key: str
    there: dict[str, list[str]]


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """A service with its data in that folder, without any limit of requests per second."""
    settings = Settings(data_dir=folder / "data", upload_part_bytes=1000, _env_file=None)
    settings.data_dir.mkdir(parents=True)
    migrations.upgrade(settings.database)
    with _process(settings) as url:
        key = settings.admin_key_file.read_text().strip()
        database = Database(settings.database)
        with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
            there = _fill(Make(database, open_storage(settings), client, folder))  # type: ignore[arg-type]
        database.close()
        yield Service(url, key, there)


@contextmanager
def _process(settings: Settings) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {
        "DISTILLERY_DATA_DIR": str(settings.data_dir),
        "DISTILLERY_UPLOAD_PART_BYTES": str(settings.upload_part_bytes),
        "DISTILLERY_RATE_LIMIT": "0",
    }
    command = [sys.executable, "-m", "api.serve", "--port", str(port)]
    with (settings.data_dir / "api.log").open("ab") as log:
        process = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            try:
                if httpx2.get(f"{url}/healthz").status_code == 200:
                    break
            except httpx2.TransportError:
                threading.Event().wait(0.05)
        assert process.poll() is None, "the service did not start"
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _fill(make: Make) -> dict[str, list[str]]:
    """Several of each kind: some are deleted on the way."""
    jobs = [make.job(name=f"job {n}") for n in range(6)]
    students = [job["students"][0]["id"] for job in jobs]
    for job, student in zip(jobs, students, strict=True):
        make.file(student, WEIGHTS)
        make.file(student, WHOLE.model_dump_json().encode(), FILE)
        _report(make.database, job["id"], student)
    with make.database.write() as work:
        for n in range(3):
            heard = now()
            work.add(Worker(hostname=f"h{n}", pid=n, slots=1, version="1", heartbeat_at=heard, created_at=heard))
    loose = [(make.dataset(), make.teacher()) for _ in range(12)]
    rejected = make.dataset(status="rejected")
    hooks = [_made(make, "/v1/webhooks", {"url": f"https://example.com/{n}"}) for n in range(6)]
    tests = [make.client.post(f"/v1/webhooks/{hook}/test").json()["id"] for hook in hooks]
    with make.database.write() as work:
        spare = [keys.create(work, DEFAULT_PROJECT, f"spare {n}")[0].id for n in range(6)]
    return {
        "job_id": [job["id"] for job in jobs],
        "student_id": students,
        "dataset_id": [*(dataset for dataset, _ in loose), rejected],
        "teacher_id": [teacher for _, teacher in loose],
        "upload_id": [_upload(make, n) for n in range(12)],
        "webhook_id": hooks,
        "delivery_id": tests,
        "key_id": spare,
        "file": ["weights.safetensors", FILE],
        "source": ["digits", "resnet18", "resnet50"],
        "metric": ["loss/total"],
        "split": ["train", "val"],
        "architecture": ["resnet8", "resnet14"],
    }


def _report(database: Database, job: str, student: str) -> None:
    """What a worker would have told of it."""
    with database.write() as work:
        events.append(work, job, 1, [("log", {"level": "info", "message": "hello"})])
        events.append(work, job, 1, [("rewind", {"to_step": 7, "attempt": 1})])
        reports.record_metrics(work, job, 1, [(step, student, "loss/total", 1.0) for step in range(50)])
        work.get_one(Student, student).metrics = {"val/top1": 0.5}


def _made(make: Make, path: str, body: dict[str, object]) -> str:
    answer = make.client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


def _upload(make: Make, number: int) -> str:
    """Open ones, half-sent ones and whole ones."""
    content = secrets.token_bytes(1500)
    wish = {"filename": f"{number}.zip", "bytes": len(content), "purpose": "dataset"}
    upload = _made(make, "/v1/uploads", wish)
    for part in range(1, number % 3 + 1):
        make.client.put(f"/v1/uploads/{upload}/parts/{part}", content=content[(part - 1) * 1000 : part * 1000])
    if number % 3 == 2:
        whole = {"sha256": hashlib.sha256(content).hexdigest()}
        assert make.client.post(f"/v1/uploads/{upload}/complete", json=whole).status_code == 200
    return upload
