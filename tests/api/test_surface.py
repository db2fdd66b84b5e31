"""What is open to look at: the description, the catalog, workers, the dashboard, and a small process."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import migrations
from api import dashboard
from api.openapi import text
from core.db.models import Worker, now
from core.db.session import Database
from core.recipe import Recipe

COMMITTED = Path("frontend/openapi.json")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Nothing here depends on the engine."""
    return sqlite_url


def test_the_committed_description_is_true(client: TestClient) -> None:
    assert COMMITTED.read_text() == text(), f"run: python -m api.openapi > {COMMITTED}"
    served = client.get("/openapi.json").json()
    assert served["paths"].keys() >= {"/v1/jobs", "/v1/uploads/{upload_id}/parts/{n}"}
    assert "HTTPValidationError" not in served["components"]["schemas"]
    shared = served["components"]["responses"]
    assert all(list(answer["content"]) == ["application/problem+json"] for answer in shared.values())
    for path, methods in served["paths"].items():
        for said in methods.values():
            assert "default" not in said["responses"]  # it would allow anything
            errors = {status: answer for status, answer in said["responses"].items() if status >= "400"}
            assert all(answer["$ref"].split("/")[-1] in shared for answer in errors.values()), path
            assert {"401", "429", "503"} <= errors.keys() or not path.startswith("/v1/")


def test_everything_that_can_be_asked_is_explained(client: TestClient) -> None:
    served = client.get("/openapi.json").json()
    assert "Authorization: Bearer" in served["info"]["description"]
    silent = []
    for path, methods in served["paths"].items():
        for method, said in methods.items():
            silent += [(method, path)] if not said.get("description") else []
            silent += [(method, path, one["name"]) for one in said.get("parameters", []) if not one.get("description")]
    assert not silent


def test_the_catalog(client: TestClient) -> None:
    found = client.get("/v1/architectures?q=RESNET8&classes=10").json()["data"]
    assert [a["name"] for a in found] == ["cifar/resnet8", "cifar/resnet8x4"]
    assert found[0]["parameters"] == 78_042
    small = client.get("/v1/architectures?library=cifar&max_parameters=180000&limit=1").json()
    rest = client.get(f"/v1/architectures?library=cifar&max_parameters=180000&after={small['next']}").json()
    assert [small["data"][0]["short"]] + [a["short"] for a in rest["data"]] == ["resnet8", "wrn_16_1", "resnet14"]
    assert {a["library"] for a in client.get("/v1/architectures?library=timm").json()["data"]} == {"timm"}
    losses = {loss["kind"]: loss for loss in client.get("/v1/losses").json()["data"]}
    assert losses["dist"]["schema"]["properties"]["temperature"]["default"] == 1.0
    assert (losses["task"]["needs_teacher"], losses["kd"]["needs_teacher"]) == (False, True)
    for preset in client.get("/v1/presets").json()["data"]:
        Recipe.model_validate(preset["recipe"] | {"dataset": "dst_x"})
    limits = client.get("/v1/limits").json()
    assert limits["upload_part_bytes"] == 1000 and limits["rate_limit"] is None
    assert limits["recipe_schema"]["properties"]["training"]


def test_workers_and_the_age_of_their_heartbeat(client: TestClient, database: Database) -> None:
    with database.write() as work:
        for age, stopped in ((0, None), (3600, None), (3600, now())):
            heard = now() - timedelta(seconds=age)
            work.add(
                Worker(
                    hostname="h", pid=1, slots=2, version="1", heartbeat_at=heard, stopped_at=stopped, created_at=heard
                )
            )
            work.flush()
    shown = client.get("/v1/workers?order=asc").json()["data"]
    assert sorted(w["status"] for w in shown) == ["online", "silent", "stopped"]
    assert max(w["heartbeat_age_seconds"] for w in shown) >= 3600
    assert len(client.get("/v1/workers?stopped=false").json()["data"]) == 2


def test_versions(client: TestClient) -> None:
    assert client.get("/version").json() == {"version": "0.1.0", "api": "v1", "schema_revision": migrations.HEAD}


# --- the dashboard ------------------------------------------------------------------------------------------------


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>the app</title>")
    (folder / "assets" / "index-abc123.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not for you")
    monkeypatch.setattr(dashboard, "DIST", folder)
    return folder


def test_pages_of_the_dashboard(client: TestClient, dist: Path) -> None:
    pages = [
        "/",
        "/jobs",
        "/jobs/new",
        "/jobs/job_1",
        "/jobs/job_1/charts",
        "/compare",
        "/students/stu_1",
        "/login",
        "/api",
    ]
    for path in pages:
        page = client.get(path)
        assert (page.status_code, "the app" in page.text) == (200, True), path
        assert page.headers["cache-control"] == "no-cache"
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["referrer-policy"] == "no-referrer"
    for path in ("/nothing", "/jobs/a/b", "/students/a/b", "/v2"):
        page = client.get(path)
        assert (page.status_code, "the app" in page.text) == (404, True), path
    script = client.get("/assets/index-abc123.js")
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")
    assert client.get("/assets/gone.js").json()["code"] == "not_found"
    assert client.head("/jobs").status_code == 200
    for path in ("/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"):
        assert "not for you" not in client.get(path).text


def test_without_a_build_the_page_says_how_to_make_one(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "DIST", tmp_path / "none")
    page = client.get("/jobs")
    assert page.status_code == 200
    assert "npm run build" in page.text
    assert client.get("/nothing").status_code == 404


def test_the_process_is_small_and_without_torch() -> None:
    """150 MB is the promise for the idle process; this measures all it imports, with the broker's client."""
    program = (
        "import sys, psutil, api.app, psycopg, uvicorn, uvloop, httptools, kombu.transport.redis;"
        "assert 'torch' not in sys.modules and 'sklearn' not in sys.modules;"
        "print(psutil.Process().memory_info().rss // 2**20)"
    )
    size = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert int(size) < 140


def test_a_misspelt_parameter_is_refused_and_not_ignored(client: TestClient) -> None:
    answer = client.get("/v1/jobs?statuss=failed&limit=1&xyz=2")
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [
        ("/query/statuss", "unknown_parameter"),
        ("/query/xyz", "unknown_parameter"),
    ]
    assert errors[0]["detail"] == "There is no such parameter. Did you mean status?"
    assert "There are: " in errors[1]["detail"]
    assert client.get("/v1/jobs?status=failed&limit=1").status_code == 200


def test_bodies_of_another_kind_are_told_apart_from_bad_ones(client: TestClient) -> None:
    plain = client.post("/v1/jobs", content=b"{}", headers={"Content-Type": "application/x-www-form-urlencoded"})
    form = client.put("/v1/uploads?purpose=dataset&filename=a.zip", files={"file": b"PK"})
    for answer, said in ((plain, "Content-Type: application/json"), (form, "--upload-file")):
        assert (answer.status_code, answer.json()["code"]) == (415, "other_media_type")
        assert said in answer.json()["detail"]
    assert client.get("/v1/uploads").json()["data"] == []


@pytest.mark.parametrize("after", ["", "xyz", "job_", "JOB_01JD0000000000000000000000"])
def test_what_is_no_cursor_is_refused(client: TestClient, after: str) -> None:
    answer = client.get(f"/v1/jobs?after={after}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/after"


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_where_others_have_their_reference_a_way_leads_to_ours(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/api")
