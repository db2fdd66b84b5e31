"""Several teachers at once."""

import math
import sys
from collections.abc import Sequence

import torch
from torch import Tensor

from core.teaching import Adapter
from core.training.answering import Seeing
from core.training.data import Batch
from core.training.teacher import AS_IT_IS, Teacher


class EnsembleTeacher(Teacher):
    """The weighted mean of its members' probabilities; its logits are their logarithms."""

    def __init__(self, members: Sequence[Teacher], weights: Sequence[float], adapter: Adapter = AS_IT_IS) -> None:
        """`weights` are above 0, and mean what they are in relation to each other."""
        known = [member.parameters for member in members if member.parameters is not None]
        super().__init__(f"mean of {len(members)} teachers", sum(known) or None, adapter)
        self.members = members
        shares = [weight / sum(weights) for weight in weights]
        self._logs = [math.log(max(share, sys.float_info.min)) for share in shares]  # one may be as good as none

    @property
    def sees(self) -> Sequence[Seeing]:
        return [one for member in self.members for one in member.sees]

    def answers(self, batch: Batch, at_once: int | None) -> Tensor:
        said = [member.logits(batch, at_once).log_softmax(1) for member in self.members]
        return torch.stack([one + log for one, log in zip(said, self._logs, strict=True)]).logsumexp(0)
