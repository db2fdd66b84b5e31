"""Bodies are taken as JSON says them, and addresses know the methods that are described."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.openapi import EXAMPLES, PROBLEM
from api.problems import ProblemRead
from core import problems
from tests.api.operations import BODIES, operations
from tests.fixtures.service import RECIPE, Make


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Nothing here gets as far as the database."""
    return sqlite_url


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/v1/uploads", {"filename": "f", "bytes": "10", "purpose": "dataset"}, "/bytes"),
        ("/v1/uploads", {"filename": "f", "bytes": True, "purpose": "dataset"}, "/bytes"),
        ("/v1/api-keys", {"name": "k", "expires_at": 32503680000}, "/expires_at"),
        ("/v1/jobs", RECIPE | {"control": 1}, "/control"),
        ("/v1/jobs", RECIPE | {"control": "true"}, "/control"),
        ("/v1/jobs", RECIPE | {"training": {"epochs": "3"}}, "/training/epochs"),
        (
            "/v1/jobs",
            RECIPE | {"students": [{"name": "a", "architecture": "resnet8", "seeds": [1, False]}]},
            "/students/0/seeds/1",
        ),
    ],
)
def test_no_value_is_taken_for_one_of_another_kind(
    client: TestClient, make: Make, path: str, body: dict[str, Any], pointer: str
) -> None:
    body = body | {"dataset": make.dataset()} if path == "/v1/jobs" else body
    refused = client.post(path, json=body)
    assert refused.status_code == 422, refused.text
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(pointer, "wrong_type")]


def test_what_json_calls_an_integer_is_one(client: TestClient, make: Make) -> None:
    whole = RECIPE | {"dataset": make.dataset(), "training": {"epochs": 2.0, "optimizer": {"kind": "sgd", "lr": 1}}}
    assert client.post("/v1/jobs?validate_only=true", json=whole).status_code == 200


def test_a_copy_of_a_job_is_as_strict(client: TestClient, make: Make) -> None:
    copy = {"source_job": make.job()["id"], "training": {"epochs": "3"}}
    refused = client.post("/v1/jobs", json=copy)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/training/epochs")


@pytest.mark.parametrize(("copy", "more"), [(True, 97), (False, 997)])  # of a copy no more are looked at
def test_a_hundred_problems_are_told_however_many_there_are(
    client: TestClient, make: Make, copy: bool, more: int
) -> None:
    start = {"source_job": make.job()["id"]} if copy else RECIPE | {"dataset": make.dataset()}
    refused = client.post("/v1/jobs", json=start | {f"f{n}": 1 for n in range(1000)})
    assert (refused.status_code, len(refused.json()["errors"])) == (422, 100)
    assert refused.json()["detail"].endswith(f"; and {more} more")
    assert len(refused.content) < 50_000


def test_only_what_is_told_is_compared(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(problems, "get_close_matches", lambda name, *_, **__: compared.append(name) or [])
    refused = client.post("/v1/sessions", json={f"f{n}": 1 for n in range(1000)})
    assert (refused.status_code, len(compared)) == (422, 100)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/jobs", "GET, POST"),
        ("POST", "/v1/jobs/job_x", "DELETE, GET, PATCH"),
        ("GET", "/v1/jobs/actions", "POST"),  # no job's id
        ("DELETE", "/v1/datasets/builtin", "GET"),
        ("GET", "/v1/sessions", "POST"),  # not for the dashboard to answer
        ("POST", "/healthz", "GET"),
        ("PATCH", "/v1/students/stu_x/files/card.md", "GET, HEAD"),
        ("OPTIONS", "/v1/uploads", "GET, POST, PUT"),
    ],
)
def test_an_address_tells_all_its_methods(client: TestClient, method: str, path: str, allowed: str) -> None:
    refused = client.request(method, path)
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed"), refused.text
    assert refused.headers["allow"] == allowed


