"""A training step of the core against the published loop: ResNet-56 teaches ResNet-20, 100 classes, 32 px.

The core's side is its whole loop: crops and mirrors, teacher, student, update, figures, progress. The other side gets
its batches for nothing: they lie in memory, cropped and normalised.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks import published
from benchmarks.job import CLASSES, SIDE, STUDENT, TEACHER, Job, write_parts
from benchmarks.measure import Row, Scale, compare
from core.training.models import build

STEPS = 2  # of one measurement


def rows(scale: Scale) -> Iterator[Row]:
    steps, pairs = (1 if scale.quick else STEPS), scale.pairs(9)
    for batch in (8,) if scale.quick else (64, 128):
        with tempfile.TemporaryDirectory(prefix="distillery-bench-") as folder:
            parts = write_parts(Path(folder), batch * steps * (pairs + 2))
            job = Job(Path(folder) / "job", parts, batch=batch, every=steps, seeds=[0], threads=scale.threads)
            torch.manual_seed(0)
            ready = [(torch.randn(batch, 3, SIDE, SIDE), torch.randint(0, CLASSES, (batch,))) for _ in range(4)]
            loop = published.train(build(STUDENT, CLASSES), build(TEACHER, CLASSES), ready)

            def plain(loop: Iterator[float] = loop) -> None:
                for _ in range(steps):
                    next(loop)

            yield compare(
                f"step, batch {batch}, {TEACHER} to {STUDENT}",
                job.go,
                "the published loop, eager",
                plain,
                pairs=pairs,
                show=lambda seconds: f"{seconds / steps * 1000:,.0f} ms",
            )
