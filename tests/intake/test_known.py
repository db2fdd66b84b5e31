"""Known data sets, in miniature, from files of the published formats."""

import importlib
import io
import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.catalog import BUILTIN_DATASETS
from core.errors import TrainingFailed
from core.events import Failed, Finished
from core.intake.dataset import read_dataset
from core.packed import EncodedImages, PackedSplit, read_split
from tests.intake import published
from tests.intake.published import PUBLISHED
from tests.intake.reading import assignment_for, run_child


def take(tmp_path: Path, name: str, make: Callable[[Path], None] | None = None, out: str = "out") -> dict[str, Any]:
    files = tmp_path / "files"
    if make is not None:
        (files / name).mkdir(parents=True)
        make(files / name)
    (tmp_path / out).mkdir()
    return read_dataset(assignment_for(tmp_path / out, builtin=name, builtin_folder=files), lambda _: None)


def split(tmp_path: Path, name: str, out: str = "out") -> PackedSplit:
    found = read_split(tmp_path / out / "data.safetensors", name)
    assert found is not None
    return found


def test_every_known_set_is_tried() -> None:
    assert ["digits", *PUBLISHED] == list(BUILTIN_DATASETS)


@pytest.mark.parametrize("name", PUBLISHED)
def test_read(tmp_path: Path, name: str) -> None:
    make, classes, counts = PUBLISHED[name]
    report = take(tmp_path, name, make)
    assert (len(report["classes"]), report["counts"]) == (classes, counts)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["data.safetensors"]
    for part in counts:
        labels = split(tmp_path, part).labels
        assert set(labels.tolist()) - {-1} == set(range(classes))


@pytest.mark.parametrize("name", PUBLISHED)
def test_missing_files_are_named_with_their_address_and_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrainingFailed) as refused:
        take(tmp_path, name)
    failure = refused.value.failure
    assert failure.code == "dataset_files_missing"
    for file in BUILTIN_DATASETS[name].files:
        assert file.name in failure.detail and file.url in failure.detail
    assert str(tmp_path / "files" / name) in failure.hint
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("name", "make"), [("cifar10", "cifar10_python"), ("cifar100", "cifar100_python")])
def test_both_packings_of_cifar_are_the_same_set(tmp_path: Path, name: str, make: str) -> None:
    binary = take(tmp_path / "a", name, PUBLISHED[name][0])
    python = take(tmp_path / "b", name, getattr(published, make))
    assert binary["sha256"] == python["sha256"]
    assert binary["form"] == "pixels" and binary["image_size"] == 32
    source = published.CIFAR10["test_batch"] if name == "cifar10" else published.CIFAR100["test"]
    test = split(tmp_path / "a", "test")
    for image, sample in zip(test.pixels(), test.names, strict=True):
        number = int(sample.rpartition("/")[2])
        assert (image == source[number].reshape(3, 32, 32).transpose(1, 2, 0)).all()
        assert sample.startswith(binary["classes"][number % len(binary["classes"])] + "/")


class Evil:
    def __reduce__(self) -> Any:
        return (print, ("executed",))


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def make(folder: Path) -> None:
        published.cifar100_python(folder)
        (folder / "cifar-100-python" / "train").write_bytes(pickle.dumps({"data": Evil()}, 2))

    with pytest.raises(TrainingFailed, match=r"archive_corrupt.*print does not belong in it"):
        take(tmp_path, "cifar100", make)
    assert "executed" not in capsys.readouterr().out
    assert list((tmp_path / "out").iterdir()) == []


def test_the_label_ten_of_svhn_is_the_digit_zero(tmp_path: Path) -> None:
    from scipy.io import loadmat

    take(tmp_path, "svhn", published.svhn)
    source = loadmat(tmp_path / "files" / "svhn" / "test_32x32.mat")
    test = split(tmp_path, "test")
    for image, label, name in zip(test.pixels(), test.labels, test.names, strict=True):
        number = int(name.rpartition("/")[2])
        assert (image == source["X"][..., number]).all() and label == source["y"][number, 0] % 10


def test_stl10_trains_without_labels_too(tmp_path: Path) -> None:
    report = take(tmp_path, "stl10", published.stl10)
    assert (report["unlabelled"], report["form"]) == (7, "files")
    train = split(tmp_path, "train")
    assert isinstance(train.images, EncodedImages)
    image = Image.open(io.BytesIO(train.images[train.names.index("unlabelled/000003")]))
    assert image.format == "PNG" and image.size == (96, 96)


