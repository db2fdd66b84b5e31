import hashlib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from core.events import Finished, Phase
from core.packed import read_meta, read_split
from tests.intake.reading import assignment_for, run_child


def test_the_child_packs_the_digits(tmp_path: Path) -> None:
    code, events, stderr = run_child(assignment_for(tmp_path, builtin="digits"))
    assert (code, stderr) == (0, "")
    assert isinstance(events[0], Phase) and events[0].name == "reading"
    assert isinstance(finished := events[-1], Finished)
    path = tmp_path / "data.safetensors"
    assert finished.result["path"] == str(path)
    assert finished.result["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert finished.result["bytes"] == path.stat().st_size
    assert finished.result["counts"] == {"train": 600, "val": 300, "test": 897}
    assert finished.result["classes"] == list("0123456789")
    meta = read_meta(path)
    assert (meta.image_size, meta.mean, meta.std) == (8, finished.result["mean"], finished.result["std"])
    assert [p.name for p in tmp_path.iterdir()] == ["data.safetensors"]

    source = load_digits()
    seen: set[int] = set()
    for name, count in meta.counts.items():
        split = read_split(path, name)
        assert split is not None and split.images.shape == (count, 8, 8, 3)
        assert split.names == sorted(split.names)
        numbers = [int(n.partition("/")[2]) for n in split.names]
        seen |= set(numbers)
        assert (split.labels == source.target[numbers]).all()
        assert (np.abs(split.images[..., 1] - source.images[numbers] * 255 / 16) <= 0.5).all()
        assert (split.images[..., 0] == split.images[..., 2]).all()
        share = np.bincount(source.target) * count / 1797
        assert (np.abs(np.bincount(split.labels) - share) < 2).all()
    assert seen == set(range(1797))


def test_the_split_can_be_redone_from_its_description(tmp_path: Path) -> None:
    run_child(assignment_for(tmp_path, builtin="digits", seed=5))  # the seed does not move a fixed split
    target = load_digits().target
    order = sorted(
        (i for i in range(1797) if target[i] == 3), key=lambda i: hashlib.sha256(f"0:3/{i:04d}".encode()).digest()
    )
    val, test = read_split(tmp_path / "data.safetensors", "val"), read_split(tmp_path / "data.safetensors", "test")
    assert val is not None and test is not None
    quota = sum(val.labels == 3)
    assert {n for n in val.names if n[0] == "3"} == {f"3/{i:04d}" for i in order[:quota]}
    more = sum(test.labels == 3)
    assert {n for n in test.names if n[0] == "3"} == {f"3/{i:04d}" for i in order[quota : quota + more]}
