"""Top-1, top-5 and agreement, held against a plain calculation."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.training.answering import Seeing
from core.training.data import Split, View
from core.training.evaluate import Answers, answer
from core.training.images import PixelImages
from core.training.precision import Precision
from core.views import ViewSpec

PLAIN = Precision(torch.device("cpu"), bfloat16=False)
VIEW = View(ViewSpec(4, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)))


class Table(nn.Module):
    """Answers image number n (in its first pixel) with row n of a table."""

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.rows = rows

    def forward(self, x: Tensor) -> Tensor:
        assert not self.training
        return self.rows[(x[:, 0, 0, 0] * 255).round().long()]


def seeing(network: nn.Module) -> Seeing:
    return Seeing(network, VIEW, PLAIN)


def split(count: int, classes: int) -> Split:
    images = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 4, 4, 3)).copy()
    return Split(PixelImages(images, PLAIN.device), torch.arange(count) % classes)


def judge(rows: Tensor, data: Split) -> Answers:
    (found,) = answer([seeing(Table(rows))], data)
    return found


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_figures_equal_a_plain_calculation(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.data.PIXELS_AT_ONCE", 16 * chunk)
    torch.manual_seed(0)
    data, rows, other = split(100, 12), torch.randn(100, 12), torch.randn(100, 12)
    first, second = answer([seeing(Table(rows)), seeing(Table(other))], data)
    ranked, labels = np.argsort(-rows.numpy(), axis=1), data.labels.numpy()
    assert np.array_equal(first.predicted, ranked[:, 0])
    assert first.top1 == np.mean(ranked[:, 0] == labels)
    assert first.top5 == np.mean([label in row[:5] for label, row in zip(labels, ranked, strict=True)])
    assert first.agreement(second) == np.mean(rows.numpy().argmax(1) == other.numpy().argmax(1))
    assert first.agreement(first) == 1.0 and first.agreement(None) is None


def test_with_five_classes_and_fewer_top5_is_always_right() -> None:
    assert judge(torch.randn(30, 5), split(30, 5)).top5 == 1.0


def test_equal_logits_are_in_the_order_of_the_classes() -> None:
    """As argmax has it: a network that says the same of all is right about the first class, and about five in top-5."""
    found = judge(torch.zeros(100, 10), split(100, 10))
    assert (found.top1, found.top5) == (0.1, 0.5)


def test_a_logit_that_is_not_finite_is_seen() -> None:
    rows = torch.randn(30, 4)
    assert judge(rows, split(30, 4)).finite
    rows[29, 3] = float("inf")
    assert not judge(rows, split(30, 4)).finite


def test_networks_keep_their_mode() -> None:
    learning, resting = Table(torch.randn(9, 3)).train(), Table(torch.randn(9, 3)).eval()
    answer([seeing(learning), seeing(resting)], split(9, 3))
    assert learning.training and not resting.training


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("chunk", [1, 7, 1000])
@pytest.mark.parametrize("classes", [2, 12])
def test_what_is_near_the_teacher_equals_a_plain_calculation(
    chunk: int, classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.data.PIXELS_AT_ONCE", 16 * chunk)
    torch.manual_seed(0)
    data, rows, taught = split(100, classes), 2 * torch.randn(100, classes), 2 * torch.randn(100, classes)
    other = torch.randn(100, classes)
    teacher = seeing(Table(taught).eval())
    found, _ = answer([seeing(Table(rows)), seeing(Table(other))], data, teacher)
    (alone,) = answer([seeing(Table(rows))], data, teacher)
    (told,) = answer([teacher], data)
    p, q = softmax(rows.double().numpy()), softmax(taught.double().numpy())
    labels = data.labels.numpy()
    figures = found.figures(told)
    assert figures == alone.figures(told), "whoever else is there"
    assert figures["nll"] == pytest.approx(-np.log(p[np.arange(100), labels]).mean(), rel=1e-12)
    assert figures["kl"] == pytest.approx((q * np.log(q / p)).sum(axis=1).mean(), rel=1e-9)
    assert figures["inter"] == pytest.approx(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(p, q, strict=True)]))
    assert figures["intra"] == pytest.approx(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(p.T, q.T, strict=True)]))
    right = q.argmax(1) == labels
    same = p.argmax(1) == q.argmax(1)
    assert figures["agreement_teacher_right"] == same[right].mean()
    assert figures["agreement_teacher_wrong"] == same[~right].mean()
    sure, correct, error = p.max(axis=1), p.argmax(1) == labels, 0.0
    for low in np.arange(15) / 15:
        inside = (sure > low) & (sure <= low + 1 / 15)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - sure[inside].mean())
    assert figures["ece"] == pytest.approx(error, abs=1e-12)


def test_what_does_not_vary_correlates_with_nothing() -> None:
    data, taught = split(30, 4), torch.randn(30, 4)
    found = answer([seeing(Table(torch.full((30, 4), 0.3)))], data, seeing(Table(taught)))[0]
    figures = found.figures(None)
    assert figures["inter"] == 0 and figures["intra"] == 0 and figures["agreement"] is None
    assert figures["nll"] == pytest.approx(np.log(4)) and all(np.isfinite(v) for v in figures.values() if v is not None)


def test_a_teacher_that_is_always_right_has_no_mistakes_to_copy() -> None:
    data = split(30, 3)
    perfect = judge(10 * torch.eye(3)[data.labels], data)
    figures = judge(torch.randn(30, 3), data).figures(perfect)
    assert figures["agreement_teacher_wrong"] is None and figures["agreement_teacher_right"] == figures["agreement"]
    assert figures["kl"] is None
