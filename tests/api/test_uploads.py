"""Uploads: parts in any order, resumed, repeated, checked; hostile sizes and hashes."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from anyio import to_thread
from starlette.testclient import TestClient

from api.uploads import service
from core.db.models import Dataset, Upload, now
from core.db.session import Database
from core.queue import RecordingQueue
from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys
from tests.fixtures.service import EVERY_STORAGE, Make
from worker.equipment import Equipment
from worker.garbage import Garbage

pytestmark = EVERY_STORAGE
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


def stored(storage: Storage) -> list[str]:
    """The key of every file in storage."""
    return sorted(storage.files(""))


def test_parts_arrive_in_any_order_and_are_resumed(client: TestClient, storage: Storage) -> None:
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
    assert stored(storage) == [storage_keys.upload_file(id)]
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
def test_parts_have_their_size(client: TestClient, storage: Storage, n: int, size: int, code: str) -> None:
    id = announce(client)
    refused = client.put(f"/v1/uploads/{id}/parts/{n}", content=bytes(size))
    assert (refused.status_code, refused.json()["code"]) == (422, code)

    def trickle() -> object:  # chunked: no Content-Length to be judged by
        yield from (bytes(1) for _ in range(size))

    refused = client.put(f"/v1/uploads/{id}/parts/{n}", content=trickle())  # type: ignore[arg-type]
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert client.get(f"/v1/uploads/{id}").json()["parts"] == []
    assert stored(storage) == []


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
    assert dataset["source"].items() >= (source | {"test_fraction": 0.0, "seed": 0, "sha256": SHA}).items()
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
    assert [d["id"] for d in client.get(f"/v1/datasets?source_sha256={SHA}").json()["data"]] == [dataset["id"]]
    assert client.get(f"/v1/teachers?source_sha256={SHA}").json()["data"] == []
    assert len(client.get(f"/v1/teachers?source_sha256={hashlib.sha256(b'w' * 10).hexdigest()}").json()["data"]) == 1
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
    arrived = service.store

    async def too_late(*arguments: Any) -> service.Received:
        part = await arrived(*arguments)
        assert (await to_thread.run_sync(client.delete, f"/v1/uploads/{id}")).status_code == 204
        return part

    monkeypatch.setattr(service, "store", too_late)
    assert client.put(f"/v1/uploads/{id}/parts/1", content=CONTENT[:1000]).status_code == 404
    assert stored(storage) == []


@pytest.mark.parametrize("rival", ["complete", "delete"])
def test_two_requests_that_end_an_upload(
    client: TestClient, storage: Storage, monkeypatch: pytest.MonkeyPatch, rival: str
) -> None:
    """Another request completes or deletes the upload before this one puts its parts together."""
    id = announce(client)
    for n in (1, 2, 3):
        send(client, id, n)
    join = storage.join

    def be_slower(*arguments: Any) -> None:
        monkeypatch.setattr(storage, "join", join)
        if rival == "complete":
            assert client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA}).status_code == 200
        else:
            assert client.delete(f"/v1/uploads/{id}").status_code == 204
        join(*arguments)

    monkeypatch.setattr(storage, "join", be_slower)
    answer = client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA})
    assert answer.status_code == (200 if rival == "complete" else 404)
    assert storage.exists(storage_keys.upload_file(id)) == (rival == "complete")


def test_an_upload_whose_completion_was_killed_can_be_completed(
    client: TestClient, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was already under its name; the row had not heard of it."""
    id = announce(client)
    for n in (1, 2, 3):
        send(client, id, n)
    parts = [(storage_keys.upload_part(id, n), size) for n, size in ((1, 1000), (2, 1000), (3, 560))]
    storage.join(storage_keys.upload_file(id), parts, lambda _: None)
    done = client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA})
    assert (done.status_code, done.json()["status"]) == (200, "complete")
    assert stored(storage) == [storage_keys.upload_file(id)]


# --- a file in one request ------------------------------------------------------------------------------------------


