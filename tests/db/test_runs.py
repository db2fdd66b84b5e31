"""Claim, lease, fence, end and sweep: the same on SQLite and on PostgreSQL."""

import threading

import pytest
from sqlalchemy import func, select

from core.db import events, reports, runs
from core.db.models import Attempt, Checkpoint, Event, Job, Point
from core.db.session import Database
from core.errors import Failure, IllegalMove, Stale
from core.lifecycle import JobStatus
from tests.db.conftest import MakeJob


def claim(database: Database) -> runs.Claim | None:
    with database.write() as work:
        return runs.claim(work, "wrk_test")


def release_all(database: Database) -> list[str]:
    """As if every holder had been silent for a lease."""
    with database.read() as session:
        silent = runs.signs(session)
    with database.write() as work:
        return runs.release(work, silent)


def status(database: Database, job_id: str) -> JobStatus:
    with database.read() as session:
        run = runs.of_subject(session, job_id)
        job = session.get_one(Job, job_id)
        assert run is not None
        assert run.status == job.status, "a run and its job move together"
        return JobStatus(job.status)


def act(database: Database, job_id: str, action: str) -> bool:
    with database.write() as work:
        return runs.act(work, work.get_one(Job, job_id), action)


def end(database: Database, got: runs.Claim, outcome: str, error: Failure | None = None) -> JobStatus:
    with database.write() as work:
        return runs.end(work, runs.fence(work, got), runs.Ending(outcome, signal=9), error=error)


def test_a_claim_takes_the_highest_priority_then_the_oldest(database: Database, make_job: MakeJob) -> None:
    low, first, second = make_job(-1), make_job(5), make_job(5)
    claims = [claim(database) for _ in range(4)]
    assert [got.subject if got else None for got in claims] == [first, second, low, None]
    assert status(database, first) == "running"


def test_many_workers_claim_each_run_exactly_once(database: Database, make_job: MakeJob) -> None:
    jobs = {make_job() for _ in range(12)}
    taken: list[str] = []
    lock = threading.Lock()

    def work() -> None:
        while (got := claim(database)) is not None or len(taken) < len(jobs):
            if got is not None:
                with lock:
                    taken.append(got.subject)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(taken) == sorted(jobs)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == len(jobs)


def test_a_stale_attempt_changes_nothing(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    old = claim(database)
    assert old is not None
    assert release_all(database) == [old.run_id]
    new = claim(database)
    assert new is not None and new.attempt == old.attempt + 1
    with pytest.raises(Stale), database.write() as work:
        runs.renew(work, old)
    with pytest.raises(Stale), database.write() as work:
        runs.fence(work, old)
        reports.record_metrics(work, job, old.attempt, [(1, "", "loss/total", 1.0)])
    with pytest.raises(Stale):
        end(database, old, "succeeded")
    assert status(database, job) == "running"
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Point)) == 0


