"""A step in parts is the step; and what each term of a loss has in its gradient."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.losses import LOSSES
from core.training.losses import build_loss
from core.training.step import Lesson, gradient_shares, teach

SUM = {"kind": "sum", "summands": [{"loss": {"kind": "mlkd"}}, {"loss": {"kind": "dist"}}]}
ALL: list[dict[str, Any]] = [SUM, *({"kind": kind} for kind in LOSSES if kind != "sum")]


def network(dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(1)
    layers = (nn.Flatten(), nn.Linear(3 * 16, 20), nn.Tanh(), nn.Dropout(dropout), nn.Linear(20, 7))
    return nn.Sequential(*layers).double().train()


def lesson(labelled: int = 12) -> Lesson:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(12, 3, 4, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 7, (12,), generator=generator)
    labels[labelled:] = -1
    return Lesson(images, 3 * torch.randn(12, 7, generator=generator, dtype=torch.float64), labels, 0)


def gradients(net: nn.Module, spec: dict[str, Any], parts: int, labelled: int = 12) -> tuple[list[Tensor], Any]:
    def forward(images: Tensor, part: int) -> Tensor:
        torch.manual_seed(part)
        return net(images)

    net.zero_grad()
    taught = teach(net, forward, build_loss(spec), lesson(labelled), parts)
    return [parameter.grad.clone() for parameter in net.parameters() if parameter.grad is not None], taught


@pytest.mark.parametrize("labelled", [12, 5])
@pytest.mark.parametrize("parts", [2, 3, 5, 12])
@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec["kind"])
def test_in_parts_it_is_the_same_step(spec: dict[str, Any], parts: int, labelled: int) -> None:
    net = network()
    whole, once = gradients(net, spec, 1, labelled)
    split, often = gradients(net, spec, parts, labelled)
    for a, b in zip(whole, split, strict=True):
        assert torch.allclose(a, b, rtol=0, atol=1e-10)
    assert torch.allclose(once.logits, often.logits, rtol=0, atol=1e-12)
    assert once.total.item() == pytest.approx(often.total.item(), abs=1e-10)
    assert {name: pytest.approx(part.item(), abs=1e-10) for name, part in once.parts.items()} == {
        name: part.item() for name, part in often.parts.items()
    }


@pytest.mark.parametrize("kind", ["dist", "mlkd"])
def test_local_relations_are_another_loss(kind: str) -> None:
    """The negative control: what the published per-process behaviour computes is not the whole batch's."""
    net = network()
    whole, _ = gradients(net, {"kind": kind, "batch": "local"}, 1)
    split, _ = gradients(net, {"kind": kind, "batch": "local"}, 3)
    assert max(float((a - b).abs().max()) for a, b in zip(whole, split, strict=True)) > 1e-4


def test_dropout_is_replayed() -> None:
    """Both passes of a part drop the same units: the gradient is that of the logits which the loss has seen."""
    net = network(0.5)
    grads, taught = gradients(net, {"kind": "dist"}, 3)
    net.zero_grad()
    logits = []
    for part, images in enumerate(lesson().images.tensor_split(3)):
        torch.manual_seed(part)
        logits.append(net(images))
    together = torch.cat(logits)
    assert torch.equal(together.detach(), taught.logits)
    torch.autograd.backward(build_loss({"kind": "dist"})(together, lesson().teacher_logits, lesson().labels).total)
    for parameter, gradient in zip(net.parameters(), grads, strict=True):
        assert parameter.grad is not None and torch.allclose(parameter.grad, gradient, rtol=0, atol=1e-12)


def test_batch_norms_count_every_part_once() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(48), nn.Linear(48, 7)).double().train()
    alone = nn.BatchNorm1d(48).double().train()
    gradients(net, {"kind": "dist"}, 3)
    for images in lesson().images.tensor_split(3):
        alone(images.flatten(1))
    for name, buffer in alone.named_buffers():
        assert torch.equal(dict(net.named_buffers())[f"1.{name}"], buffer), name


def test_the_shares_of_the_terms_in_the_gradient() -> None:
    taught = lesson()
    logits = torch.randn(12, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    shares = gradient_shares(build_loss({"kind": "dist", "beta": 3}), logits, taught)
    assert list(shares) == ["task", "inter", "intra"] and sum(shares.values()) == pytest.approx(1)
    alone = {
        "task": {"kind": "task"},
        "inter": {"kind": "dist", "alpha": 0, "beta": 3, "gamma": 0},
        "intra": {"kind": "dist", "alpha": 0, "beta": 0},
    }
    norms = {}
    for name, spec in alone.items():
        z = logits.clone().requires_grad_()
        torch.autograd.backward(build_loss(spec)(z, taught.teacher_logits, taught.labels).total)
        assert z.grad is not None
        norms[name] = float(z.grad.norm())
    for name, share in shares.items():
        assert share == pytest.approx(norms[name] / sum(norms.values()), rel=1e-9)
    nothing = gradient_shares(build_loss({"kind": "dist", "alpha": 0, "beta": 0, "gamma": 0}), logits, taught)
    assert nothing == {}, "no gradient has no shares"
