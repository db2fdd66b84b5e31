"""The losses against their published definitions, transcribed here once more in numpy and float64."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.errors import Invalid
from core.losses import DistLoss, KdLoss, TaskLoss
from core.training.losses import build_loss
from core.training.losses.dist import dist_loss, dist_terms

Array = NDArray[np.float64]
SHAPES = [(8, 5), (64, 100), (32, 1000), (3, 2), (16, 10), (2, 7), (1, 6), (5, 2), (7, 1), (1, 1)]
TEMPERATURES = [0.5, 1.0, 2.0, 4.0, 16.0]


# --- the definitions, by hand -------------------------------------------------------------------------------------


def np_softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def np_relation(student: Array, teacher: Array) -> float:
    """1 - mean over rows of Pearson's correlation, row by row, with 1e-8 added to the product of the norms."""
    rhos = []
    for a, b in zip(student, teacher, strict=True):
        a, b = a - a.mean(), b - b.mean()
        rhos.append((a * b).sum() / (np.sqrt((a * a).sum()) * np.sqrt((b * b).sum()) + 1e-8))
    return 1.0 - float(np.mean(rhos))


def np_dist(zs: Array, zt: Array, tau: float) -> tuple[float, float]:
    s, t = np_softmax(zs / tau), np_softmax(zt / tau)
    return np_relation(s, t), np_relation(s.T, t.T)


def np_relation_gradient(student: Array, teacher: Array) -> Array:
    """Gradient of np_relation with respect to `student`, in closed form."""
    gradient = np.zeros_like(student)
    for i, (a, b) in enumerate(zip(student, teacher, strict=True)):
        a, b = a - a.mean(), b - b.mean()
        norm_a, norm_b = np.sqrt((a * a).sum()), np.sqrt((b * b).sum())
        n = norm_a * norm_b + 1e-8
        g = b / n - (a * b).sum() * norm_b / (norm_a * n * n) * a
        gradient[i] = -(g - g.mean()) / len(student)
    return gradient


def np_dist_gradient(zs: Array, zt: Array, beta: float, gamma: float, tau: float) -> Array:
    s, t = np_softmax(zs / tau), np_softmax(zt / tau)
    g = beta * np_relation_gradient(s, t) + gamma * np_relation_gradient(s.T, t.T).T
    return np.asarray(tau * s * (g - (s * g).sum(axis=1, keepdims=True)))


def logits(shape: tuple[int, int], seed: int = 0, scale: float = 2.0) -> tuple[Tensor, Tensor, Tensor]:
    generator = np.random.default_rng([seed, *shape])
    student, teacher = (torch.from_numpy(generator.normal(0, scale, shape)) for _ in range(2))
    return student, teacher, torch.from_numpy(generator.integers(0, shape[1], shape[0]))


# --- DIST ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "tau"), list(product(SHAPES, TEMPERATURES)))
def test_dist_is_the_published_definition(shape: tuple[int, int], tau: float) -> None:
    student, teacher, _ = logits(shape)
    inter, intra = np_dist(student.numpy(), teacher.numpy(), tau)
    ours = dist_terms(student, teacher, tau)
    assert ours[0].item() == pytest.approx(inter, abs=1e-12)
    assert ours[1].item() == pytest.approx(intra, abs=1e-12)
    expected = 1.5 * tau**2 * inter + 0.5 * tau**2 * intra
    assert dist_loss(student, teacher, 1.5, 0.5, tau).item() == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(st.integers(2, 40), st.integers(2, 40), st.floats(0.5, 16), st.floats(0.1, 20), st.integers(0, 2**31))
@settings(deadline=None, max_examples=60)
def test_dist_is_the_published_definition_anywhere(
    batch: int, classes: int, tau: float, scale: float, seed: int
) -> None:
    student, teacher, _ = logits((batch, classes), seed, scale)
    inter, intra = np_dist(student.numpy(), teacher.numpy(), tau)
    expected = tau**2 * (2 * inter + 2 * intra)
    # two different orders of summation; the epsilon makes tiny columns sensitive to the last bit
    assert dist_loss(student, teacher, temperature=tau).item() == pytest.approx(expected, rel=1e-11, abs=1e-11)


def test_defaults_are_those_of_the_paper_on_cifar() -> None:
    student, teacher, _ = logits((16, 10))
    assert torch.equal(dist_loss(student, teacher), dist_loss(student, teacher, beta=2, gamma=2, temperature=4))


