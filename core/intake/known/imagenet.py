"""ImageNet in the layouts in which it is found.

    train/<wnid>/*.JPEG, val/<wnid>/*.JPEG                       folders, as everybody sorts them
    ILSVRC/Data/CLS-LOC/{train/<wnid>,val}, LOC_val_solution.csv as Kaggle packs it
    ILSVRC2012_img_{train,val}.tar, ILSVRC2012_devkit_t12.tar.gz as published: train is a tar of tars

Classes are the WordNet ids in order: the order of every published network.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from core.intake.inventory import Inventory
from core.intake.known.base import Placement, Tree
from core.intake.layout import SPLIT_NAMES

_SOLUTION = "LOC_val_solution.csv"
_TRUTH = "ILSVRC2012_validation_ground_truth.txt"
_META = "data/meta.mat"
_WNID = re.compile(r"n\d{8}")
_VAL_NUMBER = re.compile(r"ILSVRC2012_val_(\d{8})")


def by_folder(inventory: Inventory) -> Iterator[tuple[str, str, str]]:
    """`…/<split>/<class>/<file>`: split, path, class."""
    for path in inventory.images:
        parts = path.split("/")
        if len(parts) >= 3 and (split := SPLIT_NAMES.get(parts[-3])):
            yield split, path, parts[-2]


def _place(inventory: Inventory) -> Placement:
    truth = _truth(inventory)
    samples = []
    for path in inventory.images:
        parts = path.split("/")
        name = PurePosixPath(path).stem
        if len(parts) >= 2 and _WNID.fullmatch(parts[-2]):
            split = "val" if name.startswith("ILSVRC2012_val_") else "train"
            samples.append((split, path, parts[-2]))
        elif name in truth:
            samples.append(("val", path, truth[name]))
    return Placement(sorted({wnid for _, _, wnid in samples}), samples)


def _truth(inventory: Inventory) -> dict[str, str]:
    """Name of a val image, without its suffix -> its class, where val is not in folders."""
    by_end = {path.rpartition("/")[2]: path for path in inventory.notes}
    if _SOLUTION in by_end:
        rows = csv.DictReader(io.StringIO(inventory.note(by_end[_SOLUTION]).decode()))
        return {row["ImageId"]: row["PredictionString"].split()[0] for row in rows}
    if _TRUTH not in by_end or "meta.mat" not in by_end:
        return {}
    wnid = _wnids(inventory.note(by_end["meta.mat"]))
    numbers = inventory.note(by_end[_TRUTH]).decode().split()
    named: dict[int, str] = {at: wnid[int(number)] for at, number in enumerate(numbers, 1)}
    found = (PurePosixPath(path).stem for path in inventory.images)
    return {name: named[int(m[1])] for name in found if (m := _VAL_NUMBER.fullmatch(name)) and int(m[1]) in named}


def _wnids(data: bytes) -> dict[int, str]:
    """ILSVRC2012_ID -> WordNet id, from the devkit's table of synsets."""
    from scipy.io import loadmat

    synsets = loadmat(io.BytesIO(data), squeeze_me=True)["synsets"]
    return {int(synset["ILSVRC2012_ID"]): str(synset["WNID"]) for synset in synsets}


IMAGENET = Tree(_place, lambda path: path.endswith((_SOLUTION, _TRUTH, _META)))
