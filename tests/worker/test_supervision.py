"""What a supervisor does when it is itself at fault."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core import logs
from core.db import runs
from core.db.models import Dataset, Project, Run
from core.db.session import Database
from core.settings import Settings
from tests.fixtures.logs import Ear
from tests.worker.bench import Bench, recipe, wait_for
from worker.duties import DUTIES
from worker.duties.read_dataset import ReadDataset
from worker.host import Host
from worker.lease import Lease
from worker.slots import gpus_of


class Forgetful(ReadDataset):
    """The real child reads the real digits; then our own code makes a mistake."""

    def publish(self, result: dict[str, Any]) -> None:  # noqa: ARG002
        raise KeyError("path")


def test_a_mistake_of_the_supervisor_counts_as_a_crash_and_ends_in_a_loop_with_its_trace(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, ear: Ear
) -> None:
    monkeypatch.setitem(DUTIES, "read_dataset", Forgetful)
    leftover = tmp_path / "work" / "run_long_gone" / "0001"
    leftover.mkdir(parents=True)
    host = Host(Settings(data_dir=tmp_path, database_url=sqlite_url, threads=1))
    assert not leftover.exists(), "scratch of a run that nobody holds is removed"
    database = Database(sqlite_url)
    with database.write() as work:
        project = Project(name="default")
        work.add(project)
        work.flush()
        dataset = Dataset(project_id=project.id, name="digits", source={"kind": "builtin", "name": "digits"})
        work.add(dataset)
        work.flush()
        runs.enqueue(work, kind="read_dataset", subject=dataset.id, project_id=project.id)
    assert [host.work_once() for _ in range(4)] == [True, True, True, False]
    with database.read() as session:
        row = session.get_one(Dataset, dataset.id)
        assert row.status == "rejected" and row.error is not None
        assert row.error["code"] == "crash_loop" and "KeyError" in row.error["detail"]
        (run,) = session.scalars(select(Run.id))
    host.close()
    database.close()
    told = [line for line in ear.lines if line["logger"] == "worker.runner"]
    begun = [line["attempt"] for line in told if line["message"] == "begins: read_dataset"]
    assert begun == [1, 2, 3]
    belongs = {"worker": host.worker_id, "dataset": dataset.id, "run": run}
    assert all(line.items() >= belongs.items() for line in told), "each line says what it is about"
    assert [line["attempt"] for line in told if "KeyError" in line.get("exception", "")] == begun


def test_what_the_threads_of_a_lease_log_belongs_to_its_run_too(tmp_path: Path, ear: Ear) -> None:
    nothing = Database(f"sqlite:///{tmp_path / 'without_tables.db'}")
    settings = Settings(heartbeat_seconds=0.02, data_dir=tmp_path, _env_file=None)
    claim = runs.Claim("run_1", "train", "job_1", "prj_1", 2)
    with logs.bound(run="run_1", attempt=2), Lease(claim, nothing, settings) as lease:
        wait_for("the lease to miss its database", lambda: lease.silent)
    nothing.close()
    (line,) = ear.lines
    assert line.items() >= {"logger": "worker.lease", "run": "run_1", "attempt": 2, "level": "WARNING"}.items()


def test_a_data_set_is_read_while_every_slot_trains(sqlite_bench: Bench) -> None:
    """Nobody waits for days until their images are looked at; the job goes on meanwhile."""
    bench = sqlite_bench
    bench.start_worker()
    job = bench.add_job(recipe(bench.add_digits(), None, epochs=2000))
    other = bench.add_job(recipe(bench.job(job).dataset_id, None, epochs=1))
    bench.wait_step(job, 10)
    bench.add_digits()  # returns when it is ready
    assert (bench.job(job).status, bench.job(other).status) == ("running", "queued")
    bench.act(job, "cancel")
    bench.wait_status(other, "succeeded")
    assert [attempt.outcome for attempt in bench.attempts(job)] == ["cancelled"]


def test_a_slots_gpus() -> None:
    assert [gpus_of(i, 2, 4) for i in range(2)] == ["0,1", "2,3"]
    assert [gpus_of(i, 1, 2) for i in range(3)] == ["0", "1", "0"]
    assert gpus_of(0, 4, 2) == "0,1" and gpus_of(0, 1, 0) is None
    assert Settings(gpus_per_slot=2, _env_file=None).slots_for(8) == 4
    assert Settings(gpus_per_slot=2, _env_file=None).slots_for(1) == 1
