"""Images, trees and archives made on the fly."""

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from PIL import Image

Tree = dict[str, bytes]


def pixels(number: int, size: tuple[int, int] = (8, 8)) -> Image.Image:
    """A noisy picture, another one for each number."""
    width, height = size
    return Image.fromarray(np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8))


def picture(number: int = 0, size: tuple[int, int] = (8, 8), kind: str = "PNG", **options: Any) -> bytes:
    return encoded(pixels(number, size), kind, **options)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def split_tree(prefix: str = "", per_class: int = 3) -> Tree:
    """train and val with the classes cat and dog."""
    tree = {}
    for s, split in enumerate(("train", "val")):
        for c, name in enumerate(("cat", "dog")):
            for i in range(per_class):
                tree[f"{prefix}{split}/{name}/{i}.png"] = picture(100 * s + 10 * c + i)
    return tree


def class_tree(per_class: int = 10) -> Tree:
    return {f"{name}/{i:02d}.png": picture(100 * c + i) for c, name in enumerate("abc") for i in range(per_class)}


def write_folder(path: Path, tree: Tree) -> Path:
    for name, data in tree.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def write_zip(path: Path, tree: Tree, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in tree.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return path


def write_tar(path: Path, tree: Tree, packing: str = "", form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, f"w:{packing}", format=form) as archive:  # type: ignore[call-overload]
        for name, data in tree.items():
            archive.addfile(tar_member(name, size=len(data)), io.BytesIO(data))
    return path


def write_zst(path: Path, tree: Tree) -> Path:
    """A tar in two frames of Zstandard with one to be skipped between them, as parallel packers write it."""
    whole = write_tar(path, tree).read_bytes()
    pack = zstandard.ZstdCompressor(write_checksum=True).compress
    skipped = b"\x5a\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"
    path.write_bytes(pack(whole[:1000]) + skipped + pack(whole[1000:]))
    return path


def tar_member(name: str, **fields: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info
