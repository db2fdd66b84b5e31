"""A running service whose secrets can all be recognised: on one machine, and with its parts apart."""

import os
import secrets as random
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import create_engine, make_url, text

from tests.cli.stack import clean_environment, distillery, running
from tests.e2e.canary import Watched, in_answers, in_database, in_files
from tests.e2e.test_parts import free_port, part
from tests.e2e.test_spine import wait_for


def word(name: str) -> str:
    return f"canary/{name}@{random.token_hex(8)}"  # it has to be quoted in an address


@dataclass
class House:
    """A running service and what must not be found."""

    url: str
    data_dir: Path
    database_url: str
    logs: Path
    settings: dict[str, str]
    secrets: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)  # what commands printed
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.service = httpx2.Client(base_url=self.url, trust_env=False, timeout=60)
        self.watched = Watched(os.getpid())
        self.secrets["admin key"] = (self.data_dir / "admin.key").read_text().strip()
        signing = self.data_dir / "signing.key"
        if signing.exists():
            self.secrets["signing key"] = signing.read_text().strip()
        self.service.headers["Authorization"] = f"Bearer {self.secrets['admin key']}"

    def post(self, path: str, body: Any, **headers: str) -> Any:
        self.watched.look()
        answer = self.service.post(path, json=body, headers=headers)
        return answer.json() if answer.content else {}

    def command(self, *words: str, **more: str) -> None:
        done = distillery(*words, **(self.settings | more))
        self.said[f"{' '.join(words)} {sorted(more)}"] = done.stdout + done.stderr

    def ended(self, path: str, until: str) -> Any:
        def look() -> Any:
            self.watched.look()
            body = self.service.get(path).json()
            return body if body["status"] in ("ready", "rejected", "succeeded", "failed") else None

        body = wait_for(path, look)
        assert body["status"] == until, body
        return body

    def places(self) -> Iterator[tuple[str, str]]:
        yield from self.watched.places()
        yield from in_files(self.logs, self.data_dir)
        yield from in_database(self.database_url)
        yield from in_answers(self.service, self.ids)
        yield from ((f"what {words} printed", said) for words, said in self.said.items())


@contextmanager
def on_one_machine(tmp_path: Path) -> Iterator[House]:
    """`distillery up`: SQLite, Redis on a socket, a folder."""
    secrets = {"metrics token": word("metrics")}
    settings = {"DISTILLERY_METRICS_TOKEN": secrets["metrics token"], "DISTILLERY_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    data = tmp_path / "data"
    with running(data, **settings) as stack:
        printed = stack.printed("Logs: ")  # the last that it says
        secrets["sign-in code"] = printed.partition("#code=")[2].split()[0]
        (data / "up.log").write_text(printed.replace(secrets["sign-in code"], ""))  # there, and there alone, it belongs
        settings |= {"DISTILLERY_DATA_DIR": str(data)}
        house = House(stack.url, data, f"sqlite:///{data}/distillery.db", data / "logs", settings, secrets)
        with closing(house.service):
            foreign = house.service.get("/v1/jobs", headers={"Host": "evil.example"})
            assert (foreign.status_code, foreign.json()["code"]) == (421, "unknown_host")
            yield house


@contextmanager
def on_several(tmp_path: Path, postgres: str, bucket: dict[str, str]) -> Iterator[House]:
    """PostgreSQL, a broker that is away and a bucket, each with a password."""
    names = ("database password", "broker password", "bucket's secret", "metrics token")
    secrets = {name: word(name.split()[0]) for name in names}
    url = make_url(postgres)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE canary SUPERUSER LOGIN PASSWORD '{secrets['database password']}'"))
    secret_url = url.set(username="canary", password=secrets["database password"])
    settings = {f"DISTILLERY_{name.upper()}": value for name, value in bucket.items()}
    broker = httpx2.URL("redis://127.0.0.1:1/0").copy_with(username="", password=secrets["broker password"])
    settings |= {
        "DISTILLERY_DATA_DIR": str(tmp_path / "data"),
        "DISTILLERY_DATABASE_URL": secret_url.render_as_string(hide_password=False),
        "DISTILLERY_BROKER_URL": str(broker),
        "DISTILLERY_STORAGE_SECRET_KEY": secrets["bucket's secret"],
        "DISTILLERY_METRICS_TOKEN": secrets["metrics token"],
        "DISTILLERY_SIGNING_KEY": (signing := word("signing") + "x" * 32),
        "DISTILLERY_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "DISTILLERY_LOG_FORMAT": "json",
        "DISTILLERY_POLL_SECONDS": "0.5",
    }
    secrets["signing key"] = signing
    logs, port = tmp_path / "logs", free_port()
    logs.mkdir()
    environment = clean_environment(**settings)
    assert distillery("migrate", **settings).returncode == 0
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        stack.enter_context(part(environment, logs / "api.log", "api", "--port", str(port)))
        stack.enter_context(part(environment, logs / "worker.log", "worker", "--slots", "1"))

        def ready() -> bool:
            with suppress(httpx2.TransportError):
                return httpx2.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
            return False

        wait_for("the API", ready)
        house = House(f"http://127.0.0.1:{port}", tmp_path / "data", postgres, logs, settings, secrets)
        with closing(house.service):
            yield house