def test_imagenet_is_the_same_in_every_layout(tmp_path: Path) -> None:
    """But for the paths, by which the samples are called."""
    seen = []
    for layout in ("folders", "kaggle", "official"):
        report = take(tmp_path / layout, "imagenet", getattr(published, f"imagenet_{layout}"))
        assert report["classes"] == list(published.WNIDS)
        pictures = set()
        for part in ("train", "val"):
            found = split(tmp_path / layout, part)
            assert isinstance(found.images, EncodedImages)
            for i, name in enumerate(found.names):
                wnid = report["classes"][found.labels[i]]
                pictures.add((part, name.rpartition("/")[2], wnid, found.images[i]))
        seen.append(pictures)
    assert seen[0] == seen[1] == seen[2] and len(seen[0]) == 18


def test_a_list_that_names_what_is_not_there(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        published.dtd(folder)
        (folder / "dtd" / "dtd" / "images" / "dotted" / "dotted_0001.jpg").unlink()

    with pytest.raises(TrainingFailed, match=r"1 listed images are not there, for example '.*dotted_0001\.jpg'"):
        take(tmp_path, "dtd", make)


def test_a_damaged_file_of_a_known_set(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        published.svhn(folder)
        (folder / "test_32x32.mat").write_bytes(b"not a mat")

    with pytest.raises(TrainingFailed, match=r"archive_corrupt: The files of svhn are not what was published"):
        take(tmp_path, "svhn", make)


def test_the_child_reads_and_refuses_them(tmp_path: Path) -> None:
    (tmp_path / "files" / "mnist").mkdir(parents=True)
    published.mnist(tmp_path / "files" / "mnist")
    for name, kind in (("mnist", Finished), ("kmnist", Failed)):
        (out := tmp_path / name).mkdir()
        code, events, stderr = run_child(assignment_for(out, builtin=name, builtin_folder=tmp_path / "files"))
        assert (code, stderr) == (0, "") and isinstance(events[-1], kind)


# --- against torchvision's own readers, where they take other files than the published ones -------------------------

OTHERS = {
    "food101": ("Food101", ".", {"train": ["train", "val"], "test": ["test"]}),
    "dtd": ("DTD", ".", {"train": ["train"], "val": ["val"], "test": ["test"]}),
    "oxford_pets": ("OxfordIIITPet", ".", {"trainval": ["train", "val"], "test": ["test"]}),
    "fgvc_aircraft": ("FGVCAircraft", ".", {"train": ["train"], "val": ["val"], "test": ["test"]}),
    "stanford_cars": ("StanfordCars", ".", {"train": ["train", "val"], "test": ["test"]}),
    "gtsrb": ("GTSRB", ".", {"train": ["train", "val"], "test": ["test"]}),
    "sun397": ("SUN397", ".", {"": ["train", "val", "test"]}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_same_labels_as_torchvision(tmp_path: Path, name: str) -> None:
    """The same files, each with the same label."""
    reader, base, parts = OTHERS[name]
    report = take(tmp_path, name, PUBLISHED[name][0])
    make = getattr(importlib.import_module("torchvision.datasets"), reader)
    for part, ours in parts.items():
        options = {"split": part} if part else {}
        theirs = make(tmp_path / "files" / name / base, **options, download=False)
        images = getattr(theirs, "_image_files", None) or getattr(theirs, "_images", None)
        found = list(zip(images, theirs._labels, strict=True)) if images else theirs._samples
        wanted = Counter((Path(file).name, label) for file, label in found)
        packed = [split(tmp_path, s) for s in ours]
        got = Counter((Path(n).name, int(label)) for p in packed for n, label in zip(p.names, p.labels, strict=True))
        assert got == wanted
        if hasattr(theirs, "classes"):
            assert report["classes"] == theirs.classes


def test_emnist_stands_upright(tmp_path: Path) -> None:
    take(tmp_path, "emnist_letters", PUBLISHED["emnist_letters"][0])
    import gzip
    import zipfile

    with zipfile.ZipFile(tmp_path / "files" / "emnist_letters" / "gzip.zip") as archive:
        raw = gzip.decompress(archive.read("gzip/emnist-letters-test-images-idx3-ubyte.gz"))
    lying = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)
    test = split(tmp_path, "test")
    number = int(test.names[0].rpartition("/")[2])
    assert (test.pixels()[0][..., 0] == lying[number].T).all()
