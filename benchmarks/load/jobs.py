"""Ten thousand jobs in the list: the first page, in the orders that the dashboard offers."""

from collections.abc import Iterator

from benchmarks.load.place import Finding, Size, milliseconds, place, timed
from core.settings import Settings
from core.storage import open_storage
from tests.browser.many import many_jobs
from tests.browser.stage import Stage

JOBS, TIMES = 10_000, 500
GOAL = 0.020
ORDERS = ("created_at", "name", "status", "finished_at", "top1")


def findings(size: Size) -> Iterator[Finding]:
    with place(size.engine) as here:
        storage = open_storage(Settings(data_dir=here.folder / "unused", _env_file=None))
        stage = Stage(here.service.stack.url, here.key, here.database, storage, here.folder)
        count = len(many_jobs(stage, here.dataset, None, size.of(JOBS)))
        timed(lambda: here.service.get("/v1/jobs"), 5)
        for order in ORDERS:
            times = timed(lambda order=order: here.service.get(f"/v1/jobs?sort={order}"), size.of(TIMES))  # type: ignore[misc]
            yield milliseconds(f"first page of {count:,} jobs by {order}", times, GOAL)
