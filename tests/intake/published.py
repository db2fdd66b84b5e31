"""Known data sets in miniature: the files as they are published, of a few images. name -> how to make them."""

import bz2
import gzip
import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from tests.intake.make import Tree, encoded, pixels, tar_member, write_folder, write_zip

ARRAY = np.random.default_rng(7)


def photo(number: int, kind: str = "JPEG", size: tuple[int, int] = (90, 70)) -> bytes:
    return encoded(pixels(number, size), kind)


def tar(tree: Tree, packing: str = "gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{packing}") as archive:  # type: ignore[call-overload]
        for name, data in tree.items():
            archive.addfile(tar_member(name, size=len(data)), io.BytesIO(data))
    return out.getvalue()


def mat(**values: Any) -> bytes:
    out = io.BytesIO()
    savemat(out, values)
    return out.getvalue()


def noise(*shape: int) -> NDArray[np.uint8]:
    return ARRAY.integers(0, 256, shape, dtype=np.uint8)


# --- CIFAR: the same images in both packings ------------------------------------------------------------------------

PER_BATCH = 20
CIFAR10 = {name: noise(PER_BATCH, 3072) for name in [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]}
CIFAR100 = {"train": noise(300, 3072), "test": noise(100, 3072)}
NAMES10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
NAMES100 = [f"thing_{n}" for n in range(100)]


def cifar10_binary(folder: Path) -> None:
    tree = {"cifar-10-batches-bin/batches.meta.txt": "\n".join([*NAMES10, ""]).encode()}
    for name, data in CIFAR10.items():
        records = [bytes([i % 10]) + row.tobytes() for i, row in enumerate(data)]
        tree[f"cifar-10-batches-bin/{name}.bin"] = b"".join(records)
    (folder / "cifar-10-binary.tar.gz").write_bytes(tar(tree))


def cifar10_python(folder: Path) -> None:
    tree = {"cifar-10-batches-py/batches.meta": pickle.dumps({"label_names": NAMES10, "num_vis": 3072}, 2)}
    for name, data in CIFAR10.items():
        held = {"data": data, "labels": [i % 10 for i in range(len(data))], "batch_label": name, "filenames": []}
        tree[f"cifar-10-batches-py/{name}"] = pickle.dumps(held, 2)
    (folder / "cifar-10-python.tar.gz").write_bytes(tar(tree))


def cifar100_binary(folder: Path) -> None:
    tree = {"cifar-100-binary/fine_label_names.txt": "\n".join([*NAMES100, ""]).encode()}
    tree["cifar-100-binary/coarse_label_names.txt"] = b"a\nb\n"
    for name, data in CIFAR100.items():
        tree[f"cifar-100-binary/{name}.bin"] = b"".join(
            bytes([i % 2, i % 100]) + row.tobytes() for i, row in enumerate(data)
        )
    (folder / "cifar-100-binary.tar.gz").write_bytes(tar(tree))


def cifar100_python(folder: Path) -> None:
    meta = {"fine_label_names": NAMES100, "coarse_label_names": ["a", "b"]}
    tree = {"cifar-100-python/meta": pickle.dumps(meta, 2)}
    for name, data in CIFAR100.items():
        fine = [i % 100 for i in range(len(data))]
        tree[f"cifar-100-python/{name}"] = pickle.dumps({"data": data, "fine_labels": fine, "coarse_labels": []}, 2)
    write_folder(folder, tree)


# --- other arrays ---------------------------------------------------------------------------------------------------


def idx(values: NDArray[np.uint8]) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes() + values.tobytes()


