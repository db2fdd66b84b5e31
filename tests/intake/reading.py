"""Read a data set, in this process or by the child, as a worker does."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.assignment import ReadDatasetAssignment
from core.events import Event, decode
from core.intake.dataset import read_dataset
from core.intake.limits import DEFAULT, Limits


def run_child(assignment: ReadDatasetAssignment, first_message: bytes = b"") -> tuple[int, list[Event], str]:
    """Exit code, events and stderr. `first_message` is on the lifeline before the child starts."""
    file = assignment.folder / "assignment.json"
    file.write_text(assignment.model_dump_json())
    events_read, events_write = os.pipe()
    lifeline_read, lifeline_write = os.pipe()
    os.write(lifeline_write, first_message)
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
