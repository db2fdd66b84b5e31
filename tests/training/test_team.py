"""Two processes that train together take the steps of one: real processes, gloo, float64."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from core.assignment import TrainAssignment
from core.events import CheckpointSaved, Event, Failed, Finished, Metrics, Stopped, StudentSaved
from core.losses import LOSSES
from core.spawn import ChildProcess
from core.training.losses import build_loss
from core.training.team import ALONE, Team, fewer_gpus
from tests.fixtures.clock import by_the_clock
from tests.training.small import assignment
from tests.training.team_member import cases, everything, lesson, network, own

NAMES = [case[0] for case in cases()]
Ended = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def alone() -> Ended:
    return everything(ALONE)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    folder = tmp_path_factory.mktemp("team")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.training.team_member"]
    members = [subprocess.Popen([*command, str(rank), "2", str(folder)], env=environment) for rank in range(2)]
    try:
        assert [member.wait(300) for member in members] == [0, 0]
    finally:
        for member in members:
            member.kill()
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def test_every_relational_loss_is_among_the_cases() -> None:
    assert set(LOSSES) <= set(NAMES) and {"dist", "mlkd"} <= {name for name in LOSSES if LOSSES[name]().relational}


@pytest.mark.parametrize("name", [name for name in NAMES if "local" not in name])
def test_two_take_the_steps_of_one(alone: Ended, together: list[Ended], name: str) -> None:
    one = alone[name]
    for member in together:
        two = member[name]
        assert torch.allclose(two["gradient"], one["gradient"], rtol=0, atol=1e-10)
        assert torch.allclose(two["weights"], one["weights"], rtol=0, atol=1e-6)
        assert torch.allclose(two["total"], one["total"], atol=1e-10)
        assert two["parts"].keys() == one["parts"].keys()
        assert all(torch.allclose(two["parts"][part], one["parts"][part], atol=1e-10) for part in one["parts"])
        assert torch.allclose(two["logits"], one["logits"], atol=1e-10)
    assert torch.equal(together[0][name]["weights"], together[1][name]["weights"])


def test_a_loss_of_each_ones_own_images_is_another(alone: Ended, together: list[Ended]) -> None:
    """The negative control: had they not gathered, it would show."""
    for name in ("dist, local", "dist, local, in parts"):
        local, whole = together[0][name], alone["dist"]
        assert not torch.allclose(local["gradient"], whole["gradient"], rtol=0, atol=1e-4)
        assert torch.equal(local["weights"], together[1][name]["weights"])
    parts = together[0]["dist, local, in parts"]
    assert not torch.allclose(parts["gradient"], together[0]["dist, local"]["gradient"], rtol=0, atol=1e-4)


def test_a_loss_of_each_ones_own_images_is_the_mean_over_the_parts(together: list[Ended]) -> None:
    """Weighed by their images: two processes, each with its rows in two parts."""
    whole, student = lesson(0, 1, False), network()
    loss = build_loss({"kind": "dist", "batch": "local"})
    known = int((whole.labels >= 0).sum())
    total = torch.zeros((), dtype=torch.float64)
    for rank in range(2):
        team = Team()
        team.rank, team.size = rank, 2
        for part in own(whole, team).split(2):
            terms = loss(student(part.images), part.teacher_logits, part.labels)
            task = terms.weighted["task"]
            total = total + int((part.labels >= 0).sum()) / known * task
            total = total + len(part.labels) / len(whole.labels) * (terms.total - task)
    torch.autograd.backward(total)
    gradient = torch.cat([p.grad.flatten() for p in student.parameters() if p.grad is not None])
    found = together[1]["dist, local, in parts"]
    assert torch.allclose(found["total"], total, rtol=0, atol=1e-12)
    assert torch.allclose(found["gradient"], gradient, rtol=0, atol=1e-12)


def test_shares_cover_a_batch_and_keep_pairs() -> None:
    for size in (1, 2, 3, 7):
        for count in range(2 * size, 40):
            covered: list[int] = []
            for rank in range(size):
                team = Team()
                team.rank, team.size = rank, size
                own = range(count)[team.share(count)]
                assert own and own[0] % 2 == 0
                covered += own
            assert covered == list(range(count))


def test_a_job_with_fewer_gpus_than_it_wants_says_so() -> None:
    gpu, cpu = torch.device("cuda"), torch.device("cpu")
    assert "wants 4 GPUs and has 1" in (fewer_gpus(4, ALONE, gpu) or "")
    assert "has 0" in (fewer_gpus(2, ALONE, cpu) or "")
    assert fewer_gpus(1, ALONE, cpu) is fewer_gpus(0, ALONE, cpu) is None


# --- the whole trainer ------------------------------------------------------------------------------------------------


def start(work: TrainAssignment, processes: int) -> ChildProcess:
    return ChildProcess.start("core.training.child", work.model_copy(update={"processes": processes}))


def told_by(child: ChildProcess) -> list[Event]:
    return [event for event in child.events() if event is not None]


def curve(events: list[Event]) -> dict[tuple[int, str | None, str], float]:
    points = {}
    for event in events:
        if isinstance(event, Metrics):
            points |= {(event.step, student, name): value for student, name, value in event.points}
    return {key: v for key, v in points.items() if not by_the_clock(key[2])}


def test_a_training_of_two_processes(digits: Path, teacher: Path, tmp_path: Path) -> None:
    """Batch norms see half a batch each, so its curve is its own; everything else of a training is there."""
    work = assignment(tmp_path / "two", digits, teacher, training={"mix": {}, "views": 2})
    child = start(work, 2)
    events = told_by(child)
    ended = child.wait()
    assert isinstance(events[-1], Finished), ended.log_tail
    one = start(work.model_copy(update={"folder": tmp_path / "one"}), 1)
    expected = told_by(one)
    one.wait()
    assert curve(events).keys() == curve(expected).keys()
    assert {e.student for e in events if isinstance(e, StudentSaved) and e.final} == {"s", "s-control"}
    final = {key[1:]: value for key, value in curve(events).items() if key[2] == "val/top1"}
    assert all(value > 0.3 for value in final.values())
    manifest = json.loads((tmp_path / "two" / "students" / "s" / "manifest.json").read_text())
    assert manifest["step"] == max(key[0] for key in curve(events))


ALL_AT_ONCE: dict[str, Any] = {
    "batch_size": 22,  # which two cannot share evenly
    "accumulate": 3,
    "views": 2,
    "mix": {},
    "ema": {"decay": 0.8},
    "clip_grad_norm": 5.0,
    "schedule": {"kind": "plateau", "patience": 0, "threshold": 0.5},
    "augment": {"kind": "crop_flip", "policy": {"kind": "trivialaugment"}, "erasing": {}},
}


@pytest.mark.parametrize("more", [{}, ALL_AT_ONCE], ids=["plain", "all at once"])
def test_stopped_and_resumed_it_ends_with_the_same_weights(
    digits: Path, teacher: Path, tmp_path: Path, more: dict[str, Any]
) -> None:
    def hashes(events: list[Event]) -> dict[str, str]:
        return {e.student: e.tensors_sha256 for e in events if isinstance(e, StudentSaved) and e.final}

    work = assignment(tmp_path / "whole", digits, teacher, training={"epochs": 4} | more)
    child = start(work, 2)
    whole = told_by(child)
    child.wait()

    first = start(work.model_copy(update={"folder": tmp_path / "first"}), 2)
    seen: list[Event] = []
    for event in first.events():
        if event is not None:
            seen.append(event)
        if isinstance(event, Metrics) and event.step >= 4:
            first.stop("checkpoint")
    first.wait()
    assert isinstance(seen[-1], Stopped)
    saved = [event for event in seen if isinstance(event, CheckpointSaved)][-1]
    again = work.model_copy(update={"folder": tmp_path / "again", "resume": Path(saved.path)})
    second = start(again, 2)
    rest = told_by(second)
    second.wait()
    assert hashes(rest) == hashes(whole) and hashes(whole)


def test_one_that_is_killed_ends_them_all(digits: Path, tmp_path: Path) -> None:
    child = start(assignment(tmp_path, digits, training={"epochs": 500}), 2)
    other: psutil.Process | None = None
    for event in child.events():
        if other is None and isinstance(event, Metrics) and event.step > 0:
            (other,) = psutil.Process(child.pid).children()
            other.kill()
    ended = child.wait()
    assert ended.signal == signal.SIGKILL, "the worker sees a crash, and begins another attempt"
    assert other is not None and not other.is_running()


def test_when_the_first_is_killed_the_others_end(digits: Path, tmp_path: Path) -> None:
    child = start(assignment(tmp_path, digits, training={"epochs": 500}), 2)
    other: psutil.Process | None = None
    for event in child.events():
        if other is None and isinstance(event, Metrics) and event.step > 0:
            (other,) = psutil.Process(child.pid).children()
            os.kill(child.pid, signal.SIGKILL)  # it alone, not its group
    assert other is not None
    psutil.wait_procs([other], timeout=20)
    assert not other.is_running() or other.status() == psutil.STATUS_ZOMBIE
    child.wait()


def test_a_batch_too_small_to_share_is_refused(digits: Path, tmp_path: Path) -> None:
    child = start(assignment(tmp_path, digits, training={"batch_size": 5}), 3)
    events = told_by(child)
    child.wait()
    failures = [event for event in events if isinstance(event, Failed)]
    assert failures and failures[0].code == "batch_too_small" and "3 processes" in failures[0].detail
