"""Batches of a packed data set."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.augmentation import NoAugment
from core.packed import PackedMeta, read_split
from core.recipe import Training
from core.training.augment import augmenters
from core.training.data import Batch, Data, Split, TrainBatches, View
from core.training.images import PixelImages, Wanted
from core.views import ViewSpec
from tests.training.photos import write_photos

CPU = torch.device("cpu")


META = PackedMeta(["a", "b"], 8, {}, [0.5] * 3, [0.2] * 3)


def batches(count: int, size: int, **more: Any) -> TrainBatches:
    images = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 8, 8, 3)).copy()
    split = Split(PixelImages(images, CPU), torch.arange(count))
    training = Training(batch_size=size, seed=3, augment=NoAugment(), **more)
    return TrainBatches(split, training, augmenters(training, META))


def labels_of(source: TrainBatches, epoch: int, first: int = 0) -> list[list[int]]:
    return [prepared.labels.tolist() for prepared in source.of_epoch(epoch, first)]


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
    for step in batches(50, 7).of_epoch(1, 0):
        assert torch.equal(step.images[:, 0, 0, 0].long(), step.labels)


def test_a_second_view_shows_the_same_images_anew() -> None:
    changed = False
    for step in batches(50, 7, views=2).of_epoch(1, 0):
        one, other = step.images.chunk(2)
        assert torch.equal(one[:, 0, 0, 0].long(), step.labels[:7])
        assert torch.equal(step.labels[:7], step.labels[7:])
        changed |= not torch.equal(one, other)
    assert changed


def test_what_is_mixed_is_told() -> None:
    for step in batches(50, 7, mix={"mixup": 1.0, "cutmix": 0.0}).of_epoch(1, 0):
        assert step.mixed is not None
        own, other, share = step.labels, step.mixed.labels, step.mixed.share
        assert torch.allclose(step.images[:, 0, 0, 0].float(), share * own + (1 - share) * other, atol=0.51)
        assert (own != other).sum() == 6  # the seventh has no neighbour


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
    assert np.array_equal(torch.cat([batch.images for batch, _ in chunks]).numpy(), stored.images)
    assert np.array_equal(torch.cat([labels for _, labels in chunks]).numpy(), stored.labels)


def test_a_split_of_files_comes_in_the_same_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_photos(tmp_path / "data", {"train": 4, "val": 50}, side=8)
    monkeypatch.setattr("core.training.data.PIXELS_AT_ONCE", 64 * 20)
    val = Data(tmp_path / "data", CPU, 2).val
    chunks = list(val.chunks())
    assert [len(labels) for _, labels in chunks] == [20, 20, 10]
    (whole,) = val.images.prepare([Wanted(np.arange(50))])
    assert torch.equal(torch.cat([batch.images for batch, _ in chunks]), whole)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("canvas", "side"), [(48, 20), (16, 40)])
def test_a_view_of_another_size_is_an_antialiased_resize(canvas: int, side: int, mode: Any) -> None:
    image = np.random.default_rng(0).integers(60, 190, (canvas, canvas, 3), dtype=np.uint8)
    view = View(ViewSpec(side, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), mode))
    ours = view.of(torch.from_numpy(image[None]))
    assert ours.shape == (1, 3, side, side)
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    plain = np.asarray(Image.fromarray(image).resize((side, side), filters[mode]), dtype=np.float32) / 255
    assert np.abs(ours[0].permute(1, 2, 0).numpy() - plain).max() < 2 / 255  # Pillow rounds to bytes, twice


def test_a_view_never_leaves_the_range_of_bytes() -> None:
    edges = torch.zeros(1, 8, 8, 3, dtype=torch.uint8)
    edges[:, :, 4:] = 255  # a bicubic overshoots here
    seen = View(ViewSpec(31, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "bicubic")).of(edges)
    assert (float(seen.min()), float(seen.max())) == (0.0, 1.0)


def test_equal_views_of_a_batch_are_made_once() -> None:
    batch = Batch(torch.zeros(2, 8, 8, 3, dtype=torch.uint8))
    plain = ((0.5, 0.5, 0.5), (0.2, 0.2, 0.2))
    first = batch.seen(View(ViewSpec(8, *plain)))
    assert batch.seen(View(ViewSpec(8, *plain))) is first
    assert batch.seen(View(ViewSpec(4, *plain))).shape == (2, 3, 4, 4)
    assert batch.seen(View(ViewSpec(8, (0.1, 0.1, 0.1), plain[1]))) is not first


def test_an_image_is_seen_the_same_in_any_batch() -> None:
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (9, 24, 24, 3), dtype=np.uint8))
    for side in (10, 24, 50):
        view = View(ViewSpec(side, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4), "bicubic"))
        whole = view.of(images)
        assert torch.equal(view.of(images[3:5]), whole[3:5])
