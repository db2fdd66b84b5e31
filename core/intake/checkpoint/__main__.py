"""`python -m core.intake.checkpoint SOURCE TARGET`: the tensors of a PyTorch file, as safetensors.

Exit code 0: TARGET is written. REJECTED: one line of JSON on stdout, the fields of core.errors.Failure.
"""

import json
import resource
import sys
from pathlib import Path

from core.checkpoint_codes import DISK_FULL, disk_full, rejected
from core.checkpoint_limits import EXPANSION, MAX_HEADER, REJECTED
from core.errors import TrainingFailed
from core.intake.checkpoint.convert import convert

SPARE_BYTES = 2**30  # for the description of everything in the file
CPU_SECONDS = 60
OPEN_FILES = 64


def confine(size: int) -> None:
    """From now on this process may take so much memory, time and disk as a file of `size` bytes needs; for good.

    The file itself is mapped, and at most one tensor that does not lie in a row is copied at a time.
    """
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: mapped + SPARE_BYTES + 3 * size,
        resource.RLIMIT_FSIZE: EXPANSION * size + MAX_HEADER,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in limits.items():
        _, hard = resource.getrlimit(kind)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def main(source: Path, target: Path) -> int:
    confine(source.stat().st_size)
    try:
        convert(source, target)
    except MemoryError:
        detail = "Reading it takes far more memory than the file is long."
        failure = rejected("checkpoint_too_expensive", detail).failure
    except TrainingFailed as error:
        failure = error.failure
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        failure = disk_full().failure
    else:
        return 0
    print(json.dumps(failure.as_dict()))  # noqa: T201 - the answer
    return REJECTED


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
