"""Which data sets need no upload."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BuiltinDataset:
    name: str
    classes: tuple[str, ...]
    description: str


BUILTIN_DATASETS = {
    "digits": BuiltinDataset(
        "digits",
        tuple("0123456789"),
        "The 1,797 handwritten digits of 8 x 8 pixels that ship inside scikit-learn, in a fixed split.",
    )
}
