"""K students in one job against K jobs of one: the batch is made once, the teacher runs once. Steps alone."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.job import STUDENT, TEACHER, Job, write_parts
from benchmarks.measure import Row, Scale, compare

BATCH, STEPS = 64, 2


def rows(scale: Scale) -> Iterator[Row]:
    pairs, batch = scale.pairs(5), 8 if scale.quick else BATCH
    for count in (1, 2) if scale.quick else (1, 2, 4, 8):
        with tempfile.TemporaryDirectory(prefix="distillery-bench-") as folder:
            parts = write_parts(Path(folder), batch * STEPS * (pairs + 2))

            def job(name: str, seeds: list[int], folder: str = folder, parts: tuple[Path, Path] = parts) -> Job:
                return Job(Path(folder) / name, parts, batch=batch, every=STEPS, seeds=seeds, threads=scale.threads)

            together = job("together", list(range(count)))
            apart = [job(f"apart{seed}", [seed]) for seed in range(count)]

            def all_apart(apart: list[Job] = apart) -> None:
                for alone in apart:
                    alone.go()

            yield compare(
                f"{count} x {STUDENT} in one job, {TEACHER}, batch {batch}",
                together.go,
                f"{count} {'jobs' if count > 1 else 'job'} of one student",
                all_apart,
                pairs=pairs,
                show=lambda seconds: f"{seconds / STEPS * 1000:,.0f} ms a step",
            )
