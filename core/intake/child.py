"""The process that reads what strangers upload: an assignment in, events out, between walls of its own.

    python -m core.intake.child ASSIGNMENT.json --events-fd N --lifeline-fd M

Exit 0 after `Finished`, `Failed` or `Stopped`; a mistake of ours leaves a traceback on stderr and exit 1.
"""

import argparse
import os
from pathlib import Path

from core.assignment import ReadDatasetAssignment
from core.child import Pipes, volunteer
from core.intake.walls import raise_walls


def readable(assignment: ReadDatasetAssignment) -> list[Path] | None:
    """What is to be read; None: what the operator has put on the server, where links may lead anywhere."""
    uploaded = assignment.builtin is None and assignment.path is not None and not assignment.path.is_dir()
    return [assignment.path] if uploaded and assignment.path is not None else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Read a data set as an assignment says.")
    parser.add_argument("assignment", type=Path, help="JSON of core.assignment.ReadDatasetAssignment")
    parser.add_argument("--events-fd", type=int, required=True, help="events go out here, one JSON line each")
    parser.add_argument("--lifeline-fd", type=int, required=True, help="deadlines and wishes come in here")
    options = parser.parse_args()
    assignment = ReadDatasetAssignment.model_validate_json(options.assignment.read_bytes())
    volunteer()  # behind the walls it could not
    raise_walls(readable(assignment), [assignment.folder])
    os.environ["JOBLIB_MULTIPROCESSING"] = "0"  # behind the digits: it would ask for a semaphore, and complain
    from core.intake.attempt import run  # only now: numpy starts threads, which would be left outside

    pipes = Pipes(options.events_fd, options.lifeline_fd)
    pipes.start()
    pipes.emit(run(assignment, pipes))


if __name__ == "__main__":
    main()
