"""Batches of a packed data set."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.packed import read_split
from core.recipe import NoAugment, Training
from core.training.augment import Augmenter
from core.training.data import Data, Split, TrainBatches, View
from core.training.images import PixelImages, Wanted
from core.views import ViewSpec

CPU = torch.device("cpu")


def batches(count: int, size: int) -> TrainBatches:
    images = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 4, 4, 3)).copy()
    split = Split(PixelImages(images, CPU), torch.arange(count))
    return TrainBatches(split, Training(batch_size=size, seed=3), Augmenter(NoAugment(), 4, 3))


def labels_of(source: TrainBatches, epoch: int, first: int = 0) -> list[list[int]]:
    return [labels.tolist() for _, labels in source.of_epoch(epoch, first)]


@pytest.mark.parametrize(
    ("count", "size", "per_epoch", "batch"), [(10, 3, 3, 3), (9, 3, 3, 3), (10, 10, 1, 10), (10, 64, 1, 10)]
)
def test_the_last_short_batch_is_dropped_unless_it_is_the_only_one(
    count: int, size: int, per_epoch: int, batch: int
) -> None:
    source = batches(count, size)
    assert (source.per_epoch, source.size) == (per_epoch, batch)
    epoch = labels_of(source, 0)
    assert [len(labels) for labels in epoch] == [batch] * per_epoch
    assert len({label for labels in epoch for label in labels}) == batch * per_epoch


def test_an_epoch_can_be_entered_anywhere() -> None:
    source = batches(50, 7)
    assert labels_of(source, 2, first=4) == labels_of(source, 2)[4:]
    assert labels_of(source, 2) != labels_of(source, 1)


def test_images_and_labels_stay_together() -> None:
    for images, labels in batches(50, 7).of_epoch(1, 0):
        assert torch.equal(images[:, 0, 0, 0].long(), labels)


def test_a_view_scales_and_normalises_each_channel(digits: Path) -> None:
    data = Data(digits, CPU, 1)
    meta = data.meta
    (images,) = data.train.images.prepare([Wanted(np.arange(200))])
    view = View(ViewSpec(8, tuple(meta.mean), tuple(meta.std))).of(images)
    assert view.shape == (200, 3, 8, 8)
    assert view.mean((0, 2, 3)).numpy() == pytest.approx(np.zeros(3), abs=1e-4)
    assert view.std((0, 2, 3)).numpy() == pytest.approx(np.ones(3), abs=1e-3)
    pixel = View(ViewSpec(1, (0.5, 0.25, 0.0), (0.5, 0.25, 2.0))).of(
        torch.tensor([[[[255, 0, 51]]]], dtype=torch.uint8)
    )
    assert pixel.flatten().tolist() == pytest.approx([1.0, -1.0, 0.1])


def test_a_split_comes_in_chunks_in_its_own_order(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = read_split(digits, "val")
    assert stored is not None
    monkeypatch.setattr("core.training.data.PIXELS_AT_ONCE", 64 * 33)
    chunks = list(Data(digits, CPU, 1).val.chunks())
    assert [len(labels) for _, labels in chunks] == [33, 33, 33, 1]
    assert np.array_equal(torch.cat([images for images, _ in chunks]).numpy(), stored.images)
    assert np.array_equal(torch.cat([labels for _, labels in chunks]).numpy(), stored.labels)
