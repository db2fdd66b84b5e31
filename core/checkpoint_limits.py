"""What a stranger's checkpoint may be: for `core.intake.checkpoint` and `core.training.untrusted`, which read them."""

from core.checkpoint_codes import rejected

MAX_BYTES = 8 * 2**30
MAX_HEADER = 16 * 2**20  # of a safetensors file
MAX_TENSORS = 20_000
MAX_RANK = 8
MAX_SIDE = 2**40
MAX_NAME = 512
EXPANSION = 4  # the tensors may grow to this many times the file
INSPECTION = "inspection"  # in the metadata of what core.intake.checkpoint hands over
REJECTED = 3  # exit code of core.intake.checkpoint: one line of JSON says why


def check_count(count: int) -> None:
    if count > MAX_TENSORS:
        raise rejected("checkpoint_too_expensive", f"{count:,} tensors; at most {MAX_TENSORS:,} are read.")


def check_name(name: str) -> None:
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or name == "__metadata__":
        raise rejected("checkpoint_corrupt", f"{name[:80]!r} is no name for a tensor.")


def check_rank(name: str, rank: int) -> None:
    if rank > MAX_RANK:
        raise rejected("checkpoint_corrupt", f"{name} has {rank} dimensions; at most {MAX_RANK} are read.")
