"""Photographs through the whole service: an uploaded ResNet-18 teaches a MobileNetV3 at 224 px on shapes.

What is delivered is judged from outside: torchvision's own network, the original files, and preprocessing written here
from what the manifest says.
"""

import io
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
import torchvision
import yaml
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import nn

from core.training.models import build
from tests.cli.stack import Stack, distillery, running
from tests.e2e.test_spine import FAST, Service, wait_for
from tests.fixtures.shapes200 import Shapes, make_shapes, members

pytestmark = pytest.mark.e2e

CLASSES, TRAIN, VAL, SIDE = 100, 2, 1, 224  # images of each class, and the canvas


def upright_rgb(data: bytes) -> Image.Image:
    """A file as somebody sees it: turned, transparent parts over white, 16 bits as 8."""
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I"):
            return Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8)).convert("RGB")
        if upright.mode == "RGBA":
            white = Image.new("RGBA", upright.size, "white")
            return Image.alpha_composite(white, upright).convert("RGB")
        return upright.convert("RGB")


def prepared(image: Image.Image, manifest: dict[str, Any]) -> NDArray[np.float32]:
    """(3, side, side): the middle square, brought to the side, normalised, all as the manifest says."""
    side = manifest["image_size"]
    assert manifest["interpolation"] == "bilinear"
    square = ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR)
    pixels = np.asarray(square, np.float32) / 255
    normalised = (pixels - np.array(manifest["mean"], np.float32)) / np.array(manifest["std"], np.float32)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1))


@torch.no_grad()
def ranks(network: nn.Module, archive: Shapes, manifest: dict[str, Any]) -> NDArray[np.int64]:
    """Of every image of val in the archive, how many classes the network prefers to the right one."""
    network.eval()
    found = []
    for name, data in members(archive):
        split, label, _ = name.split("/")
        if split == "val":
            logits = network(torch.from_numpy(prepared(upright_rgb(data), manifest))[None])[0]
            right = manifest["classes"].index(unicodedata.normalize("NFC", label))
            found.append(int((logits > logits[right]).sum()))
    return np.array(found)


def assert_report(dataset: dict[str, Any], shapes: Shapes) -> None:
    """What was odd is counted, and nothing was lost but what ends too soon."""
    report, kinds = dataset["report"], shapes.kinds
    assert dataset["classes"] == shapes.classes and max(map(len, dataset["classes"])) > 100
    assert (dataset["form"], dataset["image_size"]) == ("files", SIDE)
    assert dataset["counts"] == {"train": shapes.counts["train"] - len(shapes.truncated), "val": shapes.counts["val"]}
    assert [entry["name"] for entry in dataset["ignored"]] == sorted(
        unicodedata.normalize("NFC", name) for name in shapes.truncated
    )
    odd = {name: found["images"] for name, found in report["odd"].items()}
    assert odd["rotated"] == kinds["exif"] and odd["cmyk"] == kinds["cmyk"]
    assert odd["sixteen_bit"] == kinds["grey16"] and odd["palette"] == kinds["palette"]
    assert odd["transparent"] == kinds["alpha"] and odd["greyscale"] == kinds["grey"]
    assert report["formats"]["WEBP"] == kinds["webp"]
    assert sum(pair["images"] for pair in report["duplicates"]["across"]) == len(shapes.duplicates)


