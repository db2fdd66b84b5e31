"""Teachers of any origin over REST: means of several, and what a table of logits can teach."""

import hashlib
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.db import runs
from core.db.models import Run, Teacher
from core.db.session import Database
from core.db.waiting import release
from tests.fixtures.service import RECIPE, Make

Json = dict[str, Any]


def mean(*ids: str, **more: Any) -> Json:
    return {"name": "m", "source": {"kind": "ensemble", "members": [{"teacher": id} for id in ids]}} | more


def run_of(database: Database, subject: str) -> Run:
    with database.read() as session:
        run = runs.of_subject(session, subject)
        assert run is not None
        return run


def test_a_mean_of_teachers_is_registered_and_waits_for_its_members(
    client: TestClient, make: Make, database: Database
) -> None:
    ready, read = make.teacher(), make.teacher(status="validating")
    made = client.post("/v1/teachers", json=mean(ready, read)).json()
    assert made["status"] == "validating" and made["source"]["members"][1] == {"teacher": read, "weight": 1.0}
    assert run_of(database, made["id"]).waits_for == read
    with database.write() as work:
        assert not release(work)
    assert client.delete(f"/v1/teachers/{ready}").status_code == 409, "it is being made of it"
    with database.write() as work:
        work.get_one(Teacher, read).status = "ready"
        work.flush()
        assert release(work)
    assert run_of(database, made["id"]).waits_for is None
    with database.write() as work:
        work.get_one(Teacher, made["id"]).status = "ready"
    assert client.delete(f"/v1/teachers/{ready}").status_code == 204, "it holds its members' weights itself"


def test_a_mean_whose_member_is_rejected_is_rejected(client: TestClient, make: Make, database: Database) -> None:
    first, second = make.teacher(), make.teacher(status="validating")
    made = client.post("/v1/teachers", json=mean(first, second)).json()
    with database.write() as work:
        work.get_one(Teacher, second).status = "rejected"
        work.flush()
        release(work)
    shown = client.get(f"/v1/teachers/{made['id']}").json()
    assert shown["status"] == "rejected" and "member, strong, was rejected" in shown["error"]["detail"]


def test_what_is_wrong_with_a_mean_is_said_at_its_place(client: TestClient, stranger: TestClient, make: Make) -> None:
    first, second, other = make.teacher(), make.teacher(), make.teacher(classes=7)
    poor = make.teacher(status="rejected")
    bound = make.teacher(bound=True, dataset_id=make.dataset())
    cases: list[tuple[Json, str, str]] = [
        (mean(first, "tch_none"), "/source/members/1/teacher", "unknown_teacher"),
        (mean(first, first), "/source/members/1/teacher", "named_twice"),
        (mean(poor, first), "/source/members/0/teacher", "teacher_rejected"),
        (mean(first, other), "/source/members", "class_count_mismatch"),
        (mean(first, second, architecture="resnet8"), "/architecture", "not_for_an_ensemble"),
        (mean(first, second, image_size=32), "/image_size", "not_for_an_ensemble"),
        (mean(first, bound, dataset=make.dataset()), "/source/members/1/teacher", "teacher_of_another_dataset"),
    ]
    for wish, pointer, code in cases:
        answer = client.post("/v1/teachers", json=wish)
        assert answer.status_code == 422, answer.text
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
    assert client.post("/v1/teachers", json=mean(first)).status_code == 422, "one is no mean"
    assert stranger.post("/v1/teachers", json=mean(first, second)).json()["errors"][0]["code"] == "unknown_teacher"


