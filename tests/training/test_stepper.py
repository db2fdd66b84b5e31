"""From a gradient to new weights: clipping, and the scale of float16, here on the processor."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.optimization import Optimizer, Sgd
from core.recipe import Recipe, Training
from core.training import precision as precisions
from core.training.optim import build_optimizer
from core.training.precision import Precision, decide
from core.training.stepper import SKIPPED, Stepper
from tests.training.small import Run, train, until_checkpoint

PLAIN = Precision(torch.device("cpu"), bfloat16=False)
HALF = Precision(torch.device("cpu"), bfloat16=False, float16=True)


def update(stepper: Stepper, loss: Tensor, network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    optimizer.zero_grad()
    torch.autograd.backward(stepper.scaled(loss))
    return stepper.step(network, optimizer)


def test_clipping_shortens_the_gradient_and_keeps_its_direction() -> None:
    network = nn.Linear(3, 2, bias=False)
    before = network.weight.detach().clone()
    stepper = Stepper(Training(clip_grad_norm=2.0), PLAIN)
    figures = update(stepper, (network.weight * 5).sum(), network, torch.optim.SGD(network.parameters(), lr=1.0))
    assert figures["grad_norm"].item() == pytest.approx(5 * 6**0.5)
    assert (before - network.weight.detach()).flatten().tolist() == pytest.approx([2 / 6**0.5] * 6, rel=1e-5)


def one(factor: float, stepper: Stepper, network: nn.Linear, optimizer: torch.optim.Optimizer) -> dict[str, float]:
    figures = update(stepper, (network.weight * factor).sum(), network, optimizer)
    return {name: value.item() for name, value in figures.items()}


def small(spec: Optimizer) -> tuple[nn.Linear, torch.optim.Optimizer]:
    torch.manual_seed(0)
    network = nn.Linear(3, 2, bias=False)
    return network, build_optimizer(network, spec, may_skip=True)


@pytest.mark.parametrize("spec", [Sgd(lr=0.1), *[Training(optimizer={"kind": k}).optimizer for k in ("adamw", "lamb")]])
@pytest.mark.parametrize("clip", [None, 1.0])
def test_the_scale_changes_no_step_but_those_it_skips(spec: Optimizer, clip: float | None) -> None:
    training = Training(clip_grad_norm=clip)
    plain, scaled = small(spec), small(spec)
    steppers = Stepper(training, PLAIN), Stepper(training, HALF)
    for factor in (1.0, 2.0, 0.5):
        told = [one(factor, stepper, *own) for stepper, own in zip(steppers, (plain, scaled), strict=True)]
        assert told[1] == pytest.approx(told[0] | {SKIPPED: 0.0})
    assert torch.allclose(plain[0].weight, scaled[0].weight, rtol=1e-6)
    before = scaled[0].weight.detach().clone()
    for _ in range(3):
        assert one(1e38, steppers[1], *scaled)[SKIPPED] == 1.0  # times 2**16 it is infinite
    assert torch.equal(scaled[0].weight, before)
    assert steppers[1].state()["scale"] == 2.0**13


def test_a_first_step_that_is_skipped_leaves_no_trace() -> None:
    training, (one_way, other) = Training(), (small(Sgd()), small(Sgd()))
    first, second = Stepper(training, HALF), Stepper(training, HALF)
    one(1e38, first, *one_way)
    for factor in (1.0, 0.5):
        one(factor, first, *one_way)
        one(factor, second, *other)
    assert torch.allclose(one_way[0].weight, other[0].weight, rtol=1e-6)


def test_what_overflows_without_any_scale_is_told_as_broken() -> None:
    network, optimizer = small(Sgd())
    stepper = Stepper(Training(), HALF)
    told = [one(float("inf"), stepper, network, optimizer)[SKIPPED] for _ in range(19)]
    assert told[:17] == [1.0] * 17 and told[17] != told[17]  # 2**16 down to 1, then it is not the scale


def test_a_skipped_step_leaves_no_figure() -> None:
    stepper = Stepper(Training(), HALF)
    assert stepper.told(torch.tensor([torch.nan, 3, 1])).tolist() == [0, 0, 1]
    assert stepper.told(torch.tensor([2.0, 3, 0])).tolist() == [2, 3, 0]
    broken = stepper.told(torch.tensor([torch.nan, 3, 0]))
    assert broken[0] != broken[0]


def test_the_scale_goes_on_where_it_was() -> None:
    first = Stepper(Training(), HALF)
    own = small(Sgd())
    for factor in (1e38, 1.0, 1.0):
        one(factor, first, *own)
    second = Stepper(Training(), HALF)
    second.restore(first.state())
    for factor in (1.0, 1e38, 1.0):
        assert one(factor, second, *own) == one(factor, first, *own)
    assert first.state() == second.state()
    second.restore({})  # of an attempt on a machine without a GPU
    assert Stepper(Training(), PLAIN).state() == {}


@pytest.fixture
def half_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a GPU decides, on the processor: slow, and good enough for digits."""

    def decided(recipe: Recipe, threads: int, recorded: dict[str, Any] | None, processes: int) -> Any:
        _, record, _ = decide(recipe, threads, None, processes)
        return HALF, record, True

    monkeypatch.setattr("core.training.trainer.decide", decided)


def skipped(run: Run) -> float:
    return sum(value for (_, _, name), value in run.points().items() if name == SKIPPED)


@pytest.mark.usefixtures("half_on_the_processor")
@pytest.mark.parametrize("more", [{}, {"clip_grad_norm": 1.0, "optimizer": {"kind": "adamw"}, "ema": {}}])
def test_a_run_in_float16_skips_steps_and_resumes(tmp_path: Path, digits: Path, more: dict[str, Any]) -> None:
    fields = {"training": {"log_every": 3, "epochs": 2} | more}
    whole = train(tmp_path / "whole", digits, **fields)
    first, checkpoint = until_checkpoint(tmp_path / "first", digits, None, 4, **fields)
    second = train(tmp_path / "second", digits, resume=checkpoint, **fields)
    assert second.tensors() == whole.tensors()
    assert first.points() | second.points() == whole.points()
    assert any(name == SKIPPED for _, _, name in whole.points())


@pytest.mark.usefixtures("half_on_the_processor")
def test_an_overflow_is_a_skipped_step_and_no_failure(
    tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.amp.GradScaler.__init__, "__defaults__", ("cuda", 2.0**120, 2.0, 2.0**-60, 2000, True))
    run = train(tmp_path, digits, training={"epochs": 1})
    assert 1 <= skipped(run) < 5 and run.tensors()
    assert all(value == value for value in run.points().values())


def test_without_a_gpu_float16_is_float32(tmp_path: Path, digits: Path) -> None:
    half = train(tmp_path / "half", digits, training={"epochs": 1, "precision": "float16"})
    full = train(tmp_path / "full", digits, training={"epochs": 1, "precision": "float32"})
    if not torch.cuda.is_available():
        assert half.tensors() == full.tensors()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_float16_on_a_gpu_learns_and_resumes(tmp_path: Path, digits: Path) -> None:
    precisions.set_up(1)
    fields: dict[str, Any] = {"training": {"precision": "float16", "epochs": 4, "log_every": 3}}
    whole = train(tmp_path / "whole", digits, **fields)
    _, checkpoint = until_checkpoint(tmp_path / "first", digits, None, 7, **fields)
    second = train(tmp_path / "second", digits, resume=checkpoint, **fields)
    assert second.tensors() == whole.tensors()
    top1 = [value for (_, _, name), value in whole.points().items() if name == "val/top1"]
    assert top1[-1] > 0.3
