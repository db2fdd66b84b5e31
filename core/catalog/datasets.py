"""Which data sets are known by name, and which published files they are read from. Loads without torch."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DatasetFile:
    """A published file; it, or the folder it unpacks to, belongs in `<builtin_files>/<data set>/`."""

    name: str
    url: str
    instead: tuple[str, ...] = ()  # other names that do: the unpacked folder or file, another packing

    def find(self, folder: Path) -> Path | None:
        """Where it lies: in the folder, or up to two folders below, as other programs arrange them."""
        for name in (self.name, *self.instead):
            for pattern in (name, f"*/{name}", f"*/*/{name}"):
                if found := sorted(folder.glob(pattern)):
                    return found[0]
        return None


@dataclass(frozen=True)
class BuiltinDataset:
    name: str
    classes: int
    description: str
    files: tuple[DatasetFile, ...] = ()

    def missing(self, folder: Path) -> list[DatasetFile]:
        """`folder` is the data set's own."""
        return [file for file in self.files if file.find(folder) is None]


def _known(name: str, classes: int, description: str, *files: DatasetFile) -> BuiltinDataset:
    return BuiltinDataset(name, classes, description, files)


_CIFAR = "https://www.cs.toronto.edu/~kriz/"

BUILTIN_DATASETS = {
    known.name: known
    for known in (
        _known(
            "digits",
            10,
            "The 1,797 handwritten digits of 8 x 8 pixels that ship inside scikit-learn, in a fixed split.",
        ),
        _known(
            "cifar10",
            10,
            "CIFAR-10: 60,000 colour images of 32 x 32 pixels.",
            DatasetFile(
                "cifar-10-binary.tar.gz",
                _CIFAR + "cifar-10-binary.tar.gz",
                ("cifar-10-batches-bin", "cifar-10-python.tar.gz", "cifar-10-batches-py"),
            ),
        ),
        _known(
            "cifar100",
            100,
            "CIFAR-100: 60,000 colour images of 32 x 32 pixels, by their fine labels.",
            DatasetFile(
                "cifar-100-binary.tar.gz",
                _CIFAR + "cifar-100-binary.tar.gz",
                ("cifar-100-binary", "cifar-100-python.tar.gz", "cifar-100-python"),
            ),
        ),
    )
}
