"""Weights on disk: the same bytes for the same tensors, whole or not at all, readable without this program."""

import errno
import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor

from core.training.export import WeightsMeta, file_sha256, load_weights, save_weights, tensors_sha256, write_durably
from core.training.models import build

META = WeightsMeta(
    architecture="cifar/resnet8",
    classes=["Äpfel", "Birnen", "0"],
    image_size=8,
    mean=[0.1, 0.2, 0.3],
    std=[0.25, 0.5, 1.0],
    recipe_sha256="ab" * 32,
)


@pytest.fixture
def state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return dict(build("resnet8", 3).state_dict())


def test_the_files_explain_themselves(tmp_path: Path, state: dict[str, Tensor]) -> None:
    files, digest = save_weights(state, tmp_path / "out", META, ["safetensors", "torch"], {"job": "job_1", "step": 7})
    assert [file.name for file in files] == ["weights.safetensors", "weights.pt", "manifest.json"]
    for file in files:
        content = Path(file.path).read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert file_sha256(Path(file.path)) == file.sha256
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(file.name for file in files)
    with safe_open(files[0].path, framework="np") as opened:
        assert json.loads(opened.metadata()["distillery"]) == asdict(META)
    manifest = json.loads(Path(files[2].path).read_text())
    assert manifest.items() >= {**asdict(META), "job": "job_1", "step": 7, "tensors_sha256": digest}.items()
    assert manifest["files"]["weights.pt"] == {"bytes": files[1].bytes, "sha256": files[1].sha256}
    assert manifest["versions"]["torch"] == torch.__version__


def test_both_formats_hold_the_tensors(tmp_path: Path, state: dict[str, Tensor]) -> None:
    _, digest = save_weights(state, tmp_path, META, ["torch", "safetensors"], {})
    plain = torch.load(tmp_path / "weights.pt", weights_only=True)
    told, meta = load_weights(tmp_path / "weights.safetensors")
    assert meta == META
    assert type(plain) is dict and list(plain) == list(state)
    for found in (plain, told):
        assert found.keys() == state.keys()
        assert all(torch.equal(found[name], state[name]) for name in state)
        assert tensors_sha256(found) == digest
    build("resnet8", 3).load_state_dict(plain, strict=True)


def test_only_what_is_asked_for(tmp_path: Path, state: dict[str, Tensor]) -> None:
    save_weights(state, tmp_path, META, ["safetensors"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["manifest.json", "weights.safetensors"]


def test_the_same_tensors_give_the_same_bytes(tmp_path: Path, state: dict[str, Tensor]) -> None:
    one, _ = save_weights(state, tmp_path / "one", META, ["safetensors", "torch"], {"a": 1})
    two, _ = save_weights(state, tmp_path / "elsewhere" / "two", META, ["torch", "safetensors"], {"a": 1})
    assert [f.sha256 for f in one] == [f.sha256 for f in two]


def test_views_and_gradients_do_not_travel(tmp_path: Path) -> None:
    whole = torch.zeros(1000, 1000)
    state = {"part": whole[:2, ::2], "learned": torch.nn.Parameter(torch.ones(3)), "turned": whole[:3, :2].t()}
    files, _ = save_weights(state, tmp_path, META, ["safetensors", "torch"], {})
    assert max(file.bytes for file in files) < 20_000
    plain = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert not plain["learned"].requires_grad and plain["turned"].shape == (2, 3)


def test_the_digest_is_five_lines_of_numpy(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """As a user would do it, with the file alone."""
    files, ours = save_weights(state, tmp_path, META, ["safetensors"], {})
    arrays = safetensors.numpy.load_file(files[0].path)
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, str(array.dtype), list(array.shape)]).encode())
        digest.update(array.tobytes())
    assert digest.hexdigest() == ours


@pytest.mark.parametrize(
    "other",
    [
        {"a": torch.tensor([1.0, 3.0])},
        {"b": torch.tensor([1.0, 2.0])},
        {"a": torch.tensor([[1.0, 2.0]])},
        {"a": torch.tensor([1.0, 2.0], dtype=torch.float64)},
        {"a": torch.tensor([1.0, 2.0]).view(torch.int32)},
        {"a": torch.tensor([1.0, 2.0]), "b": torch.zeros(0)},
        {},
    ],
)
def test_the_digest_sees_every_difference(other: dict[str, Tensor]) -> None:
    assert tensors_sha256({"a": torch.tensor([1.0, 2.0])}) != tensors_sha256(other)


def test_the_digest_sees_nothing_else() -> None:
    a, b = torch.arange(6.0).reshape(2, 3), torch.tensor(True)
    assert tensors_sha256({"a": a, "b": b}) == tensors_sha256({"b": b, "a": a.t().contiguous().t()})
    assert tensors_sha256({"h": torch.ones(2, dtype=torch.bfloat16)})  # numpy has no such type; the bytes do
    assert np.zeros(1).dtype.byteorder == "="  # the documented recipe is for little-endian machines, as all of ours


def test_a_full_disk_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_durably(tmp_path / "file", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_durably(tmp_path / "file", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace

    def spy_fsync(fd: int) -> None:
        order.append("folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "file")  # noqa: PTH112 - no Path for an fd
        fsync(fd)

    def spy_replace(source: Path, target: Path) -> None:
        order.append("name")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(os, "replace", spy_replace)
    write_durably(tmp_path / "file", b"content")
    assert order == ["file", "name", "folder"]


def test_a_foreign_file_says_nothing(tmp_path: Path, state: dict[str, Tensor]) -> None:
    safetensors.torch.save_file(state, tmp_path / "foreign.safetensors")
    assert load_weights(tmp_path / "foreign.safetensors")[1] is None
    safetensors.torch.save_file(state, tmp_path / "broken.safetensors", {"distillery": '{"architecture": 3}'})
    with pytest.raises(ValueError, match="architecture"):
        load_weights(tmp_path / "broken.safetensors")
