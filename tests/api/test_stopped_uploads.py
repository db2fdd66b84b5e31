"""A real process of the API that is stopped while a file arrives whole."""

import signal
import socket
from pathlib import Path

from starlette.testclient import TestClient

from core.settings import Settings
from core.storage import Storage
from tests.api.test_stopping import CUT, serving


def test_a_service_that_stops_while_a_file_arrives_gives_its_room_back(
    settings: Settings, client: TestClient, storage: Storage, tmp_path: Path
) -> None:
    with (
        serving(settings, tmp_path / "log") as (process, http),
        socket.create_connection((http.base_url.host, http.base_url.port or 0)) as there,
    ):
        there.sendall(CUT + f"Authorization: {http.headers['authorization']}\r\n\r\n".encode() + b"x" * 1000)
        while not list(storage.files("")):
            assert process.poll() is None
        assert [upload["status"] for upload in client.get("/v1/uploads").json()["data"]] == ["arriving"]
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert client.get("/v1/uploads").json()["data"] == []
    assert list(storage.files("")) == []
