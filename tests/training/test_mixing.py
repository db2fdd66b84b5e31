"""Mixup and CutMix: what is in the image is what the labels say."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from scipy.stats import beta, kstest

from core.augmentation import Mix
from core.training.losses import build_loss
from core.training.losses.terms import task_loss
from core.training.mixing import Mixed, draw_pairs, mix_images
from core.training.step import Lesson, teach

MANY = np.arange(20_000)


def test_neighbours_make_a_pair_and_the_last_stays_alone() -> None:
    pairs = draw_pairs(Mix(mixup=1, cutmix=0), 0, 1, np.arange(5), 4)
    assert pairs.partner.tolist() == [1, 0, 3, 2, 4]
    part = draw_pairs(Mix(mixup=1, cutmix=0), 0, 1, np.arange(2, 5), 4)
    assert np.array_equal(part.blended, pairs.blended[2:]), "divided at an even place nothing changes"


@pytest.mark.parametrize("alpha", [0.2, 0.8, 1.0, 4.0])
def test_shares_are_of_the_beta_distribution(alpha: float) -> None:
    blended = draw_pairs(Mix(mixup=alpha, cutmix=0), 0, 1, MANY, 4).blended
    assert kstest(blended, beta(alpha, alpha).cdf).pvalue > 0.001


def test_a_rectangle_has_the_area_that_was_drawn_where_it_lies_inside() -> None:
    """Beta(1, 1) is uniform, as is the place: then it is known how much lies inside on the average."""
    cut = draw_pairs(Mix(mixup=0, cutmix=1), 0, 1, np.arange(4000), 64).cut
    generator = np.random.default_rng(0)
    length = 64 * np.sqrt(generator.uniform(size=40_000))
    places = generator.uniform(0, 64, (2, 40_000))
    low, high = np.maximum(places - length / 2, 0), np.minimum(places + length / 2, 64)
    assert cut.mean() == pytest.approx((high - low).prod(axis=0).mean() / 64**2, abs=0.02)


def test_so_many_pairs_are_mixed_and_so_many_cut() -> None:
    pairs = draw_pairs(Mix(probability=0.6, switch=0.25), 0, 1, MANY, 32)
    blended, cut = pairs.blended < 1, pairs.cut.any(axis=(1, 2))
    assert not (blended & cut).any()
    assert blended.mean() == pytest.approx(0.6 * 0.75, abs=0.02)
    assert cut.mean() == pytest.approx(0.6 * 0.25, abs=0.02)


def test_what_is_in_the_image_is_what_the_labels_say() -> None:
    """Each image has one colour, which is its label: the mean of a mixed image is the mean of its labels."""
    count = 400
    colours = torch.from_numpy(np.random.default_rng(0).permutation(count) % 251).to(torch.uint8)
    images = colours.view(-1, 1, 1, 1).expand(count, 16, 16, 3).contiguous()
    pairs = draw_pairs(Mix(probability=0.8), 3, 1, np.arange(count), 16)
    mixed_images, first, mixed = mix_images(images, colours.long(), pairs)
    assert (mixed.share >= 0.5).all() and (mixed.share < 1).any() and (mixed.share == 1).any()
    means = mixed_images.float().mean(dim=(1, 2, 3))
    assert torch.allclose(means, mixed.share * first + (1 - mixed.share) * mixed.labels, atol=0.51)
    assert mixed_images.dtype == torch.uint8


def test_the_cross_entropy_is_that_with_both_labels() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(9, 4, generator=generator, dtype=torch.float64)
    labels, others = torch.randint(0, 4, (2, 9), generator=generator)
    share = 0.5 + torch.rand(9, generator=generator, dtype=torch.float64) / 2
    soft = share[:, None] * F.one_hot(labels, 4) + (1 - share)[:, None] * F.one_hot(others, 4)
    found = task_loss(logits, labels, 0.1, Mixed(others, share))
    assert torch.allclose(found, F.cross_entropy(logits, soft, label_smoothing=0.1))
    nobody = torch.full((9,), -1)
    assert float(task_loss(logits, nobody, 0.0, Mixed(nobody, share))) == 0.0
    half_known = task_loss(logits, labels, 0.0, Mixed(nobody, share))
    each = F.cross_entropy(logits, labels, reduction="none")
    assert torch.allclose(half_known, (share * each).sum() / share.sum())


@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("kind", ["task", "kd", "dist", "dkd", "mlkd"])
def test_a_mixed_step_in_parts_is_the_whole_step(kind: str, views: int) -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(12, 3, 2, 2, generator=generator, dtype=torch.float64)
    teacher = torch.randn(12, 5, generator=generator, dtype=torch.float64)
    labels, others = torch.randint(-1, 5, (2, 12), generator=generator)
    mixed = Mixed(others, 0.5 + torch.rand(12, generator=generator, dtype=torch.float64) / 2)
    lesson = Lesson(images, teacher, labels, 0, mixed, views)
    gradients = []
    for parts in (1, 3, 5):
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 5)).double()
        teach(network, lambda images, _: network(images), build_loss({"kind": kind}), lesson, parts)  # noqa: B023
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
    for gradient in gradients[1:]:
        assert torch.allclose(gradient, gradients[0], atol=1e-12)


@pytest.mark.parametrize("batch", ["global", "local"])
def test_relations_are_those_within_a_view(batch: str) -> None:
    """Two views of one image are no two images: the loss is the mean of what each view alone would give."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(8, 5, generator=generator, dtype=torch.float64)
    teacher = torch.randn(8, 5, generator=generator, dtype=torch.float64)
    labels = torch.arange(8) % 5
    loss = build_loss({"kind": "dist", "batch": batch})

    def total(rows: slice, views: int) -> float:
        network = torch.nn.Identity()
        given = images[rows].clone().requires_grad_()
        return float(
            teach(network, lambda x, _: x, loss, Lesson(given, teacher[rows], labels[rows], 0, None, views)).total
        )

    apart = (total(slice(0, 4), 1) + total(slice(4, 8), 1)) / 2
    assert total(slice(0, 8), 2) == pytest.approx(apart, rel=1e-12)
    assert total(slice(0, 8), 1) != pytest.approx(apart, rel=1e-3)


def test_nothing_to_mix_is_refused() -> None:
    with pytest.raises(ValidationError, match="leave mix away"):
        Mix(mixup=0, cutmix=0)
    assert Mix(mixup=0).share_of_cutmix == 1 and Mix(cutmix=0).share_of_cutmix == 0
