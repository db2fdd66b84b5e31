"""The networks against what the literature's checkpoints look like."""

import pytest
import torch
import torchvision
from torch import nn

from core.catalog import ARCHITECTURES
from core.errors import Invalid
from core.training.models import BUILDERS, build, class_count, identify, survey
from core.training.models.layout import entries

# parameters in millions with 100 classes, entries without batch norms' counters, stem, head and its inputs:
# as published with the CIFAR-100 checkpoints of "Contrastive Representation Distillation" (Tian et al., 2020)
PUBLISHED = {
    "resnet8": ("0.084", 47, (16, 3, 3, 3), "fc", 64),
    "resnet14": ("0.181", 77, (16, 3, 3, 3), "fc", 64),
    "resnet20": ("0.278", 107, (16, 3, 3, 3), "fc", 64),
    "resnet32": ("0.473", 167, (16, 3, 3, 3), "fc", 64),
    "resnet44": ("0.667", 227, (16, 3, 3, 3), "fc", 64),
    "resnet56": ("0.862", 287, (16, 3, 3, 3), "fc", 64),
    "resnet110": ("1.737", 557, (16, 3, 3, 3), "fc", 64),
    "resnet8x4": ("1.234", 52, (32, 3, 3, 3), "fc", 256),
    "resnet32x4": ("7.434", 172, (32, 3, 3, 3), "fc", 256),
    "ResNet50": ("23.705", 267, (64, 3, 3, 3), "linear", 2048),
    "wrn_16_1": ("0.181", 69, (16, 3, 3, 3), "fc", 64),
    "wrn_16_2": ("0.703", 70, (16, 3, 3, 3), "fc", 128),
    "wrn_40_1": ("0.570", 189, (16, 3, 3, 3), "fc", 64),
    "wrn_40_2": ("2.255", 190, (16, 3, 3, 3), "fc", 128),
    "vgg8": ("3.965", 32, (64, 3, 3, 3), "classifier", 512),
    "vgg11": ("9.277", 50, (64, 3, 3, 3), "classifier", 512),
    "vgg13": ("9.462", 62, (64, 3, 3, 3), "classifier", 512),
    "vgg16": ("14.774", 80, (64, 3, 3, 3), "classifier", 512),
    "vgg19": ("20.087", 98, (64, 3, 3, 3), "classifier", 512),
    "MobileNetV2": ("0.813", 267, (16, 3, 3, 3), "classifier.0", 1280),
    "ShuffleV1": ("0.949", 247, (24, 3, 1, 1), "linear", 960),
    "ShuffleV2": ("1.356", 282, (24, 3, 1, 1), "linear", 1024),
}
FIRST = {"vgg": "block0.0.weight", "Mob": "conv1.0.weight"}
OURS = [entry.name for entry in ARCHITECTURES.values() if entry.library == "cifar"]
# of each library a few of every kind; the whole table is compared by `python -m core.training.models.survey`
SAMPLE = [
    "torchvision/alexnet",
    "torchvision/densenet121",
    "torchvision/efficientnet_b0",
    "torchvision/googlenet",
    "torchvision/inception_v3",
    "torchvision/mnasnet0_5",
    "torchvision/mobilenet_v3_small",
    "torchvision/regnet_y_400mf",
    "torchvision/resnet18",
    "torchvision/shufflenet_v2_x0_5",
    "torchvision/squeezenet1_1",
    "torchvision/vit_b_32",
    "timm/cait_xxs24_224",
    "timm/convnext_atto",
    "timm/deit_tiny_distilled_patch16_224",
    "timm/efficientnet_b0",
    "timm/ghostnet_100",
    "timm/levit_128s",
    "timm/mixer_s32_224",
    "timm/mobilenetv3_small_050",
    "timm/mobilevit_xxs",
    "timm/resnet18",
    "timm/tf_efficientnet_b0",
    "timm/vit_tiny_patch16_224",
]


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_layout_is_the_literatures(name: str) -> None:
    millions, count, stem, head, inputs = PUBLISHED[name]
    network = build(f"cifar/{name}", classes=100)
    state = network.state_dict()
    weights = entries(state)
    assert f"{parameters(network) / 1e6:.3f}" == millions
    assert len(weights) == count
    assert weights[0] == FIRST.get(name[:3], "conv1.weight") and tuple(state[weights[0]].shape) == stem
    assert weights[-2:] == [f"{head}.weight", f"{head}.bias"] and tuple(state[weights[-2]].shape) == (100, inputs)


