"""Strangers' checkpoints: every layout that people have, and every trick that an upload could try."""

import argparse
import collections
import io
import json
import os
import pickle
import re
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from core.assignment import ReadTeacherAssignment
from core.catalog import architecture
from core.checkpoint_limits import MAX_TENSORS
from core.errors import Failure, TrainingFailed
from core.events import Event, Phase
from core.intake.checkpoint.convert import convert
from core.packed import PackedSplit, read_meta, write_packed
from core.teaching import Normalization
from core.training import untrusted
from core.training.export import WeightsMeta, load_weights, save_weights, tensors_sha256
from core.training.models import build
from core.training.read_teacher import read_teacher

CLASSES = ["cat", "dog", "eel", "fox"]


@pytest.fixture
def state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return dict(build("resnet8", len(CLASSES)).state_dict())


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)

    def split(count: int) -> PackedSplit:
        images = generator.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
        return PackedSplit(images, np.arange(count) % len(CLASSES), [f"{i}.png" for i in range(count)])

    write_packed(tmp_path / "data.safetensors", CLASSES, {"train": split(8), "val": split(40)})
    return tmp_path / "data.safetensors"


def read(path: Path, **options: Any) -> dict[str, Any]:
    events: list[Event] = []
    assignment = ReadTeacherAssignment(folder=path.parent / "out", threads=1, path=path, **options)
    result = read_teacher(assignment, events.append)
    assert events[0] == Phase("reading", "reading the teacher")
    json.dumps(result)
    return result


def rejection(path: Path, **options: Any) -> Failure:
    with pytest.raises(TrainingFailed) as caught:
        read(path, **options)
    assert sorted(p.name for p in (path.parent / "out").iterdir()) == []  # nothing half-made remains
    return caught.value.failure


def save(path: Path, what: Any, **options: Any) -> Path:
    torch.save(what, path, **options)
    return path


def flat(path: Path, state: dict[str, Tensor]) -> Path:
    safetensors.torch.save_file(state, path)
    return path


def unreadable(path: Path) -> Failure:
    """Why the reading process rejects a file; here without the process, where nothing can blow up."""
    with pytest.raises(TrainingFailed) as caught:
        convert(path, path.with_suffix(".converted"))
    assert not path.with_suffix(".converted").exists()
    return caught.value.failure


def prefixed(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in state.items()}


# --- what people have ---------------------------------------------------------------------------------------------

