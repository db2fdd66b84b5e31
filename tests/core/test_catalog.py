"""Names and figures of the catalog, without torch."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.catalog import ARCHITECTURES, LIBRARIES, architecture, canonical_name, find_architecture
from core.errors import Invalid


def test_a_bare_name_is_looked_up_library_by_library() -> None:
    assert canonical_name("resnet20") == "cifar/resnet20"
    assert canonical_name("vgg16") == "cifar/vgg16"  # torchvision has one too
    assert canonical_name("ResNet50") == "cifar/ResNet50"
    assert canonical_name("resnet18") == "torchvision/resnet18"
    assert canonical_name("nothing") == "nothing"


def test_a_tag_chooses_weights_and_their_view() -> None:
    plain = architecture("torchvision/resnet18")
    tagged = architecture("resnet18.IMAGENET1K_V1")
    assert tagged.name == "torchvision/resnet18.IMAGENET1K_V1" and tagged.network == plain.name
    assert tagged.weights == plain.weights and tagged.image_size == 224
    with pytest.raises(Invalid, match="has the weights IMAGENET1K_V1"):
        architecture("torchvision/resnet18.IMAGENET1K_V7")


@pytest.mark.parametrize("name", ["resnet21", "torchvision/resnet19", "RESNET18", "mobilenet_v3_smal", "x" * 5000, ""])
def test_unknown_names_are_refused_with_near_ones(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        architecture(name, "/here")
    (problem,) = caught.value.problems
    assert (problem.pointer, problem.code) == ("/here", "unknown_architecture")
    if "net" in name.casefold():
        near = problem.detail.partition("Did you mean ")[2].rstrip("?").split(", ")
        assert near[0] in {entry.short for entry in ARCHITECTURES.values()}


def test_every_row_is_whole() -> None:
    for name, entry in ARCHITECTURES.items():
        assert entry.name == name and entry.library in LIBRARIES and find_architecture(name) is entry
        assert entry.min_image_size <= entry.image_size and (not entry.fixed_size or entry.min_image_size >= 4)
        assert 0 < entry.parameters(1) < entry.parameters(1000) and entry.multiply_adds > 0
        assert len(entry.layout) == 16 and entry.head and entry.description
        assert len(entry.mean) == len(entry.std) == (0 if entry.library == "cifar" else 3)
        assert len({weights.tag for weights in entry.weights}) == len(entry.weights)
        for weights in entry.weights:
            assert weights.url.startswith("https://") and "/" not in weights.file and weights.classes >= 0
            assert len(weights.mean) == len(weights.std) == 3


def test_figures_are_those_of_the_papers() -> None:
    resnet = architecture("torchvision/resnet18")
    assert resnet.parameters(1000) == 11_689_512
    assert round(resnet.multiply_adds / 1e9, 2) == 1.81
    assert (resnet.image_size, resnet.fixed_size, resnet.mean) == (224, False, (0.485, 0.456, 0.406))


def test_the_table_waits_for_its_first_reader() -> None:
    code = "import core.catalog as c; print('_rows' in vars(c.ARCHITECTURES), len(c.ARCHITECTURES) > 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path.cwd(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