def idx_files(folder: Path, train: str = "train", test: str = "t10k", classes: int = 10, first: int = 0) -> Tree:
    tree = {}
    for start, count in ((train, 6 * classes), (test, 2 * classes)):
        tree[f"{start}-images-idx3-ubyte.gz"] = gzip.compress(idx(noise(count, 28, 28)))
        labels = (np.arange(count) % classes + first).astype(np.uint8)
        tree[f"{start}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels))
    return tree


def mnist(folder: Path) -> None:
    """As torchvision arranges it."""
    write_folder(folder / "MNIST" / "raw", idx_files(folder))


def emnist(part: str, classes: int, first: int) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        tree = idx_files(folder, f"emnist-{part}-train", f"emnist-{part}-test", classes, first)
        write_zip(folder / "gzip.zip", {f"gzip/{name}": data for name, data in tree.items()}, zipfile.ZIP_STORED)

    return make


def svhn(folder: Path) -> None:
    for split, count in (("train", 60), ("test", 20)):
        labels = (np.arange(count) % 10 + 1).astype(np.uint8)
        (folder / f"{split}_32x32.mat").write_bytes(mat(X=noise(32, 32, 3, count), y=labels[:, None]))


def usps(folder: Path) -> None:
    for name, count in (("usps", 60), ("usps.t", 20)):
        rows = [
            f"{i % 10 + 1} " + " ".join(f"{j}:{v / 127.5 - 1:.5f}" for j, v in enumerate(noise(256).tolist(), 1))
            for i in range(count)
        ]
        (folder / f"{name}.bz2").write_bytes(bz2.compress("\n".join(rows).encode()))


def stl10(folder: Path) -> None:
    tree = {"stl10_binary/class_names.txt": "\n".join(NAMES10).encode()}
    for name, count in (("train", 40), ("test", 20)):
        tree[f"stl10_binary/{name}_X.bin"] = noise(count, 3, 96, 96).tobytes()
        tree[f"stl10_binary/{name}_y.bin"] = (np.arange(count) % 10 + 1).astype(np.uint8).tobytes()
    tree["stl10_binary/unlabeled_X.bin"] = noise(7, 3, 96, 96).tobytes()
    (folder / "stl10_binary.tar.gz").write_bytes(tar(tree))


# --- files with lists -----------------------------------------------------------------------------------------------


def food101(folder: Path) -> None:
    tree: Tree = {}
    for split, count in (("train", 6), ("test", 2)):
        ids = {c: [f"{c}/{10 * count + i}" for i in range(count)] for c in ("pizza", "apple_pie")}
        for n, image in enumerate(i for members in ids.values() for i in members):
            tree[f"food-101/images/{image}.jpg"] = photo(100 * count + n)
        tree[f"food-101/meta/{split}.txt"] = "\n".join(i for members in ids.values() for i in members).encode()
        tree[f"food-101/meta/{split}.json"] = json.dumps(ids).encode()
    write_folder(folder, tree)


def dtd(folder: Path) -> None:
    tree: Tree = {}
    for s, split in enumerate(("train", "val", "test")):
        names = [f"{c}/{c}_{s}{i:03d}.jpg" for c in ("banded", "dotted") for i in range(3)]
        tree |= {f"dtd/images/{name}": photo(100 * s + n) for n, name in enumerate(names)}
        tree[f"dtd/labels/{split}1.txt"] = "\n".join(names).encode()
        tree[f"dtd/labels/{split}2.txt"] = b""
    write_folder(folder / "dtd", tree)


def oxford_pets(folder: Path) -> None:
    tree: Tree = {"annotations/README": b"about", "annotations/trimaps/._x.png": b"litter"}
    for s, split in enumerate(("trainval", "test")):
        lines = []
        for n, breed in enumerate(("Abyssinian", "american_bulldog")):
            for i in range(5):
                tree[f"images/{breed}_{10 * s + i}.jpg"] = photo(100 * s + 10 * n + i)
                lines.append(f"{breed}_{10 * s + i} {n + 1} {n + 1} 1")
        tree[f"annotations/{split}.txt"] = "\n".join(lines).encode()
    write_folder(folder / "oxford-iiit-pet", tree)


def fgvc_aircraft(folder: Path) -> None:
    base = "fgvc-aircraft-2013b/data/"
    tree: Tree = {base + "variants.txt": b"707-320\nF/A-18\n"}
    for s, split in enumerate(("train", "val", "test")):
        lines = [f"{1000 * s + i:07d} {('707-320', 'F/A-18')[i % 2]}" for i in range(4)]
        tree |= {f"{base}images/{line[:7]}.jpg": photo(100 * s + n) for n, line in enumerate(lines)}
        tree[f"{base}images_variant_{split}.txt"] = "\n".join(lines).encode()
    write_folder(folder, tree)


def flowers102(folder: Path) -> None:
    labels = np.array([n % 3 + 1 for n in range(18)], np.uint8)
    sets = {"trnid": range(1, 10), "valid": range(10, 13), "tstid": range(13, 19)}
    tree = {f"jpg/image_{n:05d}.jpg": photo(n) for n in range(1, 19)}
    (folder / "102flowers.tgz").write_bytes(tar(tree))
    (folder / "imagelabels.mat").write_bytes(mat(labels=labels))
    (folder / "setid.mat").write_bytes(mat(**{key: np.array(list(ids)) for key, ids in sets.items()}))


def stanford_cars(folder: Path) -> None:
    fields = [("bbox_x1", "i4"), ("class", "u1"), ("fname", "O")]
    tree: Tree = {"devkit/cars_meta.mat": mat(class_names=np.array(["AM General", "Acura RL"], object))}
    for s, (split, file) in enumerate(
        (("train", "devkit/cars_train_annos.mat"), ("test", "cars_test_annos_withlabels.mat"))
    ):
        rows = [(1, i % 2 + 1, f"{i + 1:05d}.jpg") for i in range(6)]
        tree |= {f"cars_{split}/{row[2]}": photo(100 * s + n) for n, row in enumerate(rows)}
        tree[file] = mat(annotations=np.array(rows, fields))
    write_folder(folder / "stanford_cars", tree)


def gtsrb(folder: Path) -> None:
    tree = {f"GTSRB/Training/{c:05d}/{i:05d}_00000.ppm": photo(10 * c + i, "PPM", (33, 40))
            for c in range(2) for i in range(5)}  # fmt: skip
    tree |= {f"GTSRB/Training/{c:05d}/GT-{c:05d}.csv": b"Filename;ClassId\n" for c in range(2)}
    tree |= {f"GTSRB/Final_Test/Images/{i:05d}.ppm": photo(90 + i, "PPM", (40, 33)) for i in range(4)}
    rows = ["Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"]
    rows += [f"{i:05d}.ppm;40;33;5;5;30;30;{i % 2}" for i in range(4)]
    tree["GT-final_test.csv"] = "\n".join(rows).encode()
    write_folder(folder / "gtsrb", tree)


def sun397(folder: Path) -> None:
    tree: Tree = {"SUN397/ClassName.txt": b"/a/abbey\n/a/apartment_building/outdoor\n"}
    for c, place in enumerate(("a/abbey", "a/apartment_building/outdoor")):
        tree |= {f"SUN397/{place}/sun_{c}{i}.jpg": photo(10 * c + i) for i in range(10)}
    write_folder(folder, tree)


# --- files in folders -----------------------------------------------------------------------------------------------


def class_folders(base: str, names: tuple[str, ...], file: str, count: int = 10, kind: str = "JPEG") -> Tree:
    return {f"{base}{name}/{file.format(c=c + 1, i=i + 1)}": photo(100 * c + i, kind, (64, 64))
            for c, name in enumerate(names) for i in range(count)}  # fmt: skip


def eurosat(folder: Path) -> None:
    write_zip(folder / "EuroSAT.zip", class_folders("2750/", ("River", "Forest"), "x_{i}.jpg"))


def caltech101(folder: Path) -> None:
    names = ("accordion", "BACKGROUND_Google", "Faces")
    inner = tar(class_folders("101_ObjectCategories/", names, "image_{i:04d}.jpg"))
    write_zip(
        folder / "caltech-101.zip",
        {"caltech-101/101_ObjectCategories.tar.gz": inner, "caltech-101/Annotations.tar": tar({}, "")},
    )


def caltech256(folder: Path) -> None:
    tree = class_folders("256_ObjectCategories/", ("001.ak47", "002.american-flag"), "{c:03d}_{i:04d}.jpg")
    tree["256_ObjectCategories/001.ak47/greg/RENAME2"] = b"left behind"
    (folder / "256_ObjectCategories.tar").write_bytes(tar(tree, ""))


def country211(folder: Path) -> None:
    tree: Tree = {}
    for s, split in enumerate(("train", "valid", "test")):
        found = class_folders(f"country211/{split}/", ("AD", "ZW"), f"{s}{{i}}.jpg", 4)
        tree |= {name: photo(1000 * s + n) for n, name in enumerate(found)}
    (folder / "country211.tgz").write_bytes(tar(tree))


def imagenette(folder: Path) -> None:
    wnids = ("n01440764", "n03888257", "n03000684")
    tree = class_folders("imagenette2/train/", wnids, "{i}.JPEG", 5) | class_folders(
        "imagenette2/val/", wnids, "v{i}.JPEG", 2
    )
    (folder / "imagenette2.tgz").write_bytes(tar(tree))


# --- ImageNet: the same images in each of its layouts ---------------------------------------------------------------

WNIDS = ("n01440764", "n01443537", "n02119789")
TRAIN = {f"{wnid}/{wnid}_{i}.JPEG": photo(10 * w + i) for w, wnid in enumerate(WNIDS) for i in range(4)}
VAL = {f"ILSVRC2012_val_{n:08d}.JPEG": (WNIDS[n % 3], photo(900 + n)) for n in range(1, 7)}


def imagenet_folders(folder: Path) -> None:
    tree = {f"train/{name}": data for name, data in TRAIN.items()}
    write_folder(folder, tree | {f"val/{wnid}/{name}": data for name, (wnid, data) in VAL.items()})


def imagenet_kaggle(folder: Path) -> None:
    base = "ILSVRC/Data/CLS-LOC/"
    tree = {f"{base}train/{name}": data for name, data in TRAIN.items()}
    tree |= {f"{base}val/{name}": data for name, (_, data) in VAL.items()}
    rows = [f"{name[:-5]},{wnid} 1 2 3 4 {wnid} 5 6 7 8" for name, (wnid, _) in VAL.items()]
    tree["LOC_val_solution.csv"] = "\n".join(["ImageId,PredictionString", *rows]).encode()
    write_folder(folder, tree)


def imagenet_official(folder: Path) -> None:
    inner = {
        wnid: {name.partition("/")[2]: data for name, data in TRAIN.items() if name.startswith(wnid)} for wnid in WNIDS
    }
    tars = {f"{wnid}.tar": tar(tree, "") for wnid, tree in inner.items()}
    (folder / "ILSVRC2012_img_train.tar").write_bytes(tar(tars, ""))
    (folder / "ILSVRC2012_img_val.tar").write_bytes(tar({name: data for name, (_, data) in VAL.items()}, ""))
    # The devkit numbers the classes in an order of its own; those with children are not classes.
    numbers = {wnid: 3 - n for n, wnid in enumerate(WNIDS)}
    fields = [("ILSVRC2012_ID", "f8"), ("WNID", "O"), ("words", "O"), ("gloss", "O"), ("num_children", "f8")]
    rows = [(number, wnid, "words", "gloss", 0) for wnid, number in numbers.items()]
    synsets = np.array([*rows, (4, "n00001740", "entity", "gloss", 3)], fields)
    truth = "\n".join(str(numbers[wnid]) for wnid, _ in VAL.values())
    kit = {
        "ILSVRC2012_devkit_t12/data/meta.mat": mat(synsets=synsets),
        "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt": truth.encode(),
    }
    (folder / "ILSVRC2012_devkit_t12.tar.gz").write_bytes(tar(kit))


def upright(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


# name -> how to make it, classes, images of each split
PUBLISHED: dict[str, tuple[Callable[[Path], None], int, dict[str, int]]] = {
    "cifar10": (cifar10_binary, 10, {"train": 90, "val": 10, "test": 20}),
    "cifar100": (cifar100_binary, 100, {"train": 200, "val": 100, "test": 100}),
    "mnist": (mnist, 10, {"train": 50, "val": 10, "test": 20}),
    "fashion_mnist": (mnist, 10, {"train": 50, "val": 10, "test": 20}),
    "kmnist": (mnist, 10, {"train": 50, "val": 10, "test": 20}),
    "emnist_balanced": (emnist("balanced", 47, 0), 47, {"train": 235, "val": 47, "test": 94}),
    "emnist_letters": (emnist("letters", 26, 1), 26, {"train": 130, "val": 26, "test": 52}),
    "svhn": (svhn, 10, {"train": 50, "val": 10, "test": 20}),
    "usps": (usps, 10, {"train": 50, "val": 10, "test": 20}),
    "stl10": (stl10, 10, {"train": 37, "val": 10, "test": 20}),
    "gtsrb": (gtsrb, 2, {"train": 8, "val": 2, "test": 4}),
    "flowers102": (flowers102, 3, {"train": 9, "val": 3, "test": 6}),
    "food101": (food101, 2, {"train": 10, "val": 2, "test": 4}),
    "oxford_pets": (oxford_pets, 2, {"train": 8, "val": 2, "test": 10}),
    "eurosat": (eurosat, 2, {"train": 16, "val": 2, "test": 2}),
    "dtd": (dtd, 2, {"train": 6, "val": 6, "test": 6}),
    "caltech101": (caltech101, 2, {"train": 16, "val": 2, "test": 2}),
    "caltech256": (caltech256, 2, {"train": 16, "val": 2, "test": 2}),
    "country211": (country211, 2, {"train": 8, "val": 8, "test": 8}),
    "fgvc_aircraft": (fgvc_aircraft, 2, {"train": 4, "val": 4, "test": 4}),
    "stanford_cars": (stanford_cars, 2, {"train": 4, "val": 2, "test": 6}),
    "sun397": (sun397, 2, {"train": 16, "val": 2, "test": 2}),
    "imagenette": (imagenette, 3, {"train": 15, "val": 6}),
    "imagenet": (imagenet_folders, 3, {"train": 12, "val": 6}),
}
