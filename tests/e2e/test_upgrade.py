"""From the last version to this one, with a job that was paused there: nothing is lost, and it ends as if never moved.

The older program is the last tag's; until there is one, that of a commit before webhooks, scopes and quotas.
"""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Column, MetaData, inspect, select

import migrations
from core.db.session import Database
from tests.cli.stack import Stack, clean_environment, distillery, running
from tests.e2e.test_spine import (
    FAST,
    Service,
    assert_same_bytes,
    assert_whole_curves,
    train,
    wait_for,
    write_job,
)

# SQLite tells nothing of indexes that are of expressions.
pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore:.*expression-based index")]

ROOT = Path(__file__).parents[2]
UNTAGGED = "f72039c60a7c255964996f2fbb3ad12bdfd9942e"  # the schema's revision is 0006 there
DROPPED = {"outbox"}  # of 0006: written for nobody, followed by the deliveries of webhooks
SHORT = {"epochs": 3, "augment": {"kind": "crop_flip", "flip": False}}
Rows = dict[str, list[dict[str, Any]]]


def git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)


@pytest.fixture(scope="module")
def old_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the older version's files."""
    tag = git("describe", "--tags", "--abbrev=0", "HEAD")
    version = tag.stdout.decode().strip() if tag.returncode == 0 else UNTAGGED
    archive = git("archive", "--format=tar", version)
    if archive.returncode != 0:
        pytest.skip(
            f"version {version[:12]} is not in this clone: fetch its whole history (git fetch --unshallow --tags)"
        )
    folder = tmp_path_factory.mktemp("old-program")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the job comes to where nobody pauses it, and the job's file beside it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    students = [{"name": "teacher", "architecture": "resnet14"}]
    train(write_job(folder, "teacher", students=students, training=SHORT, control=False), folder / "teacher")
    checkpoint = folder / "teacher" / "teacher" / "weights.pt"
    train(write_job(folder, "job", teacher=str(checkpoint)), folder / "alone")
    return folder


def submit(program: Path, stack: Stack, file: Path) -> str:
    """By the older version's command line."""
    environment = clean_environment(DISTILLERY_DATA_DIR=str(stack.data_dir), PYTHONPATH=str(program))
    command = [sys.executable, "-m", "cli.main", "submit", str(file), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=program, timeout=280)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["id"])


def dump(url: str, like: Rows | None = None) -> Rows:
    """Every row of every table; with `like`, of its tables and columns alone."""
    database = Database(url)
    with database.engine.connect() as connection:
        schema = MetaData()
        schema.reflect(connection)
        found: Rows = {}
        for name in like if like is not None else {*inspect(connection).get_table_names()} - DROPPED:
            told = _columns(schema, name)
            known = set(like[name][0]) if like and like[name] else {column.name for column in told}
            columns = [column for column in told if column.name in known]
            query = select(*columns)
            if len({column.table for column in columns}) > 1:
                query = query.select_from(schema.tables["metrics"].join(schema.tables["points"]))
            rows = [dict(row) for row in connection.execute(query).mappings()]
            found[name] = sorted(rows, key=repr)
    database.close()
    return found


def _columns(schema: MetaData, table: str) -> list[Column[Any]]:
    """Since 0011 points name their metric by a number; before, metrics were points."""
    columns = list(schema.tables[table].columns)
    if table == "metrics" and "points" in schema.tables:
        points = schema.tables["points"].columns
        return [*(c for c in columns if c.name != "id"), *(c for c in points if c.name != "metric_id")]
    return columns


def ended(service: Service, job: str) -> dict[str, Any]:
    found: dict[str, Any] = wait_for("the end", lambda: (j := service.get(f"/v1/jobs/{job}"))["finished_at"] and j)
    assert found["status"] == "succeeded", found["error"]
    return found


def events(service: Service, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := service.get(f"/v1/jobs/{job}/events?limit=1000&after={found[-1]['seq'] if found else 0}")["data"]:
        found += page
    return found


def files(service: Service, job: str) -> dict[str, str]:
    """Name -> sha256, of the bytes as they are downloaded."""
    found = {}
    for student in service.get(f"/v1/students?job={job}")["data"]:
        for file in student["files"]:
            content = service.http.get(file["url"]).content
            found[f"{student['label']}/{file['name']}"] = hashlib.sha256(content).hexdigest()
    return found


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_upgrade_with_a_paused_job_loses_nothing(
    tmp_path: Path, request: pytest.FixtureRequest, old_program: Path, undisturbed: Path, engine: str
) -> None:
    data_dir = tmp_path / "data"
    url = f"sqlite:///{data_dir / 'distillery.db'}"
    settings = dict(FAST)
    if engine == "postgresql":
        settings["DISTILLERY_DATABASE_URL"] = url = request.getfixturevalue("empty_postgres_url")

    with running(data_dir, program=old_program, **settings) as stack, Service(stack) as service:
        done = submit(old_program, stack, write_job(tmp_path, "done", training=SHORT))
        ended(service, done)
        job = submit(old_program, stack, undisturbed / "job.yaml")
        wait_for("50 steps", lambda: service.step(job) >= 50)
        service.post(f"/v1/jobs/{job}/pause", None)
        paused = wait_for("the pause", lambda: (j := service.get(f"/v1/jobs/{job}"))["status"] == "paused" and j)
        before = {"events": [events(service, one) for one in (done, job)], "files": files(service, done)}
        key = service.post("/v1/api-keys", {"name": "from before"})["key"]
        assert before["files"]
        assert stack.stop()[0] == 0
    kept = dump(url)
    revision = kept.pop("alembic_version")
    assert kept["jobs"] and kept["metrics"] and kept["checkpoints"] and kept["api_keys"]

    refused = distillery("api", "--port", "1", DISTILLERY_DATA_DIR=str(data_dir), **settings)
    if revision != [{"version_num": migrations.HEAD}]:
        assert refused.returncode != 0 and "distillery migrate" in refused.stderr, refused.stderr
    assert distillery("migrate", DISTILLERY_DATA_DIR=str(data_dir), **settings).returncode == 0
    database = Database(url)
    migrations.check(database.engine)
    database.close()
    assert dump(url, kept) == kept

    with running(data_dir, **settings) as stack, Service(stack) as service:
        one = httpx2.get(f"{stack.url}/v1/jobs", headers={"Authorization": f"Bearer {key}"}, trust_env=False)
        assert one.status_code == 200
        assert before == {"events": [events(service, one) for one in (done, job)], "files": files(service, done)}
        found = service.get(f"/v1/jobs/{job}")
        assert {name: found[name] for name in ("status", "progress", "recipe")} == {
            name: paused[name] for name in ("status", "progress", "recipe")
        }
        service.post(f"/v1/jobs/{job}/resume", None)
        ended(service, job)
        assert [attempt["outcome"] for attempt in service.attempts(job)] == ["paused", "succeeded"]
        assert_same_bytes(service, job, undisturbed / "alone", tmp_path)
        assert_whole_curves(service, job, undisturbed / "alone")
        assert events(service, job)[: len(before["events"][1])] == before["events"][1]
        assert stack.stop() == (0, [])
