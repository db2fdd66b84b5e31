"""Teachers of any origin: ONNX models, tables of logits, several at once; each held against a network it came from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from core.assignment import MemberFile, ReadTeacherAssignment
from core.errors import Failure, TrainingFailed
from core.events import Finished, Log
from core.packed import SPLITS, read_meta, read_split
from core.training import read_table as read_table_module
from core.training.canonical import Canonical, Place, load_teacher
from core.training.data import Batch, Data, Places
from core.training.export import KEY, WeightsMeta, file_sha256, load_weights
from core.training.images import Wanted
from core.training.models import build
from core.training.precision import Precision
from core.training.read_teacher import read_teacher
from core.training.teacher import Teacher
from tests.training.small import train

CPU = Precision(torch.device("cpu"), bfloat16=False)


def read(folder: Path, path: Path | None = None, **options: Any) -> dict[str, Any]:
    told = read_teacher(ReadTeacherAssignment(folder=folder / "out", threads=1, path=path, **options), lambda _: None)
    json.dumps(told)
    assert told["sha256"] == file_sha256(Path(told["path"]))
    return told


def rejection(folder: Path, path: Path | None = None, **options: Any) -> Failure:
    with pytest.raises(TrainingFailed) as caught:
        read(folder, path, **options)
    assert not list((folder / "out").iterdir()), "nothing half-made remains"
    return caught.value.failure


def load(told: dict[str, Any], dataset: Path) -> Teacher:
    return load_teacher(Path(told["path"]), Place(read_meta(dataset), file_sha256(dataset), CPU, 1))


def some(dataset: Path, split: str, indices: list[int]) -> Batch:
    data = Data(dataset, CPU.device, 1)
    at = np.array(indices)
    (images,) = getattr(data, split).images.prepare([Wanted(at)])
    return Batch(images, Places(split, at))


@pytest.fixture
def network(teacher: Path) -> tuple[nn.Module, WeightsMeta]:
    state, meta = load_weights(teacher)
    assert meta is not None
    made = build(meta.architecture, len(meta.classes))
    made.load_state_dict(state)
    return made.eval(), meta


def logits_of(network: nn.Module, meta: WeightsMeta, batch: Batch) -> Tensor:
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (meta.mean, meta.std))
    with torch.no_grad():
        made: Tensor = network((batch.images.permute(0, 3, 1, 2) / 255 - mean) / std)
    return made


# --- ONNX models --------------------------------------------------------------------------------------------------


class Shaped(nn.Module):
    """Somebody's network, as it might come out of another library."""

    def __init__(self, network: nn.Module, channels_last: bool = False, softmax: bool = False) -> None:
        super().__init__()
        self.network, self.channels_last, self.softmax = network, channels_last, softmax

    def forward(self, images: Tensor) -> Tensor:
        images = images.permute(0, 3, 1, 2) if self.channels_last else images
        logits: Tensor = self.network(images)
        return logits.softmax(1) if self.softmax else logits


def export(network: nn.Module, path: Path, *, channels_last: bool = False, batch: int | None = None) -> Path:
    example = torch.zeros((batch or 2, 8, 8, 3) if channels_last else (batch or 2, 3, 8, 8))
    shapes = ({0: torch.export.Dim("N")},) if batch is None else None
    torch.onnx.export(network, (example,), path, dynamic_shapes=shapes, external_data=False, verbose=False)
    return path


