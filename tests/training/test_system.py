"""What a training tells of its machine: there, plausible, and no part of what is learnt. No time is asserted."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from core.events import Log, Metrics
from core.training import system
from core.training.system import System
from core.training.team import Team
from tests.training.small import Run, train

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def told(run: Run, name: str) -> dict[int, float]:
    """Step -> value; no step twice."""
    points = [(e.step, v) for e in run.of(Metrics) for who, n, v in e.points if (who, n) == (None, name)]
    assert len(dict(points)) == len(points)
    return dict(points)


def figures(looked: System, step: int = 1) -> dict[str, float]:
    (event,) = [event for event in looked.tell(step) if isinstance(event, Metrics)]
    assert event.step == step
    return {name: value for _, name, value in event.points}


def test_every_epoch_has_its_figures(tmp_path: Path, digits: Path) -> None:
    run = train(tmp_path, digits)
    cpu, memory = told(run, "system/cpu"), told(run, "system/memory")
    assert cpu.keys() == memory.keys() == {5, 10, 15}
    assert all(share > 0 for share in cpu.values())
    assert all(2**20 < held < psutil.virtual_memory().total for held in memory.values())
    assert not told(run, "system/gpu") and not told(run, "system/gpu_memory")


def test_a_long_epoch_has_them_in_between_and_learns_the_same(
    tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = train(tmp_path / "rare", digits)
    monkeypatch.setattr(system, "EVERY", 0.0)
    often = train(tmp_path / "often", digits)
    assert told(often, "system/cpu").keys() == set(range(1, 16))
    assert often.tensors() == rare.tensors() and often.points() == rare.points()


def test_who_trains_with_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "EVERY", 0.0)
    looked = System(CPU, threads=1)
    alone = figures(looked)
    work = "import sys\nheld = bytearray(2**26)\nprint(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", work], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline()
        before = psutil.Process(other.pid).cpu_times().user
        first = figures(looked)  # who it is
        while psutil.Process(other.pid).cpu_times().user < before + 0.2:
            pass
        second = figures(looked)
        other.kill()
    assert first["system/memory"] > alone["system/memory"] + 2**26
    assert second["system/cpu"] > 0
    other.wait()
    assert figures(looked)["system/memory"] < first["system/memory"]


def test_the_share_is_of_all_threads_and_the_first_one_alone_looks() -> None:
    team = Team()
    team.size = 4
    assert figures(System(CPU, threads=2, team=team))["system/cpu"] >= 0
    team.rank = 1
    assert list(System(CPU, threads=2, team=team).tell(1)) == []


def test_a_gpus_figures_are_told_where_the_driver_tells_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.utilization", lambda gpu: [40, 60][gpu])
    monkeypatch.setattr("torch.cuda.device_memory_used", lambda gpu: [10, 20][gpu])
    team = Team()
    team.size = 2
    found = figures(System(CUDA, threads=1, team=team))
    assert (found["system/gpu"], found["system/gpu_memory"]) == (0.5, 30.0)


def test_where_it_does_not_that_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_gpu: int) -> int:
        raise ModuleNotFoundError("nvidia-ml-py does not seem to be installed or it can't be imported.")

    monkeypatch.setattr("torch.cuda.utilization", missing)
    looked = System(CUDA, threads=1)
    (line,) = [event for event in looked.tell(1) if isinstance(event, Log)]
    assert line.level == "info" and "nvidia-ml-py" in line.message
    assert figures(looked).keys() == {"system/cpu", "system/memory"}