def test_the_negative_control_without_the_fence_the_stale_attempt_writes(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    old = claim(database)
    assert old is not None
    release_all(database)
    assert claim(database) is not None
    with database.write() as work:  # what `fence` prevents
        reports.record_metrics(work, job, old.attempt, [(1, "", "loss/total", 1.0)])
    with database.read() as session:
        assert session.scalar(select(Point.attempt)) == old.attempt


def test_a_sign_of_life_just_in_time_keeps_the_run(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    got = claim(database)
    assert got is not None
    with database.read() as session:
        silent = runs.signs(session)
    with database.write() as work:
        runs.renew(work, got)
    with database.write() as work:
        assert runs.release(work, silent) == [], "between the look and the release it has shown itself"
    assert status(database, job) == "running"
    assert release_all(database) == [got.run_id]
    assert status(database, job) == "queued"


def test_what_was_paused_for_want_of_room_goes_on_with_room(database: Database, make_job: MakeJob) -> None:
    job, asked = make_job(), make_job()
    act(database, asked, "pause")
    got = claim(database)
    assert got is not None and got.subject == job
    full = Failure("disk_full", "The disk is full", "A file could not be stored.")
    with database.write() as work:
        assert runs.end(work, runs.fence(work, got), runs.Ending("paused", needs_bytes=1000), error=full) == "paused"
    with database.read() as session:
        assert session.get_one(Job, job).error == full.as_dict()
    with database.write() as work:
        assert runs.resume_with_room(work, 999) == []
    with database.write() as work:
        assert runs.resume_with_room(work, 1000) == [got.run_id]
    assert (status(database, job), status(database, asked)) == ("queued", "paused")
    with database.read() as session:
        assert session.get_one(Job, job).error is None


@pytest.mark.parametrize(
    ("wish", "outcome", "leads_to"),
    [
        ("cancel", "cancelled", "cancelled"),
        ("cancel", "crashed", "cancelled"),
        ("cancel", "lost", "cancelled"),
        ("cancel", "succeeded", "succeeded"),
        ("pause", "paused", "paused"),
        ("pause", "lost", "paused"),
        ("pause", "succeeded", "succeeded"),
        (None, "yielded", "queued"),
        (None, "lost", "queued"),
        (None, "crashed", "queued"),
        (None, "failed", "failed"),
    ],
)
def test_how_an_attempt_ends(
    database: Database, make_job: MakeJob, wish: str | None, outcome: str, leads_to: str
) -> None:
    job = make_job()
    got = claim(database)
    assert got is not None
    if wish:
        assert act(database, job, wish)
        assert not act(database, job, wish), "asking again is no error and changes nothing"
    assert end(database, got, outcome) == leads_to
    assert status(database, job) == leads_to
    with database.read() as session:
        attempt = session.get_one(Attempt, (got.run_id, got.attempt))
        assert attempt.outcome == outcome and attempt.ended_at is not None


def test_waiting_jobs_obey_at_once_and_come_back(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    act(database, job, "pause")
    assert status(database, job) == "paused" and claim(database) is None
    act(database, job, "resume")
    act(database, job, "cancel")
    assert status(database, job) == "cancelled"
    with pytest.raises(IllegalMove) as caught:
        act(database, job, "pause")
    assert caught.value.available_actions == ["retry", "delete"]
    act(database, job, "retry")
    assert claim(database) is not None


def test_three_crashes_without_progress_are_a_loop_and_progress_resets_the_count(
    database: Database, make_job: MakeJob
) -> None:
    job = make_job()
    for _ in range(2):
        got = claim(database)
        assert got is not None and end(database, got, "crashed") == "queued"
    got = claim(database)
    assert got is not None
    with database.write() as work:
        run = runs.fence(work, got)
        reports.record_checkpoint(work, run, step=10, epoch=1, key="k", bytes=1, sha256="0" * 64)
    for expected in ("queued", "queued", "failed"):
        assert end(database, got, "crashed") == expected
        got = claim(database) or got
    with database.read() as session:
        error = session.get_one(Job, job).error
        assert error is not None and error["code"] == "crash_loop" and "signal 9" in error["detail"]
    act(database, job, "retry")
    got = claim(database)
    assert got is not None and end(database, got, "crashed") == "queued", "a retry starts with a fresh budget"


def test_yields_and_lost_leases_spend_no_budget(database: Database, make_job: MakeJob) -> None:
    make_job()
    for outcome in ["yielded", "lost"] * 4:
        got = claim(database)
        assert got is not None and end(database, got, outcome) == "queued"


def test_events_have_no_gap_and_a_rewind_leaves_no_double(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    got = claim(database)
    assert got is not None
    with database.write() as work:
        runs.fence(work, got)
        reports.record_metrics(work, job, 1, [(step, "", "loss/total", step / 10) for step in range(1, 31)])
    with pytest.raises(RuntimeError), database.write() as work:
        events.append(work, job, 1, [("log", {"level": "info", "message": "never"})])
        raise RuntimeError("the transaction fails")
    with database.write() as work:
        reports.rewind(work, job, 2, 20)
        reports.record_metrics(work, job, 2, [(step, "", "loss/total", 9.0) for step in range(20, 25)])
    with database.read() as session:
        numbers = list(session.scalars(select(Event.seq).where(Event.job_id == job).order_by(Event.seq)))
        points = session.execute(select(Point.step, Point.value).order_by(Point.step)).all()
        last = session.get_one(Job, job).last_seq
    assert numbers == list(range(1, last + 1))
    assert [step for step, _ in points] == list(range(1, 25))
    assert all(value == (9.0 if step >= 20 else step / 10) for step, value in points)


def test_only_the_last_two_checkpoints_are_kept(database: Database, make_job: MakeJob) -> None:
    job = make_job()
    got = claim(database)
    assert got is not None
    obsolete: list[str] = []
    for step in (10, 20, 30, 40):
        with database.write() as work:
            run = runs.fence(work, got)
            obsolete += reports.record_checkpoint(
                work, run, step=step, epoch=1, key=f"key-{step}", bytes=1, sha256="0" * 64
            )
    assert obsolete == ["key-10", "key-20"]
    with database.read() as session:
        assert [c.step for c in reports.checkpoints(session, job)] == [40, 30]
        assert session.scalar(select(func.count()).select_from(Checkpoint)) == 2