@pytest.mark.parametrize(
    ("shaped", "batch"), [({}, None), ({"channels_last": True}, None), ({"softmax": True}, None), ({}, 3)]
)
def test_an_onnx_model_answers_as_its_network(
    tmp_path: Path, digits: Path, network: tuple[nn.Module, WeightsMeta], shaped: dict[str, bool], batch: int | None
) -> None:
    made, meta = network
    last = shaped.get("channels_last", False)
    file = export(Shaped(made, **shaped).eval(), tmp_path / "model.onnx", channels_last=last, batch=batch)
    told = read(tmp_path, file, dataset=digits)
    assert told["kind"] == "onnx" and told["architecture"] is None and told["classes"] == 10
    assert told["class_names"] == read_meta(digits).classes
    assert told["parameters"] == pytest.approx(sum(p.numel() for p in made.parameters()), rel=0.02)  # batch norms fold
    assert told["normalization"] == {"mean": meta.mean, "std": meta.std}
    assert told["report"].get("images at once") == batch
    assert any("probabilities" in warning for warning in told["warnings"]) == shaped.get("softmax", False)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["weights.safetensors"]
    teacher, images = load(told, digits), some(digits, "val", list(range(7)))
    wanted = logits_of(made, meta, images)
    if shaped.get("softmax"):
        wanted = wanted.log_softmax(1)
    assert torch.allclose(teacher.logits(images), wanted, atol=1e-4)
    data = Data(digits, CPU.device, 1)
    right = logits_of(made, meta, some(digits, "val", list(range(100)))).argmax(1) == data.val.labels
    assert told["top1"] == pytest.approx(float(right.float().mean()))


def test_a_student_exported_here_knows_its_own_normalization(tmp_path: Path, digits: Path, teacher: Path) -> None:
    students = [{"name": "s", "architecture": "resnet8"}]
    run = train(tmp_path, digits, students=students, control=False, exports=["safetensors", "onnx"])
    folder = run.folder / "students" / "s"
    told = read(tmp_path, folder / "model.onnx", dataset=digits)
    assert told["normalization"] == {"mean": [0, 0, 0], "std": [1, 1, 1]} and told["image_size"] == 8
    whole = read(tmp_path / "whole", folder / "weights.safetensors", dataset=digits)
    assert told["top1"] == whole["top1"]


def test_an_onnx_model_teaches_and_the_doctor_looks_at_it(tmp_path: Path, digits: Path, network: Any) -> None:
    made, _ = network
    file = export(made, tmp_path / "model.onnx")
    told = read(tmp_path, file, normalization={"mean": [0.9, 0.9, 0.9], "std": [0.05, 0.05, 0.05]}, dataset=digits)
    assert told["top1"] < 0.5 and any("the data set's normalization" in warning for warning in told["warnings"])
    with pytest.raises(TrainingFailed, match="teacher_at_chance") as failed:
        train(tmp_path / "poor", digits, Path(told["path"]))
    adapter = json.loads(failed.value.failure.hint.partition("teacher_adapter: ")[2].partition(". If this")[0])
    run = train(tmp_path / "mended", digits, Path(told["path"]), teacher_adapter=adapter)
    assert isinstance(run.events[-1], Finished)
    assert run.events[-1].result["teacher"]["architecture"] == "an ONNX model"
    assert run.events[-1].result["teacher"]["top1"] > 0.8


def model(*nodes: onnx.NodeProto, **more: Any) -> onnx.ModelProto:
    """Images (N, 3, 8, 8) -> `logits`."""
    kind = onnx.TensorProto.FLOAT
    given = more.pop("inputs", [onnx.helper.make_tensor_value_info("images", kind, ["N", 3, 8, 8])])
    told = [onnx.helper.make_tensor_value_info("logits", kind, None)]
    graph = onnx.helper.make_graph(list(nodes), "made", given, told, **more)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)


node = onnx.helper.make_node
POOL = node("ReduceMean", ["images"], ["pooled"], keepdims=0)
MEAN = node("GlobalAveragePool", ["images"], ["mean"])
FLAT = node("Flatten", ["mean"], ["logits"])


def scalar(name: str, value: Any, dtype: Any = np.int64) -> onnx.TensorProto:
    return onnx.numpy_helper.from_array(np.asarray(value, dtype=dtype), name)


def outside() -> onnx.ModelProto:
    found = model(node("MatMul", ["flat", "w"], ["logits"]), node("Flatten", ["images"], ["flat"]))
    weights = onnx.TensorProto(name="w", data_type=1, dims=[192, 10], data_location=onnx.TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="/etc/passwd")
    found.graph.initializer.append(weights)
    return found


def looping() -> onnx.ModelProto:
    body = onnx.helper.make_graph([node("Identity", ["c"], ["d"])], "body", [], [])
    return model(
        node("Loop", ["n", "c"], ["logits"], body=body), initializer=[scalar("n", 2**62), scalar("c", True, bool)]
    )


