"""Memory of every process of `distillery up`, idle and while it trains: resident, and of it what is its own."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.measure import Row, Scale
from benchmarks.service import Service
from tests.cli.stack import running

# What a command line holds -> what the process is.
PARTS = {
    "cli.main up": "up, which watches the others",
    "redis": "redis",
    "api.serve": "api",
    "worker.app": "worker",
    "core.training.child": "training child, resnet20 on digits",
}
SETTLED = 2.0  # seconds


def rows(scale: Scale) -> Iterator[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="distillery-bench-")))
        up = stack.enter_context(running(folder, DISTILLERY_THREADS=str(scale.threads)))
        service = stack.enter_context(Service(up))
        dataset = service.digits()
        time.sleep(0 if scale.quick else SETTLED)
        idle = _sizes(service)
        students = [{"name": "student", "architecture": "resnet20"}]
        job = service.post("/v1/jobs", {"dataset": dataset, "students": students, "training": {"epochs": 1000}})["id"]
        service.wait(lambda: service.get(f"/v1/jobs/{job}/metrics?names=loss/total")["series"])
        time.sleep(0 if scale.quick else SETTLED)
        busy = _sizes(service)
        service.post(f"/v1/jobs/{job}/cancel")
        service.wait(lambda: service.get(f"/v1/jobs/{job}")["finished_at"])
    for part in dict.fromkeys([*idle, *busy]):
        yield Row(part, idle.get(part, "\N{EM DASH}"), "while training", busy.get(part, "\N{EM DASH}"))


def _sizes(service: Service) -> dict[str, str]:
    """Part -> `resident (own)`; several processes of one part are listed one after the other."""
    sizes: dict[str, str] = {}
    for process in [psutil.Process(service.stack.process.pid), *service.stack.descendants()]:
        try:
            line, memory = " ".join(process.cmdline()), process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        part = next((name for marker, name in PARTS.items() if marker in line), line[:40])
        size = f"{memory.rss / 2**20:,.0f} MiB ({memory.uss / 2**20:,.0f} own)"
        sizes[part] = f"{sizes[part]}, {size}" if part in sizes else size
    return sizes
