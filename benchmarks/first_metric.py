"""From `POST /v1/jobs` to the first figure of training that a client can read; the worker has worked before."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, Scale
from benchmarks.service import Service
from tests.cli.stack import running


def rows(scale: Scale) -> Iterator[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="distillery-bench-")))
        up = stack.enter_context(running(folder, DISTILLERY_THREADS=str(scale.threads)))
        service = stack.enter_context(Service(up))
        dataset = service.digits()
        wish = {
            "dataset": dataset,
            "students": [{"name": "student", "architecture": "resnet8"}],
            "training": {"epochs": 1000, "log_every": 1},
        }
        _first_metric(service, wish)
        times = [_first_metric(service, wish) for _ in range(2 if scale.quick else 5)]
    low, high = min(times), max(times)
    yield Row(
        "submit to first figure, digits, warm worker",
        f"{statistics.median(times):.2f} s ({low:.2f}\N{EN DASH}{high:.2f})",
    )


def _first_metric(service: Service, wish: dict[str, Any]) -> float:
    start = time.perf_counter()
    job = service.post("/v1/jobs", wish)["id"]
    service.wait(lambda: service.get(f"/v1/jobs/{job}/metrics?names=loss/total")["series"])
    seconds = time.perf_counter() - start
    service.post(f"/v1/jobs/{job}/cancel")
    service.wait(lambda: service.get(f"/v1/jobs/{job}")["finished_at"])
    return seconds
