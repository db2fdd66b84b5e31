"""Every draw is a pure function of (seed, epoch, index), and the batched arithmetic is the plain one."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import chisquare

from core.recipe import CropFlip, NoAugment
from core.training.augment import Augmenter, crop_flip, draw_crops
from core.training.randomness import Purpose, _mix, draw, draw_seed, epoch_order


def naive(image: NDArray[np.uint8], top: int, left: int, mirrored: bool, padding: int) -> NDArray[np.uint8]:
    side = image.shape[0]
    padded = np.zeros((side + 2 * padding, side + 2 * padding, 3), dtype=np.uint8)
    padded[padding : padding + side, padding : padding + side] = image
    cut = padded[top : top + side, left : left + side]
    return cut[:, ::-1] if mirrored else cut


@pytest.fixture
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (64, 9, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize(("padding", "flip"), [(0, True), (1, False), (3, True), (9, True)])
def test_crop_and_flip_equal_a_naive_reference(images: NDArray[np.uint8], padding: int, flip: bool) -> None:
    crops = draw_crops(5, 2, np.arange(64), padding, flip)
    result = crop_flip(torch.from_numpy(images), crops, padding).numpy()
    for i, image in enumerate(images):
        expected = naive(image, int(crops.top[i]), int(crops.left[i]), bool(crops.mirrored[i]), padding)
        assert np.array_equal(result[i], expected)


def test_an_image_looks_the_same_in_whatever_batch_it_is(images: NDArray[np.uint8]) -> None:
    augment = Augmenter(CropFlip(padding=2), 9, seed=3)
    whole = augment(torch.from_numpy(images), 4, np.arange(64))
    chosen = np.array([63, 0, 17])
    assert torch.equal(augment(torch.from_numpy(images[chosen]), 4, chosen), whole[torch.from_numpy(chosen)])
    assert not torch.equal(augment(torch.from_numpy(images), 5, np.arange(64)), whole)
    assert not torch.equal(Augmenter(CropFlip(padding=2), 9, seed=4)(torch.from_numpy(images), 4, np.arange(64)), whole)


def test_the_default_padding_is_an_eighth_of_the_side() -> None:
    image = torch.full((1, 8, 8, 3), 255, dtype=torch.uint8)
    black = {
        int((Augmenter(CropFlip(flip=False), 8, 0)(image, epoch, np.array([0])) == 0).sum()) for epoch in range(60)
    }
    assert black == {0, 8 * 3, 15 * 3}  # no edge, one edge, two edges of one pixel


def test_nothing_is_changed_where_nothing_is_asked(images: NDArray[np.uint8]) -> None:
    given = torch.from_numpy(images)
    assert Augmenter(NoAugment(), 9, 0)(given, 1, np.arange(64)) is given
    assert Augmenter(CropFlip(flip=False, padding=0), 9, 0)(given, 1, np.arange(64)) is given


def test_draws_are_uniform_and_independent_of_each_other() -> None:
    crops = draw_crops(0, 1, np.arange(50_000), 2, True)
    together = (crops.top * 5 + crops.left) * 2 + crops.mirrored
    assert chisquare(np.bincount(together, minlength=50)).pvalue > 0.001


def test_the_generator_is_splitmix64() -> None:
    assert int(_mix(np.array([1234567], dtype=np.uint64))[0]) == 6457827717110365317


def test_streams_never_change() -> None:
    """Results of old jobs can be had again only while these numbers stay."""
    assert draw(0, Purpose.CROP_TOP, 1, [0, 1]).tolist() == [11938559158514737459, 3514024243525796198]
    assert draw_seed(7, Purpose.FORWARD, 3) == 5855829658627568188


def test_an_epochs_order_is_a_permutation_of_its_own() -> None:
    first, second = epoch_order(1, 0, 1000), epoch_order(1, 1, 1000)
    assert sorted(first.tolist()) == list(range(1000)) == sorted(second.tolist())
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, epoch_order(2, 0, 1000))
    assert np.array_equal(first, epoch_order(1, 0, 1000))
