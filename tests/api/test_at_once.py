"""Two requests for the same thing at once: one of them is as if it had come second."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier, Thread
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.db import webhooks
from core.db.models import Job
from core.db.session import Database
from core.lifecycle import JobStatus
from tests.fixtures.service import RECIPE, Make

ROUNDS = 8
Ask = Callable[[TestClient], Any]


def at_once(client: TestClient, *asks: Ask) -> tuple[int, ...]:
    """The statuses of the answers, in the order of the questions."""
    barrier = Barrier(len(asks))

    def ask(one: Ask) -> int:
        barrier.wait()
        return int(one(client).status_code)

    with ThreadPoolExecutor(len(asks)) as threads:
        return tuple(threads.map(ask, asks))


def delete(path: str) -> Ask:
    return lambda client: client.delete(path)


def post(path: str, body: Any = None) -> Ask:
    return lambda client: client.post(path, json=body)


def patch(path: str, body: Any) -> Ask:
    return lambda client: client.patch(path, json=body)


def put(path: str, content: bytes) -> Ask:
    return lambda client: client.put(path, content=content)


def cancelled(client: TestClient, make: Make) -> str:
    job = str(make.job()["id"])
    assert client.post(f"/v1/jobs/{job}/cancel").status_code == 202
    return job


def arrived(client: TestClient, content: bytes) -> str:
    answer = client.put("/v1/uploads", params={"purpose": "dataset", "filename": "a.zip"}, content=content)
    return str(answer.json()["id"])


def webhook(client: TestClient) -> str:
    return str(client.post("/v1/webhooks", json={"url": "https://1.1.1.1/"}).json()["id"])


def test_a_job_is_retried_or_deleted(client: TestClient, make: Make) -> None:
    for _ in range(ROUNDS):
        path = f"/v1/jobs/{cancelled(client, make)}"
        told = at_once(client, post(f"{path}/retry"), delete(path))
        assert told in {(202, 409), (404, 204)}
        assert client.get(path).status_code == (200 if told[0] == 202 else 404)


def test_of_several_deletions_one_counts(client: TestClient, make: Make) -> None:
    for _ in range(ROUNDS):
        path = f"/v1/jobs/{cancelled(client, make)}"
        assert sorted(at_once(client, *[delete(path)] * 3)) == [204, 404, 404]


def test_a_job_is_changed_or_deleted(client: TestClient, make: Make) -> None:
    for _ in range(ROUNDS):
        path = f"/v1/jobs/{cancelled(client, make)}"
        deleted, *changed = at_once(client, delete(path), *[patch(path, {"name": "other"})] * 2)
        assert deleted == 204 and set(changed) <= {200, 404}


def test_parts_of_a_job_stay_or_it_is_not_made(client: TestClient, make: Make) -> None:
    for _ in range(ROUNDS):
        dataset, teacher = make.dataset(), make.teacher()
        recipe = RECIPE | {"dataset": dataset, "teacher": teacher}
        job, *deleted = at_once(
            client, post("/v1/jobs", recipe), delete(f"/v1/datasets/{dataset}"), delete(f"/v1/teachers/{teacher}")
        )
        assert (job, deleted) == (201, [409, 409]) or (job == 422 and 204 in deleted and set(deleted) <= {204, 409})


def test_an_upload_is_read_or_deleted(client: TestClient) -> None:
    for n in range(ROUNDS):
        upload = arrived(client, b"%d" % n)
        wish = {"name": "d", "source": {"kind": "upload", "upload": upload}}
        told = at_once(client, post("/v1/datasets", wish), delete(f"/v1/uploads/{upload}"))
        assert told in {(201, 409), (422, 204)}


def test_a_part_arrives_or_its_upload_is_deleted(client: TestClient) -> None:
    for _ in range(ROUNDS):
        wish = {"filename": "a.zip", "bytes": 1, "purpose": "dataset"}
        path = f"/v1/uploads/{client.post('/v1/uploads', json=wish).json()['id']}"
        assert client.put(f"{path}/parts/1", content=b"x").status_code == 200
        told = at_once(
            client,
            put(f"{path}/parts/1", b"x"),
            delete(path),
            post(f"{path}/complete", {"sha256": sha256(b"x").hexdigest()}),
        )
        assert told[0] in {200, 404, 409} and told[1] == 204 and told[2] in {200, 404}


def test_a_student_becomes_a_teacher_or_its_job_is_deleted(client: TestClient, make: Make) -> None:
    for n in range(ROUNDS):
        job = cancelled(client, make)
        student = client.get(f"/v1/jobs/{job}").json()["students"][0]["id"]
        make.file(student, b"%d" % n)
        wish = {"name": "t", "source": {"kind": "student", "student": student}}
        assert at_once(client, post("/v1/teachers", wish), delete(f"/v1/jobs/{job}")) in {(201, 409), (422, 204)}


def test_a_webhook_is_used_or_deleted(client: TestClient) -> None:
    for _ in range(ROUNDS):
        path = f"/v1/webhooks/{webhook(client)}"
        change = patch(path, {"name": "other"})
        deleted, *used = at_once(client, delete(path), change, post(f"{path}/test"), post(f"{path}/rotate"))
        assert deleted == 204 and set(used) <= {200, 201, 202, 404}


def test_two_rotations_give_two_secrets(client: TestClient) -> None:
    secrets: list[str] = []

    def rotate(path: str) -> Ask:
        def ask(client: TestClient) -> Any:
            answer = client.post(f"{path}/rotate")
            secrets.append(answer.json()["secret"])
            return answer

        return ask

    for _ in range(ROUNDS):
        secrets.clear()
        path = f"/v1/webhooks/{webhook(client)}"
        assert at_once(client, rotate(path), rotate(path)) == (200, 200)
        assert len(set(secrets)) == 2


def test_a_webhook_that_is_deleted_while_a_worker_tells_keeps_no_worker_from_its_work(
    client: TestClient, make: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, path = make.job()["id"], f"/v1/webhooks/{webhook(client)}"
    write, answers = webhooks._write, []
    deletion = Thread(target=lambda: answers.append(client.delete(path).status_code))

    def late(*arguments: Any) -> Any:
        """Between the look for who listens and the message to them."""
        deletion.start()
        deletion.join(1)  # it waits for this transaction
        return write(*arguments)

    monkeypatch.setattr(webhooks, "_write", late)
    with database.write() as work:
        webhooks.tell_job(work, work.get_one(Job, job), JobStatus.RUNNING)
    deletion.join(30)
    assert answers == [204]
