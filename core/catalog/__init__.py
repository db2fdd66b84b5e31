"""Which architectures, losses and data sets exist, with their sizes; loads without torch."""

from core.catalog.architectures import (
    ARCHITECTURES,
    LIBRARIES,
    PUBLISHING,
    Architecture,
    Weights,
    architecture,
    canonical_name,
    find_architecture,
)
from core.catalog.datasets import BUILTIN, BUILTIN_DATASETS, BuiltinDataset

__all__ = [
    "ARCHITECTURES",
    "BUILTIN",
    "BUILTIN_DATASETS",
    "LIBRARIES",
    "PUBLISHING",
    "Architecture",
    "BuiltinDataset",
    "Weights",
    "architecture",
    "canonical_name",
    "find_architecture",
]
