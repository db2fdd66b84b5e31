"""The benchmarks run, and compare equals: nothing here looks at a time."""

import subprocess
import sys

import pytest
import torch

from benchmarks import published
from benchmarks.__main__ import BENCHMARKS
from benchmarks.measure import compare, spread
from core.training.losses import build_loss
from core.training.models import build
from tests.cli.stack import clean_environment


@pytest.mark.parametrize(("batch", "classes"), [(8, 10), (64, 100)])
def test_the_published_loss_and_ours_are_one(batch: int, classes: int) -> None:
    generator = torch.Generator().manual_seed(batch)
    student = torch.randn(batch, classes, generator=generator, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(batch, classes, generator=generator, dtype=torch.float64) * 3
    labels = torch.randint(0, classes, (batch,), generator=generator)
    gradients = []
    ours = build_loss({"kind": "dist", "temperature": 4})(student, teacher, labels).total
    for total in (published.dist_step_loss(student, teacher, labels), ours):
        student.grad = None
        total.backward()
        assert student.grad is not None
        gradients.append(student.grad.clone())
    torch.testing.assert_close(ours, published.dist_step_loss(student, teacher, labels))
    torch.testing.assert_close(*gradients)


def test_the_published_loop_learns() -> None:
    torch.manual_seed(0)
    batches = [(torch.randn(16, 3, 32, 32), torch.arange(16) % 4)]
    losses = published.train(build("resnet8", 4), build("resnet8", 4), batches)
    first, *_, last = [next(losses) for _ in range(12)]
    assert last < first


def test_ratios_are_of_pairs_and_alternate() -> None:
    order: list[str] = []

    def side(name: str) -> object:
        return lambda: order.append(name)

    row = compare("a", side("a"), "b", side("b"), pairs=4, show=lambda _: "")  # type: ignore[arg-type]
    assert order == [*"ab", *"ba", *"ab", *"ba", *"ab"]
    assert (row.this, row.against) == ("a", "b")
    assert spread([1.0, 2.0, 4.0], "{:.1f}") == "2.0 (1.5\N{EN DASH}3.0)"


@pytest.mark.e2e
def test_every_benchmark_runs() -> None:
    command = [sys.executable, "-W", "error", "-m", "benchmarks", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    for name in BENCHMARKS:
        assert f"│ {name} " in done.stdout, done.stdout


def test_an_unknown_name_is_told_the_known_ones() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks", "stap"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "there are: loss, step" in done.stderr
