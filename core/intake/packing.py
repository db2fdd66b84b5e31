"""The second pass: images decoded one by one in the order of their names, into the packed file.

Pixels go to a file and are mapped from there, so that memory holds one image at a time, whatever the data set's size.
"""

import statistics
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from core.intake.failures import rejected
from core.intake.images import Unreadable, decode
from core.intake.inventory import Found, Inventory
from core.intake.layout import Layout
from core.intake.limits import Limits
from core.intake.members import Listed
from core.packed import PackedMeta, PackedSplit, write_packed


def choose_side(found: Collection[Found], limits: Limits) -> int:
    """The side of every image: their own where all are squares of one size, else the (lower) median of the shorter
    sides, at most `limits.image_size`. An image that cannot be read has no say."""
    sizes = [image.size for image in found if not image.problem]
    if not sizes:
        return limits.min_side
    width, height = sizes[0]
    if width == height and all(size == sizes[0] for size in sizes):
        return width
    return min(limits.image_size, statistics.median_low(min(size) for size in sizes))


def pack(
    target: Path, scratch: Path, layout: Layout, inventory: Inventory, limits: Limits, tick: Callable[[str], None]
) -> PackedMeta:
    """Write the packed file; unreadable images are left out and listed in `inventory.unreadable`."""
    paths = [path for split in layout.splits.values() for path in split.values()]
    side = choose_side([inventory.images[path] for path in paths], limits)
    if (size := len(paths) * side * side * 3) > limits.packed_bytes:
        detail = f"{len(paths):,} images of {side} x {side} pixels take {size:,} bytes."
        raise rejected("dataset_too_large", detail, f"At most {limits.packed_bytes:,}: fewer or smaller images.")
    number_of = {name: number for number, name in enumerate(layout.classes)}
    splits = {}
    for split, samples in layout.splits.items():
        pixels = scratch / split
        kept = _decode_split(pixels, samples, inventory, side, tick)
        shape = (len(kept), side, side, 3)
        images = np.memmap(pixels, np.uint8, "r", shape=shape) if kept else np.empty(shape, np.uint8)
        labels = np.array([number_of[name.partition("/")[0]] for name in kept], np.int64)
        splits[split] = PackedSplit(images, labels, kept)
    _check_readable(inventory.unreadable, len(paths), limits)
    _check_whole(layout, splits)
    tick("writing the packed file")
    return write_packed(target, layout.classes, splits)


def _decode_split(
    pixels: Path,
    samples: dict[str, str],
    inventory: Inventory,
    side: int,
    tick: Callable[[str], None],
) -> list[str]:
    """The names of the images whose pixels now stand in the file, in order."""
    kept = []
    with inventory.spool.open("rb") as spool, pixels.open("wb") as out:
        for number, (name, path) in enumerate(samples.items(), 1):
            tick(f"{pixels.name}: {number:,} of {len(samples):,} images decoded")
            found = inventory.images[path]
            try:
                if found.problem:
                    raise Unreadable(found.problem)
                spool.seek(found.offset)
                out.write(decode(path, spool.read(found.length), side).data)
                kept.append(name)
            except Unreadable as problem:
                inventory.unreadable.add(path, f"unreadable: {problem}")
    return kept


def _check_readable(unreadable: Listed, total: int, limits: Limits) -> None:
    if unreadable.total * 100 > limits.unreadable_percent * total:
        detail = (
            f"{unreadable.total:,} of {total:,} images cannot be read, "
            f"for example {unreadable.entries[0]['name']!r} ({unreadable.entries[0]['reason']})."
        )
        hint = f"At most {limits.unreadable_percent} % may be. PNG, JPEG, WebP, BMP and GIF are read."
        raise rejected("dataset_images_unreadable", detail, hint, unreadable.entries)


def _check_whole(layout: Layout, splits: dict[str, PackedSplit]) -> None:
    """Leaving unreadable images out must not have emptied anything."""
    for split, packed in splits.items():
        if not packed.names:
            raise rejected("dataset_empty", f"The split {split} has no image that can be read.")
    counts = np.bincount(splits["train"].labels, minlength=len(layout.classes))
    if not counts.all():
        name = layout.classes[int(counts.argmin())]
        raise rejected("dataset_classes_invalid", f"The class {name!r} has no image in train that can be read.")
