"""The two pipes, with a real child that does not train: events, wishes, and three ways to die."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from core.assignment import ReadDatasetAssignment
from core.child import boot_seconds
from core.events import Event, Finished, Log, decode, encode
from core.spawn import ChildProcess

CHILD = """
import argparse, os, subprocess, sys, time
from core.child import Pipes
from core.events import Finished, Log
parser = argparse.ArgumentParser()
parser.add_argument("assignment")
parser.add_argument("--events-fd", type=int)
parser.add_argument("--lifeline-fd", type=int)
given = parser.parse_args()
pipes = Pipes(given.events_fd, given.lifeline_fd)
pipes.start()
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
secrets = [name for name in os.environ if "KEY" in name or "DISTILLERY" in name]
pipes.emit(Log("info", f"{grandchild.pid} {secrets}"))
print("a line in the log", flush=True)
while pipes.wish is None:
    time.sleep(0.01)
pipes.emit(Finished({"wish": pipes.wish}))
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChildProcess:
    """A child of this test's own making, found because `python -m` looks into the working folder."""
    (tmp_path / "idle_child.py").write_text(CHILD)
    monkeypatch.setenv("DISTILLERY_API_KEY", "a secret")
    return ChildProcess.start("idle_child", ReadDatasetAssignment(folder=tmp_path, threads=1, builtin="digits"))


def first_event(child: ChildProcess) -> Log:
    event: Event | None = next(event for event in child.events() if event is not None)
    assert isinstance(event, Log)
    return event


def assert_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"process {pid} still lives"
        time.sleep(0.02)


def test_a_child_reports_obeys_and_leaves_nothing_behind(child: ChildProcess) -> None:
    grandchild, secrets = first_event(child).message.split(" ", 1)
    assert secrets == "[]", "a child gets no credentials"
    child.stop("checkpoint")
    assert [event for event in child.events() if event] == [Finished({"wish": "checkpoint"})]
    exit_ = child.wait()
    assert (exit_.code, exit_.signal) == (0, None)
    assert "a line in the log" in exit_.log_tail and exit_.peak_memory > 2**20
    assert_gone(int(grandchild))


def test_sigterm_asks_for_a_checkpoint(child: ChildProcess) -> None:
    first_event(child)
    child.terminate()
    assert [event for event in child.events() if event] == [Finished({"wish": "checkpoint"})]
    child.wait()


def test_the_group_dies_when_the_parent_is_gone(child: ChildProcess) -> None:
    grandchild = int(first_event(child).message.split(" ")[0])
    assert child._lifeline is not None
    child._lifeline.close()
    child._lifeline = None
    assert_gone(grandchild)
    assert child.wait().signal == 9


def test_the_group_dies_when_the_deadline_passes(child: ChildProcess) -> None:
    grandchild = int(first_event(child).message.split(" ")[0])
    child.renew(boot_seconds() + 60)
    child.renew(boot_seconds() - 1)
    assert_gone(grandchild)
    assert child.wait().signal == 9


def test_a_kill_takes_the_whole_group(child: ChildProcess) -> None:
    grandchild = int(first_event(child).message.split(" ")[0])
    child.kill()
    assert child.wait().signal == 9
    assert_gone(grandchild)


def test_events_survive_the_pipe() -> None:
    event = Finished({"ü\n": [1.5, None], "python": sys.version})
    assert decode(encode(event)) == event
