"""`python -m core.intake.checkpoint SOURCE TARGET`: the tensors of a PyTorch file, as safetensors."""

import sys
from functools import partial
from pathlib import Path

from core.checkpoint_limits import EXPANSION, MAX_HEADER
from core.intake.checkpoint.convert import convert
from core.intake.confined import confine, exit_code

SPARE_BYTES = 2**30  # for the description of everything in the file
CPU_SECONDS = 60


def main(source: Path, target: Path) -> int:
    size = source.stat().st_size
    # The file itself is mapped, and at most one tensor that does not lie in a row is copied at a time.
    confine(
        source,
        target.parent,
        memory=SPARE_BYTES + 3 * size,
        written=EXPANSION * size + MAX_HEADER,
        cpu_seconds=CPU_SECONDS,
    )
    return exit_code(partial(convert, source, target))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
