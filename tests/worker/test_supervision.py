"""What a supervisor does when it is itself at fault."""

from pathlib import Path
from typing import Any

import pytest

from core.db import runs
from core.db.models import Dataset, Project
from core.db.session import Database
from core.settings import Settings
from tests.worker.bench import Bench, recipe
from worker.duties import DUTIES
from worker.duties.read_dataset import ReadDataset
from worker.host import Host, gpus_of


class Forgetful(ReadDataset):
    """The real child reads the real digits; then our own code makes a mistake."""

    def publish(self, result: dict[str, Any]) -> None:  # noqa: ARG002
        raise KeyError("path")


def test_a_mistake_of_the_supervisor_counts_as_a_crash_and_ends_in_a_loop_with_its_trace(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
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
    host.close()
    database.close()


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
