"""What attackers have tried, each with the answer that it should have had."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event, func, select
from starlette.testclient import TestClient

from api.events.streams import Frame
from core.db import jobs
from core.db.models import Job
from core.db.paging import Window
from core.db.session import Database
from tests.fixtures.service import Make

LONE = ("\\ud800", "x\\udfffy", "\\udc00\\ud800", "\\ud83d \\ude00", "\\ud800\\ud800\\udc00")


class Asked:
    """In the broadcaster's place: where streams were asked to go on from."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    async def frames(self, _: str, __: object, seq: int) -> AsyncIterator[Frame]:
        self.seen.append(seq)
        yield Frame(seq, b"", last=True)


@pytest.mark.parametrize("seen", ["999999", "9" * 5000, "2000000000"])
def test_a_stream_goes_on_no_later_than_what_has_happened(
    app: FastAPI, client: TestClient, make: Make, seen: str
) -> None:
    """Else a number out of the air would have every other stream of the job wait for it."""
    job = make.job()
    app.state.broadcaster = asked = Asked()
    headers = {"Accept": "text/event-stream"}
    for _ in client.get(f"/v1/jobs/{job['id']}/events", headers=headers | {"Last-Event-ID": seen}).iter_lines():
        pass
    client.get(f"/v1/jobs/{job['id']}/events?after=2000000000", headers=headers)
    assert asked.seen == [job["last_event"]] * 2


@pytest.mark.parametrize("said", ["false", "0", "no"])
def test_a_request_that_is_not_only_validated_is_made_once(client: TestClient, make: Make, said: str) -> None:
    wish = {"dataset": make.dataset(), "students": [{"name": "s", "architecture": "resnet8"}]}
    answers = [
        client.post(f"/v1/jobs?validate_only={said}", json=wish, headers={"Idempotency-Key": "k"}) for _ in range(3)
    ]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true", "true"]


@pytest.mark.parametrize("lone", LONE)
def test_half_a_character_is_refused_wherever_it_stands(client: TestClient, make: Make, lone: str) -> None:
    job = make.job()["id"]
    bodies = [
        ("POST", "/v1/jobs", f'{{"dataset": "builtin:digits", "teacher": "{lone}", "students": []}}'),
        ("POST", "/v1/jobs?validate_only=true", f'{{"source_job": "{job}", "teacher": "timm/{lone}"}}'),
        ("PATCH", f"/v1/jobs/{job}", f'{{"metadata": {{"a": "{lone}"}}}}'),
        ("PATCH", f"/v1/jobs/{job}", f'{{"metadata": {{"{lone}": "a"}}}}'),
    ]
    for method, path, body in bodies:
        answer = client.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "lone_surrogate"), body


@pytest.mark.parametrize("whole", ["\\ud83d\\ude00", "\\\\ud800", "\\u00e9\\ud83d\\ude00\\ud83d\\ude00"])
def test_a_whole_character_is_not(client: TestClient, make: Make, whole: str) -> None:
    path, body = f"/v1/jobs/{make.job()['id']}", f'{{"metadata": {{"a": "{whole}"}}}}'
    assert client.patch(path, content=body, headers={"Content-Type": "application/json"}).status_code == 200


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00"])
def test_a_time_that_utc_does_not_have_is_refused(client: TestClient, at: str) -> None:
    answer = client.post("/v1/api-keys", json={"name": "k", "expires_at": at})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/expires_at")


@pytest.mark.parametrize("labels", [{"a": "x" * 513}, {"a" * 65: "x"}, {str(n): "x" for n in range(17)}])
def test_labels_are_as_short_when_they_are_changed(client: TestClient, make: Make, labels: dict[str, Any]) -> None:
    job = make.job()["id"]
    assert client.patch(f"/v1/jobs/{job}", json={"metadata": labels}).status_code == 422


def test_as_many_labels_are_looked_for_as_a_job_can_have(client: TestClient) -> None:
    queries = ["&".join(f"metadata=a{n}:b" for n in range(count)) for count in (16, 17, 2000)]
    assert [client.get(f"/v1/jobs?{query}").status_code for query in queries] == [200, 422, 422]


def test_the_networks_go_on_behind_one_of_them(client: TestClient) -> None:
    answer = client.get("/v1/architectures?after=nope")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_after")


def test_a_list_goes_on_behind_one_of_its_own_kind(client: TestClient, make: Make) -> None:
    """Every list that pages by ids; which begins where nobody meant, were another's id compared with its own."""
    job = make.job()
    nouns = "datasets teachers jobs students uploads workers runs api-keys webhooks audit"
    for noun in nouns.split():
        other = job["dataset"]["id"] if noun != "datasets" else job["id"]
        answer = client.get(f"/v1/{noun}?after={other}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "invalid_after"), noun
    for sort in ("name", "top1"):
        assert client.get(f"/v1/jobs?sort={sort}&after={job['dataset']['id']}").status_code == 422
    assert client.get(f"/v1/jobs?after={job['id']}").status_code == 200


def test_a_job_that_goes_while_its_page_is_read_is_left_out(client: TestClient, make: Make, database: Database) -> None:
    parts = {"dataset": make.dataset(), "teacher": make.teacher()}
    ids = [make.job(name=name, **parts)["id"] for name in "abc"]

    def rename(*told: Any) -> None:
        """Between the two statements: as another connection does, and no transaction hides on PostgreSQL."""
        if "ORDER BY" in told[2] and database.engine.dialect.name == "postgresql":
            with database.write() as work:
                work.get_one(Job, ids[1]).status = "failed"

    event.listen(database.engine, "after_cursor_execute", rename)
    with database.read() as session:
        page = jobs.listing(
            session, "prj_default", Window(limit=2, order="asc"), sort=jobs.Sort.NAME, statuses=["queued"]
        )  # type: ignore[list-item]
    left = [ids[0]] if database.engine.dialect.name == "postgresql" else ids[:2]
    assert ([job.id for job in page.rows], page.next) == (left, ids[1])
    with database.read() as session:
        assert session.scalar(select(func.count(Job.id))) == 3
