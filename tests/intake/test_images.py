"""Every kind of image becomes the upright RGB picture that a viewer shows."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.errors import TrainingFailed
from core.intake.images import Unreadable, measure
from core.intake.limits import DEFAULT, Limits
from core.intake.storing import Shape, store
from tests.intake.make import encoded, picture, pixels

PICTURE = pixels(1, (16, 16))
RGB = np.asarray(PICTURE)
RED, WHITE, GREY = (255, 0, 0), (255, 255, 255), (128, 128, 128)


def decode(name: str, data: bytes, side: int) -> NDArray[np.uint8]:
    """What is stored of a small image."""
    stored = store(name, data, None, Shape("pixels", side, 512, 256))
    return np.frombuffer(stored.data, np.uint8).reshape(side, side, 3)


def flat(colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.full((16, 16, 3), colour, dtype=np.uint8)


def with_alpha() -> bytes:
    """Green that is not to be seen at the left, red at the right."""
    image = Image.new("RGBA", (16, 16), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (8, 0, 16, 16))
    return encoded(image)


def half_red() -> NDArray[np.uint8]:
    half = flat(WHITE)
    half[:, 8:] = RED
    return half


def palette_with_transparency() -> bytes:
    image = Image.new("P", (16, 16), 0)
    image.putpalette([0, 255, 0, 255, 0, 0])
    image.paste(1, (8, 0, 16, 16))
    return encoded(image, transparency=0)


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    return encoded(PICTURE.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)


def animated() -> bytes:
    return encoded(
        Image.new("RGB", (16, 16), RED), "GIF", save_all=True, append_images=[Image.new("RGB", (16, 16), WHITE)]
    )


EXACT: dict[str, tuple[Callable[[], bytes], NDArray[np.uint8]]] = {
    "png": (lambda: encoded(PICTURE), RGB),
    "bmp": (lambda: encoded(PICTURE, "BMP"), RGB),
    "webp": (lambda: encoded(PICTURE, "WEBP", lossless=True), RGB),
    "ppm": (lambda: encoded(PICTURE, "PPM"), RGB),
    "gif, first frame": (animated, flat(RED)),
    "EXIF": (rotated, RGB),
    "alpha": (with_alpha, half_red()),
    "palette with transparency": (palette_with_transparency, half_red()),
    "palette": (lambda: encoded(Image.new("RGB", (16, 16), RED).convert("P")), flat(RED)),
    "grey": (lambda: encoded(Image.new("L", (16, 16), 128)), flat(GREY)),
    "grey with alpha": (lambda: encoded(Image.new("LA", (16, 16), (0, 0))), flat(WHITE)),
    "one bit": (lambda: encoded(Image.new("1", (16, 16), 1)), flat(WHITE)),
    "16 bit": (lambda: encoded(Image.fromarray(np.full((16, 16), 128 * 256 + 77, np.uint16))), flat(GREY)),
    "CMYK": (lambda: encoded(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG", quality=100), flat(WHITE)),
}


@pytest.mark.parametrize("case", EXACT)
def test_decoded(case: str) -> None:
    make, expected = EXACT[case]
    data = make()
    assert measure(case, data, DEFAULT) == (16, 16)
    assert (decode(case, data, 16) == expected).all()


def test_jpeg_is_close_to_the_picture() -> None:
    smooth = Image.linear_gradient("L").resize((16, 16)).convert("RGB")
    decoded = decode("x.jpg", encoded(smooth, "JPEG", quality=95), 16)
    assert np.abs(decoded.astype(int) - np.asarray(smooth)).max() < 8


def test_the_middle_of_the_longer_side_is_kept() -> None:
    image = Image.new("RGB", (48, 16), WHITE)
    image.paste(RED, (16, 0, 32, 16))
    assert (decode("x", encoded(image), 16) == flat(RED)).all()
    assert (decode("x", encoded(image.transpose(Image.Transpose.ROTATE_90)), 16) == flat(RED)).all()
    assert decode("x", encoded(image), 8).shape == (8, 8, 3)
    assert decode("x", encoded(Image.new("RGB", (16_000, 4), RED)), 16).shape == (16, 16, 3)


def text_bomb() -> bytes:
    info = PngInfo()
    info.add_text("a", "x" * 100_000_000, zip=True)
    return encoded(PICTURE, pnginfo=info)


BROKEN = {
    "cut off PNG": picture(1, (64, 64))[:2000],
    "cut off JPEG": picture(1, (64, 64), "JPEG")[:-300],
    "cut off GIF": picture(1, (64, 64), "GIF")[:500],
    "cut off WebP": picture(1, (64, 64), "WEBP")[:500],
    "cut off BMP": picture(1, (64, 64), "BMP")[:500],
    "signature alone": b"\x89PNG\r\n\x1a\n",
    "damaged chunk": picture(1).replace(b"IHDR", b"IHDX"),
    "text": b"hello",
    "empty": b"",
    **{kind: picture(1, kind=kind) for kind in ("TIFF", "EPS", "PDF", "ICO", "TGA", "DDS", "PCX", "SGI", "JPEG2000")},
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "PostScript that would run": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n",
    "words that unpack to 100 MB": text_bomb(),
    "too small": picture(1, (3, 40)),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_image_is_unreadable_and_nothing_worse(case: str) -> None:
    with pytest.raises(Unreadable, match=r"\w"):
        measure("x", BROKEN[case], DEFAULT)
        decode("x", BROKEN[case], 8)


@pytest.mark.parametrize("size", [(40, 30), (51, 4)])
def test_a_pixel_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(TrainingFailed, match=r"'x' has \d+ x \d+ pixels") as refused:
        measure("x", picture(1, size), Limits(pixels=1000, max_side=50))
    assert refused.value.code == "image_too_large"


def test_every_single_damaged_byte_is_survived() -> None:
    """Flip each byte of small files: an image or `Unreadable` or a pixel bomb, never anything else."""
    for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "PPM"):
        good = picture(3, (6, 5), kind)
        for at in range(len(good)):
            data = good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :]
            try:
                measure("x", data, DEFAULT)
                assert decode("x", data, 6).shape == (6, 6, 3)
            except Unreadable:
                pass
            except TrainingFailed as bomb:
                assert bomb.code == "image_too_large"
