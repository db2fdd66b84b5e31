"""One image of a stranger: recognised by its content, measured before it is decoded, brought to RGB and a square.

Every image ends as uint8 (side, side, 3). Turned upright as its EXIF says; the first frame of an animation;
transparent pixels over white; 16 bits cut to the upper 8; CMYK, palettes and grey converted by Pillow.
"""

import io
import warnings
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from core.intake.failures import rejected
from core.intake.limits import Limits
from core.intake.names import shown

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
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
}
_FOREIGN = frozenset(
    [".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".ppm", ".pgm", ".tga", ".ico", ".svg"]
)


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


def decode(name: str, data: bytes, side: int) -> NDArray[np.uint8]:
    """uint8 (side, side, 3): the shorter side to `side` (bicubic, antialiased), the middle of the longer one."""
    image = _open(name, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd but legal files make Pillow talk
            image.load()
            rgb = _to_rgb(_upright(image))
    except MemoryError:
        raise
    except Exception as error:  # hostile bytes make a decoder raise anything
        raise Unreadable(_reason(error)) from error
    if rgb.size != (side, side):
        rgb = ImageOps.fit(rgb, (side, side), Image.Resampling.BICUBIC)
    return np.asarray(rgb, dtype=np.uint8)


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


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:  # broken EXIF says nothing about the pixels
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bit grey, which convert() would clip instead of scale
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")
