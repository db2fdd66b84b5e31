"""`distillery reproduce`: a row of the published tables, on a CIFAR-100 of four colours."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.intake.known import take_known
from core.intake.limits import OPERATOR
from core.published import ROWS
from tests.cli.stack import distillery

pytestmark = pytest.mark.e2e

COLOURS = np.array([(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30)])
ROW = "cifar100/resnet56-resnet20"


def batch(count: int, seed: int) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    images = COLOURS[labels][:, None, None, :] + generator.normal(0, 25, (count, 32, 32, 3))
    planes = images.clip(0, 255).astype(np.uint8).transpose(0, 3, 1, 2).reshape(count, 3072)
    return {"data": planes, "fine_labels": labels.tolist(), "coarse_labels": []}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as they are published, and a teacher in RepDistiller's layout, trained on them."""
    folder = tmp_path_factory.mktemp("published")
    files = folder / "cifar-100-python"
    files.mkdir()
    (files / "meta").write_bytes(pickle.dumps({"fine_label_names": ["red", "green", "blue", "yellow"]}, 2))
    (files / "train").write_bytes(pickle.dumps(batch(320, 0), 2))
    (files / "test").write_bytes(pickle.dumps(batch(80, 1), 2))
    job = folder / "teacher.yaml"
    job.write_text(
        "dataset: {path: builtin:cifar100, val_fraction: 0}\nteacher: null\nloss: {kind: task}\n"
        "students: [{name: t, architecture: cifar/resnet56}]\ncontrol: false\nexports: [torch]\n"
        "training: {epochs: 8, batch_size: 32, augment: {kind: none}, optimizer: {lr: 0.02}, ema: {decay: 0.5}}\n"
    )
    (folder / "datasets").mkdir()
    (folder / "datasets" / "cifar100").symlink_to(folder)
    trained = distillery("train", str(job), "--out", str(folder / "teacher"), DISTILLERY_DATA_DIR=str(folder))
    assert trained.returncode == 0, trained.stderr
    (weights,) = (folder / "teacher").rglob("*.pt*")
    held = torch.load(weights, weights_only=True)
    (folder / "resnet56_vanilla").mkdir()
    torch.save(
        {"epoch": 240, "model": held.get("state_dict", held), "accuracy": 1.0, "optimizer": {}},
        folder / "resnet56_vanilla" / "ckpt_epoch_240.pth",
    )
    return folder


def test_a_short_trial_gives_no_verdict(data: Path, tmp_path: Path) -> None:
    done = distillery(
        "reproduce", ROW, "--data", str(data), "--seeds", "2", "--epochs", "1", "--out", str(tmp_path / "run")
    )
    assert done.returncode == 0, done.stderr
    assert "No verdict: 1 of 240 epochs." in done.stderr + done.stdout
    recipe = json.loads((tmp_path / "run" / "result.json").read_text())["recipe"]
    assert [s["seeds"] for s in recipe["students"]] == [[0, 1]]
    assert recipe["loss"] | {"temperature": 4.0, "beta": 2.0} == recipe["loss"]
    assert recipe["training"]["batch_size"] == 64 and recipe["control"]
    again = distillery(
        "reproduce", ROW, "--data", str(data), "--seeds", "2", "--epochs", "1", "--out", str(tmp_path / "run"), "--json"
    )
    judged = json.loads(again.stdout)
    assert judged["seeds"] == 2 and judged["verdict"] is None
    assert judged["teacher"] > 60, "the teacher's own normalization was used"


def test_the_verdict_follows_the_band() -> None:
    from cli.reproduce import _judged

    row = next(row for row in ROWS if row.short == ROW)

    def verdict(*top1: float, failed: bool = False) -> str | None:
        students = [
            {"status": "trained", "role": "student", "metrics": {"top1": one / 100, "best": {"top1": one / 100}}}
            for one in top1
        ]
        students += [{"status": "failed", "role": "student", "metrics": {}}] if failed else []
        recipe = {"training": {"epochs": 240}}
        result = {"students": students, "result": {"teacher": {"top1": 0.7234}}, "recipe": recipe}
        found: str | None = _judged(row, result, short=False)["verdict"]
        return found

    assert verdict(71.3, 72.2) == verdict(71.26) == verdict(72.2) == "PASS"
    assert verdict(71.2) == verdict(72.3) == verdict() == "FAIL", "above the band is no reproduction either"
    assert verdict(71.3, 72.2, failed=True) == "FAIL", "nor is one of those seeds that came through"


def test_what_is_missing_is_said(data: Path, tmp_path: Path) -> None:
    listed = distillery("reproduce")
    assert listed.returncode == 0 and all(row.short in listed.stdout for row in ROWS)
    for arguments, said in (
        ((ROW,), "must be a folder"),
        (("cifar100/resnet8-resnet8", "--data", str(data)), "there are: cifar100/wrn_40_2-wrn_40_1"),
        (("cifar100/resnet32x4-resnet8x4", "--data", str(data)), "resnet32x4_vanilla/ckpt_epoch_240.pth"),
        (("imagenet-strong/resnet50-resnet18", "--data", str(data)), "--teacher FILE"),
        ((ROW, "--data", str(data / "teacher"), "--teacher", "/nowhere.pt"), "/nowhere.pt"),
    ):
        refused = distillery("reproduce", *arguments, "--out", str(tmp_path / "no"))
        assert refused.returncode == 1 and said in " ".join(refused.stderr.split()), refused.stderr
        assert not (tmp_path / "no").exists()


def test_without_a_share_for_val_test_is_val(data: Path, tmp_path: Path) -> None:
    _, layout = take_known("cifar100", data / "datasets", tmp_path / "spool", OPERATOR, lambda _: None, val_fraction=0)
    assert {name: len(samples) for name, samples in layout.splits.items() if samples} == {"train": 320, "val": 80}
    _, drawn = take_known("cifar100", data / "datasets", tmp_path / "spool2", OPERATOR, lambda _: None)
    assert {name: len(samples) for name, samples in drawn.splits.items()} == {"train": 288, "val": 32, "test": 80}
