"""The matrix of operations and people: who may ask is answered, and nobody else learns whether there is anything."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from api import deps
from core.db import keys
from core.db.models import Project
from core.db.session import Database
from tests.api.matrix import MATRIX, SCOPES, STRANGERS, people, told
from tests.api.operations import Operation, operations
from tests.fixtures.service import Make

# Where the caller is judged before any row of a noun is looked at, one database is as good as two.
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
UNTRAINED = {"get_evaluation", "list_disagreements"}  # a queued job has none of these
TOP: dict[str, Any] = {"students": [{"name": "a", "architecture": "resnet8"}]}


@pytest.fixture
def ours(client: TestClient, make: Make) -> dict[str, str]:
    """One of everything, of the default project, by the names of paths."""
    job = make.job(name="ours alone")
    student = job["students"][0]["id"]
    make.file(student, b"weights")
    wish = {"filename": "f", "bytes": 10, "purpose": "dataset"}
    webhook = client.post("/v1/webhooks", json={"url": "https://hook.invalid/"}).json()["id"]
    return {
        "webhook_id": webhook,
        "delivery_id": client.post(f"/v1/webhooks/{webhook}/test").json()["id"],
        "job_id": job["id"],
        "student_id": student,
        "teacher_id": make.teacher(),
        "dataset_id": make.dataset(),
        "upload_id": client.post("/v1/uploads", json=wish).json()["id"],
        "key_id": client.get("/v1/api-keys").json()["data"][0]["id"],
        "name": "weights.safetensors",
        "n": "1",
        "split": "train",
        "index": "0",
    }


@pytest.fixture
def nothing(ours: dict[str, str]) -> dict[str, str]:
    """Ids of the same form that nobody has."""
    return {name: f"{id[:4]}{'0' * (len(id) - 4)}" if name.endswith("_id") else id for name, id in ours.items()}


def ask(who: TestClient, operation: Operation, ids: dict[str, str]) -> Any:
    content = b"x" * 10 if operation.id == "put_part" else None
    return who.request(operation.method, operation.fill(ids), json=operation.body, content=content)


def unlisted(app: FastAPI) -> set[str]:
    return {operation.id for operation in operations(app)} ^ MATRIX.keys()


@ONE_DATABASE
def test_every_operation_has_a_row(app: FastAPI) -> None:
    assert unlisted(app) == set()
    extra = APIRouter()
    extra.add_api_route("/v1/secrets", lambda: {}, name="list_secrets", tags=["jobs"])
    app.include_router(extra)
    app.openapi_schema = None
    assert unlisted(app) == {"list_secrets"}  # a new one is noticed


@ONE_DATABASE
def test_without_a_good_key_nobody_learns_anything(
    app: FastAPI, client: TestClient, database: Database, ours: dict[str, str], nothing: dict[str, str]
) -> None:
    """A wrong key, a revoked and an expired one are told the same; what they ask for may be there or not."""
    asking = [person for person in people(app, database) if person.who in STRANGERS]
    for operation in operations(app):
        if MATRIX[operation.id] in ("nobody", "token"):
            continue
        answers = {}
        for person in asking:
            there, not_there = (told(ask(person.client, operation, ids), ids) for ids in (ours, nothing))
            assert there == not_there, f"{operation.id}, {person.name}"
            assert there[0] == 401, f"{operation.id}, {person.name}"
            answers[person.name] = there
        first = answers["wrong by key"]
        for name, answer in answers.items():
            if not name.startswith("nobody"):
                assert answer == first, f"{operation.id}, {name}"
    assert client.get(f"/v1/jobs/{ours['job_id']}").json()["status"] == "queued"


@ONE_DATABASE
def test_a_scope_opens_what_its_row_says(
    app: FastAPI,
    client: TestClient,
    database: Database,
    ours: dict[str, str],
    nothing: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused before anything is looked up; let through where the row says so."""
    counted = dict.fromkeys(SCOPES, 0)
    for person in people(app, database):
        if person.who not in SCOPES:
            continue
        for operation in operations(app):
            needs = MATRIX[operation.id]
            if needs not in SCOPES or operation.endless or operation.id == "delete_session":
                continue
            not_there = told(ask(person.client, operation, nothing), nothing)
            enough = SCOPES.index(person.who) >= SCOPES.index(needs)
            assert (not_there[0] != 403) == enough, f"{operation.id}, {person.name}: {not_there}"
            if not enough:
                assert told(ask(person.client, operation, ours), ours) == not_there, f"{operation.id}, {person.name}"
                counted[person.who] += 1
    assert counted == {"read": 62, "submit": 28, "admin": 0}
    read = next(person.client for person in people(app, database) if person.who == "read")
    with monkeypatch.context() as patch:  # the control: it is the rule that holds, and this test that sees it
        patch.setattr(deps, "check_scope", lambda *_: None)
        assert read.post("/v1/api-keys", json={"name": "k"}).status_code == 201
    assert read.post("/v1/api-keys", json={"name": "k"}).status_code == 403
    for path, kept in (("jobs", ours["job_id"]), ("webhooks", ours["webhook_id"]), ("uploads", ours["upload_id"])):
        assert client.get(f"/v1/{path}/{kept}").status_code == 200