def test_names_inside_the_networks_are_the_literatures() -> None:
    inside = {
        "resnet8": ["layer1.0.conv1.weight", "layer2.0.downsample.0.weight", "layer2.0.downsample.1.running_mean"],
        "resnet8x4": ["layer1.0.downsample.0.weight"],
        "ResNet50": ["layer1.0.conv3.weight", "layer4.0.shortcut.1.bias", "layer4.2.bn3.running_var"],
        "wrn_16_2": ["block1.layer.0.convShortcut.weight", "block3.layer.1.bn2.weight", "bn1.running_mean"],
        "vgg13": ["block0.3.bias", "block4.4.running_var"],
        "MobileNetV2": ["blocks.1.1.conv.7.weight", "blocks.6.0.conv.3.weight", "conv2.1.weight"],
        "ShuffleV1": ["layer1.0.conv3.weight", "layer3.3.bn3.bias"],
        "ShuffleV2": ["layer1.0.conv5.weight", "layer2.7.bn3.bias", "conv2.weight", "bn2.bias"],
    }
    for name, names in inside.items():
        with torch.device("meta"):
            assert set(names) <= build(f"cifar/{name}", 100).state_dict().keys(), name


def test_the_catalogs_own_networks_are_the_literatures() -> None:
    assert set(PUBLISHED) == {name.removeprefix("cifar/") for name in OURS}
    assert set(BUILDERS) == set(OURS)


@pytest.mark.parametrize("name", [*OURS, *SAMPLE])
def test_a_row_of_the_table_is_what_the_network_is(name: str) -> None:
    """Sizes, layout, smallest side, published weights: by the very survey that writes the table."""
    row = survey.survey(name)
    assert not isinstance(row, str), row
    assert list(survey.differences({name: survey.read_table()[name]}, {name: row})) == []


@pytest.mark.parametrize("name", ["timm/efficientnet_b0", "timm/vit_tiny_patch16_224", "timm/resnet18"])
def test_a_path_is_dropped_in_training_alone(name: str) -> None:
    torch.manual_seed(0)
    plain = build(name, 3).eval()
    torch.manual_seed(0)
    dropping = build(name, 3, drop_path=0.3).eval()
    side = ARCHITECTURES[name].image_size
    images = torch.randn(4, 3, side, side)
    with torch.no_grad():
        assert torch.equal(plain(images), dropping(images))  # the same start, the same answers
    chances = [module.drop_prob for module in dropping.modules() if type(module).__name__ == "DropPath"]
    assert 0.2 < max(chances) < 0.301 and min(chances) < max(chances)
    assert plain.state_dict().keys() == dropping.state_dict().keys()


@pytest.mark.parametrize("name", ["resnet8", "torchvision/resnet18", "timm/densenet121"])
def test_a_network_without_paths_refuses_to_drop_any(name: str) -> None:
    with pytest.raises(Invalid, match="no path to drop"):
        build(name, 3, drop_path=0.1)


def test_torchvisions_sizes_are_those_it_publishes() -> None:
    """Its own figures for every network, which nobody here has counted; rounded to 0.001 billion multiply-adds."""
    compared = 0
    for name in torchvision.models.list_models(module=torchvision.models):
        entry = ARCHITECTURES[f"torchvision/{name}"]
        weights = torchvision.models.get_model_weights(name)[entry.weights[0].tag]
        if entry.weights[0].image_size == entry.image_size:
            compared += 1
            assert entry.multiply_adds / 1e9 == pytest.approx(weights.meta["_ops"], rel=1e-3, abs=6e-4), name
            if name != "inception_v3":  # its figure has the second head of training
                assert entry.parameters(1000) == weights.meta["num_params"], name
    assert compared > 70


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(Invalid, match=r"no architecture 'resnet21'.*resnet20"):
        build("resnet21", classes=10)
    with pytest.raises(Invalid, match="at least one class"):
        build("resnet8", classes=0)


@pytest.mark.parametrize("side", [4, 5, 8, 28, 32, 33])
def test_any_side_from_four_pixels(side: int) -> None:
    for name in ("cifar/resnet8", "resnet8x4", "wrn_16_1", "MobileNetV2", "ShuffleV1", "ShuffleV2"):
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


@pytest.mark.parametrize("name", OURS)
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
