"""Known data sets that were published as image files, with lists beside them or in folders."""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from core.intake.inventory import Inventory
from core.intake.known.base import Placement, Tree
from core.intake.known.imagenet import IMAGENET, by_folder

Sample = tuple[str, str, str]


def _note(inventory: Inventory, end: str) -> tuple[str, bytes]:
    """The folder of the note whose path ends so, with its slash; and its bytes."""
    path = min((p for p in inventory.notes if f"/{p}".endswith(f"/{end}")), default=None)
    if path is None:
        raise ValueError(f"there is no {end}")
    return path[: len(path) - len(end)], inventory.note(path)


def _lines(inventory: Inventory, end: str) -> tuple[str, list[str]]:
    base, data = _note(inventory, end)
    return base, [line.strip() for line in data.decode().splitlines() if line.strip()]


def _mat(inventory: Inventory, end: str) -> dict[str, Any]:
    from scipy.io import loadmat

    found: dict[str, Any] = loadmat(io.BytesIO(_note(inventory, end)[1]), squeeze_me=True)
    return found


def _ending(*ends: str) -> Callable[[str], bool]:
    return lambda path: f"/{path}".endswith(tuple(f"/{end}" for end in ends))


def _in_order(samples: Iterable[Sample]) -> Placement:
    """Classes by code points of their names."""
    found = list(samples)
    return Placement(sorted({name for _, _, name in found}), found)


# --- with lists ---------------------------------------------------------------------------------------------------


def _food101(inventory: Inventory) -> Placement:
    def samples() -> Iterator[Sample]:
        for split in ("train", "test"):
            base, lines = _lines(inventory, f"meta/{split}.txt")
            yield from ((split, f"{base}images/{line}.jpg", line.partition("/")[0]) for line in lines)

    return _in_order(samples())


def _dtd(inventory: Inventory) -> Placement:
    def samples() -> Iterator[Sample]:
        for split in ("train", "val", "test"):
            base, lines = _lines(inventory, f"labels/{split}1.txt")
            yield from ((split, f"{base}images/{line}", line.partition("/")[0]) for line in lines)

    return _in_order(samples())


def _pets(inventory: Inventory) -> Placement:
    """`Abyssinian_100 1 1 1`: the name, then the class from 1."""
    samples, names = [], {}
    for split, file in (("train", "trainval"), ("test", "test")):
        for line in _lines(inventory, f"annotations/{file}.txt")[1]:
            image, number = line.split()[:2]
            names[int(number)] = " ".join(part.title() for part in image.rpartition("_")[0].split("_"))
            samples.append((split, f"images/{image}.jpg", names[int(number)]))
    return Placement([names[number] for number in sorted(names)], samples)


def _aircraft(inventory: Inventory) -> Placement:
    base, classes = _lines(inventory, "data/variants.txt")
    samples = []
    for split in ("train", "val", "test"):
        for line in _lines(inventory, f"data/images_variant_{split}.txt")[1]:
            image, _, name = line.partition(" ")
            samples.append((split, f"{base}data/images/{image}.jpg", name))
    return Placement(classes, samples)


def _flowers(inventory: Inventory) -> Placement:
    """The files hold no names: a class is called by its published number, from 001."""
    labels = _mat(inventory, "imagelabels.mat")["labels"].tolist()
    sets = _mat(inventory, "setid.mat")
    samples = [
        (split, f"jpg/image_{number:05d}.jpg", f"{labels[number - 1]:03d}")
        for split, key in (("train", "trnid"), ("val", "valid"), ("test", "tstid"))
        for number in sets[key].tolist()
    ]
    return _in_order(samples)


def _cars(inventory: Inventory) -> Placement:
    classes = [str(name) for name in _mat(inventory, "devkit/cars_meta.mat")["class_names"].tolist()]
    samples = []
    for split, file in (("train", "devkit/cars_train_annos.mat"), ("test", "cars_test_annos_withlabels.mat")):
        for entry in _mat(inventory, file)["annotations"]:
            samples.append((split, f"cars_{split}/{entry['fname']}", classes[int(entry["class"]) - 1]))
    return Placement(classes, samples)


def _gtsrb(inventory: Inventory) -> Placement:
    """Folders of numbers to train on; `Filename;…;ClassId` to test on."""
    _, lines = _lines(inventory, "GT-final_test.csv")
    header = lines[0].split(";")
    file, number = header.index("Filename"), header.index("ClassId")
    truth = {cells[file]: f"{int(cells[number]):05d}" for cells in (line.split(";") for line in lines[1:])}

    def samples() -> Iterator[Sample]:
        for path in inventory.images:
            folder, name = path.split("/")[-2:]
            if folder.isdigit():
                yield "train", path, folder
            elif name in truth:
                yield "test", path, truth[name]

    return _in_order(samples())


def _sun397(inventory: Inventory) -> Placement:
    """`/a/abbey` in ClassName.txt names a class and its folder."""
    base, lines = _lines(inventory, "ClassName.txt")
    classes = [line[3:] for line in lines]
    known = set(classes)

    def samples() -> Iterator[Sample]:
        for path in inventory.images:
            name = path.removeprefix(base).partition("/")[2].rpartition("/")[0]
            if name in known:
                yield "train", path, name

    return Placement(classes, samples())


# --- in folders ---------------------------------------------------------------------------------------------------

_ENGLISH = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}


def _imagenette(inventory: Inventory) -> Placement:
    samples = [(split, path, _ENGLISH.get(name, name)) for split, path, name in by_folder(inventory)]
    used = {name for _, _, name in samples}
    return Placement([name for name in dict.fromkeys([*_ENGLISH.values(), *sorted(used)]) if name in used], samples)


def _folders(*without: str) -> Tree:
    """A folder for each class, nothing published about splits."""

    def samples(inventory: Inventory) -> Iterator[Sample]:
        for path in inventory.images:
            folders = path.split("/")[:-1]
            if folders and folders[-1] not in without:
                yield "train", path, folders[-1]

    return Tree(lambda inventory: _in_order(samples(inventory)))


def _caltech256(inventory: Inventory) -> Placement:
    """`001.ak47/001_0001.jpg`; what lies deeper was left behind by its authors."""
    found = (path.split("/") for path in inventory.images)
    return _in_order(("train", "/".join(p), p[-2]) for p in found if p[-2][:3].isdigit())


TREES = {
    "gtsrb": Tree(_gtsrb, _ending("GT-final_test.csv")),
    "flowers102": Tree(_flowers, _ending("imagelabels.mat", "setid.mat")),
    "food101": Tree(_food101, _ending("meta/train.txt", "meta/test.txt")),
    "oxford_pets": Tree(_pets, _ending("annotations/trainval.txt", "annotations/test.txt")),
    "eurosat": _folders(),
    "dtd": Tree(_dtd, _ending("labels/train1.txt", "labels/val1.txt", "labels/test1.txt")),
    "caltech101": _folders("BACKGROUND_Google", "101_ObjectCategories", "caltech-101"),
    "caltech256": Tree(_caltech256),
    "country211": Tree(lambda inventory: _in_order(by_folder(inventory))),
    "fgvc_aircraft": Tree(
        _aircraft,
        _ending("data/variants.txt", *(f"data/images_variant_{split}.txt" for split in ("train", "val", "test"))),
    ),
    "stanford_cars": Tree(
        _cars, _ending("devkit/cars_meta.mat", "devkit/cars_train_annos.mat", "cars_test_annos_withlabels.mat")
    ),
    "sun397": Tree(_sun397, _ending("ClassName.txt")),
    "imagenette": Tree(_imagenette),
    "imagenet": IMAGENET,
}