LAYOUTS: dict[str, Callable[[dict[str, Tensor]], Any]] = {
    "bare": lambda s: s,
    "ordered": lambda s: collections.OrderedDict(s),
    "parameters": lambda s: {k: torch.nn.Parameter(t, requires_grad=t.is_floating_point()) for k, t in s.items()},
    "model": lambda s: {"epoch": 240, "model": s, "accuracy": 72.3, "optimizer": {"state": {}, "param_groups": []}},
    "state_dict": lambda s: {"state_dict": s, "model": "resnet8", "best_acc": torch.tensor(0.7)},
    "namespace": lambda s: {"opt": argparse.Namespace(lr=0.05, milestones=[150, 180]), "model": s},
    "module": lambda s: {"model": prefixed(s, "module.")},
    "module twice, compiled": lambda s: prefixed(s, "module._orig_mod.module."),
    "averaged": lambda s: {"n_averaged": torch.tensor(3), **prefixed(s, "module.")},
    "student and teacher": lambda s: {
        "model": prefixed({k: torch.zeros_like(t) for k, t in s.items()}, "module.student.")
        | prefixed(s, "module.teacher.")
    },
    "halves with a loss of its own": lambda s: {
        "state_dict": prefixed({k: torch.zeros_like(t) for k, t in s.items()}, "student.model.")
        | prefixed(s, "teacher.model.")
        | {"criterion.weight": torch.ones(4)}
    },
    "halves inside": lambda s: {
        "state_dict": prefixed({k: torch.zeros_like(t) for k, t in s.items()}, "model.student.")
        | prefixed(s, "model.teacher._orig_mod.")
    },
    "a teacher beside": lambda s: {"state_dict": prefixed(s, "teacher.") | {"projector.weight": torch.ones(2, 2)}},
    "two dictionaries": lambda s: {"student": {k: torch.zeros_like(t) for k, t in s.items()}, "teacher": s},
    "lightning": lambda s: {"state_dict": prefixed(s, "model."), "pytorch-lightning_version": "2.5.0", "loops": {}},
    "lightning, compiled": lambda s: {"state_dict": prefixed(s, "model._orig_mod."), "global_step": 3},
    "net, data-parallel inside": lambda s: {"state_dict": prefixed(s, "net.module."), "epoch": 3},
    "timm's average": lambda s: {"state_dict_ema": prefixed(s, "module."), "arch": "resnet8", "version": 2},
    "torchvision's average": lambda s: {"model_ema": {"n_averaged": torch.tensor(3)} | prefixed(s, "module.")},
    "average around data-parallel": lambda s: {"ema_model": prefixed(s, "module.module."), "epoch": 3},
    "average with its settings": lambda s: {"ema": {"module": prefixed(s, "module."), "decay": 0.9999}},
    "without counters": lambda s: {k: t for k, t in s.items() if not k.endswith("num_batches_tracked")},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("modern", [True, False], ids=["zip", "legacy"])
def test_every_usual_layout_gives_the_same_teacher(
    tmp_path: Path, state: dict[str, Tensor], layout: str, modern: bool
) -> None:
    save(tmp_path / "up.pth", LAYOUTS[layout](state), _use_new_zipfile_serialization=modern)
    convert(tmp_path / "up.pth", tmp_path / "up.safetensors")
    result = read(tmp_path / "up.safetensors")
    assert result["architecture"] == "cifar/resnet8"
    assert (result["classes"], result["class_names"]) == (4, None)
    assert (result["normalization"], result["top1"]) == (None, None)
    assert result["parameters"] == sum(p.numel() for p in build("resnet8", 4).parameters())
    assert result["tensors_sha256"] == tensors_sha256(state)
    written, meta = load_weights(Path(result["path"]))
    assert tensors_sha256(written) == result["tensors_sha256"]
    assert meta is not None and meta.architecture == "cifar/resnet8"


@pytest.mark.parametrize("modern", [True, False], ids=["zip", "legacy"])
def test_the_reading_process_hands_over_what_it_read(tmp_path: Path, state: dict[str, Tensor], modern: bool) -> None:
    content = LAYOUTS["namespace"](prefixed(state, "module."))
    result = read(save(tmp_path / "up.pth", content, _use_new_zipfile_serialization=modern))
    assert result["tensors_sha256"] == tensors_sha256(state)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["manifest.json", "weights.safetensors"]
    assert result["report"]["kind"] == "PyTorch file" and result["report"]["weights"] == "model"
    assert result["report"]["beside"] == ["opt"]


def test_half_precision_becomes_float32(tmp_path: Path, state: dict[str, Tensor]) -> None:
    half = {k: t.half() if t.is_floating_point() else t for k, t in state.items()}
    result = read(flat(tmp_path / "half.safetensors", half))
    written, _ = load_weights(Path(result["path"]))
    assert written["conv1.weight"].dtype == torch.float32
    assert torch.equal(written["conv1.weight"], half["conv1.weight"].float())


@pytest.mark.parametrize("layout", ["halves with a loss of its own", "a teacher beside"])
def test_a_declared_network_is_found_in_them_too(tmp_path: Path, state: dict[str, Tensor], layout: str) -> None:
    file = flat(tmp_path / "up.safetensors", LAYOUTS[layout](state)["state_dict"])
    failure = rejection(file, architecture="resnet20")
    assert failure.code == "checkpoint_mismatch" and "cifar/resnet8" in failure.detail
    assert read(file, architecture="resnet8")["tensors_sha256"] == tensors_sha256(state)


def test_our_own_file_says_everything_itself(tmp_path: Path, state: dict[str, Tensor], dataset: Path) -> None:
    meta = WeightsMeta("cifar/resnet8", ["a", "b", "c", "d"], 8, [0.1, 0.2, 0.3], [1.0, 2.0, 3.0], "bicubic", "r", "t")
    save_weights(state, tmp_path / "student", meta, ["safetensors"])
    result = read(tmp_path / "student" / "weights.safetensors", dataset=dataset)
    assert result["class_names"] == ["a", "b", "c", "d"]
    assert result["normalization"] == {"mean": [0.1, 0.2, 0.3], "std": [1.0, 2.0, 3.0]}
    assert load_weights(Path(result["path"]))[1] == meta
    assert result["tensors_sha256"] == tensors_sha256(state)


def test_foreign_safetensors(tmp_path: Path, state: dict[str, Tensor]) -> None:
    safetensors.torch.save_file(prefixed(state, "module."), tmp_path / "up.safetensors", {"format": "pt"})
    result = read(tmp_path / "up.safetensors", architecture="resnet8")
    assert result["tensors_sha256"] == tensors_sha256(state)


def test_the_data_set_fills_what_the_file_does_not_say(tmp_path: Path, state: dict[str, Tensor], dataset: Path) -> None:
    state["fc.weight"] = torch.zeros_like(state["fc.weight"])
    state["fc.bias"] = torch.tensor([0.0, 0.0, 1.0, 0.0])  # always the third class: right for every fourth image
    result = read(flat(tmp_path / "up.safetensors", state), dataset=dataset)
    assert result["top1"] == 0.25
    assert result["class_names"] == CLASSES
    meta = load_weights(Path(result["path"]))[1]
    assert meta is not None and result["normalization"] == {"mean": meta.mean, "std": meta.std}
    assert meta.classes == CLASSES and meta.image_size == 8 and len(meta.mean) == 3


def test_the_top1_is_that_of_the_normalized_network(tmp_path: Path, state: dict[str, Tensor], dataset: Path) -> None:
    """Against a plain loop, image by image, in eval mode: running statistics, not the batch's."""
    given = Normalization(mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))
    result = read(flat(tmp_path / "up.safetensors", state), dataset=dataset, normalization=given)
    network = build("resnet8", 4)
    network.load_state_dict(state)
    network.eval()
    data = safetensors.torch.load_file(dataset)
    right = 0
    with torch.no_grad():
        for image, label in zip(data["val/images"], data["val/labels"], strict=True):
            x = (image.permute(2, 0, 1) / 255 - torch.tensor(given.mean)[:, None, None]) / torch.tensor(given.std)[
                :, None, None
            ]
            right += int(network(x[None]).argmax() == label)
    assert result["top1"] == right / 40
    assert result["normalization"] == {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.4]}


