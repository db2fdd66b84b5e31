"""Three kinds of teachers at once, from files: submitted to a whole stack and trained without one, the same bytes."""

import json
import re
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.training.models import build
from tests.cli.own_files import CLASSES, SIDE, own_files
from tests.cli.stack import distillery, running

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "teachers.md"
pytestmark = pytest.mark.e2e

JOB = """
name: three teachers
dataset: images.zip
teacher:
  members:
    - {path: teacher.safetensors, weight: 2}
    - {path: teacher.onnx}
    - {path: table.parquet}
students: [{name: small, architecture: resnet8}]
control: false
training: {epochs: 3, batch_size: 16, augment: {kind: none}}
"""


def other_forms(folder: Path) -> None:
    """The own teacher as an ONNX model, and as a table of its logits, made as the guide says."""
    network = build("resnet8", classes=len(CLASSES)).eval()
    network.load_state_dict(load_file(folder / "teacher.safetensors"))
    free = ({0: torch.export.Dim("N")},)
    example = torch.zeros(2, 3, SIDE, SIDE)
    torch.onnx.export(
        network, (example,), folder / "teacher.onnx", dynamic_shapes=free, external_data=False, verbose=False
    )

    def teach(pixels: np.ndarray) -> np.ndarray:
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
        mean, std = images.mean((0, 2, 3), keepdim=True), images.std((0, 2, 3), keepdim=True)
        with torch.no_grad():
            return np.asarray(network((images - mean) / std))

    (code,) = [block for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S) if "parquet" in block]
    with chdir(folder):
        exec(code, {"teach": teach})


def test_three_kinds_of_teachers_at_once(tmp_path: Path) -> None:
    own_files(tmp_path)
    other_forms(tmp_path)
    job = tmp_path / "job.yaml"
    job.write_text(JOB)
    alone = distillery("train", str(job), "--out", str(tmp_path / "alone"), "--json")
    assert alone.returncode == 0, alone.stderr
    with running(tmp_path / "data") as stack, stack.client() as client:
        finished = stack.answer("submit", str(job), "--watch")
        assert finished["status"] == "succeeded"
        rows = client.get("/v1/teachers")["data"]
        assert [row["kind"] for row in rows] == ["ensemble", "table", "onnx", "network"]
        assert finished["teacher"]["id"] == rows[0]["id"] and rows[0]["bound"] and rows[0]["top1"] > 0.9
        again = stack.answer("submit", str(job))
        assert again["teacher"]["id"] == rows[0]["id"], "nothing is sent or made twice"
        student = client.get(f"/v1/students/{finished['students'][0]['id']}")
    result = json.loads(alone.stdout)
    assert result["result"]["teacher"]["architecture"] == "mean of 3 teachers"
    assert result["students"][0]["tensors_sha256"] == student["tensors_sha256"]
