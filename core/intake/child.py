"""The process that reads what strangers upload: an assignment in, events out, under limits of its own.

    python -m core.intake.child ASSIGNMENT.json --events-fd N --lifeline-fd M

Exit 0 after `Finished`, `Failed` or `Stopped`; a mistake of ours leaves a traceback on stderr and exit 1.
"""

import argparse
from pathlib import Path

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


def main() -> None:
    parser = argparse.ArgumentParser(description="Read a data set as an assignment says.")
    parser.add_argument("assignment", type=Path, help="JSON of core.assignment.ReadDatasetAssignment")
    parser.add_argument("--events-fd", type=int, required=True, help="events go out here, one JSON line each")
    parser.add_argument("--lifeline-fd", type=int, required=True, help="deadlines and wishes come in here")
    options = parser.parse_args()
    pipes = Pipes(options.events_fd, options.lifeline_fd)
    pipes.start()
    pipes.emit(run(ReadDatasetAssignment.model_validate_json(options.assignment.read_bytes()), pipes))


if __name__ == "__main__":
    main()
