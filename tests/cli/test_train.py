"""`distillery train` on real digits: interrupted, killed or damaged, it ends with the same bytes."""

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from core.catalog import architecture
from core.training.models import build
from tests.cli.stack import clean_environment, distillery
from tests.cli.test_supervisor import until
from tests.fixtures.clock import by_the_clock

pytestmark = pytest.mark.e2e

JOB = """
name: two
dataset: builtin:digits
teacher: null
loss: {kind: task}
students:
  - {name: small, architecture: resnet8, seeds: [0, 1]}
training: {epochs: 16, augment: {kind: crop_flip, padding: 1, flip: false}, log_every: 3}
"""
OFTEN = {"DISTILLERY_CHECKPOINT_SECONDS": "0.2"}


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("job") / "job.yaml"
    file.write_text(JOB)
    return file


@pytest.fixture(scope="module")
def undisturbed(job: Path) -> Path:
    out = job.parent / "undisturbed"
    done = distillery("train", str(job), "--out", str(out), **OFTEN)
    assert done.returncode == 0, done.stderr
    assert "Verdict: " in done.stdout
    return out


def bytes_of(out: Path) -> dict[str, str]:
    result = json.loads((out / "result.json").read_text())
    return {student["label"]: student["tensors_sha256"] for student in result["students"]}


def curve_of(out: Path) -> list[tuple[Any, ...]]:
    """Everything but what the clock says, in order."""
    points = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    kept = [p for p in points if not by_the_clock(p["name"])]
    return sorted((p["step"], p["student"] or "", p["name"], p["value"]) for p in kept)


def checkpoints_of(out: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads((out / ".run" / "state.json").read_text())["checkpoints"]
    except OSError:
        return []
    return found


def interrupted(job: Path, out: Path, number: signal.Signals, checkpoints: int = 1) -> int:
    """Start, wait for so many checkpoints, send the signal; returns the exit code."""
    command = [sys.executable, "-m", "cli.main", "train", str(job), "--out", str(out)]
    with subprocess.Popen(command, env=clean_environment(**OFTEN), stderr=subprocess.DEVNULL) as process:
        until(lambda: len(checkpoints_of(out)) >= checkpoints or process.poll() is not None, 60)
        assert process.poll() is None, "it ended before it could be disturbed"
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        code = process.wait(60)
        _, alive = psutil.wait_procs(children, timeout=20)
        assert alive == []
    return code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_disturbed_run_goes_on_to_the_same_bytes(
    job: Path, undisturbed: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    code = interrupted(job, out, number)
    assert code == (130 if number != signal.SIGKILL else -signal.SIGKILL)
    assert not (out / "result.json").exists()
    again = distillery("train", str(job), "--out", str(out), **OFTEN)
    assert again.returncode == 0, again.stderr
    assert "Going on from step" in again.stderr
    assert bytes_of(out) == bytes_of(undisturbed)
    assert curve_of(out) == curve_of(undisturbed)
    assert max(Counter(point[:3] for point in curve_of(out)).values()) == 1


def test_a_damaged_checkpoint_is_passed_over(job: Path, undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(job, out, signal.SIGKILL, checkpoints=2)
    older, newest = checkpoints_of(out)
    path = out / ".run" / newest["path"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    again = distillery("train", str(job), "--out", str(out), **OFTEN)
    assert f"checkpoint of step {newest['step']} is missing or damaged" in again.stderr
    assert f"Going on from step {older['step']} of" in again.stderr
    assert bytes_of(out) == bytes_of(undisturbed)
    assert curve_of(out) == curve_of(undisturbed)


def test_a_finished_run_is_shown_not_repeated(job: Path, undisturbed: Path) -> None:
    before = (undisturbed / "result.json").stat().st_mtime_ns
    again = distillery("train", str(job), "--out", str(undisturbed), "--json")
    assert again.returncode == 0 and "already holds the finished run" in again.stderr
    assert json.loads(again.stdout)["students"][0]["files"]
    assert (undisturbed / "result.json").stat().st_mtime_ns == before


def test_another_recipe_is_refused_by_name(undisturbed: Path, tmp_path: Path) -> None:
    other = tmp_path / "job.yaml"
    other.write_text(JOB.replace("epochs: 16", "epochs: 17"))
    refused = distillery("train", str(other), "--out", str(undisturbed))
    assert refused.returncode == 1
    assert f"--out {undisturbed}" in refused.stderr and "training" in refused.stderr


def test_a_teacher_from_a_file_teaches_and_a_wrong_one_is_refused(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copy(undisturbed / "small-seed0" / "weights.pt", tmp_path / "teacher.pt")
    job = tmp_path / "job.yaml"
    job.write_text(
        "teacher: teacher.pt\ndataset: builtin:digits\n"
        "students: [{name: s, architecture: resnet8}]\n"
        "training: {epochs: 2, augment: {kind: none}}\n"
    )
    done = distillery("train", str(job), "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["result"]["teacher"]["top1"] > 0.9
    assert [student["role"] for student in result["students"]] == ["student", "control"]
    assert (tmp_path / "out" / "s" / "weights.safetensors").is_file()

    (tmp_path / "teacher.pt").write_bytes(b"PK\x03\x04 not a checkpoint")
    refused = distillery("train", str(job), "--out", str(tmp_path / "other"))
    assert refused.returncode == 1 and "Traceback" not in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("Error: ")


def test_published_weights_teach_once_their_file_is_there(tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    job.write_text(
        "teacher: torchvision/squeezenet1_1\ndataset: builtin:digits\nstudents: [{name: s, architecture: resnet8}]\n"
    )
    without = {"DISTILLERY_DOWNLOADS": "false", "DISTILLERY_WEIGHTS_DIR": str(tmp_path / "weights")}
    missing = distillery("train", str(job), "--out", str(tmp_path / "out"), **without)
    file = tmp_path / "weights" / "torchvision" / architecture("torchvision/squeezenet1_1").weights[0].file
    assert missing.returncode == 1 and "https://download.pytorch.org/models/" in missing.stderr
    assert file.name in missing.stderr and str(file.parent) in missing.stderr
    file.parent.mkdir(parents=True)
    torch.save(build("torchvision/squeezenet1_1", 1000).state_dict(), file)
    read = distillery("train", str(job), "--out", str(tmp_path / "out"), **without)
    assert "The teacher knows 1000 classes, the data set has 10." in read.stderr
    job.write_text(job.read_text().replace("squeezenet1_1", "squeezenet9"))
    unknown = distillery("train", str(job), "--out", str(tmp_path / "other"), **without)
    assert "/teacher" in unknown.stderr and "squeezenet1_1" in unknown.stderr