def test_what_another_project_has_is_as_if_it_were_nowhere(
    app: FastAPI, client: TestClient, database: Database, ours: dict[str, str], nothing: dict[str, str]
) -> None:
    """The same status, the same headers, the same words: by key and by cookie, with every scope."""
    with database.write() as work:
        work.add(Project(id="prj_other", name="other"))
    tried = 0
    for person in people(app, database, "prj_other"):
        if person.who not in SCOPES:
            continue
        for operation in operations(app):
            if not operation.parameters:
                continue
            there, not_there = (told(ask(person.client, operation, ids), ids) for ids in (ours, nothing))
            assert there == not_there, f"{operation.id}, {person.name}"
            assert there[0] in (403, 404), f"{operation.id}, {person.name}"
            tried += 1
    assert tried >= 200
    for operation in operations(app):  # the control: whoever may know is told two different things
        if operation.parameters and operation.method == "GET":
            there, not_there = (told(ask(client, operation, ids), ids) for ids in (ours, nothing))
            assert there != not_there or operation.id in UNTRAINED, operation.id
    before = client.get(f"/v1/jobs/{ours['job_id']}").json()
    assert before["status"] == "queued"


ELSEWHERE = {  # ids in bodies and queries: (method, path, body)
    "job's data set": ("POST", "/v1/jobs", TOP | {"dataset": "{dataset_id}"}),
    "job's teacher": ("POST", "/v1/jobs", TOP | {"dataset": "{own}", "teacher": "{teacher_id}"}),
    "only checked": ("POST", "/v1/jobs?validate_only=true", TOP | {"dataset": "{dataset_id}"}),
    "jobs at once": ("POST", "/v1/jobs/actions", {"action": "cancel", "jobs": ["{job_id}"]}),
    "jobs deleted at once": ("POST", "/v1/jobs/actions", {"action": "delete", "jobs": ["{job_id}"]}),
    "data set's upload": (
        "POST",
        "/v1/datasets",
        {"name": "d", "source": {"kind": "upload", "upload": "{upload_id}"}},
    ),
    "teacher's upload": ("POST", "/v1/teachers", {"name": "t", "source": {"kind": "upload", "upload": "{upload_id}"}}),
    "teacher's student": (
        "POST",
        "/v1/teachers",
        {"name": "t", "source": {"kind": "student", "student": "{student_id}"}},
    ),
    "teacher's data set": (
        "POST",
        "/v1/teachers",
        {"name": "t", "source": {"kind": "upload", "upload": "{upload_id}"}, "dataset": "{dataset_id}"},
    ),
    "ensemble": (
        "POST",
        "/v1/teachers",
        {"name": "t", "source": {"kind": "ensemble", "members": [{"teacher": "{teacher_id}"}] * 2}},
    ),
    "runs of": ("GET", "/v1/runs?subject={job_id}", None),
    "students of": ("GET", "/v1/students?job={job_id}", None),
    "students of a data set": ("GET", "/v1/students?dataset={dataset_id}", None),
    "jobs of a data set": ("GET", "/v1/jobs?dataset={dataset_id}", None),
    "jobs of a teacher": ("GET", "/v1/jobs?teacher={teacher_id}", None),
    "data sets of an upload": ("GET", "/v1/datasets?upload={upload_id}", None),
    "teachers of an upload": ("GET", "/v1/teachers?upload={upload_id}", None),
    "curves of": ("GET", "/v1/metrics?job={job_id}&names=loss", None),
    **{
        f"{noun} after": ("GET", f"/v1/{noun}?after={{{one}_id}}", None)
        for noun, one in (
            ("jobs", "job"),
            ("students", "student"),
            ("teachers", "teacher"),
            ("datasets", "dataset"),
            ("uploads", "upload"),
            ("webhooks", "webhook"),
            ("api-keys", "key"),
        )
    },
}


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, str):
        return value.format(**ids)
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    return {key: filled(one, ids) for key, one in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("place", ELSEWHERE)
def test_an_id_of_another_project_is_no_better_than_an_invented_one_wherever_it_stands(
    stranger: TestClient, make: Make, ours: dict[str, str], nothing: dict[str, str], place: str
) -> None:
    method, path, body = ELSEWHERE[place]
    own = {"own": make.dataset(project="prj_other")}
    answers = []
    for ids in (ours, nothing):
        answer = stranger.request(method, filled(path, ids), json=filled(body, ids | own))
        answers.append(told(answer, ids))
    assert answers[0] == answers[1]
    assert "ours alone" not in answers[0][2]


def test_lists_counts_and_quotas_of_another_project_are_empty(
    app: FastAPI, stranger: TestClient, ours: dict[str, str]
) -> None:
    told_all = ""
    for operation in operations(app):
        if operation.method == "GET" and not operation.parameters and not operation.endless:
            told_all += stranger.get(operation.path).text
    assert len(told_all) > 10_000  # the catalog, and our own key
    assert [name for name, id in ours.items() if len(id) > 8 and id in told_all] == []
    assert "ours alone" not in told_all and "hook.invalid" not in told_all
    for noun in ("jobs", "students", "teachers", "datasets", "uploads", "runs", "webhooks", "audit"):
        assert stranger.get(f"/v1/{noun}").json()["data"] == [], noun


def test_the_same_idempotency_key_in_another_project_replays_nothing(client: TestClient, stranger: TestClient) -> None:
    wish, same = {"filename": "ours", "bytes": 10, "purpose": "dataset"}, {"Idempotency-Key": "same"}
    first = client.post("/v1/uploads", json=wish, headers=same).json()
    assert client.post("/v1/uploads", json=wish, headers=same).json() == first
    theirs = stranger.post("/v1/uploads", json=wish | {"filename": "theirs"}, headers=same)
    assert theirs.status_code == 201 and theirs.json()["id"] != first["id"]


def test_a_session_is_its_projects_alone(app: FastAPI, database: Database, stranger: TestClient) -> None:
    with database.write() as work:
        _, secret = keys.create(work, "prj_other", "browser")
    browser = TestClient(app)
    assert browser.post("/v1/sessions", json={"key": secret}).status_code == 204
    assert browser.get("/v1/sessions/current").json()["project"] == "prj_other"
    both = browser.get("/v1/sessions/current", headers={"Authorization": "Bearer dkd_wrong"})
    assert both.status_code == 401  # a key that is sent is the one that counts
