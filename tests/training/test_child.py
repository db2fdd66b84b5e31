"""The child as a real process over real pipes: it obeys, it says how it ended, and it never outlives its parent."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch

from core.assignment import ReadTeacherAssignment, TrainAssignment
from core.child import boot_seconds
from core.errors import Failure, TrainingFailed
from core.events import CheckpointSaved, Event, Failed, Finished, Metrics, Stopped, StudentSaved
from core.spawn import ChildProcess, Exit
from core.training.child import explain
from tests.training.small import assignment, train

MODULE = "core.training.child"
LONG = {"epochs": 10_000}


@pytest.fixture
def children() -> Iterator[list[ChildProcess]]:
    """Whatever a test starts is dead afterwards."""
    started: list[ChildProcess] = []
    yield started
    for child in started:
        child.kill()


def first_metrics(child: ChildProcess, step: int = 1) -> list[Event]:
    """Read events until the loop has figures of at least this step."""
    seen = []
    for event in child.events():
        if event is not None:
            seen.append(event)
        if isinstance(event, Metrics) and event.step >= step:
            return seen
    raise AssertionError(f"the child ended early: {child.wait().log_tail}")


def rest(child: ChildProcess) -> tuple[list[Event], Exit]:
    return [event for event in child.events() if event is not None], child.wait()


def final(events: list[Event]) -> dict[str, str]:
    return {e.student: e.tensors_sha256 for e in events if isinstance(e, StudentSaved) and e.final}


def test_a_child_trains_what_the_trainer_trains(tmp_path: Path, digits: Path, teacher: Path) -> None:
    events, ended = rest(ChildProcess.start(MODULE, assignment(tmp_path / "child", digits, teacher)))
    assert (ended.code, ended.signal, ended.log_tail) == (0, None, "")
    assert isinstance(events[-1], Finished)
    assert final(events) == train(tmp_path / "here", digits, teacher).tensors()


@pytest.mark.parametrize("by", ["wish", "SIGTERM"])
def test_asked_to_stop_it_leaves_a_checkpoint_to_go_on_from(
    tmp_path: Path, digits: Path, children: list[ChildProcess], by: str
) -> None:
    many = {"epochs": 30}
    child = ChildProcess.start(MODULE, assignment(tmp_path / "first", digits, training=many))
    children.append(child)
    first_metrics(child, step=6)
    child.stop("checkpoint") if by == "wish" else child.terminate()
    events, ended = rest(child)
    assert ended.code == 0
    saved = [event for event in events if isinstance(event, CheckpointSaved)][-1]
    assert events[-1] == Stopped(saved.step)
    assert 6 <= saved.step < 150
    resumed = assignment(tmp_path / "second", digits, training=many, resume=Path(saved.path))
    events, ended = rest(ChildProcess.start(MODULE, resumed))
    assert ended.code == 0
    assert final(events) == train(tmp_path / "whole", digits, training=many).tensors()


def test_discard_ends_it_at_once(tmp_path: Path, digits: Path, children: list[ChildProcess]) -> None:
    child = ChildProcess.start(MODULE, assignment(tmp_path, digits, training=LONG))
    children.append(child)
    first_metrics(child)
    child.stop("discard")
    events, ended = rest(child)
    assert isinstance(events[-1], Stopped) and ended.code == 0


def test_it_dies_when_its_deadline_passes(tmp_path: Path, digits: Path, children: list[ChildProcess]) -> None:
    child = ChildProcess.start(MODULE, assignment(tmp_path, digits, training=LONG))
    children.append(child)
    child.renew(boot_seconds() + 3600)
    first_metrics(child)
    child.renew(boot_seconds() - 1)
    _, ended = rest(child)
    assert ended.signal == signal.SIGKILL


def test_it_dies_with_its_parent(tmp_path: Path, digits: Path) -> None:
    work = assignment(tmp_path, digits, training=LONG)
    (tmp_path / "work.json").write_text(work.model_dump_json())
    script = (
        "import sys, pathlib\n"
        "from core.assignment import TrainAssignment\n"
        "from core.spawn import ChildProcess\n"
        "work = TrainAssignment.model_validate_json(pathlib.Path(sys.argv[1]).read_bytes())\n"
        f"child = ChildProcess.start({MODULE!r}, work)\n"
        "for event in child.events():\n"
        "    print(child.pid, type(event).__name__, flush=True)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "work.json")]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid = next(int(line.split()[0]) for line in parent.stdout if line.endswith("Metrics\n"))
        child = psutil.Process(pid)
        assert child.is_running()
        parent.kill()
    deadline = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.05)


def test_what_cannot_succeed_is_told_and_is_no_crash(tmp_path: Path, digits: Path) -> None:
    sick = {"epochs": 8, "optimizer": {"lr": 100.0, "weight_decay": 1.0}}
    events, ended = rest(ChildProcess.start(MODULE, assignment(tmp_path, digits, training=sick)))
    assert ended.code == 0
    assert isinstance(events[-1], Failed) and events[-1].code == "diverged"


def test_a_mistake_of_ours_is_a_crash_with_a_traceback(tmp_path: Path, digits: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(digits.read_bytes()[:1000])
    events, ended = rest(ChildProcess.start(MODULE, assignment(tmp_path / "run", broken)))
    assert ended.code == 1 and "Traceback" in ended.log_tail
    assert not any(isinstance(event, Failed | Finished | Stopped) for event in events)


def test_it_reads_teachers_too(tmp_path: Path, digits: Path, teacher: Path) -> None:
    work = ReadTeacherAssignment(folder=tmp_path, threads=1, path=teacher.with_name("weights.pt"), dataset=digits)
    events, ended = rest(ChildProcess.start(MODULE, work))
    assert ended.code == 0
    assert isinstance(events[-1], Finished)
    assert events[-1].result["architecture"] == "cifar/resnet8" and events[-1].result["top1"] > 0.5


# --- how errors are told ----------------------------------------------------------------------------------------------


@pytest.fixture
def work(tmp_path: Path) -> TrainAssignment:
    return assignment(tmp_path, tmp_path / "data", training={"batch_size": 4096})


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8000000000000 bytes."),
    ],
)
def test_too_little_memory(work: TrainAssignment, error: Exception) -> None:
    failure = explain(error, work)
    of_gpu = isinstance(error, torch.OutOfMemoryError)
    assert failure is not None and not failure.retryable
    assert failure.code == ("out_of_gpu_memory" if of_gpu else "out_of_memory")
    assert "1 students with batches of 4096" in failure.detail and "batch size" in failure.hint


def test_the_allocator_really_says_so(work: TrainAssignment) -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**50)
    failure = explain(raised.value, work)
    assert failure is not None and failure.code == "out_of_memory"


def test_a_full_disk_can_be_retried(work: TrainAssignment) -> None:
    failure = explain(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), work)
    assert failure is not None and (failure.code, failure.retryable) == ("disk_full", True)


def test_a_failure_is_told_as_it_is_and_a_mistake_not_at_all(work: TrainAssignment) -> None:
    failure = Failure("teacher_at_chance", "a", "b")
    assert explain(TrainingFailed(failure), work) is failure
    assert explain(RuntimeError("shape mismatch"), work) is None
    assert explain(FileNotFoundError(errno.ENOENT, "no such file"), work) is None


def test_a_child_starts_without_what_it_does_not_need(digits: Path, tmp_path: Path) -> None:
    """The compiler and the model libraries cost seconds at every start."""
    (tmp_path / "work.json").write_text(assignment(tmp_path, digits, training={"epochs": 1}).model_dump_json())
    script = (
        "import sys, os\n"
        "from core.training.child import main\n"
        "lifeline, _ = os.pipe()\n"
        "main([sys.argv[1], '--events-fd', '1', '--lifeline-fd', str(lifeline)])\n"
        "unwanted = {'torch._dynamo', 'torch._inductor', 'torchvision', 'timm', 'sklearn'} & sys.modules.keys()\n"
        "sys.exit(' '.join(sorted(unwanted)) or 0)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "work.json")]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert '"event": "Finished"' in ended.stdout.splitlines()[-1]