# --- what does not fit --------------------------------------------------------------------------------------------


def test_another_network_than_declared_names_both(tmp_path: Path, state: dict[str, Tensor]) -> None:
    failure = rejection(flat(tmp_path / "up.safetensors", state), architecture="resnet20")
    assert failure.code == "checkpoint_mismatch"
    assert "cifar/resnet20" in failure.detail and "cifar/resnet8" in failure.detail
    assert {"missing"} == {error["code"] for error in failure.errors}


def test_an_unknown_network(tmp_path: Path) -> None:
    file = flat(tmp_path / "up.safetensors", {"weight": torch.zeros(3, 3)})
    assert rejection(file).code == "checkpoint_mismatch"
    failure = rejection(file, architecture="resnet8")
    assert "conv1.weight is missing" in failure.detail
    assert {"missing", "unexpected"} == {error["code"] for error in failure.errors}
    assert "resnet8" in rejection(file, architecture="resnet9").detail


def test_a_tensor_of_another_shape_or_kind(tmp_path: Path, state: dict[str, Tensor]) -> None:
    changed = state | {"layer1.0.conv1.weight": torch.zeros(16, 16, 1, 1), "bn1.weight": torch.zeros(16).int()}
    failure = rejection(flat(tmp_path / "up.safetensors", changed))
    assert failure.code == "checkpoint_mismatch"
    assert "[16, 16, 1, 1] instead of [16, 16, 3, 3]" in failure.detail
    assert "bn1.weight is torch.int32" in failure.detail


def test_another_number_of_classes_than_the_data_set(tmp_path: Path, dataset: Path) -> None:
    failure = rejection(flat(tmp_path / "up.safetensors", dict(build("resnet8", 10).state_dict())), dataset=dataset)
    assert failure.code == "checkpoint_mismatch"
    assert "10 classes, the data set has 4" in failure.detail


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(tmp_path: Path, state: dict[str, Tensor], value: float) -> None:
    state["bn1.running_var"][3] = value
    failure = rejection(flat(tmp_path / "up.safetensors", state))
    assert failure.code == "checkpoint_not_finite" and "bn1.running_var" in failure.detail


