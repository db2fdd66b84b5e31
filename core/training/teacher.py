"""The teacher: always in eval mode, never with gradients. What kinds there are stands in `canonical.py`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.errors import Failure, TrainingFailed
from core.teaching import Adapter
from core.training.answering import Seeing
from core.training.data import Batch, View
from core.training.evaluate import Answers
from core.training.figures import Json, interval_of_share
from core.training.precision import Precision

AS_IT_IS = Adapter()


class Teacher(ABC):
    """`architecture`: a network's canonical name, or in words what else it is. `parameters`: None where it has none."""

    def __init__(self, architecture: str, parameters: int | None, adapter: Adapter = AS_IT_IS) -> None:
        self.architecture, self.parameters, self.adapter = architecture, parameters, adapter

    @property
    @abstractmethod
    def sees(self) -> Sequence[Seeing]:
        """Its networks, each with its view: all that look at an image when it is asked. None where it is a table."""

    @property
    def modules(self) -> Sequence[nn.Module]:
        """Its networks."""
        return [one.network for one in self.sees]

    @abstractmethod
    def answers(self, batch: Batch, at_once: int | None) -> Tensor:
        """Logits (B, classes) in float32 and in its own order; see `Answerer`."""

    @torch.no_grad()
    def logits(self, batch: Batch, at_once: int | None = None) -> Tensor:
        """The same in the data set's order of the classes."""
        logits = self.answers(batch, at_once)
        return logits if self.adapter.outputs is None else logits[:, self.adapter.outputs]


class NetworkTeacher(Teacher):
    """A network that sees the images as `view` shows them: the adapter's normalization is in it already."""

    def __init__(
        self,
        architecture: str,
        network: nn.Module,
        view: View,
        precision: Precision,
        adapter: Adapter = AS_IT_IS,
        parameters: int | None = None,
    ) -> None:
        """`parameters`: of a network that has none here."""
        super().__init__(architecture, parameters or sum(p.numel() for p in network.parameters()), adapter)
        self.network, self.view, self.precision = network, view, precision

    def seeing(self, view: View, blue_first: bool = False) -> "NetworkTeacher":
        """The same with another view, and with the colours in the order that it does not have now."""
        network = BlueFirst(self.network).eval() if blue_first else self.network
        return NetworkTeacher(self.architecture, network, view, self.precision, self.adapter, self.parameters)

    @property
    def sees(self) -> Sequence[Seeing]:
        return [Seeing(self.network, self.view, self.precision)]

    def answers(self, batch: Batch, at_once: int | None) -> Tensor:
        assert not any(module.training for module in self.network.modules()), "the teacher must be in eval mode"
        assert not any(p.requires_grad for p in self.network.parameters()), "the teacher must not have gradients"
        return self.sees[0].logits(batch, at_once)


class BlueFirst(nn.Module):
    """A network that wants the colours in the other order."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images.flip(1))
        return logits


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


def unfit(detail: str) -> TrainingFailed:
    hint = "Register the teacher again, with the data set it was trained for."
    return TrainingFailed(Failure("teacher_unfit", "The teacher does not fit", detail, hint))
