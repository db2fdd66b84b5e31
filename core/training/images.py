"""A split's images, prepared as batches on the device: two twins, one for each form of a data set.

A prepared batch is uint8 (B, side, side, 3), whatever the images' own sizes: its side is the data set's.
"""

import io
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.errors import Failure, TrainingFailed
from core.packed import EncodedImages

AHEAD = 3  # batches in flight, at least
IMAGES_PER_TASK = 4  # of a decoding thread: small, so that the threads end together
SHARPNESS = 2  # a JPEG is decoded at no less than this many times the side that is wanted
SHARE_OF_GPU = 0.5  # of the free memory that a split's pixels may take

Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Windows:
    """What is cut out of each image of a batch, to be brought to the side; arrays of shape (B,), in pixels."""

    top: NDArray[np.int64]
    left: NDArray[np.int64]
    height: NDArray[np.int64]
    width: NDArray[np.int64]
    mirrored: NDArray[np.bool_]


@dataclass(frozen=True)
class Wanted:
    """A batch: which images (B,), and which part of each; None: the square in the middle, as large as it can be."""

    indices: NDArray[np.int64]
    windows: Windows | None = None


class Images(Protocol):
    """What both forms can do."""

    side: int

    def __len__(self) -> int: ...

    def sizes(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """(B, 2): width and height of these images."""
        ...

    def prepare(self, wanted: Iterable[Wanted]) -> Iterator[Tensor]:
        """The batches one after the other, uint8 (B, side, side, 3); `wanted` may be read ahead."""
        ...


class PixelImages:
    """Small square images, all of one size. A batch is arithmetic alone."""

    def __init__(self, pixels: NDArray[np.uint8], device: torch.device) -> None:
        """(N, side, side, 3): stays where it is mapped, or goes to a GPU once if half of its free memory will do."""
        self.side = int(pixels.shape[1])
        self._device = device
        self._pixels = torch.from_numpy(pixels)
        if device.type == "cuda" and pixels.nbytes <= SHARE_OF_GPU * torch.cuda.mem_get_info(device)[0]:
            self._pixels = self._pixels.to(device)

    def __len__(self) -> int:
        return len(self._pixels)

    def sizes(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.full((len(indices), 2), self.side)

    def prepare(self, wanted: Iterable[Wanted]) -> Iterator[Tensor]:
        for batch in wanted:
            images = self._pixels[torch.from_numpy(batch.indices).to(self._pixels.device)].to(self._device)
            yield images if batch.windows is None else enlarge(images, batch.windows)


def enlarge(images: Tensor, windows: Windows) -> Tensor:
    """Each image's window brought to the side of the whole, bilinear: uint8 (B, side, side, 3) as it came.

    At the window's edge the pixels around it count, as in `decode`.
    """
    side, device = images.shape[1], images.device

    def along(first: NDArray[np.int64], length: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
        """(B, side): the two pixels that each place lies between, and how far it is from the first."""
        places = first[:, None] + (np.arange(side) + 0.5) * (length[:, None] / side) - 0.5
        places = places.clip(0, side - 1)
        low = np.floor(places).astype(np.int64)
        high = np.minimum(low + 1, side - 1)
        share = (places - low).astype(np.float32)
        return torch.from_numpy(low).to(device), torch.from_numpy(high).to(device), torch.from_numpy(share).to(device)

    numbers = torch.arange(len(images), device=device)[:, None]
    above, below, down = along(windows.top, windows.height)
    rows = torch.lerp(images[numbers, above].float(), images[numbers, below].float(), down[:, :, None, None])
    # Columns like rows: what is mirrored is read from right to left.
    before, behind, along_row = along(windows.left, windows.width)
    mirrored = torch.from_numpy(windows.mirrored).to(device)[:, None]
    before, behind, along_row = (torch.where(mirrored, part.flip(1), part) for part in (before, behind, along_row))
    rows = rows.transpose(1, 2)  # (B, columns, rows, 3)
    both = torch.lerp(rows[numbers, before], rows[numbers, behind], along_row[:, :, None, None])
    return both.transpose(1, 2).add_(0.5).to(torch.uint8).contiguous()


class FileImages:
    """Photographs as JPEG and PNG files: decoded by threads, a little ahead of what is asked for, in its order.

    Memory holds the batches in flight, never more of the data set. Every image is decoded on its own: the bytes of a
    batch depend neither on the number of threads nor on what else is in it.
    """

    def __init__(
        self, files: EncodedImages, side: int, device: torch.device, threads: int, name_of: Callable[[int], str]
    ) -> None:
        self.side = side
        self._files, self._device, self._name_of = files, device, name_of
        self._in_flight = 2 * IMAGES_PER_TASK * threads  # images, at least: every thread has a next task
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")

    def __len__(self) -> int:
        return len(self._files)

    def sizes(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        return self._files.sizes[indices].astype(np.int64)

    def prepare(self, wanted: Iterable[Wanted]) -> Iterator[Tensor]:
        """The next ones are decoded while the last one is learnt from; TrainingFailed names an unreadable image."""
        source = iter(wanted)
        ahead: deque[_Decoding] = deque()
        try:
            while True:
                while len(ahead) < AHEAD or sum(len(batch.images) for batch in ahead) < self._in_flight:
                    batch = next(source, None)
                    if batch is None:
                        break
                    ahead.append(self._begin(batch))
                if not ahead:
                    return
                yield ahead.popleft().finish(self._device)
        finally:
            for decoding in ahead:
                decoding.cancel()

    def _begin(self, batch: Wanted) -> "_Decoding":
        shape = (len(batch.indices), self.side, self.side, 3)
        images = torch.empty(shape, dtype=torch.uint8, pin_memory=self._device.type == "cuda")
        starts = range(0, len(images), IMAGES_PER_TASK)
        target = images.numpy()
        return _Decoding(images, [self._pool.submit(self._decode, batch, target, start) for start in starts])

    def _decode(self, batch: Wanted, target: NDArray[np.uint8], start: int) -> None:
        for row in range(start, min(start + IMAGES_PER_TASK, len(target))):
            index = int(batch.indices[row])
            try:
                self._decode_one(index, batch.windows, row, target[row])
            except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises of bytes that are no image
                raise self._unreadable(index, error) from error

    def _decode_one(self, index: int, windows: Windows | None, row: int, target: NDArray[np.uint8]) -> None:
        first, end = int(self._files.offsets[index]), int(self._files.offsets[index + 1])
        data = self._files.data[first:end].copy()  # read from the disk here, where numpy lets other threads go on
        width, height = (int(length) for length in self._files.sizes[index])
        if windows is None:
            image = decode(data, (width, height), middle(width, height), self.side)
        else:
            top, left = int(windows.top[row]), int(windows.left[row])
            box = (left, top, left + int(windows.width[row]), top + int(windows.height[row]))
            image = decode(data, (width, height), box, self.side)
        target[:] = image[:, ::-1] if windows is not None and windows.mirrored[row] else image

    def _unreadable(self, index: int, error: Exception) -> TrainingFailed:
        why = " ".join(str(error).split()) or type(error).__name__
        return TrainingFailed(
            Failure(
                "image_unreadable",
                "An image cannot be read",
                f"The image {self._name_of(index)!r} of the prepared data set cannot be decoded: {why}.",
                "The stored file was damaged after it was written. Register the data set again.",
            )
        )


@dataclass(frozen=True)
class _Decoding:
    """A batch on its way: `images` is filled by the tasks."""

    images: Tensor
    tasks: list[Future[None]]

    def finish(self, device: torch.device) -> Tensor:
        for task in self.tasks:
            task.result()
        return self.images.to(device, non_blocking=True)  # from pinned memory, which torch keeps until it is copied

    def cancel(self) -> None:
        for task in self.tasks:
            task.cancel()


def middle(width: int, height: int) -> Box:
    """The largest square in the middle."""
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


def decode(data: NDArray[np.uint8], size: tuple[int, int], box: Box, side: int) -> NDArray[np.uint8]:
    """The part `box` of a JPEG or PNG file of width and height `size`, brought to uint8 (side, side, 3).

    Bilinear and antialiased. A JPEG is decoded at a half, a quarter or an eighth where that is sharp enough.
    """
    with Image.open(io.BytesIO(data.data), formats=("JPEG", "PNG")) as image:
        if image.size != size:
            raise ValueError(f"it is {image.size[0]} x {image.size[1]} pixels instead of {size[0]} x {size[1]}")
        enough = SHARPNESS * side / min(box[2] - box[0], box[3] - box[1])
        drafted = image.draft("RGB", (math.ceil(size[0] * enough), math.ceil(size[1] * enough)))
        scale = drafted[1][2] / size[0] if drafted else 1.0
        image.load()
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        part = (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)
        return np.asarray(rgb.resize((side, side), Image.Resampling.BILINEAR, box=part))