@pytest.mark.parametrize("beside", [{}, {"criterion.weight": torch.ones(3)}], ids=["alone", "with its loss"])
def test_a_student_without_a_teacher_is_the_next_teacher(
    tmp_path: Path, state: dict[str, Tensor], beside: dict[str, Tensor]
) -> None:
    file = flat(tmp_path / "up.safetensors", prefixed(state, "module.student.") | beside)
    assert read(file)["tensors_sha256"] == tensors_sha256(state)


@pytest.mark.parametrize("within", ["", "model.", "module."])
def test_of_a_student_and_a_teacher_the_one_that_is_named(
    tmp_path: Path, state: dict[str, Tensor], within: str
) -> None:
    """As the literature's trainers save both in one file."""
    larger = build("resnet14", 4).state_dict()
    both = prefixed(prefixed(state, "student.") | prefixed(larger, "teacher."), within)
    file = flat(tmp_path / "up.safetensors", both)
    for named, expected, half in (("resnet8", state, "student"), ("resnet14", larger, "teacher")):
        result = read(file, architecture=named)
        assert result["tensors_sha256"] == tensors_sha256(expected)
        assert any(f"this is the {half}" in warning for warning in result["warnings"])
    unnamed = read(file)
    assert unnamed["architecture"] == "cifar/resnet14" and any("the teacher" in w for w in unnamed["warnings"])
    (tmp_path / "again").mkdir()
    elsewhere = flat(tmp_path / "again" / "up.safetensors", both)
    assert rejection(elsewhere, architecture="resnet20").code == "checkpoint_mismatch"


# --- hostile and broken -------------------------------------------------------------------------------------------


