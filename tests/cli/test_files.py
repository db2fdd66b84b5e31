"""Downloads go on where they broke off, and nothing unverified is ever under its final name."""

import hashlib
from pathlib import Path

import pytest

from cli.client import Client
from cli.progress import ProgressView
from cli.register import pack_folder
from cli.transfer import fetch_file
from core.errors import DistilleryError
from tests.cli.flaky_server import flaky

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ETAG = f'"sha256-{SHA256}"'


def fetch(url: str, target: Path, sha256: str = SHA256) -> list[int]:
    moved: list[int] = []
    with Client(url, "key") as client:
        fetch_file(
            client, "/file", target, bytes=len(CONTENT), sha256=sha256, moved=lambda _, done, __: moved.append(done)
        )
    return moved


def test_a_broken_download_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    target = tmp_path / "weights"
    with flaky(CONTENT, ETAG, cut_after=[300_000, 200_000]) as server:
        moved = fetch(server.url, target)
        assert server.starts[0] == 0 and len(server.starts) == 3
        assert 0 < server.starts[1] < server.starts[2]
    assert target.read_bytes() == CONTENT
    assert moved[-1] == len(CONTENT)
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_there_already_is_not_fetched_again(tmp_path: Path) -> None:
    target = tmp_path / "weights"
    target.write_bytes(CONTENT)
    with flaky(CONTENT, ETAG, []) as server:
        fetch(server.url, target)
        assert server.starts == []


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / ".weights.part").write_bytes(b"of another file")
    with flaky(CONTENT, '"another"', []) as server:
        fetch(server.url, tmp_path / "weights")
        assert server.starts == [0]
    assert (tmp_path / "weights").read_bytes() == CONTENT


def test_damaged_bytes_never_get_the_final_name(tmp_path: Path) -> None:
    with flaky(CONTENT, ETAG, []) as server, pytest.raises(DistilleryError, match="arrived damaged"):
        fetch(server.url, tmp_path / "weights", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_packs_to_the_same_bytes_whatever_its_times(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        for path in ("train/b/2.png", "train/a/1.png", "val/a/3.png", ".hidden/x.png"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(path.encode())
        archive = tmp_path / f"{name}.tar"
        pack_folder(folder, archive)
        hashes.add(hashlib.sha256(archive.read_bytes()).hexdigest())
        (folder / "train/a/1.png").touch()
    assert len(hashes) == 1


def test_without_a_terminal_the_last_line_is_that_of_the_whole(capfd: pytest.CaptureFixture[str]) -> None:
    with ProgressView("") as view:
        for step in range(1, 1001):
            view.show("downloading weights", step=step, total=1000)
    assert capfd.readouterr().err.splitlines()[-1].split() == ["downloading", "weights", "1000/1000"]