def test_the_methods_that_are_told_are_those_described(app: FastAPI, client: TestClient) -> None:
    for path, methods in app.openapi()["paths"].items():
        told = client.request("BREW", path.replace("{", "").replace("}", "")).headers["allow"]
        assert told.split(", ") == sorted(method.upper() for method in methods), path


@pytest.mark.parametrize("teacher", ["", {"members": [{"path": "a"}, {"path": "b"}]}])
def test_teachers_that_cannot_be_are_the_clients_fault(client: TestClient, teacher: Any) -> None:
    refused = client.post("/v1/jobs", json=RECIPE | {"dataset": "dst_none", "teacher": teacher})
    assert refused.status_code == 422, refused.text
    assert "unknown_dataset" in {one["code"] for one in refused.json()["errors"]}


# --- what is JSON -------------------------------------------------------------------------------------------------

DATASET = '{"name": "%s", "source": {"kind": "builtin", "name": "digits"}}'


@pytest.mark.parametrize("kind", ["application/json", "application/JSON", "Application/x+JSON; charset=utf-8"])
def test_no_text_holds_a_nul_however_json_is_spelt(client: TestClient, kind: str) -> None:
    for name, status in (("x\\u0000y", 422), ("x\\\\\\u0000y", 422), ("x\\\\u0000y", 201)):
        answer = client.post("/v1/datasets", content=DATASET % name, headers={"Content-Type": kind})
        assert answer.status_code == status, (name, answer.text)
        assert status == 201 or answer.json()["code"] == "nul_character"


@pytest.mark.parametrize("kind", ["text/x+json", "foo+json", "+json", "text/json", "application/xjson", ""])
def test_what_is_not_read_as_json_is_told_apart(client: TestClient, kind: str) -> None:
    answer = client.post("/v1/datasets", content=DATASET % "d", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "other_media_type")


@pytest.mark.parametrize(
    ("body", "why"),
    [(b'{"name": "\xff"}', "UTF-8 at byte 10"), (b"1" * 5000, "digits"), (b"[" * 5000 + b"]" * 5000, "nested")],
)
def test_json_that_cannot_be_read_is_told_why(client: TestClient, body: bytes, why: str) -> None:
    answer = client.post("/v1/datasets", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")
    assert why in answer.json()["detail"]


# --- what the description shows -----------------------------------------------------------------------------------


def test_every_body_has_an_example_that_is_well_formed(app: FastAPI, client: TestClient) -> None:
    assert EXAMPLES.keys() == BODIES.keys() | {"rotate_api_key"}
    for operation in (one for one in operations(app) if one.id in EXAMPLES):
        path = operation.fill(dict.fromkeys(operation.parameters, "1"))
        answer = client.request(operation.method, path, json=EXAMPLES[operation.id])
        known = answer.is_success or answer.status_code == (401 if operation.id == "create_session" else 404)
        assert known, f"{operation.id}: {answer.text}"


def test_the_example_of_a_problem_is_one(client: TestClient, make: Make) -> None:
    wish = RECIPE | {"dataset": make.dataset(), "students": [{"name": "a", "architecture": "resnet9"}]}
    real = client.post("/v1/jobs", json=wish)
    assert ProblemRead.model_validate(PROBLEM).model_dump(exclude_unset=True).keys() == real.json().keys()
    assert (real.json()["code"], real.json()["errors"][0]["pointer"]) == (
        PROBLEM["code"],
        PROBLEM["errors"][0]["pointer"],
    )


@pytest.mark.parametrize("path", ["/v1/losses", "/v1/presets", "/v1/datasets/builtin"])
def test_short_lists_are_cut_like_any_other(client: TestClient, path: str) -> None:
    whole = client.get(path).json()
    assert not whole["has_more"] and len(whole["data"]) > 3
    first = client.get(path, params={"limit": 2}).json()
    assert (first["has_more"], first["next"]) == (True, whole["data"][1]["id"])
    rest = client.get(path, params={"after": first["next"]}).json()
    assert first["data"] + rest["data"] == whole["data"] and not rest["has_more"]
    assert client.get(path, params={"after": "nothing"}).status_code == 422