class Call:
    """Pickles as a call of `function`."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("form", ["zip", "legacy", "bare pickle"])
def test_code_is_named_and_never_run(tmp_path: Path, state: dict[str, Tensor], form: str, protocol: int) -> None:
    canary = tmp_path / "canary"
    content = {"model": state, "extra": Call(os.system, f"touch {canary}")}
    file = tmp_path / "up.pt"
    if form == "bare pickle":
        file.write_bytes(pickle.dumps(content["extra"], protocol))
    else:
        save(file, content, _use_new_zipfile_serialization=form == "zip", pickle_protocol=protocol)
    failure = rejection(file)
    assert failure.code == "checkpoint_unsafe", failure.detail
    assert "posix.system" in failure.detail
    assert not canary.exists()
    with pytest.raises(ZeroDivisionError):  # the canary can sing: unpickling it does run code
        pickle.loads(pickle.dumps(Call(divmod, 1, 0)))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_any_pickle_protocol_that_torch_save_can_be_told_to_write(
    tmp_path: Path, state: dict[str, Tensor], protocol: int
) -> None:
    result = read(save(tmp_path / "up.pt", {"model": state}, pickle_protocol=protocol))
    assert result["tensors_sha256"] == tensors_sha256(state)


def test_a_whole_module_is_code(tmp_path: Path) -> None:
    failure = rejection(save(tmp_path / "up.pt", build("resnet8", 4)))
    assert failure.code == "checkpoint_unsafe"
    assert "CifarResNet" in failure.detail
    assert "state_dict" in failure.hint


def test_a_torchscript_program_is_code(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "up.pt", "w") as archive:
        for name in ("up/data.pkl", "up/constants.pkl", "up/code/__torch__.py"):
            archive.writestr(name, b"\x80\x02}q\x00.")
    assert rejection(tmp_path / "up.pt").code == "checkpoint_unsafe"


@pytest.mark.parametrize("modern", [True, False], ids=["zip", "legacy"])
def test_a_small_file_that_asks_for_gigabytes(tmp_path: Path, modern: bool) -> None:
    content = {"model": {}, "extra": Call(bytearray, 2**33)}
    file = save(tmp_path / "up.pt", content, _use_new_zipfile_serialization=modern)
    assert file.stat().st_size < 2000
    failure = rejection(file)
    assert failure.code == "checkpoint_too_expensive"


def test_a_compressed_bomb(tmp_path: Path, state: dict[str, Tensor]) -> None:
    save(tmp_path / "plain.pt", {"model": state, "zeros": torch.zeros(2**24)})
    deflated = zipfile.ZipFile(tmp_path / "up.pt", "w", zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / "plain.pt") as plain, deflated as bomb:
        for member in plain.namelist():
            bomb.writestr(member, plain.read(member))
    assert (tmp_path / "up.pt").stat().st_size < 2**20
    failure = rejection(tmp_path / "up.pt")
    assert failure.code == "checkpoint_too_expensive" and "compressed" in failure.detail


def test_a_tensor_that_stands_for_more_than_it_stores(tmp_path: Path, state: dict[str, Tensor]) -> None:
    failure = rejection(save(tmp_path / "up.pt", state | {"big": torch.zeros(1).expand(2**20, 2**20)}))
    assert failure.code == "checkpoint_too_expensive" and "big" in failure.detail


def test_many_tensors_over_one_storage(tmp_path: Path) -> None:
    shared = torch.zeros(2**18)
    failure = unreadable(save(tmp_path / "up.pt", {f"t{i}": shared.view(-1) for i in range(100)}))
    assert failure.code == "checkpoint_too_expensive" and "times the file" in failure.detail


def test_too_many_tensors_names_or_dimensions(tmp_path: Path) -> None:
    empty = torch.zeros(0)
    many = {f"t{i}": empty for i in range(MAX_TENSORS + 1)}
    assert unreadable(save(tmp_path / "up.pt", many)).code == "checkpoint_too_expensive"
    safetensors.torch.save_file({name: torch.zeros(0) for name in many}, tmp_path / "up.safetensors")
    assert rejection(tmp_path / "up.safetensors").code == "checkpoint_too_expensive"
    assert unreadable(save(tmp_path / "up.pt", {"x" * 600: empty})).code == "checkpoint_corrupt"
    assert unreadable(save(tmp_path / "up.pt", {"x": torch.zeros((1,) * 9)})).code == "checkpoint_corrupt"
    assert unreadable(save(tmp_path / "up.pt", {"x": torch.zeros(3, 3).to_sparse()})).code == "checkpoint_corrupt"


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.999])
def test_a_file_that_was_cut_off(tmp_path: Path, state: dict[str, Tensor], form: str, share: float) -> None:
    file = tmp_path / "up"
    if form == "safetensors":
        safetensors.torch.save_file(state, file)
    else:
        save(file, state, _use_new_zipfile_serialization=form == "zip")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    failure = rejection(file) if form == "safetensors" else unreadable(file)
    assert failure.code == "checkpoint_corrupt"


def test_an_archive_of_several_files_is_refused_by_name(tmp_path: Path, state: dict[str, Tensor]) -> None:
    save(tmp_path / "a.pth", state)
    with tarfile.open(tmp_path / "up.tar", "w") as archive:
        archive.add(tmp_path / "a.pth", "models/a.pth")
    with tarfile.open(tmp_path / "up.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "a.pth", "models/a.pth")
    with zipfile.ZipFile(tmp_path / "up.zip", "w") as packed:
        packed.write(tmp_path / "a.pth", "models/a.pth")
    for name, word in (("up.tar", "tar archive"), ("up.tar.gz", "gzip archive"), ("up.zip", "zip archive")):
        failure = rejection(tmp_path / name)
        assert failure.code == "checkpoint_corrupt"
        assert word in failure.detail and "Unpack it" in failure.hint


def test_the_tar_format_of_the_first_versions_is_refused_by_name(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "up.pt", "w") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            archive.addfile(tarfile.TarInfo(name))
    failure = rejection(tmp_path / "up.pt")
    assert failure.code == "checkpoint_corrupt"
    assert "tar format that PyTorch wrote before" in failure.detail and "state_dict" in failure.hint


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80", b"PK\x03\x04", bytes(1000), b"\xff" * 8 + b"{"])
def test_garbage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "up.pt").write_bytes(content)
    assert rejection(tmp_path / "up.pt").code == "checkpoint_corrupt"


@pytest.mark.parametrize("what", [[1, 2], {}, {"epoch": 3}, {"model": "resnet8"}, torch.zeros(3)])
def test_a_file_without_a_state_dict(tmp_path: Path, what: Any) -> None:
    failure = unreadable(save(tmp_path / "up.pt", what))
    assert failure.code == "checkpoint_corrupt" and "state dict" in failure.detail


def header(text: str, body: bytes = bytes(8)) -> bytes:
    return len(text).to_bytes(8, "little") + text.encode() + body


def test_a_header_may_have_a_length_that_looks_like_a_pickle(tmp_path: Path, state: dict[str, Tensor]) -> None:
    content = safetensors.torch.save(state)
    own = int.from_bytes(content[:8], "little")
    length = own + (0x80 - own) % 0x100
    padded = length.to_bytes(8, "little") + content[8 : 8 + own].ljust(length) + content[8 + own :]
    assert padded[:1] == pickle.PROTO
    (tmp_path / "up.safetensors").write_bytes(padded)
    assert read(tmp_path / "up.safetensors")["tensors_sha256"] == tensors_sha256(state)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
        '{"a":{"dtype":"F32","shape":[0,1152921504606846976],"data_offsets":[0,0]}}',
        '{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
        '{"a":{"dtype":"F32","shape":"x","data_offsets":[0,8]}}',
        '{"a":3}',
        "{" + '"a":{' * 100_000,
        '{"a',
    ],
)
def test_a_safetensors_header_that_lies(tmp_path: Path, text: str) -> None:
    (tmp_path / "up.safetensors").write_bytes(header(text))
    assert rejection(tmp_path / "up.safetensors").code == "checkpoint_corrupt"


@pytest.mark.parametrize(
    "told",
    [
        "{}",
        "nonsense",
        '{"architecture":"resnet8","classes":[],"image_size":8,"mean":[0.5],"std":[1]}',
        '{"architecture":"resnet8","classes":[],"image_size":8,"mean":[0.5,0.5,0.5],"std":[0,0,0]}',
    ],
)
def test_our_metadata_damaged(tmp_path: Path, state: dict[str, Tensor], told: str) -> None:
    safetensors.torch.save_file(state, tmp_path / "up.safetensors", {"distillery": told})
    assert rejection(tmp_path / "up.safetensors").code == "checkpoint_corrupt"


def test_metadata_that_contradicts_the_weights(tmp_path: Path, state: dict[str, Tensor]) -> None:
    for name, classes in (("resnet20", CLASSES), ("resnet8", ["one"])):
        told = {"architecture": name, "classes": classes, "image_size": 8, "mean": [], "std": []}
        safetensors.torch.save_file(state, tmp_path / "up.safetensors", {"distillery": json.dumps(told)})
        assert rejection(tmp_path / "up.safetensors").code == "checkpoint_mismatch"


def test_a_reader_that_takes_too_long_or_dies(
    tmp_path: Path, state: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save(tmp_path / "up.pt", state)
    monkeypatch.setattr(untrusted, "DEADLINE_SECONDS", 0.01)
    assert rejection(file).code == "checkpoint_too_expensive"
    monkeypatch.undo()
    killer = tmp_path / "python"
    for signal, code in (("KILL", "checkpoint_too_expensive"), ("XCPU", "checkpoint_too_expensive")):
        killer.write_text(f"#!/bin/sh\nkill -{signal} $$\n")
        killer.chmod(0o755)
        monkeypatch.setattr("sys.executable", str(killer))
        failure = rejection(file)
        assert failure.code == code and f"SIG{signal}" in failure.detail


def test_random_damage_is_always_one_of_our_codes(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """Bytes flipped in headers and pickles: read, or rejected with a code; never another exception."""
    generator = np.random.default_rng(1)
    small = {name: tensor for name, tensor in state.items() if tensor.ndim < 2}
    originals = []
    for modern in (True, False):
        buffer = io.BytesIO()
        torch.save(small, buffer, _use_new_zipfile_serialization=modern)
        originals.append(buffer.getvalue())
    for round in range(300):
        content = bytearray(originals[round % 2])
        for place in generator.integers(0, min(len(content), 4000), size=8):
            content[place] = generator.integers(256)
        (tmp_path / "up.pt").write_bytes(content)
        try:
            with warnings.catch_warnings(action="ignore"):  # the process of its own shows none
                convert(tmp_path / "up.pt", tmp_path / "out.safetensors")
        except TrainingFailed as error:
            assert error.failure.code.startswith("checkpoint_")
        except MemoryError:
            pass  # becomes checkpoint_too_expensive in the process of its own


# --- other libraries' networks ------------------------------------------------------------------------------------


def timm_state(name: str, classes: int) -> dict[str, Tensor]:
    torch.manual_seed(2)
    return dict(build(name, classes).state_dict())


@pytest.mark.parametrize("prefix", ["", "model.", "module.model.", "net."])
def test_a_timm_network_of_any_classes_is_known(tmp_path: Path, prefix: str) -> None:
    state = timm_state("timm/mobilenetv3_small_050", 4)
    extra = {"criterion.weight": torch.ones(4)} if prefix == "model." else {}
    result = read(flat(tmp_path / "up.safetensors", prefixed(state, prefix) | extra))
    assert (result["architecture"], result["classes"]) == ("timm/mobilenetv3_small_050", 4)
    assert result["tensors_sha256"] == tensors_sha256(state)
    assert result["interpolation"] == "bicubic" and result["image_size"] is None
    assert result["report"].get("prefix", "") == prefix
    assert result["report"].get("left_out", []) == list(extra)
    assert any("left out" in line for line in result["warnings"]) == bool(extra)


def test_equal_networks_of_two_libraries_are_one(tmp_path: Path) -> None:
    file = flat(tmp_path / "up.safetensors", timm_state("timm/wide_resnet50_2", 4))
    result = read(file)
    assert result["architecture"] == "torchvision/wide_resnet50_2"
    assert "timm/wide_resnet50_2" in result["report"]["same_layout"]


def test_networks_that_differ_in_what_they_compute_alone_must_be_named(tmp_path: Path) -> None:
    """By the sender, or in the file: timm's script writes it down."""
    state = timm_state("timm/tf_efficientnet_b0", 4)
    file = flat(tmp_path / "up.safetensors", state)
    failure = rejection(file)
    assert failure.code == "checkpoint_ambiguous"
    assert {"timm/efficientnet_b0", "timm/tf_efficientnet_b0"} <= set(re.findall(r"timm/\w+", failure.detail))
    assert "architecture=" in failure.hint
    assert read(file, architecture="tf_efficientnet_b0")["architecture"] == "timm/tf_efficientnet_b0"
    tagged = f"timm/tf_efficientnet_b0.{architecture('timm/tf_efficientnet_b0').weights[0].tag}"
    assert read(file, architecture=tagged)["architecture"] == tagged
    written = save(tmp_path / "up.pth.tar", {"arch": "tf_efficientnet_b0", "state_dict": state})
    assert read(written)["architecture"] == "timm/tf_efficientnet_b0"


