"""How long a network takes for a single image on this machine's processor: the one figure that no other machine has."""

import time
from collections.abc import Sequence
from statistics import median

import torch
from torch import Tensor, nn

from core.training.answering import Seeing
from core.training.data import Split, View, some_of
from core.training.precision import Precision

WARM_UPS = 3
LEAST, MOST = 10, 100  # images that are timed: a small network need not take all the time there is
SECONDS = 0.5  # in which as many as possible are timed
ON_PROCESSOR = Precision(torch.device("cpu"), bfloat16=False)


def first_image(split: Split) -> Tensor:
    """uint8 (1, S, S, 3), on the processor."""
    ((batch, _labels),) = some_of(split, 1).chunks()
    return batch.images.cpu()


@torch.no_grad()
def latency_ms(network: nn.Module, view: View, image: Tensor) -> float:
    """Median milliseconds in float32 with this process's threads. The network lies on the processor, in eval mode.

    `image`: uint8 (1, S, S, 3). Making it a view is not timed: whoever uses the network does that in his own way.
    """
    seen = view.of(image)
    for _ in range(WARM_UPS):
        network(seen)
    taken: list[float] = []
    begun = time.perf_counter()
    while len(taken) < LEAST or (len(taken) < MOST and time.perf_counter() - begun < SECONDS):
        at = time.perf_counter()
        network(seen)
        taken.append(time.perf_counter() - at)
    return 1000 * median(taken)


def latency_of_all(networks: Sequence[Seeing], image: Tensor) -> float | None:
    """Of several that are asked one after the other; None where there is no network at all."""
    return sum(latency_ms(one.network, one.view, image) for one in networks) if networks else None
