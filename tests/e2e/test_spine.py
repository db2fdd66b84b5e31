"""The promise of the whole: from files to verified weights, through kills, with the bytes of an undisturbed run."""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
import yaml

from tests.cli.stack import Stack, distillery, running
from tests.fixtures.clock import by_the_clock

pytestmark = pytest.mark.e2e

FAST = {
    "DISTILLERY_LEASE_SECONDS": "4",
    "DISTILLERY_HEARTBEAT_SECONDS": "0.5",
    "DISTILLERY_CHECKPOINT_SECONDS": "0.3",
}


def write_job(folder: Path, name: str, **changes: Any) -> Path:
    job = {
        "name": name,
        "dataset": "builtin:digits",
        "loss": {"kind": "dist", "temperature": 4},
        "students": [{"name": "small", "architecture": "resnet8", "seeds": [0, 1]}],
        "training": {"epochs": 40, "augment": {"kind": "crop_flip", "flip": False}},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(job | changes))
    return path


def train(job: Path, out: Path) -> None:
    done = distillery("train", str(job), "--out", str(out))
    assert done.returncode == 0, done.stderr


def wait_for(what: str, check: Callable[[], Any], patience: float = 150) -> Any:
    deadline = time.monotonic() + patience
    while True:
        with suppress(psutil.NoSuchProcess):
            if answer := check():
                return answer
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


class Service:
    """What any client sees, over HTTP alone."""

    def __init__(self, stack: Stack) -> None:
        key = (stack.data_dir / "admin.key").read_text().strip()
        self.http = httpx2.Client(base_url=stack.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False)

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def step(self, job: str) -> int:
        return int((self.get(f"/v1/jobs/{job}")["progress"] or {}).get("step") or 0)

    def attempts(self, job: str) -> list[dict[str, Any]]:
        (run,) = self.get(f"/v1/runs?subject={job}")["data"]
        return list(run["attempts"])


def test_kill_child_worker_and_redis_and_still_the_bytes_of_distillery_train(tmp_path: Path) -> None:
    train(
        write_job(tmp_path, "teacher", students=[{"name": "teacher", "architecture": "resnet14"}]), tmp_path / "teacher"
    )
    checkpoint = tmp_path / "teacher" / "teacher" / "weights.pt"
    job_file = write_job(tmp_path, "job", teacher=str(checkpoint))
    train(job_file, tmp_path / "alone")

    with running(tmp_path / "stack", **FAST) as stack, Service(stack) as service:
        job = stack.answer("submit", str(job_file))["id"]

        def part(name: str) -> psutil.Process | None:
            return next((p for p in stack.descendants() if name in " ".join(p.cmdline())), None)

        wait_for("25 steps", lambda: service.step(job) >= 25)
        wait_for("a training child", lambda: part("core.training.child")).kill()
        wait_for("the second attempt", lambda: len(service.attempts(job)) == 2)
        wait_for("100 steps", lambda: service.step(job) >= 100)
        wait_for("the worker", lambda: part("worker.app")).kill()
        wait_for("the third attempt", lambda: len(service.attempts(job)) == 3)
        wait_for("180 steps", lambda: service.step(job) >= 180)
        wait_for("Redis", lambda: part("redis.sock") or part("redis-server")).kill()
        ended = wait_for("the end", lambda: (j := service.get(f"/v1/jobs/{job}"))["finished_at"] and j)

        assert ended["status"] == "succeeded", ended["error"]
        assert [attempt["outcome"] for attempt in service.attempts(job)] == ["crashed", "lost", "succeeded"]
        wait_for("Redis again", lambda: part("redis"))
        assert_same_bytes(service, job, tmp_path / "alone", tmp_path)
        assert_whole_curves(service, job, tmp_path / "alone")
        code, left = stack.stop()
        assert (code, left) == (0, [])


def assert_same_bytes(service: Service, job: str, alone: Path, folder: Path) -> None:
    students = service.get(f"/v1/students?job={job}")["data"]
    assert len(students) == 4
    for student in students:
        manifest = json.loads((alone / student["label"] / "manifest.json").read_text())
        assert student["tensors_sha256"] == manifest["tensors_sha256"], student["label"]
        for file in student["files"]:
            answer = service.http.get(file["url"])
            assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
            assert answer.headers["ETag"] == f'"sha256-{file["sha256"]}"'


def assert_whole_curves(service: Service, job: str, alone: Path) -> None:
    """Every point of the undisturbed run, once, and no other; events without a gap."""
    labels = {student["id"]: student["label"] for student in service.get(f"/v1/students?job={job}")["data"]}
    series = service.get(f"/v1/jobs/{job}/metrics?max_points=10000")["series"]
    seen = {
        (labels.get(s["student"]), s["name"], step): value
        for s in series
        for step, value in zip(s["step"], s["value"], strict=True)
    }
    assert len(seen) == sum(len(s["step"]) for s in series)
    expected = {}
    for line in (alone / "metrics.jsonl").read_text().splitlines():
        point = json.loads(line)
        expected[(point["student"], point["name"], point["step"])] = point["value"]
    learnt, wanted = ({k: v for k, v in told.items() if not by_the_clock(k[1])} for told in (seen, expected))
    assert learnt == wanted
    numbers: list[int] = []
    while page := service.get(f"/v1/jobs/{job}/events?after={numbers[-1] if numbers else 0}")["data"]:
        numbers += [event["seq"] for event in page]
    assert numbers == list(range(1, len(numbers) + 1))


def test_first_figures_are_there_soon_and_idle_processes_are_small(tmp_path: Path) -> None:
    """Bytes are asserted; the time from submit to the first figure is only printed."""
    with running(tmp_path / "stack") as stack, Service(stack) as service:
        job_file = write_job(tmp_path, "labels")
        stack.answer("submit", str(job_file), "--watch")
        started = time.monotonic()
        job = stack.answer("submit", str(job_file))["id"]
        wait_for("a metric", lambda: service.get(f"/v1/jobs/{job}/metrics")["series"])
        print(f"submit (a new process of the command) to first metric: {time.monotonic() - started:.2f} s")
        assert stack.run("cancel", job).returncode == 0
        wait_for("the end", lambda: service.get(f"/v1/jobs/{job}")["finished_at"])
        for name in ("api.serve", "worker.app"):
            sizes = [p.memory_info().rss for p in stack.descendants() if name in " ".join(p.cmdline())]
            assert sizes and max(sizes) <= 150 * 2**20, (name, sizes)
