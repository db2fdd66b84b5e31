"""Uploads: parts in any order, resumed, repeated, checked; hostile sizes and hashes."""

import hashlib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.queue import RecordingQueue
from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys
from tests.fixtures.service import Make

CONTENT = bytes(range(256)) * 10  # 2,560 bytes: parts of 1000, 1000 and 560
SHA = hashlib.sha256(CONTENT).hexdigest()


def announce(client: TestClient, content: bytes = CONTENT, purpose: str = "dataset") -> str:
    wish = {"filename": "images.zip", "bytes": len(content), "purpose": purpose}
    answer = client.post("/v1/uploads", json=wish)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["status"], body["part_size"], body["parts"]) == ("open", 1000, [])
    id: str = body["id"]
    return id


def send(client: TestClient, id: str, n: int, content: bytes = CONTENT) -> None:
    part = content[(n - 1) * 1000 : n * 1000]
    answer = client.put(f"/v1/uploads/{id}/parts/{n}", content=part)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"n": n, "bytes": len(part), "sha256": hashlib.sha256(part).hexdigest()}


def upload(client: TestClient, content: bytes = CONTENT, purpose: str = "dataset") -> str:
    id = announce(client, content, purpose)
    for n in range(1, -(-len(content) // 1000) + 1):
        send(client, id, n, content)
    answer = client.post(f"/v1/uploads/{id}/complete", json={"sha256": hashlib.sha256(content).hexdigest()})
    assert answer.status_code == 200, answer.text
    return id


def leftovers(settings: Settings) -> list[Path]:
    return list((settings.data_dir / "incoming").iterdir())


def test_parts_arrive_in_any_order_and_are_resumed(client: TestClient, storage: Storage, settings: Settings) -> None:
    id = announce(client)
    send(client, id, 3)
    send(client, id, 1)
    send(client, id, 1)  # the answer was lost: the same part again
    there = client.get(f"/v1/uploads/{id}").json()
    assert ([p["n"] for p in there["parts"]], there["missing"]) == ([1, 3], [2])
    early = client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA})
    assert (early.status_code, early.json()["code"]) == (422, "upload_mismatch")
    assert "missing: 2" in early.json()["detail"]
    send(client, id, 2)
    done = client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA}).json()
    assert (done["status"], done["sha256"]) == ("complete", SHA)
    assert storage.fetch(storage_keys.upload_file(id)).read_bytes() == CONTENT
    assert not storage.exists(storage_keys.upload_part(id, 1))
    assert leftovers(settings) == []
    again = client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA})
    assert (again.status_code, again.json()) == (200, client.get(f"/v1/uploads/{id}").json())
    assert client.put(f"/v1/uploads/{id}/parts/1", content=CONTENT[:1000]).status_code == 409
    assert [u["id"] for u in client.get(f"/v1/uploads?sha256={SHA}").json()["data"]] == [id]


def test_a_wrong_hash_is_refused_and_can_be_mended(client: TestClient, storage: Storage) -> None:
    id = announce(client)
    for n in (1, 2, 3):
        send(client, id, n, bytes(len(CONTENT)))
    refused = client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA})
    assert (refused.status_code, refused.json()["code"]) == (422, "upload_mismatch")
    assert not storage.exists(storage_keys.upload_file(id))
    for n in (1, 2, 3):
        send(client, id, n)
    assert client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA}).status_code == 200


@pytest.mark.parametrize(
    ("n", "size", "code"),
    [(1, 999, "upload_mismatch"), (1, 1001, "upload_mismatch"), (3, 1000, "upload_mismatch"), (4, 1, "no_such_part")],
)
def test_parts_have_their_size(client: TestClient, settings: Settings, n: int, size: int, code: str) -> None:
    id = announce(client)
    refused = client.put(f"/v1/uploads/{id}/parts/{n}", content=bytes(size))
    assert (refused.status_code, refused.json()["code"]) == (422, code)

    def trickle() -> object:  # chunked: no Content-Length to be judged by
        yield from (bytes(1) for _ in range(size))

    refused = client.put(f"/v1/uploads/{id}/parts/{n}", content=trickle())  # type: ignore[arg-type]
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert client.get(f"/v1/uploads/{id}").json()["parts"] == []
    assert not (settings.data_dir / "incoming").exists() or leftovers(settings) == []


