"""What other sites could do with a browser that is signed in here, or that runs on this machine: nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.testclient import TestClient

from api.app import create_app
from cli.up import own_names
from core.db import keys
from core.db.keys import DEFAULT_PROJECT
from core.db.session import Database
from core.settings import Settings
from core.storage import Storage
from tests.api.operations import operations
from tests.fixtures.service import Make

HOME, EVIL = "http://dash.example", "http://evil.example"


@pytest.fixture
def browser(app: FastAPI, client: TestClient, settings: Settings) -> TestClient:
    """Signed in at the dashboard."""
    browser = TestClient(app, base_url=HOME, raise_server_exceptions=False)
    key = settings.admin_key_file.read_text().strip()
    assert browser.post("/v1/sessions", json={"key": key}, headers={"Origin": HOME}).status_code == 204
    return browser


# --- requests that other sites make -------------------------------------------------------------------------------


def test_no_operation_that_changes_anything_is_open_to_another_sites_page(app: FastAPI, browser: TestClient) -> None:
    tried = 0
    for operation in operations(app):
        if operation.method in ("GET", "HEAD"):
            continue
        values = dict.fromkeys(operation.parameters, "1") | {"split": "train"}
        for origin in (EVIL, "null", f"{HOME}.evil.example", f"{HOME}:81", "http://"):
            sent: Any = {"json": operation.body, "headers": {"Origin": origin}}
            answer = browser.request(operation.method, operation.fill(values), **sent)
            assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), f"{operation.id} {origin}"
        tried += 1
        if operation.id not in ("create_session", "delete_session"):  # it is the origin that is refused
            sent["headers"] = {"Origin": HOME}
            own = browser.request(operation.method, operation.fill(values), **sent)
            assert own.status_code not in (401, 403), operation.id
    assert tried >= 25
    assert browser.get("/v1/sessions/current").status_code == 200  # not even signed out


def test_two_origins_at_once_are_foreign(browser: TestClient) -> None:
    for others in ([HOME, EVIL], [EVIL, HOME]):
        request = browser.build_request("POST", "/v1/api-keys", json={"name": "k"})
        request.headers = type(request.headers)([*request.headers.multi_items(), *(("Origin", one) for one in others)])
        answer = browser.send(request)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


def test_a_form_of_another_site_comes_to_nothing(browser: TestClient) -> None:
    """Browsers send such a body across sites without asking first; here it is not even read."""
    wish = json.dumps({"name": "k"})
    kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
    for kind, status in (*((kind, 415) for kind in kinds), ("application/json", 403)):
        answer = browser.post("/v1/api-keys", content=wish, headers={"Origin": EVIL, "Content-Type": kind})
        assert answer.status_code == status
    names = [key["name"] for key in browser.get("/v1/api-keys").json()["data"]]
    assert names == ["admin"]


def test_no_other_site_is_let_read_or_asked_for_its_wishes(app: FastAPI, browser: TestClient) -> None:
    """No CORS: neither an answer nor a preflight names another origin."""
    for operation in operations(app):
        if operation.endless:
            continue
        path = operation.fill(dict.fromkeys(operation.parameters, "1") | {"split": "train"})
        asked = {"Origin": EVIL, "Access-Control-Request-Method": operation.method}
        preflight = browser.options(path, headers=asked | {"Access-Control-Request-Headers": "authorization"})
        assert preflight.status_code == 405, operation.id
        answers = [preflight]
        if operation.method == "GET":
            answers.append(browser.get(path, headers={"Origin": EVIL}))
        for answer in answers:
            assert not [name for name in answer.headers if name.startswith("access-control-")], operation.id


# --- sessions -----------------------------------------------------------------------------------------------------


def test_a_session_that_somebody_else_chose_is_never_taken_on(
    app: FastAPI, client: TestClient, settings: Settings, database: Database
) -> None:
    victim = TestClient(app, base_url=HOME)
    planted = "a" * 43
    victim.cookies.set("distillery_session", planted, domain="dash.example")
    key = settings.admin_key_file.read_text().strip()
    given = victim.post("/v1/sessions", json={"key": key}, headers={"Origin": HOME}).cookies["distillery_session"]
    assert given != planted and len(given) >= 40
    attacker = TestClient(app, base_url=HOME, cookies={"distillery_session": planted})
    assert attacker.get("/v1/jobs").status_code == 401
    other = TestClient(app, base_url=HOME)
    again = other.post("/v1/sessions", json={"key": key}, headers={"Origin": HOME}).cookies["distillery_session"]
    assert again != given  # each sign-in its own


def test_a_browser_cannot_be_signed_in_by_another_site(app: FastAPI, database: Database, client: TestClient) -> None:
    """Else what its user does next would be done in the stranger's project."""
    with database.write() as work:
        _, key = keys.create(work, DEFAULT_PROJECT, "the attacker's")
    victim = TestClient(app, base_url=HOME)
    answer = victim.post("/v1/sessions", json={"key": key}, headers={"Origin": EVIL})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert not victim.cookies


def test_after_signing_out_the_cookie_is_worth_nothing_wherever_it_was_copied_to(
    app: FastAPI, browser: TestClient
) -> None:
    copied = browser.cookies["distillery_session"]
    thief = TestClient(app, base_url=HOME, cookies={"distillery_session": copied})
    assert thief.get("/v1/jobs").status_code == 200
    assert browser.delete("/v1/sessions/current", headers={"Origin": HOME}).status_code == 204
    assert thief.get("/v1/jobs").status_code == 401


