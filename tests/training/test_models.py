"""The networks against what the literature's checkpoints look like."""

import pytest
import torch
from torch import nn

from core.catalog import ARCHITECTURES
from core.errors import Invalid
from core.training.models import BUILDERS, build, class_count, identify

# parameters in millions with 100 classes, entries without batch norms' counters, stem, head inputs:
# as published with the CIFAR-100 checkpoints of "Contrastive Representation Distillation" (Tian et al., 2020)
PUBLISHED = {
    "resnet8": ("0.084", 47, 16, 64),
    "resnet14": ("0.181", 77, 16, 64),
    "resnet20": ("0.278", 107, 16, 64),
    "resnet32": ("0.473", 167, 16, 64),
    "resnet44": ("0.667", 227, 16, 64),
    "resnet56": ("0.862", 287, 16, 64),
    "resnet110": ("1.737", 557, 16, 64),
    "resnet8x4": ("1.234", 52, 32, 256),
    "resnet32x4": ("7.434", 172, 32, 256),
}


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_layout_is_the_literatures(name: str) -> None:
    millions, entries, stem, inputs = PUBLISHED[name]
    network = build(name, classes=100)
    state = network.state_dict()
    weights = [key for key in state if not key.endswith("num_batches_tracked")]
    assert f"{parameters(network) / 1e6:.3f}" == millions
    assert len(weights) == entries
    assert weights[0] == "conv1.weight" and tuple(state["conv1.weight"].shape) == (stem, 3, 3, 3)
    assert weights[-2:] == ["fc.weight", "fc.bias"] and tuple(state["fc.weight"].shape) == (100, inputs)
    assert {"layer1.0.conv1.weight", "layer1.0.bn2.running_mean", "layer2.0.downsample.0.weight"} <= set(weights)
    assert {"layer2.0.downsample.1.weight", "layer3.0.conv2.weight"} <= set(weights)
    assert ("layer1.0.downsample.0.weight" in state) == name.endswith("x4")


def test_every_name_of_the_catalog_is_built_with_the_size_it_says() -> None:
    assert set(PUBLISHED) == {entry.short for entry in ARCHITECTURES.values()}
    assert set(BUILDERS) == set(ARCHITECTURES)
    for name, entry in ARCHITECTURES.items():
        for classes in (2, 10, 1000):
            with torch.device("meta"):
                assert parameters(build(name, classes)) == entry.parameters(classes)


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(Invalid, match=r"no architecture 'resnet21'.*resnet20"):
        build("resnet21", classes=10)
    with pytest.raises(Invalid, match="at least one class"):
        build("resnet8", classes=0)


@pytest.mark.parametrize("side", [4, 5, 8, 28, 32, 33])
def test_any_side_from_four_pixels(side: int) -> None:
    for name in ("cifar/resnet8", "resnet8x4"):
        network = build(name, classes=7).eval()
        with torch.no_grad():
            assert network(torch.randn(3, 3, side, side)).shape == (3, 7)


def test_the_start_is_he_initialisation_and_a_function_of_the_seed() -> None:
    torch.manual_seed(3)
    network = build("resnet32x4", classes=10)
    torch.manual_seed(3)
    again = build("resnet32x4", classes=10)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.out_channels * module.kernel_size[0] * module.kernel_size[1]
            assert module.bias is None
            assert module.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.1)
        elif isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all() and (module.bias == 0).all()


def test_a_block_is_the_published_one() -> None:
    """By hand, from the state dict alone: conv, norm, relu, conv, norm, plus shortcut, relu."""
    torch.manual_seed(0)
    network = build("resnet8", classes=5).double().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                assert tensor is not None
                tensor.data.uniform_(0.5, 1.5)
    state = network.state_dict()

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        mean, var, weight, bias = (
            state[f"{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        scaled: torch.Tensor = (x - mean) / torch.sqrt(var + 1e-5) * weight + bias
        return scaled

    def conv(x: torch.Tensor, name: str, stride: int = 1, padding: int = 1) -> torch.Tensor:
        return torch.conv2d(x, state[f"{name}.weight"], stride=stride, padding=padding)

    images = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    x = norm(conv(images, "conv1"), "bn1").clamp(min=0)
    for stage, stride in (("layer1.0", 1), ("layer2.0", 2), ("layer3.0", 2)):
        y = norm(conv(x, f"{stage}.conv1", stride), f"{stage}.bn1").clamp(min=0)
        y = norm(conv(y, f"{stage}.conv2"), f"{stage}.bn2")
        if stride == 2:
            x = norm(conv(x, f"{stage}.downsample.0", stride, 0), f"{stage}.downsample.1")
        x = (x + y).clamp(min=0)
    expected = x.mean(dim=(2, 3)) @ state["fc.weight"].T + state["fc.bias"]
    assert torch.allclose(network(images), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_weights_tell_their_architecture_and_classes(name: str) -> None:
    with torch.device("meta"):
        state = dict(build(name, 17).state_dict())
    assert identify(state) == [name]
    assert class_count(state, name) == 17
    shuffled = dict(sorted(state.items(), reverse=True))
    assert identify(shuffled) == [name]  # safetensors keeps no order
    older = {key: tensor for key, tensor in state.items() if not key.endswith("num_batches_tracked")}
    assert identify(older) == [name]


def test_strange_weights_are_of_no_architecture() -> None:
    with torch.device("meta"):
        state = dict(build("resnet20", 10).state_dict())
    assert identify({}) == []
    assert identify({"conv1.weight": state["conv1.weight"]}) == []
    assert identify(state | {"extra": torch.zeros(1)}) == []
    assert identify(state | {"fc.weight": torch.zeros(10, 65)}) == []
    assert identify(state | {"fc.weight": torch.zeros(10)}) == []
    assert class_count({}, "cifar/resnet20") is None
