"""The one stream of a tab: every kind of change in a project is told, coarsely, once, and to nobody else."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from core.db import changes, reports, runs
from core.db.keys import DEFAULT_PROJECT
from core.db.models import Dataset, Job, Teacher, Worker, now
from core.db.moves import move
from core.db.session import Database
from core.ids import first_id
from core.lifecycle import JobStatus
from core.recipe import Recipe
from tests.api.ear import DATASET, TEACHER, Do, Ear, Told, job, listening, other, write
from tests.fixtures.service import RECIPE, Make


def old_job(database: Database, make: Make) -> str:
    """One that was over long before anybody listened."""
    before, dataset = now() - timedelta(days=1), make.dataset()
    with database.write() as work:
        row = Job(
            id=first_id("job", before) + "0" * 16,
            project_id=DEFAULT_PROJECT,
            name="old",
            status=JobStatus.SUCCEEDED,
            dataset_id=dataset,
            recipe=Recipe.model_validate(RECIPE | {"dataset": "dst_x"}).model_dump(mode="json"),
            last_seq=7,
            created_at=before,
            finished_at=before,
        )
        work.add(row)
        work.flush()
        run = runs.enqueue(work, kind="train", subject=row.id, project_id=DEFAULT_PROJECT)
        run.status = JobStatus.SUCCEEDED
    return row.id


def test_the_life_of_a_job(client: TestClient, make: Make, database: Database) -> None:
    wish = RECIPE | {"dataset": make.dataset(), "teacher": make.teacher()}
    claims: list[runs.Claim] = []

    def claim(work: Session) -> None:
        got = runs.claim(work, "wrk_a")
        assert got is not None
        claims.append(got)

    def end(outcome: str) -> Do:
        return write(database, lambda work: runs.end(work, runs.fence(work, claims[-1]), runs.Ending(outcome)))

    async def story(ear: Ear) -> None:
        made = await ear.after(lambda: client.post("/v1/jobs", json=wish))
        id = made["id"]
        assert made == job(id, "queued", 1)
        assert await ear.after(write(database, claim)) == job(id, "running", 2)
        point = [(1, "", "loss/total", 0.5)]
        told = await ear.after(write(database, lambda work: reports.record_metrics(work, id, 1, point)))
        assert told == job(id, "running", 3)
        assert await ear.after(lambda: client.post(f"/v1/jobs/{id}/pause")) == job(id, "pausing", 4)
        assert await ear.after(end("paused")) == job(id, "paused", 5)
        assert await ear.after(lambda: client.patch(f"/v1/jobs/{id}", json={"name": "x"})) == job(id, "paused", 5)
        assert await ear.after(lambda: client.post(f"/v1/jobs/{id}/resume")) == job(id, "queued", 6)
        assert await ear.after(write(database, claim)) == job(id, "running", 7)
        assert await ear.after(end("succeeded")) == job(id, "succeeded", 9)
        assert await ear.after(lambda: client.patch(f"/v1/jobs/{id}", json={"name": "y"})) == job(id, "succeeded", 9)
        assert await ear.after(lambda: client.delete(f"/v1/jobs/{id}")) == job(id, "deleted", None)

    listening(database, story)


def test_a_job_that_has_long_been_over(client: TestClient, make: Make, database: Database) -> None:
    id = old_job(database, make)

    async def story(ear: Ear) -> None:
        assert await ear.after(lambda: client.patch(f"/v1/jobs/{id}", json={"name": "x"})) == job(id, "succeeded", 7)
        assert await ear.after(lambda: client.delete(f"/v1/jobs/{id}")) == job(id, "deleted", None)

    listening(database, story)


def test_a_job_that_waited_ends_by_itself(make: Make, database: Database) -> None:
    """Nobody holds it, and nobody asked for it: what it waited for was rejected."""
    made = make.job()["id"]

    def fail(work: Session) -> None:
        run = runs.of_subject(work, made)
        assert run is not None
        move(work, run, JobStatus.FAILED)

    async def story(ear: Ear) -> None:
        assert (await ear.after(write(database, fail)))["status"] == "failed"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "first_id", lambda prefix, _: prefix + "_~")  # nothing is new any more
        listening(database, story)


def test_data_sets_and_teachers(client: TestClient, database: Database) -> None:
    made: list[str] = []

    def create(path: str, wish: Told) -> Do:
        return lambda: made.append(client.post(path, json=wish).json()["id"])

    async def story(ear: Ear) -> None:
        for noun, path, row, wish in (
            ("dataset", "/v1/datasets", Dataset, DATASET),
            ("teacher", "/v1/teachers", Teacher, TEACHER),
        ):
            told = await ear.after(create(path, wish))
            id = made.pop()
            assert told == other(noun, id, "validating")
            if row is Dataset:
                read = update(Dataset).where(Dataset.id == id).values(progress="unpacking")
                assert await ear.after(write(database, lambda w, read=read: w.execute(read))) == told
            ready = update(row).where(row.id == id).values(status="ready")
            told = await ear.after(write(database, lambda w, ready=ready: w.execute(ready)))
            assert told == other(noun, id, "ready")
            gone = await ear.after(lambda path=path, id=id: client.delete(f"{path}/{id}"))
            assert gone == other(noun, id, "deleted")

    listening(database, story)


def test_workers(database: Database, client: TestClient) -> None:
    row = Worker(id="wrk_1", hostname="h", pid=1, slots=2, version="1")

    def change(**values: Any) -> Do:
        return write(database, lambda work: work.execute(update(Worker).values(**values)))

    async def story(ear: Ear) -> None:
        assert await ear.after(write(database, lambda work: work.add(row))) == other("worker", "wrk_1", "online")
        await asyncio.to_thread(change(heartbeat_at=now()))  # that it is heard of is no news
        assert await ear.after(change(busy=1)) == other("worker", "wrk_1", "online")
        assert await ear.after(change(heartbeat_at=now() - timedelta(hours=1))) == other("worker", "wrk_1", "silent")
        assert await ear.after(change(heartbeat_at=now(), busy=0)) == other("worker", "wrk_1", "online")
        assert await ear.after(change(stopped_at=now())) == other("worker", "wrk_1", "stopped")

    listening(database, story)


def test_other_projects_are_not_heard_of(client: TestClient, stranger: TestClient, database: Database) -> None:
    async def story(ear: Ear) -> None:
        await asyncio.to_thread(lambda: stranger.post("/v1/datasets", json=DATASET))
        await asyncio.sleep(0.1)
        ours = await ear.after(lambda: client.post("/v1/datasets", json=DATASET))
        with database.read() as session:
            assert session.get_one(Dataset, ours["id"]).project_id == DEFAULT_PROJECT

    listening(database, story)


def test_what_was_made_before_is_committed_after(make: Make, database: Database, client: TestClient) -> None:
    """Ids are drawn before the commit: an older one may appear behind a newer one that has been told."""

    def add(id: str) -> Do:
        source = {"kind": "builtin", "name": "digits"}
        row = Dataset(id=id, project_id=DEFAULT_PROJECT, name="d", source=source, status="ready")
        return write(database, lambda work: work.add(row))

    async def story(ear: Ear) -> None:
        newer, older = first_id("dst", now()) + "b", first_id("dst", now() - timedelta(seconds=20)) + "a"
        assert (await ear.after(add(newer)))["id"] == newer
        assert (await ear.after(add(older)))["id"] == older

    listening(database, story)


def test_many_changes_are_told_as_one(database: Database, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MANY", 3)

    def add(work: Session) -> None:
        for n in range(4):
            work.add(Worker(id=f"wrk_{n}", hostname="h", pid=n, slots=1, version="1"))

    async def story(ear: Ear) -> None:
        assert await ear.after(write(database, add)) == other("worker", None, None)

    listening(database, story)
