"""Drawn splits: who goes to train, val and test is a pure function of the seed, the names and the shares."""

import hashlib
from collections.abc import Mapping, Sequence


def shuffled(names: Sequence[str], seed: int) -> list[str]:
    """The names in the order of the SHA-256 of `<seed>:<name>`: any tool in any language can redo it."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


def quotas(sizes: Sequence[int], total: int) -> list[int]:
    """Share `total` out in proportion to `sizes`: whole parts first, the rest to the largest remainders.

    Equal remainders: the earlier class first. `total` is at most the sum of the sizes.
    """
    everything = sum(sizes)
    parts = [total * size // everything for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda c: (-(total * sizes[c] % everything), c))
    for c in by_remainder[: total - sum(parts)]:
        parts[c] += 1
    return parts


def draw(by_class: Mapping[str, Sequence[str]], wanted: Mapping[str, Sequence[int]], seed: int) -> dict[str, str]:
    """name -> split. `wanted` holds, for val and test, how many of each class; what is left over trains."""
    split_of: dict[str, str] = {}
    for c, names in enumerate(by_class.values()):
        order = iter(shuffled(names, seed))
        for split, parts in wanted.items():
            split_of |= {next(order): split for _ in range(parts[c])}
        split_of |= dict.fromkeys(order, "train")
    return split_of