def test_by_far_the_most_common_of_them_is_taken_with_a_word(tmp_path: Path) -> None:
    """Hardly anybody means timm/resnetblur18 by a file of ResNet-18."""
    result = read(flat(tmp_path / "up.safetensors", timm_state("timm/resnet18", 4)))
    assert result["architecture"] == "torchvision/resnet18"
    (warning,) = result["warnings"]
    assert "also fit timm/resnetblur18," in warning and "timm/resnet18," not in warning
    named = read(flat(tmp_path / "up.safetensors", timm_state("timm/resnet18", 4)), architecture="resnetblur18")
    assert (named["architecture"], named["warnings"]) == ("timm/resnetblur18", [])


def test_with_a_data_set_the_better_of_them_is_taken(tmp_path: Path) -> None:
    """Images are labelled by one of the two networks itself: only that one is right on all of them."""
    name = "timm/tf_efficientnet_b0"
    state = timm_state(name, 4)
    network = build(name, 4)
    network.load_state_dict(state)
    images = np.random.default_rng(0).integers(0, 256, (60, 48, 48, 3), dtype=np.uint8)
    unlabelled = PackedSplit(images, np.arange(60) % 4, [f"{i}.png" for i in range(60)])
    write_packed(tmp_path / "blind.safetensors", CLASSES, {"train": unlabelled, "val": unlabelled})
    meta = read_meta(tmp_path / "blind.safetensors")
    scaled = (torch.from_numpy(images) / 255 - torch.tensor(meta.mean)) / torch.tensor(meta.std)
    with torch.no_grad():
        logits = network.eval()(scaled.permute(0, 3, 1, 2))
    # random weights say one class for all: relative to the average answer they differ
    state["classifier.bias"] = state["classifier.bias"] - logits.mean(dim=0)
    own = (logits - logits.mean(dim=0)).argmax(dim=1).numpy()
    labelled = PackedSplit(images, own, [f"{i}.png" for i in range(60)])
    write_packed(tmp_path / "data.safetensors", CLASSES, {"train": labelled, "val": labelled})
    result = read(flat(tmp_path / "up.safetensors", state), dataset=tmp_path / "data.safetensors")
    assert result["architecture"] == name and result["top1"] > 0.95
    assert any("timm/efficientnet_b0" in line for line in result["warnings"])


