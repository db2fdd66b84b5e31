"""The process that a worker (or `distillery train`) executes: an assignment in, events out on a pipe.

    python -m core.training.child ASSIGNMENT.json --events-fd N --lifeline-fd M

Exit 0 after Finished, Failed or Stopped; a mistake of ours leaves a traceback on stderr and exit 1.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, TypeAdapter

from core.assignment import ReadTeacherAssignment, TrainAssignment
from core.child import Pipes, end
from core.errors import Failure, TrainingFailed, disk_full, is_disk_full
from core.events import Failed, Finished
from core.points import reach

if TYPE_CHECKING:
    from collections.abc import Sequence

ASSIGNMENT: TypeAdapter[TrainAssignment | ReadTeacherAssignment] = TypeAdapter(
    Annotated[TrainAssignment | ReadTeacherAssignment, Field(discriminator="kind")]
)


def work(assignment: TrainAssignment | ReadTeacherAssignment, pipes: Pipes, file: Path) -> None:
    """Do what is asked and tell every event; the last one says how it ended."""
    # Torch takes a second to load: the lifeline is held before.
    from core.training.precision import set_up

    set_up(assignment.threads)
    try:
        reach("child.begin")
        if isinstance(assignment, TrainAssignment):
            from core.training.launch import team_of
            from core.training.trainer import Trainer

            with team_of(assignment, file, lambda failure: pipes.emit(Failed(**asdict(failure)))) as team:
                for event in Trainer(assignment, lambda: pipes.wish, team).run():
                    pipes.emit(event)
        else:
            from core.training.read_teacher import read_teacher

            pipes.emit(Finished(read_teacher(assignment, pipes.emit)))
    except (TrainingFailed, OSError, MemoryError, RuntimeError) as error:
        failure = explain(error, assignment)
        if failure is None:
            raise
        pipes.emit(Failed(**asdict(failure)))


def explain(error: Exception, assignment: TrainAssignment | ReadTeacherAssignment) -> Failure | None:
    """What a user can do something about; None for a mistake of ours."""
    if isinstance(error, TrainingFailed):
        return error.failure
    if isinstance(error, OSError) and is_disk_full(error):
        return disk_full(f"A file could not be written: {error.strerror}.")
    if is_out_of_memory(error):
        return _out_of_memory(error, assignment)
    return None


def is_out_of_memory(error: Exception) -> bool:
    """Python's own, a GPU's, or the plain RuntimeError of torch's allocator on the processor."""
    import torch

    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _out_of_memory(error: Exception, assignment: TrainAssignment | ReadTeacherAssignment) -> Failure:
    said = str(error).strip().partition("\n")[0]
    where, code = ("the GPU's memory", "out_of_gpu_memory") if _is_a_gpus(error) else ("memory", "out_of_memory")
    detail, hint = f"The checkpoint did not fit into {where}.", "A machine with more memory is needed."
    if isinstance(assignment, TrainAssignment):
        detail = (
            f"{len(assignment.students)} students with batches of {assignment.recipe.training.batch_size} images "
            f"did not fit into {where}."
        )
        hint = "Lower the batch size, or train fewer students in one job."
    title = "Out of GPU memory" if code == "out_of_gpu_memory" else "Out of memory"
    return Failure(code, title, f"{detail} {said}".strip(), hint)


def _is_a_gpus(error: Exception) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError)


def main(arguments: "Sequence[str] | None" = None) -> None:
    parser = argparse.ArgumentParser(description="Train students, or read a teacher, as an assignment says.")
    parser.add_argument("assignment", type=Path, help="JSON of core.assignment")
    parser.add_argument("--events-fd", type=int, required=True, help="events go out here, one JSON line each")
    parser.add_argument("--lifeline-fd", type=int, required=True, help="deadlines and wishes come in here")
    options = parser.parse_args(arguments)
    pipes = Pipes(options.events_fd, options.lifeline_fd)
    pipes.start()
    work(ASSIGNMENT.validate_json(options.assignment.read_bytes()), pipes, options.assignment)
    end()


if __name__ == "__main__":
    main()
