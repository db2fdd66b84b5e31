"""A checkpoint is whole or it is not there; a damaged one is refused."""

import errno
import os
from pathlib import Path

import pytest
import torch

from core.errors import TrainingFailed
from core.training.checkpoint import KEEP_SECONDS, load_checkpoint, save_checkpoint

STATE = {"step": 7, "names": ["a"], "tensors": {"w": torch.arange(6.0).reshape(2, 3)}, "none": None}


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    saved = save_checkpoint(STATE, tmp_path / "new", 7)
    state = load_checkpoint(saved.path)
    assert {key: state[key] for key in ("step", "names", "none")} == {"step": 7, "names": ["a"], "none": None}
    assert torch.equal(state["tensors"]["w"], STATE["tensors"]["w"])  # type: ignore[index]
    assert saved.bytes == saved.path.stat().st_size
    assert list(saved.path.parent.iterdir()) == [saved.path]


def test_every_single_damaged_byte_is_noticed(tmp_path: Path) -> None:
    path = save_checkpoint(STATE, tmp_path, 7).path
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(TrainingFailed) as failed:
            load_checkpoint(path)
        assert failed.value.code == "checkpoint_damaged" and path.name in failed.value.detail


@pytest.mark.parametrize("length", [0, 10, 24, 60, 89, 90, 500])
def test_a_torn_file_is_refused(tmp_path: Path, length: int) -> None:
    path = save_checkpoint(STATE, tmp_path, 7).path
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(TrainingFailed, match="checkpoint_damaged"):
        load_checkpoint(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="No such file"):
        load_checkpoint(tmp_path / "step-00000001.checkpoint")


def test_old_ones_go_but_for_the_last_two_and_the_young(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        old = save_checkpoint(STATE, tmp_path, step).path
        os.utime(old, (old.stat().st_atime, old.stat().st_mtime - KEEP_SECONDS - 1))
    for step in (40, 500, 6000):
        save_checkpoint(STATE, tmp_path, step)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [f"step-{step:08d}.checkpoint" for step in (40, 500, 6000)]


def test_a_full_disk_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = save_checkpoint(STATE, tmp_path, 1).path

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(STATE, tmp_path, 2)
    assert list(tmp_path.iterdir()) == [before]
    assert load_checkpoint(before)["step"] == 7
