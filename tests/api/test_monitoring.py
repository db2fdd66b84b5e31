"""/metrics: true figures from rows and requests, for those who may see them, with no more series than routes."""

import asyncio
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI
from sqlalchemy import event, update
from starlette.testclient import TestClient

from api.app import create_app
from api.cached import Cached
from core.db.keys import DEFAULT_PROJECT, Caller
from core.db.models import Checkpoint, Event, Job, Run, Worker, now
from core.db.session import Database
from core.queue import RecordingQueue
from tests.api.scraping import HERE, of, scrape
from tests.fixtures import loops
from tests.fixtures.logs import Ear
from tests.fixtures.service import Make

GUIDE = Path(__file__).parents[2] / "docs" / "deploy.md"


@pytest.fixture
def age(database: Database) -> Callable[[str, float], None]:
    """Lets the job have been queued for so many seconds."""

    def let(job: str, seconds: float) -> None:
        with database.write() as work:
            at = now() - timedelta(seconds=seconds)
            work.execute(update(Event).where(Event.job_id == job).values(created_at=at))

    return let


def test_what_rows_tell(app: FastAPI, client: TestClient, make: Make, database: Database, age: Any) -> None:
    old, young, paused, busy = (make.job()["id"] for _ in range(4))
    client.post(f"/v1/jobs/{paused}/pause")
    age(old, 500)
    age(young, 100)
    made = client.post("/v1/uploads", json={"filename": "f", "bytes": 1500, "purpose": "dataset"}).json()["id"]
    assert client.put(f"/v1/uploads/{made}/parts/1", content=b"x" * 1000).status_code == 200
    with database.write() as work:
        work.execute(update(Run).where(Run.subject == busy).values(status="running"))
        told = {"status": "running", "progress": {"step": 1, "images_per_second": 812.5}}
        work.execute(update(Job).where(Job.id == busy).values(**told))
        work.add(Checkpoint(job_id=busy, attempt=1, step=1, epoch=1, key="k", bytes=700, sha256="0" * 64))
    series = scrape(app)
    assert of(series, "database_up") == {"": 1}
    jobs = of(series, "jobs")
    assert (jobs["queued"], jobs["paused"], jobs["running"], jobs["failed"]) == (2, 1, 1, 0)
    assert of(series, "queued_runs") == {"train": 2}
    assert 500 <= of(series, "oldest_queued_run_age_seconds")["train"] < 5000
    assert of(series, "images_per_second") == {"": 812.5}
    assert of(series, "uploads_open") == {"": 1}
    stored = of(series, "storage_bytes")
    assert (stored["checkpoints"], stored["arriving"], stored["uploads"]) == (700, 1000, 0)


def test_a_job_that_comes_back_waits_anew(app: FastAPI, client: TestClient, make: Make, age: Any) -> None:
    job = make.job()["id"]
    client.post(f"/v1/jobs/{job}/pause")
    age(job, 5000)
    client.post(f"/v1/jobs/{job}/resume")
    assert of(scrape(app), "oldest_queued_run_age_seconds")["train"] < 4000


def test_workers_by_their_id_and_machine(app: FastAPI, client: TestClient, database: Database) -> None:
    def add(host: str, *, born: float, heard: float, stopped: bool = False, busy: int = 0) -> str:
        at = now()
        row = Worker(hostname=host, pid=1, slots=2, busy=busy, version="1", stopped_at=at if stopped else None)
        row.created_at, row.heartbeat_at = at - timedelta(seconds=born), at - timedelta(seconds=heard)
        with database.write() as work:
            work.add(row)
        return row.id

    add("a", born=5000, heard=3000)  # killed; the next one has taken its place
    second = add("a", born=2900, heard=1, busy=2)
    third = add("a", born=2800, heard=1)
    add("b", born=900, heard=1, stopped=True)
    silent = add("c", born=900, heard=600)
    add("d", born=9 * 86400, heard=8 * 86400)
    series = scrape(app)
    ids = [second, third, silent]
    assert of(series, "worker_slots") == dict(zip([f"a {second}", f"a {third}", f"c {silent}"], [2, 2, 2], strict=True))
    assert [of(series, "worker_busy_slots", worker=id).popitem()[1] for id in ids] == [2, 0, 0]
    assert of(series, "worker_heartbeat_age_seconds", worker=silent)["c"] >= 600


def test_as_few_questions_for_many_jobs_as_for_one(app: FastAPI, make: Make, database: Database) -> None:
    asked: list[str] = []

    def hear(*about: Any) -> None:
        if (
            about[2].startswith("SELECT") and "deliveries" not in about[2]
        ):  # the courier asks for what is due all the time
            asked.append(about[2])

    event.listen(database.engine, "before_cursor_execute", hear)
    scrape(app)
    first = len(asked)
    scrape(app)
    assert len(asked) == first <= 8, "the second is answered from what was just read"
    for _ in range(5):
        make.job()
    asked.clear()
    fresh = create_app(app.state.settings, database, app.state.storage, RecordingQueue())
    scrape(fresh)
    assert len(asked) == first


# --- requests -----------------------------------------------------------------------------------------------------


