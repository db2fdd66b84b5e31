"""A student as ONNX: written by one process, held against torch by another, so that neither trusts its own memory.

    python -m core.training.onnx_export write FOLDER     weights.safetensors, sample.npy -> model.onnx, logits.npy
    python -m core.training.onnx_export verify FOLDER    model.onnx, sample.npy, logits.npy -> verdict on stdout

The graph takes images float32 (N, 3, side, side), red, green, blue, from 0 to 1; their normalization is inside. What
weights.safetensors says about itself stands in the file's metadata, under the same key.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.spawn import child_environment
from core.training.data import Split, some_of
from core.training.export import KEY, WeightsMeta, load_weights, save_weights, write_durably
from core.training.models import build

SAMPLE = 64  # images of val on which both are compared
BATCHES = (1, 7)  # sizes of the batches there: the first axis is free
TOLERANCE = 1e-4  # of the logits, beside the largest of them (or 1)
SECONDS = 600.0  # for each of the two processes
Json = dict[str, Any]


class _Normalizing(nn.Module):
    """Images from 0 to 1 -> logits."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, meta: WeightsMeta) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(meta.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(meta.std).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network((images - self.mean) / self.std)
        return logits


def sample_of(val: Split) -> Tensor:
    """Real images, uint8 (N, S, S, 3), to hold an export against the network that it came from."""
    return torch.cat([batch.images for batch, _ in some_of(val, SAMPLE).chunks()])


def export_onnx(
    state: Mapping[str, Tensor], meta: WeightsMeta, sample: NDArray[np.float32], target: Path, threads: int
) -> Json:
    """Write `target`, verified; returns what the manifest says of it. `sample`: images (N, 3, side, side), 0 to 1.

    {"verified": True, "images", "top1_equal", "max_difference", "tolerance"}, or, where nothing is written,
    {"verified": False, "reason"}. Only OSError comes out of it.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".onnx-") as scratch:
        folder = Path(scratch)
        save_weights(state, folder, meta, ["safetensors"])
        np.save(folder / "sample.npy", sample)
        reason = _run("write", folder, threads)
        said: Json = {"reason": reason} if reason else json.loads((folder / "written.json").read_text())
        if "reason" not in said:
            reason = _run("verify", folder, threads)
            said = {"reason": reason} if reason else json.loads((folder / "verdict.json").read_text())
        if "reason" in said:
            return {"verified": False, "reason": said["reason"]}
        write_durably(target, (folder / "model.onnx").read_bytes())
        return {"verified": True} | said


def _run(task: str, folder: Path, threads: int) -> str | None:
    """Why it did not come to its end; None where it did."""
    command = [sys.executable, "-m", "core.training.onnx_export", task, str(folder)]
    try:
        done = subprocess.run(
            command, env=child_environment(threads), capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"It took longer than {SECONDS:.0f} s to {task} it."
    if done.returncode == 0:
        return None
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return f"The process that should {task} it ended with {done.returncode}: {' '.join(last)[:300]}"


# --- in a process of its own --------------------------------------------------------------------------------------


def write(folder: Path) -> None:
    """Leaves model.onnx and torch's own logits of the sample, or the reason why it cannot be expressed."""
    state, meta = load_weights(folder / "weights.safetensors")
    assert meta is not None
    network = build(meta.architecture, len(meta.classes))
    network.load_state_dict(state)
    (folder / "written.json").write_text(json.dumps(express(network, meta, folder)))


def express(network: nn.Module, meta: WeightsMeta, folder: Path) -> Json:
    """`network` as folder/model.onnx, and its logits of folder/sample.npy; {"reason"} where an operator has no ONNX."""
    import onnx

    model = _Normalizing(network, meta).eval()
    images = torch.from_numpy(np.load(folder / "sample.npy"))
    with torch.no_grad():
        logits = torch.cat([model(image) for image in torch.split(images, 1)])
    np.save(folder / "logits.npy", logits.numpy())
    try:
        torch.onnx.export(
            model,
            (images[:2],),
            folder / "model.onnx",
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("N")},),
            external_data=False,
            verbose=False,
        )
    except Exception as error:  # the exporter raises what it likes
        return {"reason": _why(error)}
    made = onnx.load(folder / "model.onnx")
    del made.metadata_props[:]
    onnx.helper.set_model_props(made, {KEY: json.dumps(asdict(meta), ensure_ascii=False, sort_keys=True)})
    (folder / "model.onnx").write_bytes(made.SerializeToString(deterministic=True))
    return {}


def _why(error: BaseException) -> str:
    """In one sentence, with the operator's name where there is one."""
    said: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        said.append(str(cause))
        cause = cause.__cause__
    for text in reversed(said):
        if (found := re.search(r"\b(?:torch\.ops\.)?(\w+\.\w+)\.\w+\]?\(args", text)) is not None:
            return f"ONNX has no form of the operator {found.group(1)}."
    first = said[-1].strip().partition("\n")[0]
    return f"The exporter refused it: {first[:300]}"


def verify(folder: Path) -> None:
    """Leaves what onnxruntime answers beside torch, in batches of several sizes."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    model, images = folder / "model.onnx", np.load(folder / "sample.npy")
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    wanted: NDArray[np.float32] = np.load(folder / "logits.npy")
    verdict: Json = {"images": len(images), "tolerance": TOLERANCE}
    bound = TOLERANCE * max(1.0, float(np.abs(wanted).max()))
    for size in BATCHES:
        parts = [session.run(["logits"], {"images": images[i : i + size]})[0] for i in range(0, len(images), size)]
        answers = np.concatenate(parts)
        far = float(np.abs(answers - wanted).max())
        chosen = wanted[np.arange(len(wanted)), answers.argmax(axis=1)]
        equal = int((wanted.max(axis=1) - chosen <= bound).sum())  # of two that are level either may be first
        verdict["max_difference"] = max(far, verdict.get("max_difference", 0.0))
        verdict["top1_equal"] = min(equal, verdict.get("top1_equal", equal))
    if not verdict["max_difference"] <= bound or verdict["top1_equal"] < len(images):
        verdict["reason"] = (
            f"onnxruntime's logits are up to {verdict['max_difference']:.3g} from torch's (at most {bound:.3g} is "
            f"allowed), and {verdict['top1_equal']} of {len(images)} images get the same class."
        )
    (folder / "verdict.json").write_text(json.dumps(verdict))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["write", "verify"])
    parser.add_argument("folder", type=Path)
    wish = parser.parse_args()
    {"write": write, "verify": verify}[wish.task](wish.folder)
