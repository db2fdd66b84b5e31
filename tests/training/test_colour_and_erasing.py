"""Colour jitter and random erasing: torchvision's arithmetic and distributions, draws of our own."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, ks_2samp, kstest, uniform
from torchvision.transforms import RandomErasing
from torchvision.transforms.v2 import functional as F

from core.augmentation import Erasing, Jitter
from core.training.colour import CHANGES, Colours, draw_colours, recolour, turned
from core.training.erasing import Eraser

MANY = np.arange(20_000)
OPERATIONS = {
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "hue": F.adjust_hue,
}


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """uint8 (24, 12, 12, 3), black, white, grey and one-coloured ones among them."""
    images = torch.randint(0, 256, (24, 12, 12, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    for number, colour in enumerate([(0, 0, 0), (255, 255, 255), (90, 90, 90), (255, 0, 0), (0, 255, 9), (3, 0, 255)]):
        images[number] = torch.tensor(colour, dtype=torch.uint8)
    return images


def test_jitter_is_torchvisions_operations_in_the_drawn_order(images: torch.Tensor) -> None:
    colours = draw_colours(Jitter(hue=0.3), 2, 1, np.arange(24))
    ours = recolour(images, colours)
    assert len({tuple(order) for order in colours.order}) > 8
    for number in range(24):
        one = images[number].permute(2, 0, 1).float() / 255
        for change in colours.order[number]:
            one = OPERATIONS[CHANGES[change]](one, float(colours.amount[number, change]))
        apart = ours[number].int() - one.mul(255).add(0.5).to(torch.uint8).permute(1, 2, 0).int()
        assert apart.abs().max() <= 1


def test_the_hue_turns_as_torchvisions() -> None:
    colours = torch.rand(50, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    turn = torch.linspace(-0.5, 0.5, 50)
    theirs = torch.stack([F.adjust_hue(image, float(by)) for image, by in zip(colours, turn, strict=True)])
    assert torch.allclose(turned(colours, turn.view(-1, 1, 1, 1)), theirs, atol=1e-4)


def test_nothing_drawn_changes_nothing(images: torch.Tensor) -> None:
    still = Colours(np.tile(np.float32([1, 1, 1, 0]), (24, 1)), np.tile(np.arange(4), (24, 1)))
    assert torch.equal(recolour(images, still), images)


def test_factors_are_uniform_and_orders_equally_likely() -> None:
    colours = draw_colours(Jitter(brightness=0.5, contrast=0.2, saturation=1.0, hue=0.1), 0, 1, MANY)
    for column, reach, middle in zip(colours.amount.T, (0.5, 0.2, 1.0, 0.1), (1, 1, 1, 0), strict=True):
        assert kstest(column, uniform(middle - reach, 2 * reach).cdf).pvalue > 0.001
    _, counts = np.unique(colours.order, axis=0, return_counts=True)
    assert len(counts) == 24 and chisquare(counts).pvalue > 0.001


# --- erasing ----------------------------------------------------------------------------------------------------------


def eraser(side: int = 32, **spec: object) -> Eraser:
    return Eraser(Erasing(**spec), side, 4, (0.2, 0.5, 0.7), (0.1, 0.1, 0.1))  # type: ignore[arg-type]


def test_what_is_erased_is_distributed_as_torchvisions() -> None:
    mask = eraser(64, probability=1.0).mask(1, np.arange(3000))
    ours = mask.sum(axis=(1, 2))
    assert (ours > 0).all()
    torch.manual_seed(0)
    image = torch.zeros(3, 64, 64)
    drawn = np.array([RandomErasing.get_params(image, (0.02, 1 / 3), (0.3, 3.3), [0.0])[:4] for _ in range(3000)])
    assert ks_2samp(ours, drawn[:, 2] * drawn[:, 3]).pvalue > 0.001
    assert ks_2samp(mask.any(axis=2).sum(axis=1), drawn[:, 2]).pvalue > 0.001
    assert ks_2samp(mask.any(axis=2).argmax(axis=1), drawn[:, 0]).pvalue > 0.001
    assert ks_2samp(mask.any(axis=1).argmax(axis=1), drawn[:, 1]).pvalue > 0.001


def test_so_many_images_lose_something() -> None:
    assert abs(eraser(8, probability=0.3).mask(0, MANY).any(axis=(1, 2)).mean() - 0.3) < 0.02


def test_the_rest_of_an_image_stays(images: torch.Tensor) -> None:
    erase = eraser(12, probability=0.8)
    erased, mask = erase(images, 3, np.arange(24)), erase.mask(3, np.arange(24))
    assert torch.equal(erased[~torch.from_numpy(mask)], images[~torch.from_numpy(mask)])
    assert 0 < mask.any(axis=(1, 2)).sum() < 24
    chosen = np.array([20, 3])
    assert torch.equal(erase(images[chosen], 3, chosen), erased[chosen])
    assert not torch.equal(erase(images, 4, np.arange(24)), erased)


def test_noise_has_the_data_sets_colours_and_the_mean_is_plain() -> None:
    grey = torch.zeros(200, 32, 32, 3, dtype=torch.uint8)
    mask = torch.from_numpy(eraser(probability=1.0).mask(0, np.arange(200)))
    noise = eraser(probability=1.0)(grey, 0, np.arange(200))[mask].float() / 255
    assert torch.allclose(noise.mean(dim=0), torch.tensor([0.2, 0.5, 0.7]), atol=0.02)
    assert torch.allclose(noise.std(dim=0), torch.tensor([0.1, 0.1, 0.1]), atol=0.02)
    plain = eraser(probability=1.0, fill="mean")(grey, 0, np.arange(200))[mask]
    assert plain.unique(dim=0).tolist() == [[51, 128, 179]]