HOSTILE: dict[str, tuple[onnx.ModelProto, str, str]] = {
    "weights in another file": (outside(), "checkpoint_mismatch", "lie in another file"),
    "a loop": (looping(), "checkpoint_mismatch", "branches or loops (Loop)"),
    "another domain": (
        model(node("Shell", ["images"], ["logits"], domain="evil")),
        "checkpoint_mismatch",
        "operator Shell of 'evil'",
    ),
    "chance": (
        model(MEAN, FLAT, node("RandomNormalLike", ["logits"], ["noise"])),
        "checkpoint_mismatch",
        "draws random numbers",
    ),
    "the batch's mean": (
        model(
            MEAN,
            node("Flatten", ["mean"], ["rows"]),
            node("ReduceMean", ["rows", "zero"], ["all"]),
            node("Sub", ["rows", "all"], ["less"]),
            node("Mul", ["less", "less"], ["square"]),
            node("ReduceMean", ["square", "zero"], ["var"]),
            node("Sqrt", ["var"], ["std"]),
            node("CumSum", ["less", "first"], ["sum"]),
            node("Div", ["sum", "std"], ["logits"]),
            initializer=[scalar("zero", [0]), scalar("first", 0)],
        ),
        "checkpoint_mismatch",
        "depends on the others in the batch",
    ),
    "a bomb": (
        model(
            MEAN,
            node("Flatten", ["mean"], ["rows"]),
            node("ConstantOfShape", ["huge"], ["zeros"]),
            node("ReduceSum", ["zeros"], ["none"], keepdims=0),
            node("Add", ["rows", "none"], ["logits"]),
            initializer=[scalar("huge", [2**17, 2**17])],
        ),
        "checkpoint_too_expensive",
        "memory",
    ),
    "one number": (
        model(node("ReduceMean", ["images"], ["logits"], keepdims=0)),
        "checkpoint_mismatch",
        "row of logits",
    ),
    "infinite": (
        model(
            MEAN,
            node("Flatten", ["mean"], ["rows"]),
            node("Div", ["rows", "zero"], ["logits"]),
            initializer=[scalar("zero", 0, np.float32)],
        ),
        "checkpoint_not_finite",
        "NaN or infinity",
    ),
    "two inputs": (
        model(
            node("Add", ["images", "more"], ["logits"]),
            inputs=[onnx.helper.make_tensor_value_info(n, 1, ["N", 3, 8, 8]) for n in ("images", "more")],
        ),
        "checkpoint_mismatch",
        "2 inputs (images, more)",
    ),
    "grey": (
        model(MEAN, FLAT, inputs=[onnx.helper.make_tensor_value_info("images", 1, ["N", 1, 8, 8])]),
        "checkpoint_mismatch",
        "images of 1 channels",
    ),
    "no square": (
        model(MEAN, FLAT, inputs=[onnx.helper.make_tensor_value_info("images", 1, ["N", 3, 8, 16])]),
        "checkpoint_mismatch",
        "16 x 8 px",
    ),
    "of words": (
        model(MEAN, FLAT, inputs=[onnx.helper.make_tensor_value_info("images", 7, ["N", 12])]),
        "checkpoint_mismatch",
        "no batch of images",
    ),
    "sides beyond any image": (
        model(MEAN, FLAT, inputs=[onnx.helper.make_tensor_value_info("images", 1, ["N", 3, 2**40, 2**40])]),
        "checkpoint_too_expensive",
        "images of 1099511627776 px",
    ),
    "weights longer than the file": (
        model(MEAN, FLAT, initializer=[onnx.TensorProto(name="w", data_type=1, dims=[2**62, 2**62])]),
        "checkpoint_corrupt",
        "the file is shorter",
    ),
    "classes that depend on the images": (
        model(
            MEAN,
            node("Flatten", ["mean"], ["rows"]),
            node("Slice", ["rows", "zero", "one", "zero"], ["first"]),
            node("Greater", ["first", "none"], ["chosen"]),
            node("Reshape", ["chosen", "flat"], ["which"]),
            node("Compress", ["rows", "which"], ["logits"], axis=1),
            initializer=[scalar("zero", [0]), scalar("one", [1]), scalar("flat", [-1]), scalar("none", 0, np.float32)],
        ),
        "checkpoint_mismatch",
        "depends on the others",
    ),
    "nonsense": (
        model(node("MatMul", ["images", "w"], ["logits"]), initializer=[scalar("w", np.ones((5, 5)), np.float32)]),
        "checkpoint_corrupt",
        "onnxruntime cannot run it",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_and_unfit_models_are_refused(tmp_path: Path, name: str) -> None:
    made, code, said = HOSTILE[name]
    file = tmp_path / "model.onnx"
    file.write_bytes(made.SerializeToString())
    failure = rejection(tmp_path, file)
    assert failure.code == code and said in failure.detail, failure


def test_texts_that_are_none_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(model(MEAN, FLAT).SerializeToString().replace(b"images", b"imag\xff\xff"))
    assert "is no text" in rejection(tmp_path, file).detail


def test_a_model_that_takes_noise_and_no_real_image_is_refused(tmp_path: Path, digits: Path) -> None:
    """Noise goes far below -1.5 and digits do not: the place in `two` is then the hundredth."""
    nodes = [
        MEAN,
        node("Flatten", ["mean"], ["rows"]),
        node("ReduceMin", ["images"], ["least"], keepdims=0),
        node("Greater", ["least", "low"], ["real"]),
        node("Cast", ["real"], ["number"], to=onnx.TensorProto.INT64),
        node("Mul", ["number", "far"], ["place"]),
        node("Gather", ["two", "place"], ["one"], axis=0),
        node("MatMul", ["rows", "w"], ["ten"]),
        node("Add", ["ten", "one"], ["logits"]),
    ]
    constants = [scalar("low", -1.5, np.float32), scalar("far", 99), scalar("two", [0, 1], np.float32)]
    constants.append(scalar("w", np.ones((3, 10)), np.float32))
    file = tmp_path / "model.onnx"
    file.write_bytes(model(*nodes, initializer=constants).SerializeToString())
    failure = rejection(tmp_path, file, dataset=digits)
    assert failure.code == "checkpoint_mismatch" and "on images of 8 px" in failure.detail


def test_an_honest_model_passes_the_same_checks(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(model(MEAN, FLAT).SerializeToString())
    assert read(tmp_path, file)["classes"] == 3


def test_a_broken_model_is_refused_wherever_it_is_cut(tmp_path: Path, network: Any) -> None:
    content = export(network[0], tmp_path / "whole.onnx").read_bytes()
    for at in np.linspace(9, len(content) - 1, 6).astype(int):
        file = tmp_path / "cut.onnx"
        file.write_bytes(content[:at])
        assert rejection(tmp_path, file).code.startswith("checkpoint_")


def test_what_does_not_fit_an_onnx_model_is_said(tmp_path: Path, digits: Path, network: Any) -> None:
    file = export(network[0], tmp_path / "model.onnx")
    assert "not a checkpoint of resnet8" in rejection(tmp_path, file, architecture="resnet8").detail
    assert "images of 8 px alone" in rejection(tmp_path, file, image_size=16).detail
    small = tmp_path / "small.onnx"
    small.write_bytes(model(MEAN, FLAT).SerializeToString())
    assert "knows 3 classes, the data set has 10" in rejection(tmp_path, small, dataset=digits).detail


# --- tables of logits ---------------------------------------------------------------------------------------------


def rows_of(digits: Path, network: tuple[nn.Module, WeightsMeta]) -> tuple[list[str], Tensor]:
    """Ids and logits of every image; those that are in two splits are named with their split."""
    ids, rows = [], []
    for split in SPLITS:
        found = read_split(digits, split)
        assert found is not None
        ids += [f"{split}/{name}" if split == "val" else name for name in found.names]
        rows.append(logits_of(*network, some(digits, split, list(range(len(found.names))))))
    return ids, torch.cat(rows)


def packed(path: Path, ids: list[str], logits: Tensor) -> Path:
    names = torch.frombuffer(bytearray("\n".join(ids).encode()), dtype=torch.uint8)
    safetensors.torch.save_file({"ids": names, "logits": logits.contiguous()}, path)
    return path


def parquet(path: Path, ids: list[str], logits: Tensor) -> Path:
    pq.write_table(pa.table({"id": ids, "logits": list(logits.numpy())}), path)
    return path


@pytest.mark.parametrize("write", [packed, parquet])
def test_a_table_teaches_what_its_network_would(
    tmp_path: Path, digits: Path, network: Any, teacher: Path, write: Any
) -> None:
    ids, rows = rows_of(digits, network)
    order = torch.randperm(len(ids), generator=torch.Generator().manual_seed(0))
    shuffled = [ids[i] for i in order]
    told = read(
        tmp_path,
        write(tmp_path / "table", [*shuffled, "none/such"], torch.cat([rows[order], rows[:1]])),
        dataset=digits,
    )
    assert told["kind"] == "table" and told["classes"] == 10 and told["parameters"] is None
    assert told["warnings"] == ["1 row of the table is of no image of the data set, and left out."]
    found, batch = load(told, digits), some(digits, "train", [5, 190, 0])
    assert torch.allclose(found.logits(batch), logits_of(*network, batch), atol=1e-5)
    # a whole training: without augmentation the table says what the network says
    plain = {"augment": {"kind": "none"}}
    ours = train(tmp_path / "table-run", digits, Path(told["path"]), training=plain)
    theirs = train(tmp_path / "network-run", digits, teacher, training=plain)
    (a, b) = (run.of(Finished)[0].result for run in (ours, theirs))
    assert a["teacher"]["top1"] == b["teacher"]["top1"] and a["teacher"]["parameters"] is None
    assert a["groups"][0]["top1"] == pytest.approx(b["groups"][0]["top1"], abs=0.03)
    assert "smaller" not in a["verdict"]["text"]


def test_a_table_follows_two_views_and_accumulated_parts(tmp_path: Path, digits: Path, network: Any) -> None:
    ids, rows = rows_of(digits, network)
    told = read(tmp_path, packed(tmp_path / "table", ids, rows), dataset=digits)
    run = train(tmp_path / "run", digits, Path(told["path"]), training={"views": 2, "accumulate": 2})
    assert isinstance(run.events[-1], Finished)


def test_a_table_in_the_wrong_order_is_found_by_the_doctor(tmp_path: Path, digits: Path, network: Any) -> None:
    ids, rows = rows_of(digits, network)
    told = read(tmp_path, packed(tmp_path / "table", ids, rows.roll(1, dims=1)), dataset=digits)
    assert told["top1"] < 0.2 and "another order" in told["warnings"][0]
    hint = told["warnings"][0].partition("teacher_adapter: ")[2]
    run = train(tmp_path / "run", digits, Path(told["path"]), teacher_adapter=json.loads(hint.removesuffix(".")))
    assert run.of(Finished)[0].result["teacher"]["top1"] > 0.8


def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, digits: Path, network: Any) -> None:
    ids, rows = rows_of(digits, network)
    file = packed(tmp_path / "t", ids, rows)
    assert "which one its ids are of" in rejection(tmp_path, file).detail
    assert "sees no images" in rejection(tmp_path, file, dataset=digits, image_size=8).detail
    assert "not a checkpoint" in rejection(tmp_path, file, dataset=digits, architecture="resnet8").detail
    few = packed(tmp_path / "few", ids[2:], rows[2:])
    failure = rejection(tmp_path, few, dataset=digits)
    assert "2 of the data set's 450 images are not in the table: train/" in failure.detail and "names" in failure.hint
    assert (
        "7 classes, the data set has 10"
        in rejection(tmp_path, packed(tmp_path / "c", ids, rows[:, :7]), dataset=digits).detail
    )
    assert (
        "two rows for"
        in rejection(
            tmp_path, packed(tmp_path / "d", [*ids, ids[3]], torch.cat([rows, rows[3:4]])), dataset=digits
        ).detail
    )
    broken = rows.clone()
    broken[7, 2] = float("nan")
    assert rejection(tmp_path, packed(tmp_path / "n", ids, broken), dataset=digits).code == "checkpoint_not_finite"
    assert "names 449 images" in rejection(tmp_path, packed(tmp_path / "i", ids[1:], rows), dataset=digits).detail
    pq.write_table(pa.table({"name": ids}), tmp_path / "p")
    assert "no column 'id'; it has: name" in rejection(tmp_path, tmp_path / "p", dataset=digits).detail
    pq.write_table(
        pa.table({"id": ids, "logits": [list(r)[: 9 if i else 10] for i, r in enumerate(rows.numpy())]}), tmp_path / "q"
    )
    assert "the same number of logits" in rejection(tmp_path, tmp_path / "q", dataset=digits).detail
    pq.write_table(pa.table({"id": ids, "logits": [["a"] * 10] * len(ids)}), tmp_path / "s")
    assert "not lists of numbers" in rejection(tmp_path, tmp_path / "s", dataset=digits).detail
    content = parquet(tmp_path / "w", ids, rows).read_bytes()
    (tmp_path / "x").write_bytes(content[: len(content) // 2])
    assert "cannot be read" in rejection(tmp_path, tmp_path / "x", dataset=digits).detail


def test_columns_that_are_no_table_are_told(tmp_path: Path, digits: Path) -> None:
    logits = pa.array([[1.0, 2.0]] * 2)
    file, ids = tmp_path / "table.parquet", pa.array(["a", "b"])
    for columns, names, said in (
        ([ids, pa.array([1.0, 2.0])], ["id", "logits"], "logits holds double, not lists"),
        ([ids, pa.array([[[1.0]], [[2.0]]])], ["id", "logits"], "not lists of numbers"),
        ([ids, pa.array([None, [1.0, 2.0]])], ["id", "logits"], "same number of logits"),
        ([pa.array([b"a", b"b"]), logits], ["id", "logits"], "id holds binary, not text"),
        ([pa.array([None, "b"]), logits], ["id", "logits"], "an id is missing"),
        ([ids, ids, logits], ["id", "id", "logits"], "more than one column 'id'"),
        ([ids[:0], logits[:0]], ["id", "logits"], "has no row"),
    ):
        pq.write_table(pa.Table.from_arrays(columns, names=names), file)
        failure = rejection(tmp_path, file, dataset=digits)
        assert failure.code == "checkpoint_mismatch" and said in failure.detail, failure


def test_one_row_cannot_be_two_images(tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_table_module, "_names", lambda _: iter([("train", ["0/a"]), ("val", ["0/a"])]))
    plain = packed(tmp_path / "table.safetensors", ["0/a"], torch.randn(1, 10))
    assert "'0/a' is the name of train/0/a and val/0/a" in rejection(tmp_path, plain, dataset=digits).detail


def test_a_table_of_another_data_set_does_not_teach(tmp_path: Path, digits: Path, network: Any) -> None:
    ids, rows = rows_of(digits, network)
    told = read(tmp_path, packed(tmp_path / "table", ids, rows), dataset=digits)
    with pytest.raises(TrainingFailed, match="images of another data set"):
        load_teacher(Path(told["path"]), Place(read_meta(digits), "0" * 64, CPU, 1))


def test_probabilities_in_a_table_are_told_by_their_sums(tmp_path: Path, digits: Path, network: Any) -> None:
    ids, rows = rows_of(digits, network)
    told = read(tmp_path, packed(tmp_path / "table", ids, rows.softmax(1)), dataset=digits)
    assert "probabilities" in told["warnings"][0]
    batch = some(digits, "val", [1, 2])
    assert torch.allclose(load(told, digits).logits(batch).softmax(1), logits_of(*network, batch).softmax(1), atol=1e-5)


# --- several teachers ---------------------------------------------------------------------------------------------


def member(told: dict[str, Any], name: str, weight: float) -> MemberFile:
    known = {key: told[key] for key in ("classes", "class_names", "parameters", "bound")}
    return MemberFile(name=name, path=Path(told["path"]), weight=weight, **known)


def test_several_teachers_are_the_weighted_mean_of_their_probabilities(
    tmp_path: Path, digits: Path, network: Any, teacher: Path
) -> None:
    made, meta = network
    torch.manual_seed(1)
    other = build("resnet8", 10).eval()
    ids, rows = rows_of(digits, network)
    tables = read(tmp_path / "a", packed(tmp_path / "table", ids, rows.flip(1)), dataset=digits)
    models = read(tmp_path / "b", export(other, tmp_path / "other.onnx"), dataset=digits)
    first = read(tmp_path / "c", teacher, dataset=digits)
    members = [member(first, "first", 2), member(models, "model", 1), member(tables, "table", 0.5)]
    told = read(tmp_path, members=members, dataset=digits)
    assert told["kind"] == "ensemble" and told["architecture"] is None and told["class_names"] == meta.classes
    assert told["parameters"] == first["parameters"] + models["parameters"]
    assert [one["weight"] for one in told["report"]["teachers"]] == [2, 1, 0.5]
    batch = some(digits, "val", [3, 4, 50])
    shares = [logits_of(made, meta, batch).softmax(1), logits_of(other, meta, batch).softmax(1)]
    shares.append(logits_of(made, meta, batch).flip(1).softmax(1))
    wanted = (2 * shares[0] + shares[1] + 0.5 * shares[2]) / 3.5
    assert torch.allclose(load(told, digits).logits(batch).exp(), wanted, atol=1e-5)
    run = train(tmp_path / "run", digits, Path(told["path"]))
    assert run.of(Finished)[0].result["teacher"]["architecture"] == "mean of 3 teachers"
    assert not [e for e in run.of(Log) if e.level == "error"]
    # a mean of means
    nested = read(tmp_path / "n", members=[member(told, "mean", 1), member(first, "first", 1)], dataset=digits)
    assert torch.allclose(load(nested, digits).logits(batch).exp(), (wanted + shares[0]) / 2, atol=1e-5)


def test_teachers_that_do_not_fit_each_other_are_refused(tmp_path: Path, teacher: Path) -> None:
    first = read(tmp_path / "a", teacher)
    fewer = first | {"classes": 7}
    assert "classes: a 10, b 7" in rejection(tmp_path, members=[member(first, "a", 1), member(fewer, "b", 1)]).detail
    turned = first | {"class_names": first["class_names"][::-1]}
    assert "another order" in rejection(tmp_path, members=[member(first, "a", 1), member(turned, "b", 1)]).detail


def test_means_of_means_hold_single_teachers(tmp_path: Path, digits: Path, teacher: Path, network: Any) -> None:
    one = member(read(tmp_path / "one", teacher, dataset=digits), "one", 1)
    two = member(read(tmp_path / "two", export(network[0], tmp_path / "two.onnx"), dataset=digits), "two", 5e-324)
    mean = read(tmp_path / "mean", members=[one, two], dataset=digits)
    twice = read(tmp_path / "twice", members=[member(mean, "mean", 3), one], dataset=digits)
    assert twice["parameters"] == one.parameters * 2 + two.parameters  # type: ignore[operator]
    assert [part.kind for part in Canonical.open(Path(twice["path"])).members()] == ["network", "onnx", "network"]
    images = some(digits, "val", list(range(7)))
    wanted = load(read(tmp_path / "again", teacher, dataset=digits), digits).logits(images).log_softmax(1)
    assert torch.allclose(load(twice, digits).logits(images), wanted, atol=1e-4)
    for doubled in range(4):  # 3 teachers, 6, 12, 24, 48
        twice = read(tmp_path / str(doubled), members=[member(twice, "a", 1), member(twice, "b", 1)])
    failure = rejection(tmp_path / "many", members=[member(twice, "a", 1), member(twice, "b", 1)])
    assert failure.code == "checkpoint_too_expensive"


def test_canonical_files_say_what_they_are_under_one_key(tmp_path: Path, digits: Path, network: Any) -> None:
    told = read(tmp_path, export(network[0], tmp_path / "m.onnx"), dataset=digits)
    with safetensors.safe_open(told["path"], framework="pt") as file:
        assert list(file.metadata()) == [KEY] and json.loads(file.metadata()[KEY])["kind"] == "onnx"