def test_a_whole_file_in_one_request(client: TestClient, storage: Storage) -> None:
    url = "/v1/uploads?filename=images.zip&purpose=dataset"
    answer = client.put(url, content=CONTENT)
    body = answer.json()
    assert answer.status_code == 201
    assert (body["status"], body["sha256"], body["bytes"], body["missing"]) == ("complete", SHA, len(CONTENT), [])
    assert storage.fetch(storage_keys.upload_file(body["id"])).read_bytes() == CONTENT
    again = client.put(f"{url}&sha256={SHA}", content=CONTENT)
    assert (again.status_code, again.json()["id"]) == (200, body["id"])
    assert client.put("/v1/uploads?filename=t.pt&purpose=teacher", content=CONTENT).json()["id"] != body["id"]
    assert len(stored(storage)) == 2
    assert client.get(f"/v1/uploads/{body['id']}").json()["parts"] == [{"n": 1, "bytes": len(CONTENT), "sha256": SHA}]


def test_a_whole_file_that_is_refused_leaves_nothing(client: TestClient, storage: Storage, settings: Settings) -> None:
    url = "/v1/uploads?filename=images.zip&purpose=dataset"

    def trickle() -> object:
        yield b"x"

    for answer, code in (
        (client.put(f"{url}&sha256={'0' * 64}", content=CONTENT), "upload_mismatch"),
        (client.put(url, content=b""), "length_required"),
        (client.put(url, content=trickle()), "length_required"),  # type: ignore[arg-type]
        (client.put("/v1/uploads?filename=a&purpose=holiday", content=b"x"), "invalid"),
        (client.put("/v1/uploads?purpose=dataset", content=b"x"), "invalid"),
        (client.put("/v1/uploads?filename=a%07b&purpose=dataset", content=b"x"), "invalid"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    length = {"Content-Length": str(settings.max_upload_bytes + 1)}
    assert client.put(url, content=b"x", headers=length).json()["code"] == "upload_too_large"
    assert client.get("/v1/uploads").json()["data"] == []
    assert stored(storage) == []


# --- expiry ---------------------------------------------------------------------------------------------------------


def collect(equipment: Equipment, at: datetime | None = None) -> None:
    garbage = Garbage(equipment)
    garbage.drop_uploads(at)
    garbage.drop_folders()


def test_uploads_expire_and_give_their_room_back(
    client: TestClient, equipment: Equipment, settings: Settings, storage: Storage
) -> None:
    open_, done = announce(client), upload(client)
    send(client, open_, 1)
    used = upload(client, b"w" * 10)
    source = {"kind": "upload", "upload": used, "val_fraction": 0.2}
    dataset = client.post("/v1/datasets", json={"name": "mine", "source": source}).json()["id"]
    expires = datetime.fromisoformat(client.get(f"/v1/uploads/{open_}").json()["expires_at"])
    week = timedelta(hours=settings.upload_expiry_hours)
    assert timedelta(0) < now() + week - expires < timedelta(minutes=5)

    collect(equipment, now() + week - timedelta(minutes=10))
    assert len(client.get("/v1/uploads").json()["data"]) == 3
    collect(equipment, now() + week)
    assert [u["id"] for u in client.get("/v1/uploads").json()["data"]] == [used], "what still has to be read stays"
    assert stored(storage) == [storage_keys.upload_file(used)]
    assert client.put(f"/v1/uploads/{open_}/parts/2", content=CONTENT[1000:2000]).status_code == 404
    assert client.get(f"/v1/uploads/{done}").status_code == 404

    with equipment.database.write() as work:
        work.get_one(Dataset, dataset).status = "ready"
    collect(equipment, now() + week)
    assert client.get("/v1/uploads").json()["data"] == []
    assert stored(storage) == []


def test_a_part_puts_the_expiry_off(client: TestClient, database: Database) -> None:
    id = announce(client)
    with database.write() as work:
        work.get_one(Upload, id).expires_at = now() - timedelta(hours=1)
    send(client, id, 1)
    assert datetime.fromisoformat(client.get(f"/v1/uploads/{id}").json()["expires_at"]) > now()


def test_files_without_an_upload_are_collected_and_uploads_without_a_date_get_one(
    client: TestClient, equipment: Equipment, storage: Storage, database: Database
) -> None:
    old = upload(client)
    with database.write() as work:
        work.get_one(Upload, old).expires_at = None
    with storage.writing(storage_keys.upload_part("upl_gone", 1)) as file:
        file.write(b"left by a request that was killed")
    collect(equipment)
    assert stored(storage) == [storage_keys.upload_file(old)]
    assert client.get(f"/v1/uploads/{old}").json()["expires_at"] is not None


@pytest.fixture
def equipment(settings: Settings, database: Database, storage: Storage, queue: RecordingQueue) -> Equipment:
    return Equipment(settings=settings, database=database, storage=storage, queue=queue, threads=1)