def test_requests_by_route_and_never_by_path(app: FastAPI, client: TestClient, make: Make) -> None:
    job = make.job()["id"]
    for path in (f"/v1/jobs/{job}", "/v1/jobs/job_none", "/v1/jobs?limit=0", "/openapi.json"):
        client.get(path)
    before = scrape(app)
    counted = of(before, "http_requests_total", method="GET")
    assert counted["/v1/jobs/{job_id} 2xx"] == 1 and counted["/v1/jobs/{job_id} 4xx"] == 1
    assert counted["/v1/jobs 4xx"] == 1 and counted["/openapi.json 2xx"] == 1
    took = of(before, "http_request_duration_seconds_count", method="GET")
    assert took["/v1/jobs/{job_id}"] == 2
    assert of(before, "http_request_duration_seconds_sum", route="/v1/jobs")["POST"] > 0

    hostile = [
        "/nothing",
        "/v1/nothing/{job_id}",
        "/a%22%7d%201%0aforged%7bx=%22",
        "/%00",
        "/v1/jobs/%0a%0d",
        "/metrics/x",
        "/ü",
    ]
    hostile += [f"/{n}" for n in range(50)] + [f"/v1/jobs/{n}" for n in range(50)]
    for path in hostile:
        client.get(path)
    for method in ("BREW", "PROPFIND", "X" * 500):
        assert client.request(method, "/v1/jobs").status_code == 405
    routes = {
        methods["operationId"]: path for path, said in app.openapi()["paths"].items() for methods in said.values()
    }
    known = {*routes.values(), "/openapi.json", "/{path:path}", "none"}
    after = scrape(app)
    labels = {labels for name, labels in after if name.startswith("http_request")}
    assert {dict(found)["route"] for found in labels} <= known
    assert {dict(found)["method"] for found in labels} <= {"GET", "POST", "other"}
    assert not any("forged" in value for found in labels for _, value in found)
    assert sum(of(after, "http_requests_total").values()) >= sum(of(before, "http_requests_total").values()) + 110


def test_a_crash_is_counted_and_told_as_a_500(app: FastAPI, client: TestClient, ear: Ear) -> None:
    id = client.post("/v1/uploads", json={"filename": "f", "bytes": 10, "purpose": "dataset"}).json()["id"]
    app.state.storage = None  # no code of ours expects that
    answer = client.put(f"/v1/uploads/{id}/parts/1", content=b"x" * 10)
    assert answer.status_code == 500
    counted = of(scrape(app), "http_requests_total", method="PUT")
    assert counted == {"/v1/uploads/{upload_id}/parts/{n} 5xx": 1}
    number = answer.headers["x-request-id"]
    told = {line["logger"]: line for line in ear.lines if line.get("request_id") == number}
    assert told["api.access"]["status"] == 500
    assert "Traceback" in told["api.problems"]["exception"]


def test_no_tenants_name_or_id_is_a_label(app: FastAPI, make: Make, stranger: TestClient) -> None:
    job = make.job(name="a telling name")
    text = TestClient(app, base_url="http://127.0.0.1", client=HERE).get("/metrics").text
    for private in ("prj_", "key_", "telling", job["id"], job["students"][0]["id"], job["dataset"]["id"]):
        assert private not in text


# --- when parts of the service fail -------------------------------------------------------------------------------


def test_a_database_that_is_gone(app: FastAPI, client: TestClient, postgres_server: str) -> None:
    gone = Database(postgres_server.replace("host=", "host=/nowhere"))
    app.state.database, there = gone, app.state.database
    series = scrape(app)
    assert of(series, "database_up") == {"": 0}
    assert of(series, "jobs") == {} and of(series, "event_streams") == {"job": 0, "project": 0}
    app.state.database = there
    gone.close()
    assert of(scrape(app), "database_up") == {"": 1}


def test_open_streams(app: FastAPI, client: TestClient) -> None:
    async def run() -> None:
        caller = Caller(DEFAULT_PROJECT, "key_any")
        streams = [app.state.watcher.frames(caller) for _ in range(2)]
        for stream in streams:
            await anext(stream)
        assert of(await asyncio.to_thread(scrape, app), "event_streams") == {"job": 0, "project": 2}
        for stream in streams:
            await stream.aclose()
        assert of(await asyncio.to_thread(scrape, app), "event_streams") == {"job": 0, "project": 0}

    loops.run(run())


def test_the_guide_alerts_on_figures_that_are_there(
    app: FastAPI, client: TestClient, make: Make, database: Database
) -> None:
    make.job()
    with database.write() as work:
        work.add(Worker(hostname="h", pid=1, slots=1, version="1"))
    there = {f"distillery_{name}" for name, _ in scrape(app)}
    rules = [
        rule
        for block in re.findall(r"```yaml\n(groups:.*?)```", GUIDE.read_text(), re.DOTALL)
        for group in yaml.safe_load(block)["groups"]
        for rule in group["rules"]
    ]
    assert len(rules) >= 5
    for rule in rules:
        assert set(re.findall(r"distillery_\w+", rule["expr"])) <= there, rule["alert"]


def test_what_hangs_costs_one_thread() -> None:
    begun, end = threading.Event(), threading.Event()

    def hang() -> str:
        begun.set()
        end.wait(60)
        return "at last"

    slow = Cached(hang, 60, patience=0.05)
    heard: list[str] = []
    first = threading.Thread(target=lambda: heard.append(slow()))
    first.start()
    assert begun.wait(60)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            slow()
    end.set()
    first.join()
    assert heard == ["at last"] and slow() == "at last"
