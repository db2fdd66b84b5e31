"""A network in an ONNX file, run by onnxruntime: a teacher of any origin, without code."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.onnx_form import OnnxForm, open_session
from core.training.teacher import unfit

Floats = NDArray[np.floating[Any]]


class OnnxNetwork(nn.Module):
    """Normalised images float32 (B, 3, side, side) -> logits float32 (B, classes). It has no weights of its own here.

    The logits of a model that ends in a softmax are the logarithms of its probabilities.
    """

    def __init__(self, model: bytes, form: OnnxForm, threads: int, device: torch.device) -> None:
        super().__init__()
        self.form = form
        self._session = open_session(model, threads, gpu=device.type == "cuda")

    def forward(self, images: Tensor) -> Tensor:
        given = images.permute(0, 2, 3, 1) if self.form.channels_last else images
        answers = self._run(np.ascontiguousarray(given.detach().cpu().numpy(), dtype=self.form.dtype))
        logits = torch.from_numpy(answers.astype(np.float32)).to(images.device)
        return logits.clamp_min(torch.finfo(torch.float32).tiny).log() if self.form.probabilities else logits

    def _run(self, images: Floats) -> Floats:
        size = self.form.batch
        if size is None:
            return self._answer(images)
        short = -len(images) % size
        padded = np.concatenate([images, np.repeat(images[-1:], short, axis=0)]) if short else images
        parts = [self._answer(padded[start : start + size]) for start in range(0, len(padded), size)]
        return np.concatenate(parts)[: len(images)]

    def _answer(self, images: Floats) -> Floats:
        """TrainingFailed `teacher_unfit` where it takes noise, but not these images."""
        try:
            (answers,) = self._session.run([self.form.output], {self.form.input: images})
        except Exception as error:  # onnxruntime has an exception for everything
            said = " ".join(str(error).split())[:300]
            raise unfit(f"onnxruntime cannot run the ONNX model on images of {images.shape[2]} px: {said}") from error
        if np.shape(answers) != (len(images), self.form.classes):
            raise unfit(f"The ONNX model answers {len(images)} images with an array of {list(np.shape(answers))}.")
        return np.asarray(answers)
