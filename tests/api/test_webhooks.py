"""Webhooks: told if and only if it happened, at least once, signed so that anybody's library can tell."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError
from starlette.testclient import TestClient

from api.webhooks import courier
from core.db import deliveries, runs, webhooks
from core.db.models import Base, Run, now
from core.db.session import Database
from core.errors import Failure
from core.settings import Settings
from tests.api.receiver import Got, Receiver, receiving
from tests.fixtures.service import Make

Json = dict[str, Any]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """This machine may be reached: the receivers are here."""
    return Settings(
        data_dir=tmp_path / "data", database_url=database_url, webhook_networks=["127.0.0.0/8"], _env_file=None
    )


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of a test's length."""
    monkeypatch.setattr(courier, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(deliveries, "BACKOFF", (timedelta(seconds=0.05),) * 10)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def until(true: Callable[[], Any], what: str = "it") -> Any:
    deadline = time.monotonic() + 60
    while not (found := true()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


def hook(client: TestClient, receiver: Receiver, **more: Any) -> Json:
    answer = client.post("/v1/webhooks", json={"url": receiver.url, **more})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def log(client: TestClient, webhook: Json, **query: str) -> list[Json]:
    found: list[Json] = client.get(f"/v1/webhooks/{webhook['id']}/deliveries", params=query).json()["data"]
    return found


def settled(client: TestClient, webhook: Json) -> list[Json]:
    """Its deliveries, once none is pending."""
    until(lambda: not log(client, webhook, status="pending"), "all to be settled")
    return log(client, webhook)


def verified(secret: str, got: Got) -> Json:
    found: Json = Verifier(secret).verify(got.body, got.headers)
    return found


def test_the_life_of_a_job_is_told_and_anybody_can_verify_it(
    client: TestClient, receiver: Receiver, make: Make
) -> None:
    webhook = hook(client, receiver)
    job = make.job(name="birds, small")
    client.post(f"/v1/jobs/{job['id']}/cancel")
    settled(client, webhook)
    told = {(said := verified(webhook["secret"], got))["type"]: said for got in receiver.got}
    assert set(told) == {"job.queued", "job.cancelled"}
    assert told["job.queued"]["data"] == {
        "object": "job",
        "id": job["id"],
        "name": "birds, small",
        "status": "queued",
        "error": None,
        "path": f"/v1/jobs/{job['id']}",
    }
    assert client.get(told["job.cancelled"]["data"]["path"]).json()["status"] == "cancelled"
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 2
    with pytest.raises(WebhookVerificationError):
        verified(webhook["secret"], Got("", receiver.got[0].headers, receiver.got[0].body + " "))


def test_what_did_not_happen_is_not_told(client: TestClient, receiver: Receiver, make: Make) -> None:
    webhook = hook(client, receiver)
    job = make.job()
    recipe = job["recipe"] | {"dataset": job["dataset"]["id"], "teacher": job["teacher"]["id"]}
    assert client.post("/v1/jobs?validate_only=true", json=recipe).status_code == 200
    assert client.post("/v1/jobs", json=recipe | {"dataset": "dst_none"}).status_code == 422
    client.post(f"/v1/jobs/{job['id']}/cancel")
    assert client.post(f"/v1/jobs/{job['id']}/pause").status_code == 409
    assert sorted(row["type"] for row in settled(client, webhook)) == ["job.cancelled", "job.queued"]


def test_only_what_was_asked_for(client: TestClient, receiver: Receiver, make: Make) -> None:
    one = hook(client, receiver, events=["job.cancelled"])
    off = hook(client, receiver)
    client.patch(f"/v1/webhooks/{off['id']}", json={"enabled": False})
    client.post(f"/v1/jobs/{make.job()['id']}/cancel")
    assert [row["type"] for row in settled(client, one)] == ["job.cancelled"]
    assert log(client, off) == []
    wrong = client.post("/v1/webhooks", json={"url": receiver.url, "events": ["job.exploded"]})
    assert wrong.status_code == 422 and "job.exploded" in wrong.json()["errors"][0]["detail"]


def test_a_part_that_is_rejected_is_told(
    client: TestClient, receiver: Receiver, database: Database, make: Make
) -> None:
    webhook = hook(client, receiver, events=["dataset.rejected", "teacher.rejected"])
    for noun, id in (("dataset", make.dataset(status="validating")), ("teacher", make.teacher(status="validating"))):
        with database.write() as work:
            runs.enqueue(work, kind=f"read_{noun}", subject=id, project_id="prj_default")
            claim = runs.claim(work, "wrk_x")
            assert claim is not None
            error = Failure("too_bad", "Bad", "It is bad.")
            runs.end(work, work.get_one(Run, claim.run_id), runs.Ending("failed"), error=error)
    told = {(said := json.loads(row["body"]))["type"]: said["data"] for row in settled(client, webhook)}
    assert {type_: data["error"] for type_, data in told.items()} == {
        f"{noun}.rejected": {"code": "too_bad", "detail": "It is bad."} for noun in ("dataset", "teacher")
    }


def test_a_receiver_that_fails_is_asked_again_with_the_same_id(client: TestClient, receiver: Receiver) -> None:
    receiver.answer = lambda _, before: (500, 302, 204)[before] if before != 1 else (302, {"Location": "/elsewhere"})
    webhook = hook(client, receiver)
    client.post(f"/v1/webhooks/{webhook['id']}/test")
    (row,) = settled(client, webhook)
    assert (row["status"], row["tries"], [one["status"] for one in row["log"]]) == ("delivered", 3, [500, 302, 204])
    assert {got.headers["webhook-id"] for got in receiver.got} == {row["message"]}
    assert {got.path for got in receiver.got} == {"/hook"}, "no redirect is followed"


def test_after_the_last_try_it_has_failed_and_can_be_sent_again(client: TestClient, receiver: Receiver) -> None:
    receiver.answer = lambda *_: 503
    webhook = hook(client, receiver)
    client.post(f"/v1/webhooks/{webhook['id']}/test")
    (row,) = settled(client, webhook)
    assert (row["status"], row["tries"], row["next_at"]) == ("failed", 11, None)
    receiver.answer = lambda *_: 200
    again = client.post(f"/v1/webhooks/{webhook['id']}/deliveries/{row['id']}/resend")
    assert (again.status_code, again.json()["status"]) == (202, "pending")
    (row,) = settled(client, webhook)
    assert (row["status"], row["tries"]) == ("delivered", 1)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1


def test_gone_is_gone(client: TestClient, receiver: Receiver, make: Make) -> None:
    receiver.answer = lambda *_: 410
    webhook = hook(client, receiver)
    client.post(f"/v1/webhooks/{webhook['id']}/test")
    (row,) = settled(client, webhook)
    assert (row["status"], row["tries"]) == ("failed", 1)
    seen = client.get(f"/v1/webhooks/{webhook['id']}").json()
    assert (seen["enabled"], seen["disabled_reason"]) == (False, "It answered 410 Gone.")
    make.job()
    assert len(log(client, webhook)) == 1
    seen = client.patch(f"/v1/webhooks/{webhook['id']}", json={"enabled": True}).json()
    assert (seen["enabled"], seen["disabled_reason"]) == (True, None)


def test_a_rotated_secret_and_the_old_one_both_hold(client: TestClient, receiver: Receiver, database: Database) -> None:
    webhook = hook(client, receiver)
    rotated = client.post(f"/v1/webhooks/{webhook['id']}/rotate").json()
    assert rotated["secret"] != webhook["secret"] and rotated["old_secret_until"]
    client.post(f"/v1/webhooks/{webhook['id']}/test")
    settled(client, webhook)
    for secret in (webhook["secret"], rotated["secret"]):
        verified(secret, receiver.got[-1])
    with database.write() as work:
        webhooks.get(work, "prj_default", webhook["id"]).old_secret_until = now() - timedelta(seconds=1)
    client.post(f"/v1/webhooks/{webhook['id']}/test")
    settled(client, webhook)
    verified(rotated["secret"], receiver.got[-1])
    with pytest.raises(WebhookVerificationError):
        verified(webhook["secret"], receiver.got[-1])


def test_secrets_are_shown_once_and_kept_nowhere(
    client: TestClient, receiver: Receiver, database: Database, settings: Settings
) -> None:
    made = client.post("/v1/webhooks", json={"url": receiver.url}, headers={"Idempotency-Key": "a"}).json()
    replayed = client.post("/v1/webhooks", json={"url": receiver.url}, headers={"Idempotency-Key": "a"}).json()
    assert replayed == made | {"secret": None}
    assert "secret" not in client.get(f"/v1/webhooks/{made['id']}").json()
    key = (settings.data_dir / "signing.key").read_text()
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(text(f"SELECT * FROM {table.name}")):
                assert made["secret"] not in str(row) and key not in str(row)


def test_half_of_the_answers_fail_and_nothing_is_lost(client: TestClient, receiver: Receiver) -> None:
    chance = random.Random(0)
    receiver.answer = lambda *_: chance.choice((204, 500))
    webhook = hook(client, receiver)
    sent = [client.post(f"/v1/webhooks/{webhook['id']}/test").json()["message"] for _ in range(60)]
    assert any(row["tries"] > 1 for row in settled(client, webhook))
    assert set(sent) == {got.headers["webhook-id"] for got in receiver.got}


def test_a_receiver_that_hangs_holds_no_other_up(
    client: TestClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "TRY_SECONDS", 3.0)
    released = threading.Event()
    with receiving() as tar_pit:
        tar_pit.answer = lambda *_: 204 if released.wait(60) else 500
        stuck, brisk = hook(client, tar_pit), hook(client, receiver)
        for webhook in (*[stuck] * 5, brisk):
            client.post(f"/v1/webhooks/{webhook['id']}/test")
        assert [row["status"] for row in settled(client, brisk)] == ["delivered"]
        until(lambda: all(row["log"] for row in log(client, stuck)), "the tries to time out")
        assert log(client, stuck)[0]["log"][0]["error"] == "no answer within 3 seconds"
        released.set()


def test_a_claim_runs_out_and_a_late_answer_changes_nothing(
    client: TestClient, receiver: Receiver, database: Database
) -> None:
    """A process that died over a delivery, or slept."""
    webhook = hook(client, receiver)
    client.patch(f"/v1/webhooks/{webhook['id']}", json={"enabled": False})  # the service's own courier waits
    client.post(f"/v1/webhooks/{webhook['id']}/test")
    with database.write() as work:
        webhooks.get(work, "prj_default", webhook["id"]).enabled = True
        at = now() + timedelta(hours=1)  # ahead of the service's own
        (first,) = deliveries.claim(work, at, 10)
        assert deliveries.claim(work, at, 10) == []
        (second,) = deliveries.claim(work, at + deliveries.HOLD, 10)
    with database.write() as work:
        deliveries.settle(work, first, deliveries.Answer(204, None, 0.1), at)
    assert log(client, webhook)[0]["status"] == "pending"
    with database.write() as work:
        deliveries.settle(work, second, deliveries.Answer(204, None, 0.1), at)
    assert (log(client, webhook)[0]["status"], len(log(client, webhook)[0]["log"])) == ("delivered", 1)


def test_deleting_a_webhook_takes_its_deliveries_along(client: TestClient, receiver: Receiver) -> None:
    receiver.answer = lambda *_: 500
    webhook = hook(client, receiver)
    client.post(f"/v1/webhooks/{webhook['id']}/test")
    assert client.delete(f"/v1/webhooks/{webhook['id']}").status_code == 204
    assert client.get(f"/v1/webhooks/{webhook['id']}").status_code == 404
    assert client.get(f"/v1/webhooks/{webhook['id']}/deliveries").status_code == 404


def test_a_project_has_so_many_and_no_more(client: TestClient, receiver: Receiver) -> None:
    for _ in range(webhooks.MOST):
        hook(client, receiver)
    more = client.post("/v1/webhooks", json={"url": receiver.url})
    assert (more.status_code, more.json()["code"]) == (409, "too_many_webhooks")


def test_what_is_old_is_forgotten(client: TestClient, receiver: Receiver, database: Database) -> None:
    webhook = hook(client, receiver)
    client.post(f"/v1/webhooks/{webhook['id']}/test")
    settled(client, webhook)
    with database.write() as work:
        deliveries.drop_old(work, now() + deliveries.KEPT - timedelta(minutes=1))
    assert len(log(client, webhook)) == 1
    with database.write() as work:
        deliveries.drop_old(work, now() + deliveries.KEPT + timedelta(minutes=1))
    assert log(client, webhook) == []
