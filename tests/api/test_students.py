"""Students and their files: HTTP's ways to resume, to check, and to spare a transfer."""

import hashlib

import pytest
from starlette.testclient import TestClient

from tests.fixtures.service import EVERY_STORAGE, Make

pytestmark = EVERY_STORAGE
CONTENT = bytes(range(256)) * 20


@pytest.fixture
def url(make: Make, client: TestClient) -> str:
    student = make.job()["students"][0]["id"]
    make.file(student, CONTENT)
    shown = client.get(f"/v1/students/{student}").json()
    assert shown["status"] == "trained"
    (file,) = shown["files"]
    assert (file["name"], file["bytes"]) == ("weights.safetensors", len(CONTENT))
    assert file["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    link: str = file["url"]
    return link


def test_a_whole_download(client: TestClient, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["etag"] == f'"sha256-{hashlib.sha256(CONTENT).hexdigest()}"'
    assert answer.headers["content-disposition"] == 'attachment; filename="weights.safetensors"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "content-disposition"):
        assert head.headers[name] == answer.headers[name]


@pytest.mark.parametrize(
    ("asked", "first", "last"), [("bytes=0-9", 0, 9), ("bytes=5000-", 5000, 5119), ("bytes=-20", 5100, 5119)]
)
def test_a_part(client: TestClient, url: str, asked: str, first: int, last: int) -> None:
    answer = client.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, CONTENT[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}"


def test_a_resumed_download_is_the_same_file_or_all_of_the_new_one(client: TestClient, url: str) -> None:
    etag = client.head(url).headers["etag"]
    same = client.get(url, headers={"Range": "bytes=100-", "If-Range": etag})
    assert (same.status_code, same.content) == (206, CONTENT[100:])
    other = client.get(url, headers={"Range": "bytes=100-", "If-Range": '"sha256-other"'})
    assert (other.status_code, other.content) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["bytes=6000-", "bytes=9-2", "bytes=a-b"])
def test_a_part_that_is_not_there(client: TestClient, url: str, asked: str) -> None:
    answer = client.get(url, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.json()["code"] == "bad_range"
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["lines=1-2", "nonsense"])
def test_a_range_in_another_unit_is_as_if_it_were_not_there(client: TestClient, url: str, asked: str) -> None:
    answer = client.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_a_head_is_always_about_the_whole_file(client: TestClient, url: str) -> None:
    answer = client.head(url, headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(CONTENT)))


def test_what_one_has_is_not_sent_again(client: TestClient, url: str) -> None:
    etag = client.head(url).headers["etag"]
    for known in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        answer = client.get(url, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert client.get(url, headers={"If-None-Match": '"sha256-other"'}).status_code == 200


def test_unknown_files(client: TestClient, url: str) -> None:
    for name in ("other.bin", "..%2f..%2fadmin.key", "weights.safetensors%00"):
        assert client.get(url.replace("weights.safetensors", name)).status_code == 404


def test_students_are_listed_by_job(client: TestClient, make: Make) -> None:
    job, _ = make.job(), make.job()
    listed = client.get(f"/v1/students?job={job['id']}&order=asc").json()["data"]
    assert {s["id"] for s in listed} == {s["id"] for s in job["students"]}
    assert {s["job_name"] for s in listed} == {job["name"]}
    controls = client.get(f"/v1/students?job={job['id']}&role=control&architecture=resnet8").json()["data"]
    assert {(c["loss"]["kind"], c["architecture"], c["seed"]) for c in controls} == {
        ("task", "cifar/resnet8", 0),
        ("task", "cifar/resnet8", 1),
    }


def test_students_know_where_they_come_from(client: TestClient, stranger: TestClient, make: Make) -> None:
    job, _ = make.job(), make.job(teacher=None)
    dataset = job["dataset"]
    make.file(job["students"][0]["id"], CONTENT)
    listed = client.get(f"/v1/students?dataset={dataset['id']}&order=asc").json()["data"]
    assert {s["job"] for s in listed} == {job["id"]}
    teacher = {"id": job["teacher"]["id"], "name": "strong", "top1": 0.9}
    for one in listed:
        assert one["dataset"] == {"id": dataset["id"], "name": "random"}
        assert one["teacher"] == teacher
        assert one == client.get(f"/v1/students/{one['id']}").json()
    assert {s["id"]: s["bytes"] for s in listed if s["bytes"]} == {job["students"][0]["id"]: len(CONTENT)}
    assert {s["teacher"] is None for s in client.get("/v1/students").json()["data"]} == {True, False}
    for who, id in ((client, "dst_none"), (client, "%27"), (stranger, dataset["id"])):
        assert who.get(f"/v1/students?dataset={id}").json()["data"] == []


def test_a_student_becomes_a_teacher(client: TestClient, make: Make) -> None:
    job = make.job()
    student = job["students"][0]["id"]
    wish = {"name": "next", "source": {"kind": "student", "student": student}}
    assert client.post("/v1/teachers", json=wish).json()["code"] == "not_ready"
    make.file(student, CONTENT)
    made = client.post("/v1/teachers", json=wish)
    assert (made.status_code, made.json()["status"]) == (201, "validating")
    client.post(f"/v1/jobs/{job['id']}/cancel")
    assert client.delete(f"/v1/jobs/{job['id']}").json()["code"] == "in_use"
    wish["source"]["student"] = "stu_none"  # type: ignore[index]
    assert client.post("/v1/teachers", json=wish).json()["code"] == "unknown_student"
