"""Both clients against a real service: the same answers, and what a cut wire does to them."""

import hashlib
import inspect
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cli.async_client import AsyncClient
from cli.client import ApiError, Client, Unreachable
from tests.cli.both import BOTH, Awaited, Kind
from tests.cli.cuts import Wire
from tests.fixtures.service import Make

Json = dict[str, Any]


def test_the_two_clients_have_the_same_names_and_parameters() -> None:
    def shape(kind: type) -> dict[str, list[str]]:
        methods = {n: m for n, m in vars(kind).items() if inspect.isfunction(m) and not n.startswith("_")}
        return {name: list(inspect.signature(method).parameters) for name, method in methods.items()}

    blocking, awaited = shape(Client), shape(AsyncClient)
    assert set(blocking) - set(awaited) == {"stop", "rest"}, "these are for threads"
    assert awaited.items() <= blocking.items() and len(awaited) >= 12


@BOTH
def test_objects_are_made_listed_changed_and_deleted(kind: Kind, server: str, key: str, make: Make) -> None:
    made = make.job()
    service = kind(server, key)
    recipe = {"source_job": made["id"], "name": "again"}
    job = service.create_job(recipe)
    assert (
        service.post("/v1/jobs", recipe, key="one wish")["id"] == service.post("/v1/jobs", recipe, key="one wish")["id"]
    )
    assert len(list(service.each("/v1/jobs"))) == 3
    assert [row["name"] for row in service.each("/v1/jobs", most=2, order="asc")] == [made["name"], "again"]
    assert service.patch(f"/v1/jobs/{job['id']}", {"priority": 7})["priority"] == 7
    service.post(f"/v1/jobs/{job['id']}/cancel")
    with pytest.raises(ApiError, match="cancelled") as cancelled:
        service.wait(job)
    assert cancelled.value.code == "cancelled"
    service.delete(f"/v1/jobs/{job['id']}")
    with pytest.raises(ApiError, match="There is no job") as gone:
        service.get(f"/v1/jobs/{job['id']}")
    assert (gone.value.status, gone.value.code) == (404, "not_found")


@BOTH
def test_files_go_there_and_back(kind: Kind, server: str, key: str, make: Make, tmp_path: Path) -> None:
    (tmp_path / "t.safetensors").write_bytes(content := bytes(range(250)) * 14)
    told: list[tuple[str, int, int]] = []
    service = kind(server, key, patience=30)
    upload = service.upload(tmp_path / "t.safetensors", "teacher", lambda *moved: told.append(moved))
    assert upload["status"] == "complete" and upload["sha256"] == hashlib.sha256(content).hexdigest()
    assert upload["part_count"] == 4, "the service of the tests takes parts of 1000 bytes"
    assert told[-1] == ("uploading t.safetensors", 3500, 3500)
    student = make.job()["students"][0]["id"]
    make.file(student, content)
    (path,) = service.download(student, tmp_path / "there")
    assert path.read_bytes() == content
    offset, chunk = next(iter(service.stream(f"/v1/students/{student}/files/weights.safetensors", start=3000)))
    assert (offset, chunk) == (3000, content[3000:])
    raw = service.post("/v1/uploads", {"filename": "p", "bytes": 4, "purpose": "teacher"})["id"]
    assert put(service, kind, f"/v1/uploads/{raw}/parts/1")["bytes"] == 4


def put(service: Any, kind: Kind, path: str) -> Json:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"cd"

    made: Json = service.put(path, pieces if kind is Awaited else lambda: iter([b"ab", b"cd"]), 4)
    return made


@BOTH
def test_a_service_that_is_away_is_waited_for_with_patience_alone(kind: Kind, wire: Wire, key: str) -> None:
    with wire.away():
        with pytest.raises(Unreachable, match="does not answer"):
            kind(wire.url, key).get("/v1/jobs")
        back = threading.Timer(0.5, lambda: setattr(wire, "_away", False))
        back.start()
        assert kind(wire.url, key, patience=60).get("/v1/jobs")["data"] == []
        back.join()
