"""`make demo`: real digits, a teacher, two sizes of students with their controls, and verified weights in the end.

Everything goes through the service as anybody would use it: `distillery up` in a process of its own, and REST.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from cli.address import running_stack
from cli.client import Client
from cli.files import Meter
from cli.jobfile import Builtin
from cli.output import out, say, show_error
from cli.progress import ProgressView
from cli.register import ensure_dataset
from cli.students import best_student
from cli.supervisor import Part
from cli.transfer import fetch_student
from cli.up import free_port, only_one
from cli.watching import follow_job, show_outcome
from core.errors import Conflict, DistilleryError

Json = dict[str, Any]
FOLDER = Path("demo-output")
HOST, PORT = "127.0.0.1", 8000
START_SECONDS = 90.0

TEACHER = {
    "name": "digits: the teacher",
    "preset": "digits",
    "loss": {"kind": "task"},
    "students": [{"name": "teacher", "architecture": "resnet8x4"}],
}
DISTILLATION = {"name": "digits: two sizes, three seeds", "preset": "digits"}


@contextlib.contextmanager
def stack(data_dir: Path) -> Iterator[tuple[Part, str]]:
    """`distillery up` on an empty folder: (its process, the dashboard's address)."""
    with only_one(data_dir):  # nobody else's: it may go
        for entry in data_dir.iterdir():
            if entry.name != "up.lock":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    try:
        port = free_port(HOST, PORT)
    except Conflict:
        port = free_port(HOST, 0)
        say(f"Port {PORT} is in use; the dashboard is on {port}.")
    log = data_dir / "up.log"
    command = [sys.executable, "-m", "cli.main", "up", "--host", HOST, "--port", str(port), "--data-dir", str(data_dir)]
    up = Part("distillery up", command, log, 40.0)
    up.start(_environment())
    try:
        deadline = time.monotonic() + START_SECONDS
        while running_stack(data_dir) is None:
            if not up.alive or time.monotonic() > deadline:
                raise DistilleryError("start_failed", f"The stack did not start:\n{up.tail()}")
            time.sleep(0.1)
        addresses = [line for line in log.read_text().splitlines() if line.startswith("Dashboard: ")]
        yield up, addresses[-1].removeprefix("Dashboard: ")
    finally:
        up.stop()


def _environment() -> dict[str, str]:
    """Without settings of this shell, which mean another stack; one thread, because on 8 x 8 pixels two are slower."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DISTILLERY_")}
    return clean | {"DISTILLERY_THREADS": "1"}


def run_job(client: Client, wish: Json) -> Json:
    """Submit, show, and return the job that succeeded."""
    job = client.post("/v1/jobs", wish)
    started = time.monotonic()
    with ProgressView(wish["name"]) as view:
        job = follow_job(client, job["id"], view)
    if job["status"] == "succeeded":
        say(f"{wish['name']}: done in {time.monotonic() - started:.0f} s")
    return job


def train_teacher(client: Client, dataset: str) -> tuple[str, str]:
    """A teacher from labels alone, registered: (its id as a teacher, its id as the student it was)."""
    job = run_job(client, TEACHER | {"dataset": dataset})
    if job["status"] != "succeeded":
        show_outcome(job)
    student = str(job["students"][0]["id"])
    wish = {
        "name": "digits teacher",
        "source": {"kind": "student", "student": student},
        "dataset": dataset,
    }
    teacher = client.post("/v1/teachers", wish)
    while teacher["status"] == "validating":
        time.sleep(0.2)
        teacher = client.get(f"/v1/teachers/{teacher['id']}")
    if teacher["status"] != "ready":
        raise DistilleryError(teacher["error"]["code"], teacher["error"]["detail"])
    say(f"teacher: {teacher['architecture']}, {teacher['parameters']:,} parameters, val top-1 {teacher['top1']:.1%}")
    return str(teacher["id"]), student


def tensors_sha256(weights: Path) -> str:
    """The digest of names, types, shapes and bytes that the service names, computed anew from the file."""
    digest = hashlib.sha256()
    for name, array in sorted(load_file(weights).items()):
        digest.update(json.dumps([name, str(array.dtype), list(array.shape)]).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def take(client: Client, id: str, target: Path) -> list[Path]:
    """Download a student, and check its tensors as well as its bytes."""
    student = client.get(f"/v1/students/{id}")
    shutil.rmtree(target, ignore_errors=True)
    with ProgressView("") as view:
        files = fetch_student(client, student, target, Meter(view))
    if tensors_sha256(target / "weights.safetensors") != student["tensors_sha256"]:
        raise DistilleryError("wrong_tensors", f"{target}: the tensors are not those that were trained.")
    return files


def demo(address: str) -> None:
    """Train a teacher on real digits, distil it, download the best student."""
    started = time.monotonic()
    say(f"Dashboard: {address}")
    data_dir = FOLDER.resolve() / "stack"
    found = running_stack(data_dir)
    if found is None:
        raise DistilleryError("start_failed", "The stack stopped.")
    with Client(found.url, (data_dir / "admin.key").read_text().strip(), patience=30.0) as client:
        with ProgressView("") as view:
            dataset = ensure_dataset(client, Builtin("digits"), view)
        teacher, teacher_student = train_teacher(client, dataset)
        job = run_job(client, DISTILLATION | {"dataset": dataset, "teacher": teacher})
        show_outcome(job)
        best = best_student(job["students"])
        assert best is not None  # the job succeeded
        files = take(client, teacher_student, FOLDER / "teacher") + take(client, best["id"], FOLDER / best["label"])
    (FOLDER / "job.json").write_text(json.dumps(job, indent=2))
    say(f"Best student: {best['label']}, chosen by top-1 on val, not by the figures on test above.")
    say("The teacher's files and its own, with verified SHA-256:")
    for path in files:
        out.print(f"  {path}", soft_wrap=True)
    say(f"After set-up: {time.monotonic() - started:.0f} s.")


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    signal.signal(signal.SIGTERM, _on_sigterm)
    finished = False
    try:
        with stack(FOLDER.resolve() / "stack") as (up, address):
            demo(address)
            finished = True
            if sys.stdout.isatty():
                say(f"The dashboard stays up until Ctrl-C: {address}")
                while up.alive:
                    time.sleep(0.5)
        if not sys.stdout.isatty():
            say(f"The dashboard again: .venv/bin/distillery up --data-dir {FOLDER / 'stack'}")
            say(f"Its key: {FOLDER / 'stack' / 'admin.key'}")
    except DistilleryError as error:
        show_error(error)
        return 1
    except KeyboardInterrupt:
        return 0 if finished else 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
