"""Attempts that wake after somebody else has taken their run: they write no row, no file, no status.

Each has the very events that it would have stored, and the files they name; each tries everything a supervisor does.
The negative control takes the fence away, and the same check must fail.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.db import runs
from core.db.models import Attempt, Base, Dataset, Run, Student
from core.db.session import Database
from core.errors import Stale
from core.events import (
    CheckpointSaved,
    Event,
    Metrics,
    Progress,
    StudentFailed,
    StudentFile,
    StudentSaved,
    without_superseded,
)
from core.queue import RecordingQueue
from core.settings import Settings
from tests.worker.bench import Bench, recipe
from worker.duties.read_dataset import ReadDataset
from worker.duties.train import Train
from worker.equipment import Equipment

ZOMBIES = 500


@pytest.fixture
def bench(tmp_path: Path, database: Database) -> Iterator[Bench]:
    bench = Bench(tmp_path, database, broker=None)
    yield bench
    bench.close()


def equip(bench: Bench) -> Equipment:
    settings = Settings(data_dir=bench.folder, database_url=bench.environment["DISTILLERY_DATABASE_URL"])
    return Equipment(settings, bench.database, bench.storage, RecordingQueue(), threads=1)


def add_job(bench: Bench) -> None:
    with bench.database.write() as work:
        dataset = Dataset(project_id=bench.project, name="d", status="ready", source={"kind": "builtin", "name": "d"})
        work.add(dataset)
    bench.add_job(recipe(dataset.id, None))


def everything(bench: Bench) -> dict[str, Any]:
    """Every row of every table, and every file."""
    rows: dict[str, Any] = {}
    with bench.database.read() as session:
        for table in Base.metadata.sorted_tables:
            rows[table.name] = sorted(map(repr, session.execute(select(table)).all()))
    storage = bench.folder / "storage"
    rows["files"] = {str(path): path.read_bytes() for path in sorted(storage.rglob("*")) if path.is_file()}
    return rows


def said(bench: Bench, label: str, step: int) -> list[Event]:
    """What an attempt has to report, with the files it tells of."""
    folder = bench.folder / "scratch"
    folder.mkdir(exist_ok=True)
    file = folder / "weights.safetensors"
    file.write_bytes(b"stale weights")
    told = StudentFile(file.name, str(file), file.stat().st_size, "0" * 64, "application/octet-stream")
    return [
        Metrics(step, [(label, "loss/total", 0.5)]),
        Progress(step, 1, 100.0, 1.0),
        CheckpointSaved(step, 1, str(file), file.stat().st_size, "0" * 64),
        StudentSaved(label, step, True, {"top1": 0.5}, [told], "0" * 64),
        StudentFailed(label, step, "loss/total", "it diverged"),
    ]


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(Stale):
        yield


def take(bench: Bench) -> runs.Claim:
    with bench.database.write() as work:
        claim = runs.claim(work, "wrk_test")
    assert claim is not None
    return claim


def take_over(bench: Bench) -> runs.Claim:
    """The holder is silent, and somebody else claims its run."""
    with bench.database.read() as session:
        signs = runs.signs(session)
    with bench.database.write() as work:
        assert runs.release(work, signs)
    return take(bench)


def wake(bench: Bench, claim: runs.Claim, allowed: Any) -> None:
    """One who slept through it all goes on as if nothing had happened."""
    equipment = equip(bench)
    duty = Train(claim, equipment, bench.folder / "work" / claim.run_id / f"{claim.attempt:04d}")
    with bench.database.read() as session:
        students = session.scalars(select(Student).where(Student.job_id == claim.subject)).all()
    duty.student_ids = {student.label: student.id for student in students}
    duty.totals = {"total_steps": 100, "total_epochs": 5}
    for event in said(bench, students[0].label, 10 + claim.attempt):
        with allowed():
            duty.report(1, [event])
    with allowed():
        duty.prepare()
    with allowed(), bench.database.write() as work:
        runs.renew(work, claim)
    for outcome in ("succeeded", "failed", "crashed", "yielded", "paused"):
        with allowed(), bench.database.write() as work:
            run = runs.fence(work, claim)
            duty.succeed(work, run, {"verdict": "stale"})
            runs.end(work, run, runs.Ending(outcome))


def test_five_hundred_zombies_write_nothing(bench: Bench) -> None:
    add_job(bench)
    stale = [take(bench)]
    for _ in range(ZOMBIES - 1):
        stale.append(take_over(bench))
    owner = take_over(bench)
    before = everything(bench)
    for claim in stale:
        wake(bench, claim, refused)
    assert everything(bench) == before
    with bench.database.read() as session:
        run = session.get_one(Run, owner.run_id)
        outcomes = session.scalars(select(Attempt.outcome).where(Attempt.run_id == owner.run_id)).all()
    assert (run.status, run.attempt) == ("running", ZOMBIES + 1)
    assert sorted(map(str, outcomes)) == ["None"] + ["lost"] * ZOMBIES


def test_a_zombie_that_has_read_a_data_set_replaces_nothing(bench: Bench) -> None:
    with bench.database.write() as work:
        dataset = Dataset(project_id=bench.project, name="d", source={"kind": "builtin", "name": "digits"})
        work.add(dataset)
        work.flush()
        runs.enqueue(work, kind="read_dataset", subject=dataset.id, project_id=bench.project)
    claim = take(bench)
    take_over(bench)
    packed = bench.folder / "packed"
    packed.write_bytes(b"what the stale attempt has read")
    before = everything(bench)
    with pytest.raises(Stale):
        ReadDataset(claim, equip(bench), bench.folder / "work").publish({"path": str(packed)})
    assert everything(bench) == before


def test_taken_between_the_look_and_the_rows_the_stored_files_go_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_job(bench)
    claim = take(bench)
    taken: list[runs.Claim] = []
    monkeypatch.setattr(runs, "look", lambda *_: taken.append(take_over(bench)))
    duty = Train(claim, equip(bench), bench.folder / "work")
    with pytest.raises(Stale):
        duty.report(1, [said(bench, "small-seed0", 10)[2]])
    assert taken and not list((bench.folder / "storage").rglob("*.ckpt"))


def test_the_negative_control_without_the_fence_a_zombie_writes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    add_job(bench)
    claim = take(bench)
    take_over(bench)
    before = everything(bench)
    monkeypatch.setattr(runs, "owns", lambda *_: True)
    wake(bench, claim, lambda: suppress(Exception))
    after = everything(bench)
    changed = {name for name in after if after[name] != before[name]}
    assert changed >= {"metrics", "points", "events", "files", "runs", "jobs", "attempts"}


def test_a_report_whose_commit_nobody_heard_of_is_written_once(bench: Bench) -> None:
    add_job(bench)
    claim = take(bench)
    duty = Train(claim, equip(bench), bench.folder / "work")
    with bench.database.read() as session:
        students = session.scalars(select(Student)).all()
    duty.student_ids = {student.label: student.id for student in students}
    first, *_ = said(bench, students[0].label, 10)
    duty.report(1, [first])
    before = everything(bench)
    duty.report(1, [first])
    assert everything(bench) == before
    duty.report(2, [first])
    assert everything(bench)["events"] != before["events"]


def test_of_files_that_wait_only_the_newest_are_stored() -> None:
    older, newer = (CheckpointSaved(step, 1, f"step-{step}", 1, "0" * 64) for step in (1, 2))
    best, other = (StudentSaved(label, 1, False, {}, [], "0" * 64) for label in ("a", "b"))
    final, point = StudentSaved("a", 2, True, {}, [], "0" * 64), Metrics(1, [])
    assert without_superseded([older, point, newer], []) == [point, newer]
    assert without_superseded([older, point, best, other], [newer, final]) == [point, other]
    assert without_superseded([best, final], [point]) == [final]


def test_what_a_row_names_is_not_taken_back(bench: Bench) -> None:
    """An earlier try was committed, and nobody heard of it; then the run was taken."""
    add_job(bench)
    claim = take(bench)
    duty = Train(claim, equip(bench), bench.folder / "work")
    duty.report(1, [said(bench, "small-seed0", 10)[2]])
    (kept,) = (bench.folder / "storage").rglob("*.ckpt")
    key = str(kept.relative_to(bench.folder / "storage"))
    duty._take_back([key])
    assert kept.exists()
