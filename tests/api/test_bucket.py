"""The API where its files lie in a bucket: large ones pass through, and a bucket that does not answer is told."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.students import download
from core.db.models import Upload
from core.db.session import Database
from core.queue import RecordingQueue
from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys
from tests.fixtures.buckets import S3Server
from tests.fixtures.service import Make
from worker.equipment import Equipment
from worker.garbage import GRACE_SECONDS, WRITE_SECONDS, Garbage

pytestmark = pytest.mark.parametrize(("storage_in", "database_url"), [("bucket", "sqlite")], indirect=["database_url"])
PART = 5 << 20
CONTENT = b"".join(bytes([n]) * PART for n in (1, 2)) + b"the rest"
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"upload_part_bytes": PART})


def copies(settings: Settings) -> list[Path]:
    folder = settings.data_dir / "cache"
    return [path for path in folder.iterdir() if path.is_file()] if folder.exists() else []


def send(client: TestClient) -> str:
    """An upload whose parts are there."""
    wish = {"filename": "images.zip", "bytes": len(CONTENT), "purpose": "dataset"}
    id: str = client.post("/v1/uploads", json=wish).json()["id"]
    for n in (1, 2, 3):
        answer = client.put(f"/v1/uploads/{id}/parts/{n}", content=CONTENT[(n - 1) * PART : n * PART])
        assert answer.status_code == 200, answer.text
    return id


def test_large_parts_are_joined_inside_the_bucket(client: TestClient, storage: Storage, settings: Settings) -> None:
    id = send(client)
    sent: list[str] = []
    events = storage._client.meta.events  # type: ignore[attr-defined]
    events.register("before-send.s3", lambda request, **_: sent.append(request.method))
    done = client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA})
    assert (done.status_code, done.json()["sha256"]) == (200, SHA)
    assert list(storage.files("")) == [storage_keys.upload_file(id)]
    assert sent.count("PUT") == 3, "a copy for each part, and no byte of it from here"
    assert copies(settings) == []
    assert storage.fetch(storage_keys.upload_file(id)).read_bytes() == CONTENT


def test_a_download_goes_through_and_leaves_no_copy(client: TestClient, make: Make, settings: Settings) -> None:
    student = make.job()["students"][0]["id"]
    before = copies(settings)
    make.file(student, CONTENT)
    url = f"/v1/students/{student}/files/weights.safetensors"
    with client.stream("GET", url) as answer:
        assert b"".join(answer.iter_bytes()) == CONTENT
    part = client.get(url, headers={"Range": f"bytes={PART - 1}-{PART}"})
    assert (part.status_code, part.content) == (206, bytes([1, 2]))
    assert copies(settings) == before


def test_a_file_that_is_gone_from_the_bucket(client: TestClient, make: Make, storage: Storage) -> None:
    student = make.job()["students"][0]["id"]
    make.file(student, b"weights")
    url = f"/v1/students/{student}/files/weights.safetensors"
    storage.delete(next(storage.files("jobs")))
    for answer in (client.get(url), client.head(url), client.get(url, headers={"Range": "bytes=1-2"})):
        assert answer.status_code == 404


def test_images_of_a_data_set_are_shown(client: TestClient, make: Make) -> None:
    dataset = make.dataset()
    shown = client.get(f"/v1/datasets/{dataset}/samples?per_class=1").json()
    assert [len(one["images"]) for one in shown["classes"]] == [1, 1, 1]
    image = client.get(shown["classes"][0]["images"][0]["url"])
    assert (image.status_code, image.headers["content-type"]) == (200, "image/png")


def test_what_is_deleted_is_gone_from_the_bucket(client: TestClient, make: Make, storage: Storage) -> None:
    job = make.job()
    make.file(job["students"][0]["id"], b"weights")
    client.post(f"/v1/jobs/{job['id']}/cancel")
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    dataset = job["dataset"]["id"]
    assert list(storage.files("")) == [storage_keys.dataset(dataset)]
    assert client.delete(f"/v1/datasets/{dataset}").status_code == 204
    assert list(storage.files("")) == []


# --- garbage --------------------------------------------------------------------------------------------------------


@pytest.fixture
def equipment(settings: Settings, database: Database, storage: Storage, queue: RecordingQueue) -> Equipment:
    return Equipment(settings=settings, database=database, storage=storage, queue=queue, threads=1)


def test_what_nobody_wants_is_found_in_a_bucket(
    client: TestClient, make: Make, equipment: Equipment, storage: Storage, s3: Any
) -> None:
    at = 0.0
    garbage = Garbage(equipment, clock=lambda: at)
    job = make.job()
    make.file(job["students"][0]["id"], b"weights")
    kept = sorted(storage.files(""))
    lost = storage_keys.checkpoint(job["id"], 7, 40)
    for key in (lost, storage_keys.upload_part("upl_gone", 1)):
        with storage.writing(key) as file:
            file.write(b"left by somebody who was killed")
    name = equipment.settings.storage.split("/")[2]
    begun = [s3.create_multipart_upload(Bucket=name, Key=f"{place}/x") for place in ("our/files/jobs/a", "somebody")]
    garbage.collect_if_due()
    assert sorted(storage.files("")) == sorted([*kept, lost]), "its row may still come"
    at = GRACE_SECONDS
    garbage.collect_if_due()
    assert sorted(storage.files("")) == kept
    at = WRITE_SECONDS - 1
    garbage.collect_if_due()
    assert list(storage.unfinished()) == [f"jobs/a/x?{begun[0]['UploadId']}"], "it may still be under way"
    at += 1000
    garbage.collect_if_due()
    assert list(storage.unfinished()) == []
    (theirs,) = s3.list_multipart_uploads(Bucket=name)["Uploads"]
    assert theirs["Key"] == "somebody/x"


# --- a bucket that does not answer ----------------------------------------------------------------------------------


def test_a_bucket_that_does_not_answer(
    client: TestClient, make: Make, storage: Storage, s3_server: S3Server, equipment: Equipment
) -> None:
    job = make.job()
    student = job["students"][0]["id"]
    make.file(student, b"weights")
    client.post(f"/v1/jobs/{job['id']}/cancel")
    id = send(client)
    whole = "/v1/uploads?filename=a.zip&purpose=dataset"
    requests: list[Callable[[], Any]] = [
        lambda: client.get(f"/v1/students/{student}/files/weights.safetensors"),
        lambda: client.put(f"/v1/uploads/{id}/parts/3", content=CONTENT[2 * PART :]),
        lambda: client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA}),
        lambda: client.put(whole, content=b"images"),
    ]
    s3_server.stop()
    try:
        for request in requests:
            answer = request()
            assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            assert s3_server.url not in answer.text and "Traceback" not in answer.text
        assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204, "its bytes are found later"
        assert client.get("/readyz").json()["code"] == "storage_unavailable"
        assert client.get("/v1/jobs").status_code == 200
        assert len(client.get("/v1/uploads").json()["data"]) == 1, "what could not be stored leaves no row"
    finally:
        s3_server.start()
    assert client.post(f"/v1/uploads/{id}/complete", json={"sha256": SHA}).status_code == 200
    assert client.put(whole, content=b"images").status_code == 201
    assert [key for key in storage.files("jobs") if job["id"] in key]
    Garbage(equipment).drop_folders()
    assert list(storage.files("jobs")) == []
    with equipment.database.read() as session:
        assert session.get_one(Upload, id).status == "complete"


def test_a_download_that_is_cut_off_ends_short_and_says_so_in_the_log(
    client: TestClient, make: Make, storage: Storage, s3_server: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    student = make.job()["students"][0]["id"]
    make.file(student, CONTENT)
    body = storage._client.meta.events  # type: ignore[attr-defined]

    def half(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Body"]._raw_stream.read(len(CONTENT) - 100)  # the store ends the connection after some of it
        parsed["Body"]._raw_stream.close()

    body.register("after-call.s3.GetObject", half)
    with client.stream("GET", f"/v1/students/{student}/files/weights.safetensors") as answer:
        assert answer.headers["content-length"] == str(len(CONTENT))
        assert len(b"".join(answer.iter_bytes())) < len(CONTENT)
    (line,) = [record for record in caplog.records if record.name == download.__name__]
    assert "cut off" in line.getMessage() and line.exc_info is None


def test_it_does_not_start_without_its_bucket(settings: Settings, database: Database) -> None:
    for wrong, reason in (
        ({"storage_url": "s3://nowhere"}, r"^distillery api: The bucket nowhere .*NoSuchBucket"),
        ({"storage_endpoint": "http://127.0.0.1:1"}, r"^distillery api: .* does not answer"),
    ):
        with pytest.raises(SystemExit, match=reason):
            create_app(settings.model_copy(update=wrong), database)


def test_the_app_opens_the_bucket_itself(app: FastAPI, settings: Settings, database: Database) -> None:
    assert type(create_app(settings, database).state.storage) is type(app.state.storage)