def test_a_resnet18_of_ones_own_teaches_a_mobilenet_at_224_px(tmp_path: Path) -> None:
    shapes = make_shapes(tmp_path / "shapes.zip", CLASSES, TRAIN, VAL, max_side=240, truncated=1, duplicates=1)
    torch.manual_seed(0)
    checkpoint = tmp_path / "resnet18.pt"
    torch.save(torchvision.models.resnet18(num_classes=CLASSES).state_dict(), checkpoint)
    often = FAST | {"DISTILLERY_CHECKPOINT_SECONDS": "2"}
    with running(tmp_path / "stack", **often) as stack, Service(stack) as service:
        dataset = register(stack, service, "dataset", shapes.path, {"image_size": SIDE})
        assert_report(dataset, shapes)
        # Said, because timm/resnetblur18 has the same names and shapes and only a trained one could be told from it.
        teacher = register(stack, service, "teacher", checkpoint, architecture="resnet18")
        assert (teacher["architecture"], teacher["classes"]) == ("torchvision/resnet18", CLASSES)
        job = service.post(
            "/v1/jobs",
            {
                "name": "shapes",
                "dataset": dataset["id"],
                "teacher": teacher["id"],
                "teacher_check": "off",  # it has learnt nothing yet
                "students": [{"name": "pocket", "architecture": "torchvision/mobilenet_v3_small"}],
                "training": {"epochs": 1, "batch_size": 16, "log_every": 1},
            },
        )["id"]

        def child() -> psutil.Process | None:
            return next((p for p in stack.descendants() if "core.training.child" in " ".join(p.cmdline())), None)

        wait_for("a checkpoint", lambda: service.get(f"/v1/jobs/{job}/checkpoints")["data"], patience=600)
        saved = service.step(job)
        wait_for("the training child", child).kill()
        ended = wait_for("the end", lambda: (j := service.get(f"/v1/jobs/{job}"))["finished_at"] and j, patience=600)
        assert ended["status"] == "succeeded", ended["error"]
        assert [attempt["outcome"] for attempt in service.attempts(job)] == ["crashed", "succeeded"]
        steps = dataset["counts"]["train"] // 16
        assert ended["progress"]["total_steps"] == steps and 0 < saved <= steps
        students = service.get(f"/v1/students?job={job}")["data"]
        assert sorted(student["role"] for student in students) == ["control", "student"]
        for student in students:
            files = {file["name"]: service.http.get(file["url"]).content for file in student["files"]}
            manifest = json.loads(files["manifest.json"])
            assert (manifest["classes"], manifest["image_size"]) == (shapes.classes, SIDE)
            network = torchvision.models.mobilenet_v3_small(num_classes=CLASSES)
            network.load_state_dict(torch.load(io.BytesIO(files["weights.pt"]), weights_only=True))
            found = ranks(network, shapes, manifest)
            # Stored pictures are encoded anew: an image on the edge between two classes may fall to the other side.
            for name, depth in (("top1", 1), ("top5", 5)):
                assert abs(student["metrics"][name] - (found < depth).mean()) <= 3 / len(found), name
        assert students[0]["tensors_sha256"] != students[1]["tensors_sha256"]


def register(
    stack: Stack, service: Service, noun: str, file: Path, options: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """The data set or teacher that was made of this file, ready. `options` are the source's, `fields` its own."""
    upload = stack.answer("upload", str(file), "--purpose", noun)["id"]
    wish = {"name": file.name, "source": {"kind": "upload", "upload": upload} | (options or {})} | fields
    made = service.post(f"/v1/{noun}s", wish)["id"]
    thing = wait_for(f"the {noun}", lambda: (t := service.get(f"/v1/{noun}s/{made}"))["status"] != "validating" and t)
    assert thing["status"] == "ready", thing["error"]
    return dict(thing)


def test_small_shapes_are_learned_to_the_same_bytes_from_an_archive_and_a_folder(tmp_path: Path) -> None:
    archive = make_shapes(tmp_path / "shapes.zip", 8, 24, 6, max_side=64)
    folder = make_shapes(tmp_path / "shapes", 8, 24, 6, max_side=64)
    digests = []
    for shapes in (archive, folder):
        job = tmp_path / "job.yaml"
        recipe = {
            "dataset": str(shapes.path),
            "teacher": None,
            "students": [{"name": "small", "architecture": "resnet8"}],
            "training": {"epochs": 8, "batch_size": 16},
        }
        job.write_text(yaml.safe_dump(recipe))
        out = tmp_path / f"out-{shapes.path.stem}{len(digests)}"
        done = distillery("train", str(job), "--out", str(out))
        assert done.returncode == 0, done.stderr
        manifest = json.loads((out / "small" / "manifest.json").read_text())
        digests.append(manifest["tensors_sha256"])
    assert digests[0] == digests[1]
    top1 = manifest["metrics"]["top1"]
    assert top1 > 4 / 8, "no better than four times chance"
    network = build("resnet8", 8)
    network.load_state_dict(torch.load(out / "small" / "weights.pt", weights_only=True))
    assert abs((ranks(network, archive, manifest) < 1).mean() - top1) <= 2 / 48