def test_the_side_is_as_given_or_as_fixed(tmp_path: Path, dataset: Path) -> None:
    convolutions = flat(tmp_path / "a.safetensors", timm_state("timm/mobilenetv3_small_050", 4))
    assert read(convolutions, dataset=dataset)["image_size"] == 8
    result = read(convolutions, dataset=dataset, image_size=32)
    assert result["image_size"] == 32 and load_weights(Path(result["path"]))[1].image_size == 32  # type: ignore[union-attr]
    transformer = flat(tmp_path / "b.safetensors", timm_state("timm/vit_tiny_patch16_224", 4))
    assert read(transformer, architecture="vit_tiny_patch16_224")["image_size"] == 224
    with pytest.raises(TrainingFailed, match="224 px alone, not of 32"):
        read(transformer, architecture="vit_tiny_patch16_224", image_size=32)


def test_published_weights_teach_with_their_own_view(tmp_path: Path) -> None:
    name = "torchvision/mobilenet_v3_small"
    state = timm_state(name, 1000)
    file = save(tmp_path / "mobilenet_v3_small-047dcff4.pth", state)
    result = read(file, architecture=name, weights="IMAGENET1K_V1")
    assert (result["architecture"], result["classes"], result["image_size"]) == (name, 1000, 224)
    assert result["normalization"] == {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    assert result["tensors_sha256"] == tensors_sha256(state)
    assert result["report"]["weights"] == "IMAGENET1K_V1"


def test_the_librarys_normalization_is_taken_where_it_does_better(tmp_path: Path) -> None:
    """Four colours, told apart by a network whose own weights say which colour an image is once it is normalised."""
    name, entry = "torchvision/mobilenet_v3_small", architecture("torchvision/mobilenet_v3_small")
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (80, 32, 32, 3), dtype=np.uint8)
    torch.manual_seed(0)
    network = build(name, 4).eval()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (entry.mean, entry.std))
    with torch.no_grad():
        own = network((torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - mean) / std)
        state = network.state_dict()
        state["classifier.3.bias"] = state["classifier.3.bias"] - own.mean(0)  # every class is the answer to some
    labels = (own - own.mean(0)).argmax(1).numpy()
    split = PackedSplit(images, labels, [f"{i}.png" for i in range(80)])
    write_packed(tmp_path / "data.safetensors", CLASSES, {"train": split, "val": split})
    file = flat(tmp_path / "up.safetensors", state)
    result = read(file, dataset=tmp_path / "data.safetensors", architecture=name)
    assert result["normalization"] == {"mean": list(entry.mean), "std": list(entry.std)} and result["top1"] > 0.9
    assert any("torchvision's mean 0.485" in line for line in result["warnings"])
    said = Normalization(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    told = read(file, dataset=tmp_path / "data.safetensors", architecture=name, normalization=said)
    assert told["normalization"] == said.model_dump(mode="json") | {"mean": [0.5] * 3, "std": [0.25] * 3}


def test_averaged_weights_beside_are_said(tmp_path: Path, state: dict[str, Tensor]) -> None:
    result = read(save(tmp_path / "up.pth", {"state_dict": state, "state_dict_ema": state, "epoch": 3}))
    assert result["report"]["weights"] == "state_dict"
    (warning,) = result["warnings"]
    assert "state_dict_ema" in warning
