"""Secrets that can be recognised, and everywhere that a running service could have left them."""

import base64
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx2
import psutil
from sqlalchemy import MetaData, create_engine

from tests.api.operations import described

Place = tuple[str, str]  # a place's name and what stands there


def spellings(secret: str) -> set[str]:
    """As it is, and as it stands in an address, in base64 (at each of the three places it can begin), in bytes."""
    raw = secret.encode()
    packed = {base64.b64encode(bytes(shift) + raw)[4 if shift else 0 : -4].decode() for shift in (0, 1, 2)}
    return {secret, quote(secret, safe=""), raw.hex(), *packed}


def found(secrets: dict[str, str], places: Iterable[Place]) -> list[str]:
    """`secret in place` for everything that is where it must not be."""
    known = {name: spellings(secret) for name, secret in secrets.items()}
    return [
        f"{name} in {place}"
        for place, content in places
        for name, written in known.items()
        if any(spelling in content for spelling in written)
    ]


@dataclass
class Watched:
    """Arguments of every process below one of ours, and the environment of those that read or train."""

    root: int
    arguments: dict[str, str] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)

    def look(self) -> None:
        for process in psutil.Process(self.root).children(recursive=True):
            with suppress(psutil.Error):
                words = process.cmdline()
                self.arguments[f"arguments of {process.pid} {words[:4]}"] = "\0".join(words)
                module = next((word for word in words if word in ("core.intake.child", "core.training.child")), None)
                if module is not None:
                    given = Path(f"/proc/{process.pid}/environ").read_text(errors="replace")
                    self.arguments[f"environment of {process.pid} {module}"] = given
                    self.children.add(module)

    def places(self) -> Iterable[Place]:
        return self.arguments.items()


def in_files(*folders: Path, suffixes: tuple[str, ...] = (".log", ".json", ".1", ".txt")) -> Iterable[Place]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix in suffixes:
                yield f"file {path.name}", path.read_text(errors="replace")


def in_database(url: str) -> Iterable[Place]:
    """Every row of every table; of SQLite the file's own bytes too, freed pages and journal among them."""
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(table.select()):
                yield f"table {table.name}", "\n".join(map(str, row))
    engine.dispose()
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            yield f"file {file.name}", file.read_bytes().decode("latin1")
        with closing(sqlite3.connect(path)) as connection:
            yield "the dump", "\n".join(connection.iterdump())


def in_answers(service: httpx2.Client, ids: dict[str, str]) -> Iterable[Place]:
    """Whatever can be asked for; of a stream what comes first."""
    for operation in described(service.get("/openapi.json").json()):
        if operation.method != "GET":
            continue
        path = operation.fill(dict.fromkeys(operation.parameters, "none") | ids)
        if not operation.endless:
            yield f"answer of {operation.id}", service.get(path).text
            continue
        heard = ""
        with suppress(httpx2.ReadTimeout), service.stream("GET", path, timeout=2) as stream:
            for line in stream.iter_lines():
                heard += line + "\n"
        yield f"stream of {operation.id}", heard
