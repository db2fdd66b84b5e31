"""What torch.save writes is read as torch reads it, bit for bit, in both formats; what lies beside is not built."""

import argparse
import collections
import datetime
import functools
import random
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.intake.checkpoint.described import DTYPES
from tests.intake.saved import (
    FORMATS,
    a_dict,
    number,
    read,
    refused,
    same_bits,
    save,
    tensor,
    text,
    write_by_hand,
    write_members,
)

State = dict[str, Tensor]


@pytest.fixture
def state() -> State:
    generator = torch.Generator().manual_seed(0)
    return {
        "conv.weight": torch.randn(4, 3, 3, 3, generator=generator),
        "bn.running_var": torch.rand(4, generator=generator),
        "bn.num_batches_tracked": torch.tensor(7),
    }


# --- where the weights lie ----------------------------------------------------------------------------------------

LAYOUTS: dict[str, Callable[[State], Any]] = {
    "": lambda s: collections.OrderedDict(s),
    "model": lambda s: {"epoch": 240, "model": s, "accuracy": 72.3, "optimizer": {"state": {}, "param_groups": []}},
    "state_dict": lambda s: {"state_dict": s, "model": "resnet8", "state_dict_ema": {"a": torch.ones(1)}},
    "net": lambda s: {"net": s, "acc": 91.2, "epoch": 199},
    "network": lambda s: {"network": s},
    "model_state_dict": lambda s: {"model_state_dict": s, "loss": torch.tensor(0.3)},
    "weights": lambda s: {"weights": s, "classes": ["cat", "dog"]},
    "teacher": lambda s: {"student": {"a": torch.ones(1)}, "teacher": s},
    "model.state_dict": lambda s: {"model": {"state_dict": s, "training": True}},
    "state_dict_ema": lambda s: {"state_dict_ema": s, "arch": "resnet8"},
    "model_ema": lambda s: {"model_ema": {"n_averaged": torch.tensor(3)} | s},
    "ema_model": lambda s: {"ema_model": s, "epoch": 3},
    "ema_state_dict": lambda s: {"ema_state_dict": s},
    "ema": lambda s: {"ema": s},
    "ema.module": lambda s: {"ema": {"module": s, "decay": 0.9999, "updates": 12}},
    "ema.state_dict": lambda s: {"ema": {"state_dict": collections.defaultdict(None, s), "decay": 0.9}},
}


@pytest.mark.parametrize("at", LAYOUTS)
@pytest.mark.parametrize("form", FORMATS)
def test_every_layout_as_torch_reads_it(tmp_path: Path, state: State, at: str, form: str) -> None:
    file = save(tmp_path / "up.pth", LAYOUTS[at](state), form)
    found, seen = read(file)
    theirs = torch.load(file, weights_only=False)
    for name in filter(None, at.split(".")):
        theirs = theirs[name]
    assert found.keys() == theirs.keys()
    assert all(same_bits(found[name], theirs[name]) for name in theirs)
    assert seen["at"] == at


def test_the_plain_weights_come_before_averaged_ones(tmp_path: Path, state: State) -> None:
    found, seen = read(save(tmp_path / "up.pth", {"ema": {"a": torch.ones(1)}, "model": {"state_dict": state}}))
    assert found.keys() == state.keys() and seen == {"at": "model.state_dict", "beside": ["ema"], "named": None}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"arch": "resnet8"}, "resnet8"),
        ({"args": argparse.Namespace(model="resnet8")}, "resnet8"),
        ({"opt": argparse.Namespace(arch="resnet8")}, "resnet8"),
        ({"args": {"arch": "resnet8"}}, "resnet8"),
        ({"args": ["resnet8"], "arch": 8}, None),
    ],
)
def test_the_name_that_the_script_wrote_down(tmp_path: Path, state: State, content: Any, named: str | None) -> None:
    assert read(save(tmp_path / "up.pth", {"model": state} | content))[1]["named"] == named


# --- tensors ------------------------------------------------------------------------------------------------------


# torch writes these in its older format, but fails to read them back
TORCH_CANNOT = ("uint64", "uint32", "uint16", "float8_e4m3fn", "float8_e5m2")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(tmp_path: Path, dtype: str, form: str) -> None:
    kind = getattr(torch, dtype)
    raw = torch.from_numpy(np.random.default_rng(0).integers(0, 256, 240, np.uint8))
    values = raw % 2 == 1 if kind is torch.bool else raw.view(kind)  # any bits: NaN with their payloads too
    file = save(tmp_path / "up.pt", {"a": values, "b": values.reshape(2, -1).t(), "c": values[3:4].reshape(())}, form)
    found, _ = read(file)
    assert found["a"].dtype == kind and same_bits(found["a"], values)
    if form == "zip" or dtype not in TORCH_CANNOT:
        theirs = torch.load(file)
        assert all(same_bits(found[name], theirs[name]) for name in "abc")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_other_dtypes_are_named(tmp_path: Path, form: str, dtype: torch.dtype) -> None:
    failure = refused(save(tmp_path / "up.pt", {"fine": torch.ones(2), "odd": torch.ones(2, dtype=dtype)}, form))
    assert failure.code == "checkpoint_corrupt" and "odd is Complex" in failure.detail


