"""Read a data set, in this process or by the child, as a worker does."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.assignment import ReadDatasetAssignment
from core.errors import TrainingFailed
from core.events import Event, decode
from core.intake.dataset import read_dataset
from core.intake.limits import DEFAULT, Limits


def run_child(assignment: ReadDatasetAssignment) -> tuple[int, list[Event], str]:
    """Exit code, events and stderr."""
    file = assignment.folder.with_suffix(".json")  # beside it: the folder may be a disk that is full
    file.write_text(assignment.model_dump_json())
    events_read, events_write = os.pipe()
    lifeline_read, lifeline_write = os.pipe()
    command = [sys.executable, "-m", "core.intake.child", str(file)]
    command += ["--events-fd", str(events_write), "--lifeline-fd", str(lifeline_read)]
    child = subprocess.Popen(
        command, pass_fds=(events_write, lifeline_read), stderr=subprocess.PIPE, start_new_session=True
    )
    os.close(events_write)
    os.close(lifeline_read)
    with os.fdopen(events_read, "rb") as stream:
        events = [decode(line) for line in stream]
    stderr = child.communicate()[1].decode()
    os.close(lifeline_write)
    file.unlink()
    return child.returncode, events, stderr


def assignment_for(folder: Path, **source: object) -> ReadDatasetAssignment:
    return ReadDatasetAssignment.model_validate({"folder": folder, "threads": 1, **source})


def read(folder: Path, source: Path, limits: Limits = DEFAULT, **options: Any) -> dict[str, Any]:
    """The report, or `TrainingFailed`."""
    folder.mkdir(exist_ok=True)
    return read_dataset(assignment_for(folder, path=source, **options), lambda _: None, limits)


def listing(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def refused(tmp_path: Path, source: Path, code: str, **options: Any) -> TrainingFailed:
    """Refused by this code, and not a byte is left or changed anywhere near."""
    out = tmp_path / "near" / "out"
    out.mkdir(parents=True)
    (tmp_path / "near" / "canary").write_bytes(b"sings")
    before = listing(tmp_path)
    with pytest.raises(TrainingFailed) as error:
        read(out, source, **options)
    assert listing(tmp_path) == before
    failure = error.value.failure
    assert (failure.code, failure.retryable) == (code, False), failure.detail
    assert failure.title and failure.detail.endswith(".") and failure.detail.isprintable()
    return error.value