def test_a_job_may_name_several_teachers(client: TestClient, make: Make, database: Database) -> None:
    first, second, dataset = make.teacher(), make.teacher(), make.dataset()
    several = {"members": [{"path": first, "weight": 2}, {"path": second}, {"path": "torchvision/resnet18"}]}
    wish = RECIPE | {"dataset": dataset, "teacher": several}
    job = client.post("/v1/jobs", json=wish).json()
    teacher = client.get(f"/v1/teachers/{job['teacher']['id']}").json()
    assert teacher["name"] == "strong + strong + torchvision/resnet18" and teacher["dataset"] == dataset
    assert [one["weight"] for one in teacher["source"]["members"]] == [2.0, 1.0, 1.0]
    assert job["recipe"]["teacher"] == teacher["id"] == run_of(database, job["id"]).waits_for
    again = client.post("/v1/jobs", json=wish).json()
    assert again["teacher"]["id"] == teacher["id"], "the same mean is not made twice"
    unknown = {"members": [{"path": first}, {"path": "tch_none"}]}
    (error,) = client.post("/v1/jobs", json=wish | {"teacher": unknown}).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/teacher/members/1", "unknown_teacher")
    twice = {"members": [{"path": first}, {"path": second}, {"path": first}]}
    (error,) = client.post("/v1/jobs", json=wish | {"teacher": twice}).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/teacher/members/2", "named_twice")
    file = {"members": [{"path": first}, {"path": "here.pth", "architecture": "resnet8"}]}
    (error,) = client.post("/v1/jobs", json=wish | {"teacher": file}).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/teacher/members/1", "teacher_is_a_file")


def test_what_was_asked_for_tells_teachers_of_one_file_apart(client: TestClient, make: Make) -> None:
    """Not what came of it: without a normalization the data set's, or the library's, is taken."""
    upload = client.post("/v1/uploads", json={"filename": "t.pth", "bytes": 3, "purpose": "teacher"}).json()["id"]
    client.put(f"/v1/uploads/{upload}/parts/1", content=b"abc")
    client.post(f"/v1/uploads/{upload}/complete", json={"sha256": hashlib.sha256(b"abc").hexdigest()})
    normalized = {"path": upload, "normalization": {"mean": [0.5] * 3, "std": [0.5] * 3}}
    wish = RECIPE | {"dataset": make.dataset()}

    def teacher(said: Any) -> str:
        return str(client.post("/v1/jobs", json=wish | {"teacher": said}).json()["teacher"]["id"])

    first, plain = teacher(normalized), teacher(upload)
    assert first != plain and (teacher(normalized), teacher({"path": upload})) == (first, plain)
    assert client.get(f"/v1/teachers/{first}").json()["asked"] == {"normalization": normalized["normalization"]}
    both = client.post("/v1/jobs", json=wish | {"teacher": {"members": [normalized, {"path": upload}]}})
    assert both.status_code == 201, both.text


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"training": {"mix": {}}}, "/training/mix"),
        ({"teacher_adapter": {"channels": "bgr"}}, "/teacher_adapter/channels"),
        (
            {"teacher_adapter": {"normalization": {"mean": [0, 0, 0], "std": [1, 1, 1]}}},
            "/teacher_adapter/normalization",
        ),
    ],
)
def test_what_a_table_of_logits_cannot_teach(client: TestClient, make: Make, change: Json, pointer: str) -> None:
    dataset = make.dataset()
    table = make.teacher(kind="table", bound=True, dataset_id=dataset)
    wish = RECIPE | {"dataset": dataset, "teacher": table}
    answer = client.post("/v1/jobs?validate_only=true", json=wish | change)
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, "teacher_sees_nothing")
    fine = client.post("/v1/jobs?validate_only=true", json=wish).json()
    assert any("augmentation" in warning for warning in fine["warnings"])
    elsewhere = client.post("/v1/jobs?validate_only=true", json=wish | {"dataset": make.dataset()})
    assert elsewhere.json()["errors"][0]["code"] == "teacher_of_another_dataset"


def test_the_names_of_a_data_sets_images(client: TestClient, make: Make) -> None:
    id = make.dataset()
    answer = client.get(f"/v1/datasets/{id}/names/val")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [f"val/{n}.png" for n in range(30)]
    assert client.get(f"/v1/datasets/{id}/names/test").status_code == 404