def test_what_is_too_large_is_refused_before_its_first_byte(client: TestClient, settings: Settings) -> None:
    wish = {"filename": "a", "bytes": settings.max_upload_bytes + 1, "purpose": "dataset"}
    assert client.post("/v1/uploads", json=wish).json()["code"] == "upload_too_large"
    for _ in range(20):
        answer = client.post("/v1/uploads", json=wish | {"bytes": settings.max_upload_bytes})
        if answer.status_code != 201:
            break
    assert answer.json()["code"] in ("quota_exceeded", "disk_full")
    assert answer.status_code in (413, 503)


def test_a_data_set_and_a_teacher_of_uploads(client: TestClient, queue: RecordingQueue) -> None:
    images, weights = upload(client), upload(client, b"w" * 10, "teacher")
    source = {"kind": "upload", "upload": images, "val_fraction": 0.2}
    dataset = client.post("/v1/datasets", json={"name": "mine", "source": source}).json()
    assert dataset["status"] == "validating"
    assert dataset["source"] == source | {"test_fraction": 0.0, "seed": 0}
    teacher = client.post(
        "/v1/teachers",
        json={"name": "strong", "source": {"kind": "upload", "upload": weights}, "architecture": "resnet20"},
    ).json()
    assert (teacher["status"], teacher["architecture"]) == ("validating", "cifar/resnet20")
    assert queue.nudges == 2
    for subject, kind in ((dataset, "read_dataset"), (teacher, "read_teacher")):
        runs = client.get(f"/v1/runs?subject={subject['id']}").json()["data"]
        assert [(r["kind"], r["status"], r["attempts"]) for r in runs] == [(kind, "queued", [])]
    assert client.delete(f"/v1/uploads/{images}").json()["code"] == "in_use"
    found = client.get(f"/v1/datasets?upload={images}").json()["data"]
    assert [d["id"] for d in found] == [dataset["id"]]
    assert [t["id"] for t in client.get(f"/v1/teachers?upload={weights}").json()["data"]] == [teacher["id"]]


def test_uploads_that_do_not_serve(client: TestClient, make: Make) -> None:
    open_, weights = announce(client), upload(client, b"w" * 10, "teacher")

    def refused(upload: str) -> tuple[int, str]:
        answer = client.post("/v1/datasets", json={"name": "x", "source": {"kind": "upload", "upload": upload}})
        return answer.status_code, answer.json()["code"]

    assert refused(open_) == (409, "not_ready")
    assert refused(weights) == (422, "wrong_purpose")
    assert refused("upl_none") == (422, "unknown_upload")


def test_a_deleted_upload_leaves_nothing(client: TestClient, storage: Storage) -> None:
    id = announce(client)
    send(client, id, 1)
    assert client.delete(f"/v1/uploads/{id}").status_code == 204
    assert not storage.exists(storage_keys.upload_part(id, 1))
    assert client.get(f"/v1/uploads/{id}").status_code == 404


def test_a_part_is_bytes_whatever_it_claims_to_be(client: TestClient) -> None:
    id = announce(client, b"\x00" * 10)
    answer = client.put(f"/v1/uploads/{id}/parts/1", content=b"\x00" * 10, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["bytes"]) == (200, 10)


def test_a_part_that_arrives_after_the_upload_was_deleted_leaves_nothing(
    client: TestClient, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = announce(client)
    put = storage.put

    def put_too_late(key: str, source: Path) -> None:
        assert client.delete(f"/v1/uploads/{id}").status_code == 204
        put(key, source)

    monkeypatch.setattr(storage, "put", put_too_late)
    assert client.put(f"/v1/uploads/{id}/parts/1", content=CONTENT[:1000]).status_code == 404
    assert not storage.exists(storage_keys.upload_part(id, 1))


@pytest.mark.parametrize("rival", ["complete", "delete"])
def test_two_requests_that_end_an_upload(
    client: TestClient, storage: Storage, monkeypatch: pytest.MonkeyPatch, rival: str
) -> None:
    """Another request completes or deletes the upload while this one puts its parts together."""
    id = announce(client)
    for n in (1, 2, 3):
        send(client, id, n)
    fetch = storage.fetch

    def be_slower(key: str) -> Path:
        monkeypatch.setattr(storage, "fetch", fetch)
        if rival == "complete":
            assert client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA}).status_code == 200
        else:
            assert client.delete(f"/v1/uploads/{id}").status_code == 204
        return fetch(key)

    monkeypatch.setattr(storage, "fetch", be_slower)
    answer = client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA})
    assert answer.status_code == (200 if rival == "complete" else 404)
    assert storage.exists(storage_keys.upload_file(id)) == (rival == "complete")
