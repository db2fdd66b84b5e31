"""Room for runs in one worker, and which GPUs each has."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Slot:
    """Room for one run; `gpus` is what its child may see (None: no GPU in this machine)."""

    index: int
    gpus: str | None
    kinds: tuple[str, ...] | None = None  # of run that it takes; None: any


def gpus_of(slot: int, each: int, gpus: int) -> str | None:
    """The numbers of a slot's GPUs, as CUDA_VISIBLE_DEVICES wants them; None where the machine has none."""
    if gpus == 0:
        return None
    return ",".join(dict.fromkeys(str((slot * each + i) % gpus) for i in range(each)))


READING = ("read_dataset", "read_teacher")
