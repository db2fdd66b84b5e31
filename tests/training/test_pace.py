"""What the clock says about waiting, without asserting any time."""

import pytest
import torch

from core.training.pace import BOTTLENECK, Waiting


def watched() -> Waiting:
    waiting = Waiting(torch.device("cpu"))
    assert list(waiting.watch(iter([3, 1, 2]))) == [3, 1, 2]
    return waiting


def test_the_share_is_one_of_the_epochs_time() -> None:
    waiting = watched()
    assert 0 < waiting.share() < 1
    assert list(waiting.watch(iter(()))) == [] and waiting.share() == 0


def test_a_bottleneck_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = watched()
    assert waiting.complaint(0.9) is None  # too short an epoch to tell
    monkeypatch.setattr("core.training.pace.LONG_ENOUGH", 0.0)
    assert waiting.complaint(BOTTLENECK) is None
    told = waiting.complaint(0.631)
    assert told is not None and told.startswith("Your data is the bottleneck: 63% of the time")
    assert waiting.complaint(0.9) is None
