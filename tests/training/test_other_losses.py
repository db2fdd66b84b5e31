"""The losses beside DIST and KD against their definitions, transcribed in numpy; and what all losses promise."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import Invalid
from core.losses import LOSSES
from core.training.losses import build_loss
from core.training.models import build
from core.training.models.start import draw_zero_head

Array = NDArray[np.float64]

SUM = {"kind": "sum", "summands": [{"loss": {"kind": "kd"}}, {"weight": 3, "loss": {"kind": "dist"}}]}
ALL: list[dict[str, Any]] = [
    *({"kind": kind} for kind in LOSSES if kind != "sum"),
    {"kind": "kd", "standardize": True, "temperature": 2},
    {"kind": "dkd", "standardize": True},
    {"kind": "mlkd", "standardize": True},
    {"kind": "dist", "tau_squared": False, "temperature": 4, "epsilon": 1e-3},
    {"kind": "wttm", "weighted": False},
    SUM,
]
SHAPES = [(8, 5), (32, 10), (64, 100), (5, 2), (3, 3)]


def name_of(spec: dict[str, Any]) -> str:
    return "-".join([spec["kind"], *(key for key in spec if key != "kind")])


def logits(shape: tuple[int, int], seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = np.random.default_rng([seed, *shape])
    student, teacher = (torch.from_numpy(generator.normal(0, 2, shape)) for _ in range(2))
    return student, teacher, torch.from_numpy(generator.integers(0, shape[1], shape[0]))


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def kl(p: Array, q: Array) -> float:
    return float(sum(a * (np.log(a) - np.log(b)) for a, b in zip(p, q, strict=True)))


def standard(z: Array) -> Array:
    return np.stack([(row - row.mean()) / (row.std(ddof=1) + 1e-7) for row in z])


def parts(spec: dict[str, Any], shape: tuple[int, int]) -> tuple[dict[str, float], Array, Array, list[int]]:
    student, teacher, labels = logits(shape)
    found = {name: part.item() for name, part in build_loss(spec)(student, teacher, labels).parts.items()}
    return found, student.numpy(), teacher.numpy(), labels.tolist()


# --- the definitions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_standardized_kd(shape: tuple[int, int]) -> None:
    found, zs, zt, _ = parts({"kind": "kd", "standardize": True, "temperature": 2}, shape)
    s, t = softmax(standard(zs) / 2), softmax(standard(zt) / 2)
    assert found["kd"] == pytest.approx(np.mean([kl(a, b) for a, b in zip(t, s, strict=True)]), abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tau", [1.0, 4.0])
@pytest.mark.parametrize("standardize", [False, True])
def test_dkd(shape: tuple[int, int], tau: float, standardize: bool) -> None:
    found, zs, zt, labels = parts({"kind": "dkd", "temperature": tau, "standardize": standardize}, shape)
    if standardize:
        zs, zt = standard(zs), standard(zt)
    own, others = [], []
    for a, b, y in zip(zs / tau, zt / tau, labels, strict=True):
        p, q = softmax(a), softmax(b)
        own.append(kl(np.array([q[y], 1 - q[y]]), np.array([p[y], 1 - p[y]])))
        others.append(kl(softmax(np.delete(b, y)), softmax(np.delete(a, y))))
    assert found["target"] == pytest.approx(np.mean(own), abs=1e-10)
    assert found["others"] == pytest.approx(np.mean(others), abs=1e-12)


def test_dkd_with_the_teachers_own_weights_is_kd() -> None:
    """The paper's equation 7: KL = KL_target + (1 - p_teacher of the target) KL_others."""
    student, teacher, labels = logits((1, 10))
    decoupled = build_loss({"kind": "dkd", "temperature": 2})(student, teacher, labels).parts
    kd = build_loss({"kind": "kd", "temperature": 2})(student, teacher, labels).parts["kd"]
    rest = 1 - torch.softmax(teacher / 2, 1)[0, labels[0]]
    assert (decoupled["target"] + rest * decoupled["others"]).item() == pytest.approx(kd.item(), abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tau", [1.0, 2.0])
def test_nkd(shape: tuple[int, int], tau: float) -> None:
    found, zs, zt, labels = parts({"kind": "nkd", "temperature": tau}, shape)
    own, others = [], []
    for a, b, y in zip(zs, zt, labels, strict=True):
        own.append(-softmax(b)[y] * np.log(softmax(a)[y]))
        others.append(-(softmax(np.delete(b, y) / tau) * np.log(softmax(np.delete(a, y) / tau))).sum())
    assert found["target"] == pytest.approx(np.mean(own), abs=1e-12)
    assert found["others"] == pytest.approx(np.mean(others), abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("gamma", [0.1, 1.0])
@pytest.mark.parametrize("weighted", [True, False])
def test_wttm(shape: tuple[int, int], gamma: float, weighted: bool) -> None:
    found, zs, zt, _ = parts({"kind": "wttm", "gamma": gamma, "weighted": weighted}, shape)
    each = []
    for p, t in zip(softmax(zs), softmax(zt), strict=True):
        powered = t**gamma
        each.append((powered.sum() if weighted else 1) * kl(powered / powered.sum(), p))
    assert found["wttm"] == pytest.approx(np.mean(each), abs=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
def test_hard(shape: tuple[int, int]) -> None:
    found, zs, zt, _ = parts({"kind": "hard"}, shape)
    expected = -np.log(softmax(zs)[np.arange(len(zs)), zt.argmax(axis=1)]).mean()
    assert found["hard"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("standardize", [False, True])
def test_mlkd(shape: tuple[int, int], standardize: bool) -> None:
    found, zs, zt, _ = parts({"kind": "mlkd", "temperatures": [4, 2], "standardize": standardize}, shape)
    if standardize:
        zs, zt = standard(zs), standard(zt)
    images = batch = classes = 0.0
    for tau in (4, 2):
        s, t = softmax(zs / tau), softmax(zt / tau)
        images += tau**2 * np.mean([kl(a, b) for a, b in zip(t, s, strict=True)])
        batch += np.linalg.norm(np.einsum("ic,jc->ij", t, t) - np.einsum("ic,jc->ij", s, s)) ** 2 / len(s)
        classes += np.linalg.norm(np.einsum("bi,bj->ij", t, t) - np.einsum("bi,bj->ij", s, s)) ** 2 / s.shape[1]
    assert found["images"] == pytest.approx(images, abs=1e-11)
    assert found["batch"] == pytest.approx(batch, abs=1e-11)
    assert found["classes"] == pytest.approx(classes, abs=1e-11)


def test_a_sum_is_the_sum() -> None:
    student, teacher, labels = logits((16, 10))
    kd, dist = (
        build_loss({"kind": kind, "alpha": 0})(student, teacher, labels).total.item() for kind in ("kd", "dist")
    )
    task = build_loss({"kind": "task"})(student, teacher, labels).total.item()
    terms = build_loss(SUM)(student, teacher, labels)
    assert list(terms.parts) == ["task", "kd", "inter", "intra"]
    assert terms.total.item() == pytest.approx((0.1 + 3) * task + kd + 3 * dist, abs=1e-12)
    twice = build_loss({"kind": "sum", "summands": [{"loss": {"kind": "kd", "temperature": tau}} for tau in (1, 4)]})
    assert list(twice(student, teacher, labels).parts) == ["task", "kd", "kd-2"]


def test_dist_without_tau_squared_and_with_another_epsilon() -> None:
    student, teacher, labels = logits((16, 10))
    with_tau, without = (
        build_loss({"kind": "dist", "alpha": 0, "temperature": 4, "tau_squared": on})(student, teacher, labels).total
        for on in (True, False)
    )
    assert with_tau.item() == pytest.approx(16 * without.item(), rel=1e-12)
    loose = build_loss({"kind": "dist", "epsilon": 1.0})(student, teacher, labels).parts
    tight = build_loss({"kind": "dist"})(student, teacher, labels).parts
    assert abs(1 - loose["inter"].item()) < abs(1 - tight["inter"].item())


# --- what all of them promise -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", ALL, ids=name_of)
def test_the_gradient_is_that_of_the_value(spec: dict[str, Any]) -> None:
    student, teacher, labels = logits((6, 4))
    labels[1] = -1
    loss = build_loss(spec, label_smoothing=0.1)
    assert torch.autograd.gradcheck(lambda z: loss(z, teacher, labels).total, (student.requires_grad_(),))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("spec", ALL, ids=name_of)
def test_half_types_are_computed_in_single_precision(spec: dict[str, Any], dtype: torch.dtype) -> None:
    student, teacher, labels = (thing.to(dtype) if thing.is_floating_point() else thing for thing in logits((16, 10)))
    student.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        terms = build_loss(spec)(student, teacher, labels)
    assert terms.total.dtype == torch.float32
    exact = build_loss(spec)(student.detach().double(), teacher.double(), labels)
    assert terms.total.item() == pytest.approx(exact.total.item(), rel=1e-4)
    torch.autograd.backward(terms.total)
    assert student.grad is not None and student.grad.dtype == dtype and torch.isfinite(student.grad).all()


@pytest.mark.parametrize("spec", ALL, ids=name_of)
def test_the_total_is_the_sum_of_the_weighted_terms(spec: dict[str, Any]) -> None:
    student, teacher, labels = logits((16, 10))
    terms = build_loss(spec)(student, teacher, labels)
    assert terms.weighted.keys() == terms.parts.keys()
    assert terms.total.item() == pytest.approx(sum(value.item() for value in terms.weighted.values()), rel=1e-12)


@pytest.mark.parametrize("spec", ALL, ids=name_of)
def test_a_loss_that_relates_images_says_so(spec: dict[str, Any]) -> None:
    """The gradient of one image's row depends on another image, or it does not."""
    student, teacher, labels = logits((8, 5))
    loss = build_loss(spec)

    def first_row(z: Tensor) -> Tensor:
        z = z.clone().requires_grad_()
        return torch.autograd.grad(loss(z, teacher, labels).total, z)[0][0]

    other = student.clone()
    other[5, 0] += 1
    moved = not torch.allclose(first_row(student), first_row(other), rtol=1e-9, atol=1e-12)
    assert moved == loss.spec.relational


@pytest.mark.parametrize("spec", ALL, ids=name_of)
@pytest.mark.parametrize("constant", ["student", "teacher", "both"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_constant_predictions_give_finite_figures_and_gradients(
    spec: dict[str, Any], constant: str, dtype: torch.dtype
) -> None:
    student, teacher, labels = logits((8, 10))
    student, teacher = student.to(dtype), teacher.to(dtype)
    if constant != "teacher":
        student = torch.zeros_like(student)
    if constant != "student":
        teacher = torch.full_like(teacher, 0.3)
    student.requires_grad_()
    terms = build_loss(spec)(student, teacher, labels)
    torch.autograd.backward(terms.total)
    assert all(torch.isfinite(part) for part in terms.parts.values())
    assert student.grad is not None and torch.isfinite(student.grad).all()
    assert student.grad.abs().max() < 100, "no blow-up by the epsilon"


def test_a_constant_column_correlates_with_nothing_and_has_no_gradient() -> None:
    student, teacher, labels = logits((8, 3))
    student = torch.zeros_like(student).requires_grad_()  # a head that starts with zeros
    terms = build_loss({"kind": "dist", "alpha": 0})(student, teacher, labels)
    assert terms.parts["inter"].item() == 1 and terms.parts["intra"].item() == 1
    torch.autograd.backward(terms.total)
    assert student.grad is not None and not student.grad.any()


def test_the_warm_up_raises_the_teachers_weight_alone() -> None:
    student, teacher, labels = logits((16, 10))
    kd = {"kind": "kd", "warmup_epochs": 4}
    for spec in (kd, {"kind": "sum", "summands": [{"weight": 2, "loss": kd}]}):
        loss = build_loss(spec)
        full = loss(student, teacher, labels).weighted
        for epoch, share in ((0, 0.25), (2, 0.75), (3, 1.0), (9, 1.0)):
            now = loss(student, teacher, labels, epoch).weighted
            assert now["task"].item() == full["task"].item()
            for name in full.keys() - {"task"}:
                assert now[name].item() == pytest.approx(share * full[name].item(), rel=1e-12)


def test_every_loss_describes_itself() -> None:
    for kind, loss in LOSSES.items():
        schema = loss.model_json_schema()
        assert schema["title"] and ("{alpha} CE" in schema["formula"] or kind == "sum"), kind
        for name, field in schema["properties"].items():
            assert field.get("description") or "$ref" in field, f"{kind}.{name}"
            assert name in ("kind", "temperatures", "batch") or field.get("title"), f"{kind}.{name}"


@pytest.mark.parametrize(
    ("spec", "moves"),
    [
        ({"kind": "task"}, True),
        ({"kind": "dist"}, True),
        ({"kind": "dist", "alpha": 0}, False),
        ({"kind": "kd", "alpha": 0}, True),
        ({"kind": "kd", "alpha": 0, "standardize": True}, False),
        ({"kind": "mlkd", "alpha": 0}, True),
    ],
    ids=str,
)
def test_which_losses_cannot_begin_where_all_answers_are_alike(spec: dict[str, Any], moves: bool) -> None:
    assert build_loss(spec).moves_equal_logits(10) == moves
    assert build_loss(spec).moves_equal_logits(2) == moves


@pytest.mark.parametrize(
    ("spec", "classes", "teaches"),
    [
        ({"kind": "dist", "gamma": 0}, 2, True),
        ({"kind": "dist", "gamma": 0, "alpha": 0}, 2, False),
        ({"kind": "dist", "gamma": 0, "alpha": 0}, 3, True),
        ({"kind": "dist", "beta": 0, "alpha": 0}, 2, True),
        ({"kind": "dist", "alpha": 0, "beta": 0, "gamma": 0}, 100, False),
        ({"kind": "kd", "alpha": 0}, 2, True),
        ({"kind": "kd", "alpha": 0, "standardize": True}, 2, False),
        ({"kind": "kd", "alpha": 0, "standardize": True}, 1000, True),
        ({"kind": "kd", "alpha": 1e-6, "beta": 0}, 1000, True),
        ({"kind": "nkd", "alpha": 0, "beta": 0}, 2, False),
        ({"kind": "sum", "summands": [{"weight": 0, "loss": {"kind": "kd"}}]}, 10, False),
        (SUM, 2, True),
    ],
    ids=str,
)
def test_which_losses_teach_nothing(spec: dict[str, Any], classes: int, teaches: bool) -> None:
    assert build_loss(spec).teaches(classes) == teaches


@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
@pytest.mark.parametrize("temperature", [0.25, 1, 4, 64])
@pytest.mark.parametrize("spec", ALL, ids=name_of)
def test_every_loss_teaches_whatever_the_temperature(spec: dict[str, Any], temperature: float, classes: int) -> None:
    hot = {"temperature": temperature} if "temperature" in LOSSES[spec["kind"]].model_fields else {}
    lone = {"alpha": 0} if spec["kind"] not in ("sum", "task") else {}
    nothing = classes == 2 and spec.get("standardize")
    assert build_loss(spec | hot | lone).teaches(classes) != bool(nothing)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"kind": "dist"}, "the relation between classes teaches nothing"),
        ({"kind": "kd", "standardize": True}, "always 0.7 and -0.7"),
        ({"kind": "dkd", "standardize": True}, "always 0.7 and -0.7"),
        ({"kind": "mlkd", "standardize": True}, "always 0.7 and -0.7"),
        ({"kind": "dkd"}, "DKD's weight γ has no effect"),
        ({"kind": "nkd"}, "NKD's weight γ has no effect"),
        (SUM, "the relation between classes teaches nothing"),
    ],
    ids=str,
)
def test_what_two_classes_do_to_a_loss_is_told(spec: dict[str, Any], told: str) -> None:
    loss = build_loss(spec).spec
    assert any(told in doubt for doubt in loss.doubts(2, 64))
    assert not any(told in doubt for doubt in loss.doubts(3, 64))


def test_a_sum_wants_what_its_losses_want() -> None:
    assert build_loss(SUM).spec.least_batch == build_loss({"kind": "dist"}).spec.least_batch == 3
    assert build_loss({"kind": "sum", "summands": [{"loss": {"kind": "kd"}}]}).spec.least_batch == 1
    local, whole = ({"loss": {"kind": "dist", "batch": batch}} for batch in ("local", "global"))
    kd = {"loss": {"kind": "kd"}}
    assert build_loss({"kind": "sum", "summands": [kd, local]}).spec.local
    assert build_loss({"kind": "sum", "summands": [kd, whole]}).spec.relational
    with pytest.raises(Invalid, match="the same batch"):
        build_loss({"kind": "sum", "summands": [local, whole]})


def test_a_head_of_zeros_is_drawn_anew_where_the_loss_cannot_leave_it() -> None:
    network = build("torchvision/vit_b_16", 10)
    head = network.get_parameter("heads.head.weight")
    assert not head.any(), "torchvision's transformers begin so"
    torch.manual_seed(3)
    assert draw_zero_head(network, "torchvision/vit_b_16") and head.std().item() == pytest.approx(0.02, rel=0.1)
    drawn = head.detach().clone()
    assert not draw_zero_head(network, "torchvision/vit_b_16") and torch.equal(head, drawn)


def test_the_guide_adds_a_loss(tmp_path: Path) -> None:
    """docs/add-a-loss.md as it stands: one file, and recipe, OpenAPI and training know it."""
    root = Path(__file__).parents[2]
    (code,) = re.findall(r"```python\n(.*?)```", (root / "docs" / "add-a-loss.md").read_text(), re.S)
    shutil.copytree(root / "core", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "core" / "losses" / "cosine.py").write_text(code)
    script = """
import json
import torch
from core.errors import Invalid
from core.losses import LOSSES
from core.recipe import Recipe
from core.training.losses import build_loss
from core.training.models import build
from core.training.models.start import draw_zero_head
from api.openapi import text
student = {"name": "a", "architecture": "resnet8"}
recipe = Recipe.model_validate({"teacher": "t", "dataset": "d", "students": [student], "loss": {"kind": "cosine"}})
logits = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
loss = build_loss(recipe.loss)
same = loss(logits, logits.detach(), torch.zeros(6, dtype=torch.int64))
assert torch.autograd.gradcheck(lambda z: loss(z, torch.ones(6, 4).cumsum(1), torch.zeros(6).long()).total, (logits,))
print(json.dumps([list(LOSSES), "CosineLoss" in text(), round(same.parts["angle"].item(), 9)]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{root}", "DISTILLERY_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    known, published, angle = json.loads(done.stdout)
    assert "cosine" in known and published and angle == 0
