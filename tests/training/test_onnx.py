"""What a student is as ONNX: the same answers, from the file alone, and nothing that was not verified."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from core.events import Log, StudentSaved
from core.training.export import KEY, WeightsMeta, parse_meta
from core.training.models import build
from core.training.onnx_export import export_onnx, express, verify
from tests.training.small import train

CLASSES = ["kot", "кот", "猫", "gatto", "chat", "Katze", "🐈", "cat", "gato", "kissa"]


def meta_of(name: str, side: int) -> WeightsMeta:
    return WeightsMeta(name, CLASSES, side, [0.4, 0.5, 0.6], [0.2, 0.25, 0.3])


def sample(side: int) -> Any:
    return np.random.default_rng(0).random((10, 3, side, side), dtype=np.float32)


def run(path: Path, images: Any) -> Any:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"images": images})[0]


@pytest.mark.parametrize(
    ("name", "side"), [("cifar/resnet8", 16), ("cifar/MobileNetV2", 32), ("torchvision/mobilenet_v3_small", 64)]
)
def test_onnx_answers_as_torch_does(name: str, side: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build(name, len(CLASSES)).eval()
    images = sample(side)
    said = export_onnx(network.state_dict(), meta_of(name, side), images, tmp_path / "model.onnx", threads=1)
    assert said["verified"] and said["images"] == said["top1_equal"] == 10, said
    assert said["max_difference"] < 1e-4
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    # as a stranger who has the file alone
    (own,) = [prop.value for prop in onnx.load(tmp_path / "model.onnx").metadata_props if prop.key == KEY]
    meta = parse_meta(own)
    assert meta.classes == CLASSES and meta.image_size == side and meta.architecture == name
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (meta.mean, meta.std))
    for batch in (1, 3, 10):
        with torch.no_grad():
            wanted = network((torch.from_numpy(images[:batch]) - mean) / std)
        assert np.allclose(run(tmp_path / "model.onnx", images[:batch]), wanted.numpy(), atol=1e-4)


def test_equal_weights_give_equal_bytes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = build("cifar/resnet8", len(CLASSES)).state_dict()
    for name in ("a.onnx", "b.onnx"):
        assert export_onnx(state, meta_of("cifar/resnet8", 16), sample(16), tmp_path / name, threads=1)["verified"]
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


class Inexpressible(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return torch.linalg.matrix_exp(images.mean(1))[:, 0, :10]


def test_an_operator_without_a_form_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "sample.npy", sample(16))
    said = express(Inexpressible(), meta_of("cifar/resnet8", 16), tmp_path)
    assert said == {"reason": "ONNX has no form of the operator aten.linalg_matrix_exp."}


def test_another_weight_does_not_pass(tmp_path: Path) -> None:
    """The negative control: the verification fails on a file that is not the network."""
    np.save(tmp_path / "sample.npy", sample(16))
    torch.manual_seed(0)
    assert express(build("cifar/resnet8", 10), meta_of("cifar/resnet8", 16), tmp_path) == {}
    verify(tmp_path)
    assert "reason" not in json.loads((tmp_path / "verdict.json").read_text())
    model = onnx.load(tmp_path / "model.onnx")
    (head,) = [tensor for tensor in model.graph.initializer if tensor.name.endswith("fc.weight")]
    weights = onnx.numpy_helper.to_array(head).copy()
    weights[3] += 0.1
    head.CopyFrom(onnx.numpy_helper.from_array(weights, head.name))
    onnx.save(model, tmp_path / "model.onnx")
    verify(tmp_path)
    assert "from torch's" in json.loads((tmp_path / "verdict.json").read_text())["reason"]


def test_a_job_delivers_it(tmp_path: Path, digits: Path, teacher: Path) -> None:
    run_ = train(tmp_path, digits, teacher, exports=["safetensors", "onnx"], control=False)
    (final,) = [event for event in run_.of(StudentSaved) if event.final]
    assert {Path(file.path).name for file in final.files} == {
        "model.onnx",
        "weights.safetensors",
        "manifest.json",
        "evaluation.json",
    }
    manifest = json.loads((tmp_path / "students" / "s" / "manifest.json").read_text())
    assert manifest["onnx"]["verified"] and manifest["onnx"]["top1_equal"] == manifest["onnx"]["images"] == 64
    assert manifest["files"].keys() == {"model.onnx", "weights.safetensors", "evaluation.json"}
    assert not [event for event in run_.of(Log) if "onnx" in event.message]


def test_a_student_without_onnx_is_delivered_all_the_same(
    tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.onnx_export.SECONDS", 0.01)
    run_ = train(tmp_path, digits, exports=["torch", "onnx"], training={"epochs": 1})
    (final,) = [event for event in run_.of(StudentSaved) if event.final]
    assert {Path(file.path).name for file in final.files} == {"weights.pt", "manifest.json", "evaluation.json"}
    (warning,) = [event.message for event in run_.of(Log) if "model.onnx" in event.message]
    assert warning == "s has no model.onnx. It took longer than 0 s to write it."
    assert json.loads((tmp_path / "students" / "s" / "manifest.json").read_text())["onnx"]["verified"] is False
