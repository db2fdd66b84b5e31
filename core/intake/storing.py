"""One image in the form in which the data set keeps it.

pixels  uint8 (side, side, 3): the shorter side to the canvas (bicubic, antialiased), the middle of the longer one.
files   the whole picture, its shorter side at most `stored_side` (or the canvas, where that is more), as a JPEG of
        quality 95 without chroma subsampling; what came as PNG, BMP, GIF, PPM or bare pixels, is not scaled down and
        not larger than `lossless_side`, as a PNG. Equal pictures become equal bytes.
"""

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from core.intake.images import LOSSLESS, decode, sniff
from core.intake.limits import Limits
from core.packed import Form

JPEG_OPTIONS = {"quality": 95, "subsampling": 0}
PNG_OPTIONS = {"compress_level": 6}


@dataclass(frozen=True)
class Shape:
    """What all images of one data set are brought to."""

    form: Form
    side: int  # of the canvas
    stored_side: int  # files: the shorter side, at most
    lossless_side: int  # files: the longer side of a PNG, at most

    @classmethod
    def of(cls, side: int, limits: Limits) -> "Shape":
        form: Form = "pixels" if side <= limits.pixel_side else "files"
        return cls(form, side, max(side, limits.stored_side), limits.lossless_side)


@dataclass(frozen=True)
class Stored:
    """One image, ready to be written."""

    data: bytes
    size: tuple[int, int]  # width, height as stored
    digest: bytes  # of `data`: equal for pictures that are stored alike
    histogram: list[int]  # 768 counts of the picture on the canvas
    odd: frozenset[str]  # what had to be straightened out


def store(name: str, data: bytes, raw: tuple[int, int] | None, shape: Shape) -> Stored:
    """`raw`: width and height where `data` is bare RGB; else it is a file. `Unreadable` where it cannot be decoded."""
    if raw is None:
        image, odd = decode(name, data, shape.side if shape.form == "pixels" else shape.stored_side)
    else:
        image, odd = Image.frombytes("RGB", raw, data), frozenset[str]()
    if shape.form == "pixels":
        view = _centre(image, shape.side)
        stored = np.asarray(view, dtype=np.uint8).tobytes()
    else:
        scaled = _scaled(image, shape.stored_side)
        whole = scaled is image and max(image.size) <= shape.lossless_side
        stored = _encoded(scaled, whole and (raw is not None or sniff(data) in LOSSLESS))
        image, view = scaled, _centre(scaled, shape.side)
    size = view.size if shape.form == "pixels" else image.size
    return Stored(stored, size, hashlib.blake2b(stored, digest_size=16).digest(), view.histogram(), odd)


def _centre(image: Image.Image, side: int) -> Image.Image:
    if image.size == (side, side):
        return image
    return ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)


def _scaled(image: Image.Image, side: int) -> Image.Image:
    if min(image.size) <= side:
        return image
    scale = side / min(image.size)
    width, height = (max(side, round(length * scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)


def _encoded(image: Image.Image, lossless: bool) -> bytes:
    image.info.clear()  # no colour profile, comment or EXIF of a stranger is passed on
    out = io.BytesIO()
    if lossless:
        image.save(out, "PNG", **PNG_OPTIONS)
    else:
        image.save(out, "JPEG", **JPEG_OPTIONS)
    return out.getvalue()