@pytest.mark.parametrize("form", FORMATS)
def test_views_and_shared_storages(tmp_path: Path, form: str) -> None:
    base = torch.randn(6, 8, generator=torch.Generator().manual_seed(1))
    attributed = nn.Parameter(base[0].clone())
    attributed.role = "anchor"  # type: ignore[attr-defined]
    held = {
        "base": base,
        "tied": base,
        "transposed": base.t(),
        "rows": base[2:5],
        "columns": base[:, ::3],
        "diagonal": base.diagonal(),
        "last": base[5, 7],
        "permuted": base.view(2, 3, 8).permute(2, 0, 1),
        "windows": base.view(-1)[:20].unfold(0, 4, 2),  # overlapping
        "expanded": base[0, :1].expand(5),
        "channels": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "one": torch.randn(1, 3, 1).transpose(0, 2),
        "empty": base[:0],
        "nothing": torch.zeros(0),
        "parameter": nn.Parameter(base),
        "attributed": attributed,
        "buffer": nn.Buffer(base[1]),
    }
    file = save(tmp_path / "up.pt", held, form)
    found, _ = read(file)
    theirs = torch.load(file, weights_only=False)
    assert found.keys() == held.keys()
    assert [name for name in held if not same_bits(found[name], theirs[name].detach())] == []


def test_the_result_depends_on_the_tensors_alone(tmp_path: Path, state: State) -> None:
    """Canonical: the same file from either format and any order."""
    files = []
    for form in FORMATS:
        for content in (state, dict(reversed(state.items()))):
            read(save(tmp_path / "up.pt", content, form))
            files.append((tmp_path / "up.converted").read_bytes())
    assert len(set(files)) == 1


def test_big_endian(tmp_path: Path) -> None:
    values = np.arange(6, dtype=">f4").reshape(2, 3)
    plain, turned = a_dict(w=tensor()), a_dict(w=tensor((3, 2), (1, 3)))
    for pickled, expected in ((plain, values), (turned, values.T)):
        members = {"data.pkl": pickled, "version": b"3", "byteorder": b"big", "data/s0": values.tobytes()}
        found, _ = read(write_members(tmp_path / "up.pt", members))
        assert found["w"].tolist() == expected.tolist()
        assert torch.load(tmp_path / "up.pt")["w"].tolist() == expected.tolist()
    write_members(tmp_path / "up.pt", {"data.pkl": plain, "byteorder": b"middle", "data/s0": values.tobytes()})
    assert "byte order" in refused(tmp_path / "up.pt").detail


@pytest.mark.parametrize("folder", ["archive/", "student_best/", "a/b/"])
def test_the_folder_in_the_zip_may_have_any_name(tmp_path: Path, folder: str) -> None:
    write_members(tmp_path / "up.pt", {"data.pkl": a_dict(w=tensor()), "data/s0": bytes(24)}, folder)
    assert read(tmp_path / "up.pt")[0]["w"].tolist() == [[0.0] * 3] * 2


def test_strings_of_python_2(tmp_path: Path) -> None:
    pickled = a_dict(weight=tensor(view=b"N"))
    for word in (b"weight", b"storage", b"cpu", b"s0"):
        modern = b"X" + len(word).to_bytes(4, "little") + word
        assert modern in pickled
        pickled = pickled.replace(modern, b"U" + bytes([len(word)]) + word)
    values = np.arange(6, dtype="<f4")
    found, _ = read(write_by_hand(tmp_path / "up.pt", pickled, "older", s0=values.tobytes()))
    assert found["weight"].flatten().tolist() == values.tolist()
    assert same_bits(found["weight"], torch.load(tmp_path / "up.pt", weights_only=False)["weight"])


