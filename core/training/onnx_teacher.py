"""A network in an ONNX file, run by onnxruntime: a teacher of any origin, without code."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

GPU, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class OnnxForm(BaseModel):
    """How the model wants its images and gives its answers: what `core.intake.onnx_model` found out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: str
    output: str
    dtype: Literal["float16", "float32", "float64"]
    channels_last: bool  # images (N, H, W, 3) instead of (N, 3, H, W)
    batch: int | None  # the only number of images that it takes together; None: any
    side: int | None  # the only side of images that it takes; None: several
    classes: int
    parameters: int
    probabilities: bool = False  # it ends in a softmax: the logits are the logarithms


class OnnxNetwork(nn.Module):
    """Normalised images float32 (B, 3, side, side) -> logits float32 (B, classes). It has no weights of its own here.

    On a GPU where onnxruntime was built for one, else on the processor.
    """

    def __init__(self, model: bytes | Path, form: OnnxForm, threads: int, device: torch.device) -> None:
        super().__init__()
        self.form = form
        self._session = open_session(model, threads, gpu=device.type == "cuda")

    def forward(self, images: Tensor) -> Tensor:
        given = images.permute(0, 2, 3, 1) if self.form.channels_last else images
        array = np.ascontiguousarray(given.detach().cpu().numpy(), dtype=self.form.dtype)
        logits = torch.from_numpy(self._run(array).astype(np.float32, copy=False)).to(images.device)
        return logits.clamp_min(torch.finfo(torch.float32).tiny).log() if self.form.probabilities else logits

    def _run(self, images: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        size = self.form.batch
        if size is None:
            return self._answer(images)
        short = -len(images) % size
        padded = np.concatenate([images, np.repeat(images[-1:], short, axis=0)]) if short else images
        parts = [self._answer(padded[start : start + size]) for start in range(0, len(padded), size)]
        return np.concatenate(parts)[: len(images)]

    def _answer(self, images: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        (answers,) = self._session.run([self.form.output], {self.form.input: images})
        return np.asarray(answers)


def open_session(model: bytes | Path, threads: int, gpu: bool = False) -> Any:
    """onnxruntime's, repeatable and with sleeping threads."""
    import onnxruntime  # a third of a second to load, wanted by few

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = [GPU, CPU] if gpu and GPU in onnxruntime.get_available_providers() else [CPU]
    return onnxruntime.InferenceSession(str(model) if isinstance(model, Path) else model, options, providers=providers)
