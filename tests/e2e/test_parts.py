"""The parts one by one, as on several machines: PostgreSQL, Redis, `migrate`, `api` and `worker`, each a process."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from tests.cli.stack import clean_environment, distillery
from tests.e2e.test_spine import wait_for
from tests.worker.conftest import Redis

pytestmark = pytest.mark.e2e


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def part(environment: dict[str, str], log: Path, *arguments: str) -> Iterator[None]:
    """A command of ours that stops, as it should, on SIGTERM."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", *arguments], env=environment, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(30) in (0, -signal.SIGTERM), log.read_text()  # uvicorn ends by the signal it was sent


def test_a_job_through_parts_that_share_only_postgresql_redis_and_a_folder(
    tmp_path: Path, postgres_server: str, empty_postgres_url: str
) -> None:
    redis = Redis(tmp_path)
    settings = {
        "DISTILLERY_DATABASE_URL": empty_postgres_url,
        "DISTILLERY_BROKER_URL": redis.url,
        "DISTILLERY_DATA_DIR": str(tmp_path / "data"),
        "DISTILLERY_POLL_SECONDS": "3600",  # the nudge alone must do
    }
    port, environment = free_port(), clean_environment(**settings)
    refused = distillery("api", "--port", str(port), **settings)
    assert refused.returncode != 0 and "distillery migrate" in refused.stderr, refused.stderr
    assert distillery("migrate", **settings).returncode == 0
    with ExitStack() as stack:
        stack.callback(redis.kill)
        stack.enter_context(part(environment, tmp_path / "api.log", "api", "--port", str(port)))
        stack.enter_context(part(environment, tmp_path / "worker.log", "worker", "--slots", "1"))
        service = stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False))

        def ready() -> bool:
            with suppress(httpx2.TransportError):
                return service.get("/readyz").status_code == 200
            return False

        wait_for("the API", ready)
        service.headers["Authorization"] = f"Bearer {(tmp_path / 'data' / 'admin.key').read_text().strip()}"
        wait_for("the worker", lambda: service.get("/v1/workers").json()["data"])
        source = {"name": "digits", "source": {"kind": "builtin", "name": "digits"}}
        dataset = service.post("/v1/datasets", json=source).json()["id"]
        wait_for("the data set", lambda: service.get(f"/v1/datasets/{dataset}").json()["status"] == "ready")
        job = service.post(
            "/v1/jobs",
            json={
                "dataset": dataset,
                "students": [{"name": "a", "architecture": "resnet8"}],
                "training": {"epochs": 2},
            },
        ).json()["id"]
        ended = wait_for("the job", lambda: (j := service.get(f"/v1/jobs/{job}").json())["finished_at"] and j)
        assert ended["status"] == "succeeded", ended["error"]
        (file, *_) = service.get(f"/v1/students?job={job}").json()["data"][0]["files"]
        assert len(service.get(file["url"]).content) == file["bytes"]