def test_views_of_storages_as_the_first_versions_wrote_them(tmp_path: Path) -> None:
    view = b"(" + text("v0") + number(2) + number(4) + b"t"
    pickled = a_dict(w=tensor((2, 2), (2, 1), 0, view=view))
    values = np.arange(6, dtype="<f4")
    found, _ = read(write_by_hand(tmp_path / "up.pt", pickled, "older", s0=values.tobytes()))
    assert found["w"].tolist() == [[2, 3], [4, 5]]
    assert same_bits(found["w"], torch.load(tmp_path / "up.pt", weights_only=False)["w"])
    beyond = a_dict(w=tensor((2, 2), (2, 1), 1, view=view))
    assert "beyond its storage" in refused(write_by_hand(tmp_path / "two.pt", beyond, "older", s0=bytes(24))).detail


# --- what lies beside ---------------------------------------------------------------------------------------------


class Config:
    """Somebody's own class. `built` counts how often pickle made one."""

    built = 0

    def __init__(self) -> None:
        self.name = "mine"

    def __setstate__(self, state: dict[str, Any]) -> None:
        type(self).built += 1


class Attributes(dict[str, Any]):
    """A dictionary of another class, as configurations are."""


def trained(state: State) -> dict[str, Any]:
    """As training scripts save it: a real optimizer after a step, a scheduler, the random states, a configuration."""
    network = nn.Linear(3, 2)
    adam = torch.optim.AdamW(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    adam.step()
    return {
        "state_dict": state,
        "optimizer": adam.state_dict(),
        "scheduler": torch.optim.lr_scheduler.CosineAnnealingLR(adam, 10).state_dict(),
        "scaler": {"scale": 65536.0, "growth_factor": 2.0},
        "args": argparse.Namespace(lr=0.1, root=Path("/data"), device=torch.device("cpu"), betas=(0.9, 0.999)),
        "config": Config(),
        "hparams": Attributes(depth=18, dtype=torch.float16),
        "simple": types.SimpleNamespace(x=1),
        "rng": (torch.get_rng_state(), np.random.default_rng(0).integers(0, 9, 3), random.Random(0).getstate()),
        "best": np.float64(0.7),
        "when": datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
        "sets": [{1, 2}, frozenset("ab"), b"bytes", bytearray(b"more"), range(3), slice(1, 2), 3 + 4j, 2**70, None],
        "act": functools.partial(nn.functional.relu, inplace=True),
        "keys": {(1, 2): "tuple", 3: "number", None: "none"},
        "size": torch.Size([1, 2]),
        "sparse": torch.eye(3).to_sparse(),
        "module": nn.Linear(2, 2),
        "counts": collections.Counter("abc"),
    }


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("form", FORMATS)
def test_everything_beside_is_passed_over_and_never_built(
    tmp_path: Path, state: State, form: str, protocol: int
) -> None:
    content = trained(state)
    file = save(tmp_path / "up.pt", content, form, pickle_protocol=protocol)
    Config.built = 0
    found, seen = read(file)
    assert Config.built == 0
    assert found.keys() == state.keys() and all(same_bits(found[name], state[name]) for name in state)
    assert seen["at"] == "state_dict" and seen["beside"] == [name for name in content if name != "state_dict"]
    torch.load(file, weights_only=False)
    assert Config.built == 1  # it can be built


def test_a_network_in_place_of_its_weights_is_said_to_be_one(tmp_path: Path) -> None:
    for content in (nn.Linear(2, 2), {"model": nn.Linear(2, 2), "epoch": 3}):
        failure = refused(save(tmp_path / "up.pt", content))
        assert failure.code == "checkpoint_unsafe" and "torch.nn.modules.linear.Linear" in failure.detail


def test_what_is_no_state_dict_is_told_what_it_is(tmp_path: Path, state: State) -> None:
    failure = refused(save(tmp_path / "up.pt", {"state_dict": state | {"extra": 3.0}}))
    assert failure.code == "checkpoint_corrupt" and "extra (float)" in failure.detail
    failure = refused(save(tmp_path / "up.pt", {"epoch": 3, "best\n": "x"}))
    assert "epoch (int), best? (str)" in failure.detail


# --- the process --------------------------------------------------------------------------------------------------

PROBE = """
import sys
from pathlib import Path
if sys.argv[3] == "control":
    import torch
from core.intake.checkpoint.__main__ import main
code = main(Path(sys.argv[1]), Path(sys.argv[2]))
print(code, sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "safetensors", "torchvision", "timm"}))
"""


@pytest.mark.parametrize("form", FORMATS)
def test_the_reading_process_never_imports_torch(tmp_path: Path, state: State, form: str) -> None:
    file = save(tmp_path / "up.pt", trained(state), form)
    expected = {"": "0 []\n", "control": "0 ['torch']\n"}
    for kind in expected if form == "zip" else [""]:
        command = [sys.executable, "-c", PROBE, str(file), str(tmp_path / "out"), kind]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.stdout, done.returncode) == (expected[kind], 0), done.stderr