@pytest.mark.parametrize("shape", [(8, 5), (64, 100), (32, 1000), (16, 10)])
@pytest.mark.parametrize("tau", [1.0, 4.0])
def test_the_gradient_is_the_closed_form(shape: tuple[int, int], tau: float) -> None:
    student, teacher, _ = logits(shape)
    student.requires_grad_()
    torch.autograd.backward(dist_loss(student, teacher, 1.5, 0.5, tau))
    expected = np_dist_gradient(student.detach().numpy(), teacher.numpy(), 1.5, 0.5, tau)
    assert student.grad is not None
    np.testing.assert_allclose(student.grad.numpy(), expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("kind", ["dist", "kd", "task"])
def test_the_gradient_is_that_of_the_value(kind: str) -> None:
    """Against finite differences; the labels' part included."""
    student, teacher, labels = logits((5, 4))
    loss = build_loss({"kind": kind}, label_smoothing=0.1)
    torch.autograd.gradcheck(lambda z: loss(z, teacher, labels).total, student.requires_grad_(), atol=1e-7)


def test_no_gradient_reaches_the_teacher() -> None:
    for kind in ("dist", "kd"):
        student, teacher, labels = logits((5, 4))
        teacher.requires_grad_()
        torch.autograd.backward(build_loss({"kind": kind})(student.requires_grad_(), teacher, labels).total)
        assert teacher.grad is None and student.grad is not None


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("kind", ["dist", "kd", "task"])
def test_half_types_give_the_float32_answer(kind: str, dtype: torch.dtype, autocast: bool) -> None:
    student, teacher, labels = logits((32, 10))
    student, teacher = student.to(dtype), teacher.to(dtype)
    loss = build_loss({"kind": kind})
    expected = loss(student.float(), teacher.float(), labels)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        given_half = loss(student, teacher, labels)
    assert given_half.total.dtype == torch.float32
    assert torch.equal(given_half.total, expected.total)
    assert {k: v.item() for k, v in given_half.parts.items()} == {k: v.item() for k, v in expected.parts.items()}


class AutocastSpy(TorchFunctionMode):
    """Notes for every torch function called whether autocast was on."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, bool] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen[func.__name__] = torch.is_autocast_enabled("cpu")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("kind", ["dist", "kd", "task"])
def test_autocast_around_changes_nothing(kind: str) -> None:
    student, teacher, labels = (z.float() if z.is_floating_point() else z for z in logits((32, 10)))
    with torch.autocast("cpu", torch.bfloat16), AutocastSpy() as spy:
        inside = build_loss({"kind": kind})(student, teacher, labels).total
        seen = dict(spy.seen)
        assert (student @ teacher.T).dtype == torch.bfloat16 and spy.seen["matmul"]  # it was on
    computing = {"softmax", "linalg_vector_norm", "log_softmax", "kl_div", "cross_entropy", "mean"} & seen.keys()
    assert computing and not any(seen[name] for name in computing)
    assert torch.equal(inside, build_loss({"kind": kind})(student, teacher, labels).total)


@given(st.integers(0, 2**31), st.floats(0.1, 1.0))
@settings(deadline=None, max_examples=30)
def test_a_student_whose_rows_are_the_teachers_but_flatter_loses_nothing_between_classes(
    seed: int, share: float
) -> None:
    """Pearson's correlation does not see a row's scale and offset: p = share * q + (1 - share) / C costs nothing."""
    _, teacher, _ = logits((16, 10), seed)
    q = torch.softmax(teacher / 4.0, dim=1)
    student = 4.0 * torch.log(share * q + (1 - share) / 10)
    inter, intra = dist_terms(student, teacher, 4.0)
    assert inter.item() == pytest.approx(0, abs=1e-5)  # the epsilon keeps a trace
    assert intra.item() == pytest.approx(0, abs=1e-5)  # the same share everywhere: columns are flatter alike


def test_both_relations_notice_what_they_are_for() -> None:
    """A different share in every row keeps each row's relation, and breaks the columns'."""
    _, teacher, _ = logits((16, 10))
    q = torch.softmax(teacher, dim=1)
    share = torch.linspace(0.1, 1.0, 16, dtype=torch.float64)[:, None]
    inter, intra = dist_terms(torch.log(share * q + (1 - share) / 10), teacher, 1.0)
    assert inter.item() < 1e-6 < 1e-2 < intra.item()


@given(st.integers(0, 2**31))
@settings(deadline=None, max_examples=30)
def test_the_order_of_images_and_classes_does_not_matter(seed: int) -> None:
    student, teacher, _ = logits((12, 7), seed)
    generator = torch.Generator().manual_seed(seed)
    rows, columns = torch.randperm(12, generator=generator), torch.randperm(7, generator=generator)
    shuffled = dist_loss(student[rows][:, columns], teacher[rows][:, columns])
    assert shuffled.item() == pytest.approx(dist_loss(student, teacher).item(), rel=1e-10)


def degenerate() -> Iterator[tuple[str, Tensor, Tensor]]:
    for shape in [(1, 5), (5, 1), (1, 1), (2, 5), (5, 2), (2, 2)]:
        student, teacher, _ = logits(shape)
        yield f"shape {shape}", student, teacher
    _, teacher, _ = logits((6, 4))
    yield "uniform student", torch.zeros(6, 4), teacher
    yield "uniform both", torch.zeros(6, 4), torch.zeros(6, 4)
    yield "equal", teacher, teacher
    yield "a certain teacher", torch.zeros(6, 4), 1e4 * torch.eye(4)[[0, 1, 2, 3, 0, 1]]
    yield "certain both", 1e4 * torch.eye(4)[[0, 1, 2, 3, 0, 1]], 1e4 * torch.eye(4)[[3, 2, 1, 0, 1, 0]]
    yield "one answer to everything", torch.tensor([[50.0, 0, 0, 0]]).expand(6, 4), teacher


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(("name", "student", "teacher"), list(degenerate()))
def test_degenerate_batches_stay_finite(name: str, student: Tensor, teacher: Tensor, dtype: torch.dtype) -> None:
    for kind in ("dist", "kd"):
        z = student.to(dtype).clone().requires_grad_()
        terms = build_loss({"kind": kind})(z, teacher.to(dtype), torch.zeros(len(z), dtype=torch.int64))
        torch.autograd.backward(terms.total)
        assert all(torch.isfinite(part) for part in (terms.total, *terms.parts.values()))
        assert z.grad is not None and not z.grad.isnan().any()
        # a student that says the same of everything gets up to 1 / epsilon: more than float16 itself can hold
        assert dtype == torch.float16 or torch.isfinite(z.grad).all()


def test_epsilon_is_added_to_the_product_of_norms() -> None:
    """On columns that hardly vary this is not the same as clamping each norm: the tail classes count less."""
    generator = torch.Generator().manual_seed(0)
    student = torch.randn(32, 1000, generator=generator, dtype=torch.float64)
    student[torch.arange(32), torch.arange(32)] += 14
    teacher = student + 0.3 * torch.randn(32, 1000, generator=generator, dtype=torch.float64)
    s, t = torch.softmax(student, 1), torch.softmax(teacher, 1)
    clamped = 1 - F.cosine_similarity(s - s.mean(0), t - t.mean(0), dim=0, eps=1e-8).mean()
    intra = dist_terms(student, teacher, 1.0)[1]
    assert intra.item() - clamped.item() > 0.01
    assert intra.item() == pytest.approx(np_dist(student.numpy(), teacher.numpy(), 1.0)[1], abs=1e-12)


# --- cross-entropy and KL -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau", TEMPERATURES)
def test_kd_is_the_published_definition(tau: float) -> None:
    student, teacher, labels = logits((16, 10))
    s, t = np_softmax(student.numpy() / tau), np_softmax(teacher.numpy() / tau)
    divergence = float((t * (np.log(t) - np.log(s))).sum(axis=1).mean())
    task = -float(np.log(np_softmax(student.numpy()))[np.arange(16), labels.numpy()].mean())
    terms = build_loss({"kind": "kd", "alpha": 0.3, "beta": 0.7, "temperature": tau})(student, teacher, labels)
    assert terms.parts["kd"].item() == pytest.approx(divergence, abs=1e-12)
    assert terms.total.item() == pytest.approx(0.3 * task + 0.7 * tau**2 * divergence, abs=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["task", "dist", "kd"])
def test_label_smoothing_belongs_to_the_cross_entropy(kind: str, smoothing: float) -> None:
    student, teacher, labels = logits((16, 10))
    targets = (1 - smoothing) * np.eye(10)[labels.numpy()] + smoothing / 10
    expected = -float((targets * np.log(np_softmax(student.numpy()))).sum(axis=1).mean())
    terms = build_loss({"kind": kind}, label_smoothing=smoothing)(student, teacher, labels)
    assert terms.parts["task"].item() == pytest.approx(expected, abs=1e-12)


def test_the_total_is_the_weighted_sum_of_the_parts() -> None:
    student, teacher, labels = logits((16, 10))
    spec = DistLoss(alpha=0.5, beta=3.0, gamma=0.25, temperature=2.0)
    terms = build_loss(spec)(student, teacher, labels)
    p = {name: part.item() for name, part in terms.parts.items()}
    assert list(p) == ["task", "inter", "intra"]
    assert terms.total.item() == pytest.approx(0.5 * p["task"] + 4 * (3.0 * p["inter"] + 0.25 * p["intra"]), abs=1e-12)
    assert build_loss(TaskLoss(alpha=2.0))(student, None, labels).total.item() == pytest.approx(2 * p["task"])


# --- the registry -------------------------------------------------------------------------------------------------


def test_wrong_settings_are_named() -> None:
    for spec, pointer in (
        ({"kind": "dits"}, "/kind"),
        ({"beta": 1}, "/kind"),
        ({"kind": "dist", "beta": -1}, "/beta"),
        ({"kind": "dist", "betta": 1}, "/betta"),
        ({"kind": "kd", "temperature": 0}, "/temperature"),
    ):
        with pytest.raises(Invalid) as caught:
            build_loss(spec)
        assert [problem.pointer for problem in caught.value.problems] == [pointer]
    with pytest.raises(Invalid, match="label_smoothing"):
        build_loss(KdLoss(), label_smoothing=1.5)


def test_logits_that_do_not_match_are_an_error() -> None:
    student, teacher, labels = logits((4, 3))
    for kind in ("dist", "kd"):
        with pytest.raises(ValueError, match="needs the teacher"):
            build_loss({"kind": kind})(student, None, labels)
        with pytest.raises(ValueError, match="same shape"):
            build_loss({"kind": kind})(student, teacher[:, :2], labels)
    with pytest.raises(ValueError, match="same shape"):
        dist_loss(student, teacher[:1])  # would broadcast


# --- images without labels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dist", "kd", "task"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_labels_are_learnt_where_they_are_and_the_teacher_everywhere(kind: str, smoothing: float) -> None:
    student, teacher, labels = logits((12, 5))
    labels[[0, 3, 4, 11]] = -1
    known = labels >= 0
    loss = build_loss({"kind": kind}, label_smoothing=smoothing)
    terms, whole = loss(student, teacher, labels), loss(student, teacher, labels.clamp(min=0))
    task = F.cross_entropy(student[known], labels[known], label_smoothing=smoothing)
    assert terms.parts["task"].item() == pytest.approx(task.item(), rel=1e-12)
    for name in terms.parts.keys() - {"task"}:
        assert torch.equal(terms.parts[name], whole.parts[name])
    alpha = build_loss({"kind": kind}).spec.alpha
    assert (terms.total - whole.total).item() == pytest.approx(
        alpha * (terms.parts["task"] - whole.parts["task"]).item(), abs=1e-12
    )


@pytest.mark.parametrize("kind", ["dist", "kd", "task"])
def test_without_any_label_the_task_is_silent(kind: str) -> None:
    student, teacher, labels = logits((8, 5))
    student.requires_grad_()
    terms = build_loss({"kind": kind}, label_smoothing=0.1)(student, teacher, torch.full_like(labels, -1))
    assert terms.parts["task"].item() == 0
    torch.autograd.backward(terms.total)
    assert student.grad is not None and torch.isfinite(student.grad).all()
    assert bool(student.grad.any()) == (kind != "task")


def test_where_all_are_labelled_the_mean_is_torchs() -> None:
    for smoothing in (0.0, 0.1):
        student, teacher, labels = logits((64, 100))
        task = build_loss({"kind": "task"}, smoothing)(student.float(), teacher, labels).total
        expected = F.cross_entropy(student.float(), labels, label_smoothing=smoothing)
        assert task.item() == pytest.approx(expected.item(), rel=1e-6)
