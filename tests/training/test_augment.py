"""Every draw is a pure function of (seed, epoch, index), and the batched arithmetic is the plain one."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import chisquare, ks_2samp, kstest, uniform
from torchvision.transforms import RandomResizedCrop

from core.augmentation import CropFlip, NoAugment, ResizedCrop, Standard
from core.packed import PackedMeta
from core.training.augment import Augmenter, resolve
from core.training.images import Windows
from core.training.randomness import Purpose, _mix, draw, draw_seed, epoch_order
from core.training.windows import crop_flip, draw_crops, draw_windows


def naive(image: NDArray[np.uint8], top: int, left: int, mirrored: bool, padding: int) -> NDArray[np.uint8]:
    side = image.shape[0]
    padded = np.zeros((side + 2 * padding, side + 2 * padding, 3), dtype=np.uint8)
    padded[padding : padding + side, padding : padding + side] = image
    cut = padded[top : top + side, left : left + side]
    return cut[:, ::-1] if mirrored else cut


def meta(side: int) -> PackedMeta:
    return PackedMeta(["a", "b"], side, {}, [0.5] * 3, [0.2] * 3)


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
    augment = Augmenter(CropFlip(padding=2), meta(9), seed=3)
    whole = augment(torch.from_numpy(images), 4, np.arange(64))
    chosen = np.array([63, 0, 17])
    assert torch.equal(augment(torch.from_numpy(images[chosen]), 4, chosen), whole[torch.from_numpy(chosen)])
    assert not torch.equal(augment(torch.from_numpy(images), 5, np.arange(64)), whole)
    assert not torch.equal(
        Augmenter(CropFlip(padding=2), meta(9), seed=4)(torch.from_numpy(images), 4, np.arange(64)), whole
    )


def test_the_default_padding_is_an_eighth_of_the_side() -> None:
    image = torch.full((1, 8, 8, 3), 255, dtype=torch.uint8)
    black = {
        int((Augmenter(CropFlip(flip=False), meta(8), 0)(image, epoch, np.array([0])) == 0).sum())
        for epoch in range(60)
    }
    assert black == {0, 8 * 3, 15 * 3}  # no edge, one edge, two edges of one pixel


def test_nothing_is_changed_where_nothing_is_asked(images: NDArray[np.uint8]) -> None:
    given = torch.from_numpy(images)
    assert Augmenter(NoAugment(), meta(9), 0)(given, 1, np.arange(64)) is given
    assert Augmenter(CropFlip(flip=False, padding=0), meta(9), 0)(given, 1, np.arange(64)) is given


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


# --- windows ----------------------------------------------------------------------------------------------------------


def many(size: tuple[int, int], count: int = 40_000, **spec: Any) -> tuple[Windows, NDArray[np.int64]]:
    sizes = np.broadcast_to(np.array(size), (count, 2)).astype(np.int64)
    return draw_windows(3, 1, np.arange(count), sizes, ResizedCrop(**spec)), sizes


def test_windows_lie_in_the_image_and_keep_area_and_shape() -> None:
    found, sizes = many((500, 375))
    assert (found.left >= 0).all() and (found.top >= 0).all()
    assert (found.left + found.width <= sizes[:, 0]).all() and (found.top + found.height <= sizes[:, 1]).all()
    area, ratio = found.width * found.height / (500 * 375), found.width / found.height
    assert 0.078 < area.min() < 0.09 and 0.98 < area.max() <= 1.0
    assert 0.74 < ratio.min() < 0.76 and 1.32 < ratio.max() < 1.35


def test_area_is_uniform_and_shape_uniform_in_its_logarithm() -> None:
    """Where every window fits: then nothing is drawn again."""
    found, _ = many((1000, 1000), scale=(0.1, 0.5), ratio=(0.5, 2.0))
    area = found.width * found.height / 1e6
    log_ratio = np.log(found.width / found.height)
    assert kstest(area, uniform(0.1, 0.4).cdf).pvalue > 0.001
    assert kstest(log_ratio, uniform(np.log(0.5), np.log(4)).cdf).pvalue > 0.001
    assert abs(np.corrcoef(area, log_ratio)[0, 1]) < 0.02
    place = (found.left + 0.5) / (1001 - found.width)
    assert kstest(place, uniform().cdf).pvalue > 0.001
    assert abs(np.corrcoef(place, (found.top + 0.5) / (1001 - found.height))[0, 1]) < 0.02
    assert abs(found.mirrored.mean() - 0.5) < 0.01


def test_windows_are_distributed_as_torchvisions() -> None:
    found, _ = many((300, 180), 3000)
    torch.manual_seed(0)
    image = torch.zeros(3, 180, 300)
    theirs = np.array([RandomResizedCrop.get_params(image, [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(3000)])
    for ours, column in zip((found.top, found.left, found.height, found.width), theirs.T, strict=True):
        assert ks_2samp(ours, column).pvalue > 0.001


@pytest.mark.parametrize(
    ("size", "window"), [((1000, 10), (493, 0, 13, 10)), ((10, 1000), (0, 493, 10, 13)), ((1, 1), (0, 0, 1, 1))]
)
def test_where_nothing_fits_it_is_the_middle(size: tuple[int, int], window: tuple[int, int, int, int]) -> None:
    found, _ = many(size, 5, scale=(1.0, 1.0))
    for i in range(5):
        assert (found.left[i], found.top[i], found.width[i], found.height[i]) == window


def test_a_window_depends_on_its_own_image_alone() -> None:
    generator = np.random.default_rng(0)
    indices, sizes = generator.permutation(64), generator.integers(1, 400, (64, 2))
    whole = draw_windows(5, 2, indices, sizes, ResizedCrop())
    chosen = np.array([60, 3, 3, 12])
    part = draw_windows(5, 2, indices[chosen], sizes[chosen], ResizedCrop())
    for name in ("top", "left", "height", "width", "mirrored"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[chosen])
    other = draw_windows(5, 3, indices, sizes, ResizedCrop())
    assert not np.array_equal(other.left, whole.left) and not np.array_equal(other.mirrored, whole.mirrored)
    assert not draw_windows(5, 2, indices, sizes, ResizedCrop(flip=False)).mirrored.any()


def test_windows_never_change() -> None:
    """As in test_streams_never_change: one window holds all five streams."""
    found = draw_windows(0, 1, np.array([7]), np.array([[500, 375]]), ResizedCrop())
    assert (found.top[0], found.left[0], found.height[0], found.width[0], bool(found.mirrored[0])) == (
        0,
        37,
        372,
        285,
        True,
    )


def test_standard_is_what_suits_the_form() -> None:
    assert resolve(Standard(), "pixels") == CropFlip()
    assert resolve(Standard(), "files") == ResizedCrop()
    assert resolve(NoAugment(), "files") == NoAugment()
