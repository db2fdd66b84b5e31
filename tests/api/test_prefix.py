"""Behind a reverse proxy, below a path: with nginx as docs/deploy.md writes it, and a real browser in front."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from api.app import create_app
from core.db.session import Database
from core.settings import Settings
from core.storage import Storage
from tests.browser.conftest import PATIENCE, Watch
from tests.cli.stack import Stack, clean_environment, distillery, running
from tests.e2e.test_parts import free_port, part
from tests.e2e.test_spine import wait_for
from tests.fixtures.service import Make

PREFIX = "/distillery"
GUIDE = Path(__file__).parents[2] / "docs" / "deploy.md"


@pytest.fixture
def prefixed(settings: Settings, database: Database, storage: Storage) -> Iterator[TestClient]:
    settings = settings.model_copy(update={"root_path": PREFIX})
    with TestClient(create_app(settings, database, storage), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {settings.admin_key_file.read_text().strip()}"
        yield client


@pytest.mark.parametrize("kept", [PREFIX, ""], ids=["the proxy keeps the prefix", "the proxy strips it"])
def test_every_address_in_an_answer_begins_with_the_prefix(prefixed: TestClient, make: Make, kept: str) -> None:
    dataset = make.dataset()
    samples = prefixed.get(f"{kept}/v1/datasets/{dataset}/samples").json()
    url = samples["classes"][0]["images"][0]["url"]
    assert url.startswith(f"{PREFIX}/v1/datasets/")
    assert prefixed.get(url).headers["content-type"] == "image/png"

    student = make.job()["students"][0]["id"]
    make.file(student, b"weights")
    (file,) = prefixed.get(f"{kept}/v1/students/{student}").json()["files"]
    assert file["url"] == f"{PREFIX}/v1/students/{student}/files/weights.safetensors"
    (listed, *_) = [s for s in prefixed.get(f"{kept}/v1/students").json()["data"] if s["id"] == student]
    assert listed["files"][0]["url"] == file["url"]
    download = prefixed.get(file["url"])
    assert download.content == b"weights"
    assert prefixed.get(f"{kept}/v1/students").headers["cache-control"] == "no-store"

    missing = prefixed.get(f"{kept}/v1/jobs/job_none")
    assert missing.status_code == 404 and missing.json()["instance"] == f"{PREFIX}/v1/jobs/job_none"
    assert prefixed.get(f"{kept}/openapi.json").json()["servers"] == [{"url": PREFIX}]
    assert prefixed.get("/readyz").status_code == 200, "health checks on the machine itself need no prefix"
    assert prefixed.get(f"{kept}/v1").status_code == 404
    assert prefixed.get(f"{PREFIX}ry/v1/jobs").status_code == 404


@pytest.mark.parametrize("kept", [PREFIX, ""], ids=["the proxy keeps the prefix", "the proxy strips it"])
def test_the_page_and_the_cookie_stay_below_the_prefix(
    prefixed: TestClient,
    settings: Settings,
    kept: str,
    dashboard: None,
) -> None:
    for path in ("/", "/jobs", "/jobs/job_1/charts"):
        page = prefixed.get(kept + path)
        assert page.status_code == 200
        assert f'<meta name="root-path" content="{PREFIX}" />' in page.text
        named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert named and all(name.startswith(f"{PREFIX}/") for name in named)
        assert all(prefixed.get(kept + name.removeprefix(PREFIX)).status_code == 200 for name in named)
    assert prefixed.get(PREFIX).status_code == 200
    assert prefixed.get(f"{kept}/nothing/here").status_code == 404
    signed = prefixed.post(f"{kept}/v1/sessions", json={"key": settings.admin_key_file.read_text().strip()})
    assert f"Path={PREFIX};" in signed.headers["set-cookie"]
    assert "Secure" not in signed.headers["set-cookie"]


def test_a_prefix_that_is_none_is_refused() -> None:
    for wrong in ("distillery", "/distillery/", "/a b", "//"):
        with pytest.raises(ValueError, match="root_path"):
            Settings(root_path=wrong, _env_file=None)


def until_it_answers(service: httpx2.Client) -> None:
    def answers() -> bool:
        with suppress(httpx2.TransportError):
            service.get("/healthz")
            return True
        return False

    wait_for(f"{service.base_url} to answer", answers)


# --- nginx and a browser ----------------------------------------------------------------------------------------


@contextmanager
def nginx(location: str, upstream: str) -> Iterator[int]:
    """The guide's own `location`, in front of this service."""
    port = free_port()
    location = location.replace("http://127.0.0.1:8000", upstream)
    binary = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if binary is None:
        pytest.skip("nginx is not here")
    with tempfile.TemporaryDirectory(prefix="distillery-nginx-") as folder:
        temporary = "\n".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        Path(folder, "nginx.conf").write_text(
            f"""daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
            {"user root;" if os.getuid() == 0 else ""}
            events {{}}
            http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; {location} }} }}"""
        )
        command = [binary, "-p", folder, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as proxy:
                until_it_answers(proxy)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def the_guides_location() -> str:
    (found,) = re.findall(r"```nginx\n(location /distillery/ .*?)```", GUIDE.read_text(), re.S)
    return str(found)


JOB = """
name: behind a proxy
dataset: builtin:digits
teacher: null
loss: {kind: task}
students: [{name: small, architecture: resnet8}]
training: {epochs: 60, augment: {kind: none}}
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, dashboard: None) -> Iterator[Stack]:
    settings = {"DISTILLERY_ROOT_PATH": PREFIX, "DISTILLERY_TRUSTED_PROXIES": "127.0.0.1"}
    with running(tmp_path_factory.mktemp("prefix") / "data", **settings) as stack:
        yield stack


@pytest.mark.browser
@pytest.mark.parametrize("strips", [False, True], ids=["the proxy keeps the prefix", "the proxy strips it"])
def test_a_browser_and_the_command_line_work_behind_nginx(
    tmp_path: Path,
    stack: Stack,
    browser: Browser,
    strips: bool,
) -> None:
    location = the_guides_location()
    if strips:
        location = location.replace("proxy_pass http://127.0.0.1:8000;", "proxy_pass http://127.0.0.1:8000/;")
    with nginx(location, stack.url.removesuffix(PREFIX)) as port:
        origin = f"http://127.0.0.1:{port}"
        url = origin + PREFIX
        key = (stack.data_dir / "admin.key").read_text().strip()

        def answer(*words: str) -> Any:
            done = distillery(*words, "--json", DISTILLERY_URL=url, DISTILLERY_API_KEY=key)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        (tmp_path / "job.yaml").write_text(JOB)
        job = answer("submit", str(tmp_path / "job.yaml"))

        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page = context.new_page()
        watch = Watch(url)
        watch.follow(page)
        page.goto(f"{url}/jobs/{job['id']}")  # whoever is not signed in meets the door, and comes back
        expect(page).to_have_url(re.compile(rf"^{url}/login\?next="))
        page.locator("input[name=key]").fill(key)
        watch.complaints.clear()  # the 401 that led to the door
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{url}/jobs/{job['id']}")
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        chart = page.locator("figure[data-metric='val/top1']")
        expect(chart).to_have_attribute("data-points", re.compile("^[1-9]"))
        seen = int(chart.get_attribute("data-points") or 0)
        expect(chart).not_to_have_attribute("data-points", str(seen))  # it grew without a reload
        page.locator(f"nav a[href='{PREFIX}/jobs']").click()
        expect(page).to_have_url(f"{url}/jobs")
        page.reload()
        expect(page.get_by_role("link", name="behind a proxy").first).to_be_visible()
        (cookie,) = context.cookies()
        assert cookie["path"] == PREFIX
        context.close()
        assert watch.foreign == []
        assert watch.complaints == []

        finished = answer("watch", job["id"])
        assert finished["status"] == "succeeded"
        student = answer("download", finished["students"][0]["id"], "-o", str(tmp_path / "small"))
        for file in student["files"]:
            content = (tmp_path / "small" / file["name"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]


@pytest.mark.e2e
def test_the_sign_in_address_has_the_prefix(stack: Stack) -> None:
    assert re.search(rf"Dashboard: http://127.0.0.1:\d+{PREFIX}/#code=", stack.printed("Logs: "))


@pytest.mark.e2e
@pytest.mark.parametrize("trusted", ["127.0.0.1", ""])
def test_forwarded_headers_count_only_from_a_proxy_that_is_named(tmp_path: Path, trusted: str) -> None:
    settings = {"DISTILLERY_DATA_DIR": str(tmp_path), "DISTILLERY_TRUSTED_PROXIES": trusted}
    assert distillery("migrate", **settings).returncode == 0
    port = free_port()
    with (
        part(clean_environment(**settings), tmp_path / "api.log", "api", "--port", str(port)),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as service,
    ):
        until_it_answers(service)
        key = (tmp_path / "admin.key").read_text().strip()
        signed = service.post("/v1/sessions", json={"key": key}, headers={"X-Forwarded-Proto": "https"})
        assert ("Secure" in signed.headers["set-cookie"]) == bool(trusted)