# --- names that lead here -----------------------------------------------------------------------------------------

OWN = ["dash.example", "dash.example:8000", "DASH.example", "dash.example.", "a.below.example", "[::1]", "[::1]:8000"]
FOREIGN = [
    "evil.example",
    "dash.example.evil.example",
    "below.example",
    "xbelow.example",
    "",
    "127.0.0.1",
    "[::1",
    "::1",
    "user:password@dash.example",
    "evil.example@dash.example",
    "dash.example/evil",
    "dash.example?evil",
    "dash.example#evil.example",
    "evil.example\\.below.example",
    "evil.example\t.below.example",
    ".below.example",
    "dash.example:80:80",
    "dash.example:100000",
    "dash.example:x",
]


@pytest.fixture
def named(settings: Settings, database: Database, storage: Storage) -> Iterator[TestClient]:
    settings = settings.model_copy(update={"allowed_hosts": ["dash.example", "*.below.example", "::1"]})
    with TestClient(create_app(settings, database, storage), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {settings.admin_key_file.read_text().strip()}"
        yield client


def test_by_a_name_that_is_not_its_own_nothing_answers(named: TestClient, client: TestClient) -> None:
    for host in OWN:
        assert named.get("/v1/jobs", headers={"Host": host}).status_code == 200, host
    for host in FOREIGN:
        for path in ("/v1/jobs", "/", "/metrics", "/version", "/openapi.json"):
            answer = named.get(path, headers={"Host": host})
            assert (answer.status_code, answer.json()["code"]) == (421, "unknown_host"), (host, path)
            assert "DISTILLERY_ALLOWED_HOSTS" in answer.json()["detail"] and answer.headers["x-request-id"]
        assert named.get("/healthz", headers={"Host": host}).status_code == 200
        assert client.get("/v1/jobs", headers={"Host": host}).status_code == 200, host  # where no names are set


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_up_on_this_machine_alone_knows_this_machines_names(host: str) -> None:
    names = Settings(allowed_hosts=own_names(host)["DISTILLERY_ALLOWED_HOSTS"], _env_file=None).allowed_hosts
    assert set(names) == {"localhost", "127.0.0.1", "::1", host}
    for other in ("0.0.0.0", "::", "192.168.1.5", "gpu-1.example.org"):
        assert own_names(other) == {}
        named = own_names(other, ["dash.example"])["DISTILLERY_ALLOWED_HOSTS"].split(",")
        assert named == ["localhost", "127.0.0.1", "::1", "dash.example"], "its own commands ask by an address"


def test_two_names_at_once_are_none(named: TestClient) -> None:
    twice = [("Host", "dash.example"), ("Host", "evil.example")]
    request = named.build_request("GET", "/v1/jobs")
    request.headers = type(request.headers)([*twice, ("Authorization", named.headers["authorization"])])
    assert named.send(request).status_code == 421


@pytest.mark.parametrize("name", ["http://dash.example", "dash.example:8000", "*", "a b", "dash.example/", "[::1]"])
def test_names_that_cannot_be_any_are_refused_at_the_start(name: str) -> None:
    with pytest.raises(ValidationError, match="allowed_hosts"):
        Settings(allowed_hosts=name, _env_file=None)
    good = Settings(allowed_hosts="Dash.example, *.below.example,::1,10.0.0.1", _env_file=None)
    assert good.allowed_hosts == ["dash.example", "*.below.example", "::1", "10.0.0.1"]


# --- headers of answers -------------------------------------------------------------------------------------------


def test_every_answer_says_what_a_browser_must_not_do_with_it(app: FastAPI, client: TestClient, make: Make) -> None:
    student = make.job()["students"][0]["id"]
    make.file(student, b"<script>alert(1)</script>", "weights.safetensors")
    pages = ["/", "/jobs", "/nothing", "/assets/gone.js", "/healthz", "/openapi.json", "/%00"]
    paths = [o.path for o in operations(app) if o.method == "GET" and not o.parameters and not o.endless]
    for path in [*paths, *pages, f"/v1/students/{student}/files/weights.safetensors"]:
        answer = client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["x-request-id"] and "server" not in answer.headers, path
        kind = answer.headers["content-type"]
        if path.startswith("/v1/") or "problem" in kind:
            assert "no-store" in answer.headers["cache-control"] or answer.headers.get("etag"), path
        if kind.startswith("text/html"):
            policy = dict(
                part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";")
            )
            assert policy["default-src"] == "'self'" and policy["frame-ancestors"] == "'none'", path
            assert not {"script-src", "style-src"} & policy.keys() and "unsafe" not in str(policy), path
        else:
            assert kind.split(";")[0] in (
                "application/json",
                "application/problem+json",
                "text/plain",
                "application/octet-stream",
            ), path


@pytest.mark.parametrize("name", ['a".html', "a\r\nX-Evil: 1", "ü.bin", "a;b", "a\\b", "../x", "a b", "\u202e.exe"])
def test_no_name_of_a_file_breaks_out_of_its_header(client: TestClient, make: Make, name: str) -> None:
    student = make.job()["students"][0]["id"]
    make.file(student, b"x", name)
    files = client.get(f"/v1/students/{student}").json()["files"]
    answer = client.get(files[0]["url"])
    if answer.status_code == 404:  # a name with a slash has no address
        assert "/" in name
        return
    said = answer.headers["content-disposition"]
    assert said.isascii() and said.isprintable() and "x-evil" not in answer.headers
    assert said.startswith("attachment; filename*=utf-8''") and said.count('"') == 0 and said.count(";") == 1
