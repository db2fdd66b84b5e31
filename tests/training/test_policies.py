"""AutoAugment, RandAugment, TrivialAugment: torchvision's operations and strengths, draws of our own."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, kstest, norm
from torchvision.transforms import InterpolationMode, v2

from core.augmentation import AutoAugment, Policy, RandAugment, TrivialAugment
from core.training.policies import (
    DRAWN,
    OPERATIONS,
    SIGNED,
    Operations,
    apply,
    apply_policy,
    distort,
    draw_policy,
    strength,
)

MANY = np.arange(20_000)
THEIRS = {"usual": v2.RandAugment, "wide": v2.TrivialAugmentWide}


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """Smooth ones, and noise: uint8 (8, 16, 16, 3)."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(8, 3, 4, 4, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (16, 16), mode="bilinear").permute(0, 2, 3, 1)
    noise = torch.rand(8, 16, 16, 3, generator=generator)
    return (0.8 * smooth + 0.2 * noise).mul(255).to(torch.uint8)


@pytest.mark.parametrize("space", THEIRS)
@pytest.mark.parametrize("number", range(DRAWN))
def test_operations_and_strengths_are_torchvisions(images: torch.Tensor, number: int, space: str) -> None:
    theirs = THEIRS[space](interpolation=InterpolationMode.BILINEAR)
    name, wide = OPERATIONS[number], space == "wide"
    magnitudes, signed = theirs._AUGMENTATION_SPACE[name]
    assert signed == SIGNED[number]
    table = magnitudes(31, 16, 16)
    for level in range(0, 31, 3):
        for sign in (1, -1) if signed else (1,):
            value = float(table[level]) * sign if table is not None else 0.0
            assert strength(name, level / 30, 16, wide) * sign == pytest.approx(value, abs=1e-5)
            expected = theirs._apply_image_or_video_transform(
                images.permute(0, 3, 1, 2), name, value, InterpolationMode.BILINEAR, theirs._fill
            )
            ours = apply(name, images.permute(0, 3, 1, 2), value)
            assert torch.equal(ours, expected)
            # A strength's last bit decides whether it is sixteen pixels or fifteen: ours, then, not theirs.
            expected = apply(name, images.permute(0, 3, 1, 2), strength(name, level / 30, 16, wide) * sign)
            same = Operations(np.full(8, number), np.full(8, level / 30), np.full(8, sign))
            assert torch.equal(distort(images, same, wide).permute(0, 3, 1, 2), expected)


def test_every_name_is_an_operation(images: torch.Tensor) -> None:
    assert torch.equal(apply("Invert", images, 0), 255 - images)
    with pytest.raises(ValueError, match="there are: Identity, ShearX"):
        apply("Blur", images, 0)


@pytest.mark.parametrize(
    "policy", [RandAugment(), RandAugment(operations=3, deviation=2, probability=0.5), AutoAugment(), TrivialAugment()]
)
def test_an_image_is_distorted_alike_in_whatever_batch_it_is(images: torch.Tensor, policy: Policy) -> None:
    def distorted(indices: np.ndarray, epoch: int) -> torch.Tensor:
        return apply_policy(policy, images[torch.from_numpy(indices)], 5, epoch, indices)

    before = images.clone()
    whole = distorted(np.arange(8), 3)
    assert whole.shape == images.shape and whole.dtype == torch.uint8
    chosen = np.array([6, 0, 5])
    assert torch.equal(distorted(chosen, 3), whole[torch.from_numpy(chosen)])
    assert not torch.equal(distorted(np.arange(8), 4), whole)
    assert torch.equal(images, before), "what is given is left as it is"


def test_randaugment_draws_evenly() -> None:
    first, second = draw_policy(RandAugment(magnitude=12), 0, 1, MANY)
    together = first.number * DRAWN + second.number
    assert chisquare(np.bincount(together, minlength=DRAWN**2)).pvalue > 0.001
    assert set(first.level) == {12 / 30}
    assert abs(first.sign.mean()) < 0.03 and set(first.sign) == {1, -1}


def test_randaugments_strength_spreads_and_some_is_left_out() -> None:
    (only,) = draw_policy(RandAugment(operations=1, magnitude=15, deviation=4, probability=0.5), 0, 1, MANY)
    levels = np.rint(only.level * 30) + np.random.default_rng(0).uniform(-0.5, 0.5, len(MANY))  # rounded before
    assert kstest(levels, norm(15, 4).cdf).pvalue > 0.001
    left_out = (only.number == 0).mean()
    assert abs(left_out - (0.5 + 0.5 / DRAWN)) < 0.02
    (greatest,) = draw_policy(RandAugment(operations=1, magnitude=30, deviation=10), 0, 1, MANY)
    assert greatest.level.max() == 1 and greatest.level.min() >= 0


def test_trivialaugment_takes_any_strength() -> None:
    (only,) = draw_policy(TrivialAugment(), 0, 1, MANY)
    assert chisquare(np.bincount(only.number, minlength=DRAWN)).pvalue > 0.001
    assert chisquare(np.bincount(np.rint(only.level * 30).astype(int), minlength=31)).pvalue > 0.001


@pytest.mark.parametrize("found_on", ["imagenet", "cifar10", "svhn"])
def test_autoaugments_pairs_are_torchvisions(found_on: str) -> None:
    theirs = v2.AutoAugment(v2.AutoAugmentPolicy(found_on))
    first, second = draw_policy(AutoAugment(found_on=found_on), 0, 1, MANY)  # type: ignore[arg-type]
    expected = np.zeros((len(OPERATIONS), len(OPERATIONS)))
    for (one, chance, _), (other, other_chance, _) in theirs._policies:
        for number, share in ((OPERATIONS.index(one), chance), (0, 1 - chance)):
            for then, also in ((OPERATIONS.index(other), other_chance), (0, 1 - other_chance)):
                expected[number, then] += share * also / len(theirs._policies)
    seen = np.zeros_like(expected)
    np.add.at(seen, (first.number, second.number), 1)
    assert not seen[expected == 0].any()
    possible = expected > 0
    assert chisquare(seen[possible], expected[possible] * len(MANY)).pvalue > 0.001
    for (one, _, level), _ in theirs._policies:
        values = theirs._AUGMENTATION_SPACE[one][0](10, 32, 32)
        if values is not None:
            assert strength(one, level / 9, 32, wide=False) == pytest.approx(float(values[level]), abs=1e-4)
