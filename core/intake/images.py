"""One image of a stranger: recognised by its content, measured before it is decoded, brought to upright RGB.

Turned upright as its EXIF says; the first frame of an animation; transparent pixels over white; 16 bits cut to the
upper 8; CMYK, palettes and grey converted by Pillow.
"""

import io
import re
import warnings
from contextlib import suppress
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.names import shown

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM")
LOSSLESS = ("PNG", "BMP", "GIF", "PPM")
_PPM = re.compile(rb"P[56]\s+(#[^\n]*\n\s*)?\d+\s+\d+\s")  # binary, grey or colour
_ORIENTATION = 0x0112  # EXIF
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SUFFIXES = {
    ".png": "PNG",
    ".apng": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".gif": "GIF",
    ".ppm": "PPM",
    ".pgm": "PPM",
}
_FOREIGN = frozenset([".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".tga", ".ico", ".svg"])


class Unreadable(Exception):
    """This one file is no image that we read; the sentence says why."""


def sniff(data: bytes) -> str | None:
    """The format by the first bytes, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if _PPM.match(data):
        return "PPM"
    return "BMP" if data.startswith(b"BM") and data[6:10] == bytes(4) else None


def meant_as_image(name: str, data: bytes) -> bool:
    """By its content or by its name: what is neither is ignored, what is only the latter is unreadable."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix in _SUFFIXES or suffix in _FOREIGN or sniff(data) is not None


def misnamed(name: str, data: bytes) -> bool:
    """The name promises one format and the content is another one. It is read all the same."""
    promised = _SUFFIXES.get(PurePosixPath(name).suffix.lower())
    return promised is not None and sniff(data) not in (None, promised)


def measure(name: str, data: bytes, limits: Limits) -> tuple[int, int]:
    """(width, height) from the header alone; `Unreadable`, or `TrainingFailed` for a pixel bomb."""
    width, height = _open(name, data).size
    if width * height > limits.pixels or max(width, height) > limits.max_side:
        detail = f"{shown(name)} has {width:,} x {height:,} pixels."
        hint = f"At most {limits.pixels:,} pixels and {limits.max_side:,} on a side; make it smaller or leave it out."
        raise rejected("image_too_large", detail, hint)
    if min(width, height) < limits.min_side:
        raise Unreadable(f"{width} x {height} pixels; each side needs {limits.min_side}")
    return width, height


def decode(name: str, data: bytes, wanted: int) -> tuple[Image.Image, frozenset[str]]:
    """The upright RGB picture, and what was odd about it (the kinds of `core.intake.report.ODD`).

    A JPEG at least twice `wanted` on its shorter side comes at a half, a quarter or an eighth, not below `wanted`: its
    decoder leaves out what scaling would throw away.
    """
    image = _open(name, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd but legal files make Pillow talk
            image.draft(None, (wanted, wanted))
            image.load()
            odd = _oddities(image)
            turn = _turn(image)
            if turn is not None:
                odd.add("rotated")
            rgb = _to_rgb(image if turn is None else image.transpose(turn))
    except MemoryError:
        raise
    except Exception as error:  # hostile bytes make a decoder raise anything
        raise Unreadable(_reason(error)) from error
    with suppress(Exception):  # looks for a second frame, which may be broken; the first one is in safety
        if getattr(image, "is_animated", False):
            odd.add("animated")
    return rgb, frozenset(odd)


def _oddities(image: Image.Image) -> set[str]:
    seen = {
        "cmyk": image.mode == "CMYK",
        "sixteen_bit": image.mode.startswith("I"),
        "palette": image.mode in ("P", "PA"),
        "greyscale": image.mode in ("1", "L", "LA", "La"),
        "transparent": image.has_transparency_data,
    }
    return {kind for kind, is_so in seen.items() if is_so}


def _open(name: str, data: bytes) -> Image.Image:
    if sniff(data) is None:
        raise Unreadable(f"not one of {', '.join(FORMATS)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        detail = f"{shown(name)}: {error}"
        raise rejected("image_too_large", detail, "Make it smaller or leave it out.") from error
    except Exception as error:  # hostile bytes make a decoder raise anything
        raise Unreadable(_reason(error)) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How to turn it upright, by its EXIF; broken EXIF says nothing about the pixels."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except MemoryError:
        raise
    except Exception:
        return None


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bit grey, which convert() would clip instead of scale
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
