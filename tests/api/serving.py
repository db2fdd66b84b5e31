"""The API as a process of its own, beside the test's: what only a process has is seen there."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from core.settings import Settings
from tests.cli.stack import clean_environment
from tests.e2e.test_parts import free_port

SERVE = ("api.serve",)


@contextmanager
def serving(
    settings: Settings, log: Path, module: tuple[str, ...] = SERVE, **variables: str
) -> Iterator[tuple[subprocess.Popen[bytes], httpx2.Client]]:
    """Once it answers: the process, and an admin's client of it. What it writes goes into `log`."""
    port = free_port()
    here = {"DISTILLERY_DATA_DIR": str(settings.data_dir), "DISTILLERY_DATABASE_URL": settings.database}
    environment = clean_environment(**here, **variables)
    command = [sys.executable, "-m", *module, "--port", str(port)]
    signed = {"Authorization": f"Bearer {settings.admin_key_file.read_text().strip()}"}
    with (
        log.open("wb") as told,
        subprocess.Popen(command, env=environment, stdout=told, stderr=told) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, headers=signed, timeout=30) as http,
    ):
        try:
            while True:
                assert process.poll() is None, log.read_text()
                try:
                    http.get("/healthz")
                    break
                except httpx2.TransportError:
                    continue
            yield process, http
        finally:
            process.terminate()
