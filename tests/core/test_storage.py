"""What every storage promises, tried on a folder and on a bucket."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import NotFound
from core.settings import Settings
from core.storage import Storage, local, open_storage
from core.storage.local import LocalStorage

CONTENT = bytes(range(256)) * 100
PIECES = [CONTENT[start : start + 10_000] for start in range(0, len(CONTENT), 10_000)]
PARTS = [(f"uploads/upl_a/parts/{n:05d}", len(piece)) for n, piece in enumerate(PIECES, 1)]
FILE = "uploads/upl_a/file"
SHA = hashlib.sha256(CONTENT).hexdigest()


class Killed(BaseException):
    pass


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    where = request.getfixturevalue("bucket") if request.param == "bucket" else {}
    return open_storage(Settings(data_dir=tmp_path / "data", _env_file=None, **where))


def fill(storage: Storage, pieces: list[bytes] = PIECES) -> None:
    for (key, _), piece in zip(PARTS, pieces, strict=True):
        write(storage, key, piece)


def write(storage: Storage, key: str, content: bytes) -> None:
    with storage.writing(key) as file:
        file.write(content)


def read(storage: Storage, key: str, start: int = 0, stop: int | None = None) -> bytes:
    with storage.reading(key, start, stop) as pieces:
        return b"".join(pieces)


def files(storage: Storage) -> list[str]:
    return sorted(storage.files(""))


def expect(sha256: str) -> None:
    assert sha256 == SHA


def refuse(_: str) -> None:
    raise ValueError("not what was announced")


# --- single files ---------------------------------------------------------------------------------------------------


def test_a_file_is_there_whole(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    storage.put("jobs/a/one", source)
    assert storage.exists("jobs/a/one")
    assert storage.fetch("jobs/a/one").read_bytes() == read(storage, "jobs/a/one") == CONTENT
    source.write_bytes(b"shorter")
    storage.put("jobs/a/one", source)
    assert storage.fetch("jobs/a/one").read_bytes() == read(storage, "jobs/a/one") == b"shorter"
    with pytest.raises(FileNotFoundError):
        storage.put("jobs/a/one", tmp_path / "missing")
    assert files(storage) == ["jobs/a/one"]
    write(storage, "jobs/a/empty", b"")
    assert storage.fetch("jobs/a/empty").read_bytes() == read(storage, "jobs/a/empty") == b""


def test_any_part_of_a_file(storage: Storage) -> None:
    content = CONTENT * 100  # several pieces of what is read at once
    write(storage, "jobs/a/one", content)
    for start, stop in ((0, 1), (7, 9), (len(content) - 1, None), (1_000_000, 2_400_000), (0, len(content))):
        assert read(storage, "jobs/a/one", start, stop) == content[start:stop]


def test_a_write_that_fails_leaves_the_older_file(storage: Storage) -> None:
    fill(storage)
    with pytest.raises(ValueError, match="no"), storage.writing(PARTS[0][0]) as file:
        file.write(b"half of it")
        raise ValueError("no")
    assert read(storage, PARTS[0][0]) == PIECES[0]
    assert files(storage) == [key for key, _ in PARTS]


def test_what_is_not_there(storage: Storage, tmp_path: Path) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: storage.fetch("jobs/a/none"),
        lambda: storage.fetch("jobs/a/none", hold=tmp_path / "run"),
        lambda: read(storage, "jobs/a/none"),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert not storage.exists("jobs/a/none")
    storage.delete("jobs/a/none")
    storage.delete_prefix("jobs/a")
    assert (storage.folders("jobs"), files(storage)) == ([], [])


@pytest.mark.parametrize("outside", ["../x", "/etc/passwd", "a/../../x"])
def test_no_key_leaves_the_storage(storage: Storage, tmp_path: Path, outside: str) -> None:
    (tmp_path / "source").write_bytes(b"x")
    with pytest.raises(ValueError, match="leaves the storage folder"):
        storage.fetch(outside)
    with pytest.raises(ValueError, match="leaves the storage folder"):
        storage.put(outside, tmp_path / "source")
    with pytest.raises(ValueError, match="leaves the storage folder"):
        storage.delete_prefix(outside)


def test_folders_are_listed_and_deleted(storage: Storage) -> None:
    for key in ("jobs/a/checkpoints/1", "jobs/a/students/s/w", "jobs/ab/w", "teachers/t/w"):
        write(storage, key, b"x")
    assert sorted(storage.folders("jobs")) == ["a", "ab"]
    assert sorted(storage.files("jobs/a")) == ["jobs/a/checkpoints/1", "jobs/a/students/s/w"]
    storage.delete_prefix("jobs/a")
    assert files(storage) == ["jobs/ab/w", "teachers/t/w"]
    storage.delete("jobs/ab/w")
    assert storage.folders("jobs") == [], "a folder goes with its last file"
    with pytest.raises(NotFound):
        storage.fetch("jobs/a/students/s/w")


def test_what_is_held_stays_for_as_long_as_its_folder(storage: Storage, tmp_path: Path) -> None:
    write(storage, "jobs/a/one", CONTENT)
    for _ in range(2):
        assert storage.fetch("jobs/a/one", hold=tmp_path / "run").read_bytes() == CONTENT
    assert storage.free_bytes() > 0


# --- joining --------------------------------------------------------------------------------------------------------


def test_parts_become_one_file_and_are_gone(storage: Storage) -> None:
    fill(storage)
    storage.join(FILE, PARTS, expect)
    assert storage.fetch(FILE).read_bytes() == CONTENT
    assert files(storage) == [FILE]
    storage.join(FILE, PARTS, expect)  # its caller did not live to tell
    assert files(storage) == [FILE]
    with pytest.raises(ValueError, match="announced"):
        storage.join(FILE, PARTS, refuse)


def test_large_parts_become_one_file_and_are_gone(storage: Storage) -> None:
    pieces = [bytes([n]) * (5 << 20) for n in range(3)] + [b"the rest"]
    parts = [(f"uploads/upl_a/parts/{n:05d}", len(piece)) for n, piece in enumerate(pieces, 1)]
    for (key, _), piece in zip(parts, pieces, strict=True):
        write(storage, key, piece)
    found: list[str] = []
    storage.join(FILE, parts, found.append)
    assert found == [hashlib.sha256(b"".join(pieces)).hexdigest()]
    assert storage.fetch(FILE).read_bytes() == b"".join(pieces)
    assert files(storage) == [FILE]
    assert list(storage.unfinished()) == []


def test_what_was_refused_is_mended_by_one_part(storage: Storage) -> None:
    fill(storage, [PIECES[0], bytes(10_000), PIECES[2]])
    with pytest.raises(ValueError, match="announced"):
        storage.join(FILE, PARTS, refuse)
    assert not storage.exists(FILE)
    write(storage, PARTS[1][0], PIECES[1])
    storage.join(FILE, PARTS, expect)
    assert read(storage, FILE) == CONTENT


def test_a_part_that_is_not_there(storage: Storage) -> None:
    fill(storage)
    storage.delete(PARTS[1][0])
    with pytest.raises(NotFound):
        storage.join(FILE, PARTS, expect)
    write(storage, PARTS[1][0], PIECES[1][:-1])
    with pytest.raises(NotFound):
        storage.join(FILE, PARTS, expect)
    storage.delete_prefix("uploads/upl_a")
    with pytest.raises(NotFound):
        storage.join(FILE, PARTS, expect)
    assert files(storage) == []


def test_two_at_once_end_alike(storage: Storage) -> None:
    fill(storage)
    found: list[str] = []
    threads = [threading.Thread(target=storage.join, args=(FILE, PARTS, found.append)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [SHA] * 4
    assert files(storage) == [FILE]


@pytest.mark.parametrize("at", range(1, 9))
def test_killed_at_any_write_it_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """On a disk, killed at one of the calls that make something durable or take something away."""
    storage = LocalStorage(tmp_path)
    fill(storage)
    monkeypatch.setattr(local, "SETTLE_BYTES", 10_000)
    calls = 0

    def dying(real: object) -> object:
        def call(*arguments: object, **options: object) -> object:
            nonlocal calls
            calls += 1
            if calls == at:
                raise Killed
            return real(*arguments, **options)  # type: ignore[operator]

        return call

    with monkeypatch.context() as patch:
        patch.setattr(local.os, "fsync", dying(local.os.fsync))
        patch.setattr(Path, "unlink", dying(Path.unlink))
        patch.setattr(local.os, "replace", dying(local.os.replace))
        with pytest.raises(Killed):
            storage.join(FILE, PARTS, expect)
    storage.join(FILE, PARTS, expect)
    assert storage.fetch(FILE).read_bytes() == CONTENT
    assert files(storage) == [FILE]
