"""The teacher: always in eval mode, never with gradients."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from core.errors import Failure, TrainingFailed
from core.packed import PackedMeta
from core.recipe import Adapter
from core.training.data import Batch, View
from core.training.evaluate import Answers
from core.training.export import load_weights
from core.training.figures import Json, interval_of_share
from core.training.models import build
from core.training.precision import Precision
from core.views import teacher_view

AS_IT_IS = Adapter()


class Adapted(nn.Module):
    """A network that wants blue first, or whose outputs stand in another order than the data set's classes."""

    def __init__(self, network: nn.Module, adapter: Adapter) -> None:
        super().__init__()
        self.network = network
        self._bgr = adapter.channels == "bgr"
        self.outputs: Tensor | None
        self.register_buffer("outputs", None if adapter.outputs is None else torch.tensor(adapter.outputs))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images.flip(1) if self._bgr else images)
        return logits if self.outputs is None else logits[:, self.outputs]


@dataclass(frozen=True)
class Teacher:
    architecture: str
    network: nn.Module
    view: View
    precision: Precision
    adapter: Adapter = AS_IT_IS

    @classmethod
    def load(cls, path: Path, data: PackedMeta, precision: Precision, adapter: Adapter | None = None) -> "Teacher":
        """From canonical weights; TrainingFailed where they are not, or know other classes than the data."""
        weights, meta = load_weights(path)
        if meta is None:
            raise _unfit("The teacher's file does not say which network it holds.")
        network = build(meta.architecture, len(data.classes))
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            raise _unfit(
                f"Its weights are not those of {meta.architecture} with {len(data.classes)} classes."
            ) from error
        adapter = adapter or AS_IT_IS
        wanted = adapter.normalization or meta
        size, by = meta.image_size, meta.interpolation
        view = View(teacher_view(data, image_size=size, mean=wanted.mean, std=wanted.std, interpolation=by))
        if adapter.outputs is not None and len(adapter.outputs) != len(data.classes):
            raise _unfit(
                f"Its adapter names {len(adapter.outputs)} outputs, the data set has {len(data.classes)} classes."
            )
        if adapter.channels == "bgr" or adapter.outputs is not None:
            network = Adapted(network, adapter)
        network = precision.place(network).requires_grad_(False).eval()
        return cls(meta.architecture, network, view, precision, adapter)

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self.network.parameters())

    @torch.no_grad()
    def logits(self, batch: Batch) -> Tensor:
        """Float32 logits (B, classes)."""
        assert not any(module.training for module in self.network.modules()), "the teacher must be in eval mode"
        assert not any(p.requires_grad for p in self.network.parameters()), "the teacher must not have gradients"
        return self.precision.logits(self.network, batch.seen(self.view))


def needed_top1(answers: Answers, classes: int) -> float:
    """What a teacher has to reach on val to be clearly better than guessing."""
    interval = interval_of_share(answers.top1, len(answers.correct))
    return min(1.5 / classes + (interval[1] - interval[0]) / 2, 1.0)


def guesses(answers: Answers, classes: int) -> bool:
    return not answers.finite or answers.top1 < needed_top1(answers, classes)


def at_chance(answers: Answers, classes: int, why: str, hint: str) -> TrainingFailed:
    """`teacher_at_chance`, with what the doctor says."""
    figures: Json = {"top1": answers.top1, "needed": needed_top1(answers, classes)}
    reached = f"The teacher reaches {answers.top1:.1%} top-1 on val; guessing would reach {1 / classes:.1%}."
    return TrainingFailed(
        Failure(
            "teacher_at_chance",
            "The teacher guesses",
            f"{reached} {why}",
            f'{hint} If this is meant, set teacher_check: "off".',
            errors=[{"pointer": "/teacher", "code": "teacher_at_chance", "detail": str(figures)}],
        )
    )


def _unfit(detail: str) -> TrainingFailed:
    hint = "Register the teacher again, with the data set it was trained for."
    return TrainingFailed(Failure("teacher_unfit", "The teacher does not fit", detail, hint))
