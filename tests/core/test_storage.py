"""Joining parts: one copy at a time on disk, killed or refused at any point, and done again."""

import hashlib
import threading
from pathlib import Path

import pytest

from core.errors import NotFound
from core.storage import local
from core.storage.local import LocalStorage

CONTENT = bytes(range(256)) * 100
PIECES = [CONTENT[start : start + 10_000] for start in range(0, len(CONTENT), 10_000)]
PARTS = [(f"uploads/upl_a/parts/{n:05d}", len(piece)) for n, piece in enumerate(PIECES, 1)]
FILE = "uploads/upl_a/file"
SHA = hashlib.sha256(CONTENT).hexdigest()


class Killed(BaseException):
    pass


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    storage = LocalStorage(tmp_path)
    fill(storage, PIECES)
    return storage


def fill(storage: LocalStorage, pieces: list[bytes]) -> None:
    for (key, _), piece in zip(PARTS, pieces, strict=True):
        with storage.writing(key) as file:
            file.write(piece)


def files(storage: LocalStorage) -> list[str]:
    return sorted(str(p.relative_to(storage._root)) for p in storage._root.rglob("*") if p.is_file())


def expect(sha256: str) -> None:
    assert sha256 == SHA


def test_parts_become_one_file_and_are_gone(storage: LocalStorage) -> None:
    storage.join(FILE, PARTS, expect)
    assert storage.fetch(FILE).read_bytes() == CONTENT
    assert files(storage) == [FILE]
    storage.join(FILE, PARTS, expect)  # its caller did not live to tell
    assert files(storage) == [FILE]


@pytest.mark.parametrize("at", range(1, 9))
def test_killed_at_any_write_it_is_done_again(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Killed at one of the calls that make something durable or take something away."""
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


def test_what_was_refused_is_mended_by_one_part(storage: LocalStorage) -> None:
    fill(storage, [PIECES[0], bytes(10_000), PIECES[2]])

    def refuse(_: str) -> None:
        raise ValueError("not what was announced")

    with pytest.raises(ValueError, match="announced"):
        storage.join(FILE, PARTS, refuse)
    assert not storage.exists(FILE)
    with storage.writing(PARTS[1][0]) as file:
        file.write(PIECES[1])
    storage.join(FILE, PARTS, expect)
    assert storage.fetch(FILE).read_bytes() == CONTENT


def test_a_part_that_is_not_there(storage: LocalStorage) -> None:
    storage.delete(PARTS[1][0])
    with pytest.raises(NotFound):
        storage.join(FILE, PARTS, expect)
    storage.delete_prefix("uploads/upl_a")
    with pytest.raises(NotFound):
        storage.join(FILE, PARTS, expect)
    assert files(storage) == []


def test_two_at_once_end_alike(storage: LocalStorage) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=storage.join, args=(FILE, PARTS, found.append)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [SHA] * 4
    assert files(storage) == [FILE]


def test_a_write_that_fails_leaves_the_older_file(storage: LocalStorage) -> None:
    with pytest.raises(ValueError, match="no"), storage.writing(PARTS[0][0]) as file:
        file.write(b"half of it")
        raise ValueError("no")
    assert storage.fetch(PARTS[0][0]).read_bytes() == PIECES[0]
    assert len(files(storage)) == len(PARTS)
