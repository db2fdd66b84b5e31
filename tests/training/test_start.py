"""Students that start from published weights: files as the libraries write them."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import safetensors.torch
import torch
import torchvision
from torch import Tensor

from core.catalog import architecture
from core.errors import Failure, TrainingFailed
from core.plan import StudentPlan, plan_students
from core.recipe import Recipe
from core.training.models import build
from core.training.models.start import load_pretrained, start_network

SMALL = "timm/mobilenetv3_small_050"


def published(name: str) -> dict[str, Tensor]:
    torch.manual_seed(5)
    return dict(build(name, 1000).state_dict())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """timm's file of SMALL."""
    safetensors.torch.save_file(published(SMALL), tmp_path / "small.safetensors")
    return tmp_path / "small.safetensors"


def tag(name: str) -> str:
    return architecture(name).weights[0].tag


def same(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> list[str]:
    assert a.keys() == b.keys()
    return [key for key in a if not torch.equal(a[key], b[key])]


def plan(**student: object) -> StudentPlan:
    wish = {"dataset": "d", "control": False, "students": [{"name": "a", "architecture": SMALL} | student]}
    return plan_students(Recipe.model_validate(wish))[0]


def test_as_many_classes_keep_the_head(file: Path) -> None:
    assert same(load_pretrained(SMALL, tag(SMALL), 1000, file).state_dict(), published(SMALL)) == []


def test_other_classes_get_a_new_head_from_the_seed(file: Path) -> None:
    key = f"{SMALL}:{tag(SMALL)}"
    start = plan(init="pretrained")
    torch.manual_seed(1)
    network = start_network(start, 7, {key: file})
    torch.manual_seed(1)
    scratch = start_network(plan(), 7, {})
    assert all(torch.equal(network.state_dict()[k], scratch.state_dict()[k]) for k, _ in architecture(SMALL).head)
    head = {k for k, _ in architecture(SMALL).head}
    body = {k: t for k, t in network.state_dict().items() if k not in head}
    assert same(body, {k: t for k, t in published(SMALL).items() if k not in head}) == []
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


def test_a_tag_in_the_name_is_its_start(file: Path) -> None:
    named = f"{SMALL}.{tag(SMALL)}"
    network = start_network(plan(architecture=named, init="pretrained"), 1000, {f"{named}:{tag(SMALL)}": file})
    assert same(network.state_dict(), published(SMALL)) == []


def test_torchvisions_files_of_older_and_fuller_networks(tmp_path: Path) -> None:
    """Densenets' norms were called norm.1; googlenet's file has two more heads."""
    state = published("torchvision/densenet121")
    older = {k.replace("norm1.", "norm.1.").replace("norm2.", "norm.2."): t for k, t in state.items()}
    older = {k.replace("conv1.", "conv.1.").replace("conv2.", "conv.2."): t for k, t in older.items()}
    assert older.keys() != state.keys()
    torch.save(older, tmp_path / "densenet.pth")
    loaded = load_pretrained("torchvision/densenet121", "IMAGENET1K_V1", 1000, tmp_path / "densenet.pth")
    assert same(loaded.state_dict(), state) == []
    fuller = torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False).state_dict()
    assert any(key.startswith("aux1.") for key in fuller)
    torch.save(fuller, tmp_path / "googlenet.pth")
    network = load_pretrained("torchvision/googlenet", "IMAGENET1K_V1", 3, tmp_path / "googlenet.pth")
    assert network.train()(torch.zeros(2, 3, 64, 64)).shape == (2, 3)


def unfit(file: Path) -> Failure:
    with pytest.raises(TrainingFailed) as caught:
        load_pretrained(SMALL, tag(SMALL), 1000, file)
    assert caught.value.failure.code == "weights_unfit"
    assert str(file) in caught.value.failure.hint and "https://" in caught.value.failure.hint
    return caught.value.failure


def test_any_other_file_is_refused_by_entry(tmp_path: Path, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])
    assert "broken" in unfit(file).detail or "header" in unfit(file).detail
    state = published(SMALL)
    del state["conv_stem.weight"]
    state["bn1.weight"], state["more"] = torch.zeros(3), torch.zeros(1)
    safetensors.torch.save_file(state, file)
    detail = unfit(file).detail
    for part in ("conv_stem.weight is missing", "more does not belong", "bn1.weight has shape [3] instead of [16]"):
        assert part in detail
    safetensors.torch.save_file(published("timm/resnet18"), file)
    assert "And " in unfit(file).detail
