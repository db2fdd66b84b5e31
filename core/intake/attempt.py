"""One attempt to read a data set, between limits: an assignment in, events out."""

from safetensors import SafetensorError

from core.assignment import ReadDatasetAssignment
from core.child import Pipes
from core.errors import TrainingFailed
from core.events import Event, Failed, Finished, Phase, Stopped
from core.intake.dataset import limits_for, read_dataset
from core.intake.sandbox import confine, explained


class _StopAsked(Exception):
    """The worker wants this attempt to end. Reading has no checkpoint: the next attempt begins anew."""


def run(assignment: ReadDatasetAssignment, pipes: Pipes) -> Event:
    """The event that ends the attempt."""

    def tell(message: str) -> None:
        if pipes.wish is not None:
            raise _StopAsked
        pipes.emit(Phase("reading", message))

    try:
        limits = limits_for(assignment)
        with confine(limits):
            tell("reading the data set")
            return Finished(read_dataset(assignment, tell, limits))
    except _StopAsked:
        return Stopped(step=0)
    except (TrainingFailed, OSError, MemoryError, SafetensorError) as error:
        return Failed(**explained(error).as_dict())
