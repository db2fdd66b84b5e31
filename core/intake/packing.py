"""The second pass: images decoded one by one in the order of their names, into the packed file.

What is stored goes to a file first and is mapped from there, so that memory holds a few images at a time, whatever
the data set's size. Decoding runs in a few threads; their order does not show.
"""

import statistics
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.intake.failures import rejected
from core.intake.images import Unreadable
from core.intake.inventory import Found, Inventory
from core.intake.layout import Layout, Sample
from core.intake.limits import Limits
from core.intake.members import Listed
from core.intake.names import shown
from core.intake.report import Report
from core.intake.storing import Shape, Stored, store
from core.packed import ChannelSums, EncodedImages, PackedMeta, PackedSplit, write_packed

Tick = Callable[[str], None]


def choose_side(found: Collection[Found], asked: int | None, limits: Limits) -> int:
    """The canvas: as asked, else the (lower) median of the images' shorter sides, at most `limits.image_size`.

    Equal squares so keep their own size. An image that cannot be read has no say.
    """
    sides = [min(image.size) for image in found if not image.problem]
    return asked or min(limits.image_size, statistics.median_low(sides or [limits.min_side]))


def pack(
    target: Path,
    scratch: Path,
    layout: Layout,
    inventory: Inventory,
    report: Report,
    limits: Limits,
    tick: Tick,
    *,
    image_size: int | None = None,
    threads: int = 1,
) -> PackedMeta:
    """Write the packed file; unreadable images are left out and listed in `inventory.unreadable`."""
    samples = [sample for split in layout.splits.values() for sample in split]
    shape = Shape.of(choose_side([inventory.images[s.path] for s in samples], image_size, limits), limits)
    if shape.form == "pixels":
        _check_size(len(samples) * shape.side**2 * 3, limits.packed_bytes, f"{len(samples):,} images as pixels take")
    writer = _Writer(scratch, inventory, report, shape, limits, tick)
    with ThreadPoolExecutor(min(threads, limits.decoders)) as pool:
        try:
            splits = {split: writer.split(split, members, pool) for split, members in layout.splits.items()}
        finally:
            pool.shutdown(cancel_futures=True)
    _check_readable(inventory.unreadable, len(samples), limits)
    _check_whole(layout, splits)
    inventory.spool.unlink()  # as large as the data set, and nobody reads it any more
    tick("writing the packed file")
    return write_packed(target, layout.classes, splits, image_size=shape.side, statistics=writer.channels.statistics())


class _Writer:
    """Stores split after split, each in a file of its own."""

    def __init__(
        self, scratch: Path, inventory: Inventory, report: Report, shape: Shape, limits: Limits, tick: Tick
    ) -> None:
        self._scratch, self._inventory, self._report = scratch, inventory, report
        self._shape, self._limits, self._tick = shape, limits, tick
        self._total = 0
        self.channels = ChannelSums()  # of the train split

    def split(self, split: str, samples: Sequence[Sample], pool: ThreadPoolExecutor) -> PackedSplit:
        kept: list[Sample] = []
        sizes: list[tuple[int, int]] = []
        ends = [0]
        place = self._scratch / split
        with self._inventory.spool.open("rb") as spool, place.open("wb") as out:
            for number, (sample, stored) in enumerate(self._stored(samples, spool.fileno(), pool), 1):
                self._tick(f"{split}: {number:,} of {len(samples):,} images decoded")
                if isinstance(stored, Unreadable):
                    self._inventory.unreadable.add(sample.path, f"unreadable: {stored}")
                    continue
                out.write(stored.data)
                if split == "train":
                    self.channels.add_histogram(stored.histogram)
                self._report.add(split, sample, self._inventory.images[sample.path], stored)
                kept.append(sample)
                sizes.append(stored.size)
                ends.append(ends[-1] + len(stored.data))
                self._total += len(stored.data)
                _check_size(self._total, self._limits.files_bytes, "Its images as files take more than")
        labels = np.array([sample.label for sample in kept], np.int64)
        names = [sample.name for sample in kept]
        data: NDArray[np.uint8] = np.memmap(place, np.uint8, "r") if kept else np.empty(0, np.uint8)
        if self._shape.form == "pixels":
            return PackedSplit(data.reshape(len(kept), self._shape.side, self._shape.side, 3), labels, names)
        files = EncodedImages(data, np.array(ends, np.int64), np.array(sizes, np.int32).reshape(-1, 2))
        return PackedSplit(files, labels, names)

    def _stored(
        self, samples: Sequence[Sample], spool: int, pool: ThreadPoolExecutor
    ) -> Iterator[tuple[Sample, Stored | Unreadable]]:
        """In the samples' order, a few ahead of the one that is asked for."""
        ahead: deque[tuple[Sample, Future[Stored | Unreadable]]] = deque()
        for sample in samples:
            ahead.append((sample, pool.submit(self._one, sample.path, spool)))
            if len(ahead) > 2 * self._limits.decoders:
                first, stored = ahead.popleft()
                yield first, stored.result()
        for first, stored in ahead:
            yield first, stored.result()

    def _one(self, path: str, spool: int) -> Stored | Unreadable:
        found = self._inventory.images[path]
        if found.problem:
            return Unreadable(found.problem)
        try:
            return store(path, found.read(spool), found.size if found.raw else None, self._shape)
        except Unreadable as problem:
            return problem


def _check_size(size: int, allowed: int, what: str) -> None:
    if size > allowed:
        raise rejected("dataset_too_large", f"{what} {size:,} bytes.", f"At most {allowed:,}: fewer or smaller images.")


def _check_readable(unreadable: Listed, total: int, limits: Limits) -> None:
    if unreadable.total * 100 > limits.unreadable_percent * total:
        detail = (
            f"{unreadable.total:,} of {total:,} images cannot be read, "
            f"for example {shown(unreadable.entries[0]['name'])} ({unreadable.entries[0]['reason']})."
        )
        hint = f"At most {limits.unreadable_percent} % may be. PNG, JPEG, WebP, BMP, GIF and PPM are read."
        raise rejected("dataset_images_unreadable", detail, hint, unreadable.entries)


def _check_whole(layout: Layout, splits: dict[str, PackedSplit]) -> None:
    """Leaving unreadable images out must not have emptied anything."""
    for split, packed in splits.items():
        if not packed.names:
            raise rejected("dataset_empty", f"The split {split} has no image that can be read.")
    labels = splits["train"].labels
    counts = np.bincount(labels[labels >= 0], minlength=len(layout.classes))
    if not counts.all():
        name = layout.classes[int(counts.argmin())]
        raise rejected("dataset_classes_invalid", f"The class {name!r} has no image in train that can be read.")
