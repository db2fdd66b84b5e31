"""Local copies of a bucket's files: fetched once, checked, bounded, held by whoever reads them."""

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from core.errors import Damaged, NotFound
from core.settings import Settings
from core.storage import cache, open_storage
from core.storage.s3 import S3Storage

CONTENT = bytes(range(256)) * 100


@pytest.fixture
def settings(tmp_path: Path, bucket: dict[str, str]) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_bytes=100_000, _env_file=None, **bucket)


@pytest.fixture
def storage(settings: Settings) -> S3Storage:
    storage = open_storage(settings)
    assert isinstance(storage, S3Storage)
    return storage


def write(storage: S3Storage, key: str, content: bytes = CONTENT) -> None:
    with storage.writing(key) as file:
        file.write(content)


def copies(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.data_dir / "cache").iterdir())


def age(path: Path, seconds: float) -> None:
    """Make a copy look as if it was last used so long ago."""
    at = path.stat().st_mtime - seconds
    os.utime(path, (at, at))


def test_a_copy_is_fetched_once_and_again_when_the_file_is_another(storage: S3Storage, settings: Settings) -> None:
    write(storage, "jobs/a/one")
    first = storage.fetch("jobs/a/one")
    inode = first.stat().st_ino
    assert storage.fetch("jobs/a/one").stat().st_ino == inode
    write(storage, "jobs/a/one", b"another")
    assert storage.fetch("jobs/a/one").read_bytes() == b"another"
    storage.delete("jobs/a/one")
    assert copies(settings) == []
    with pytest.raises(NotFound):
        storage.fetch("jobs/a/one")


def test_copies_go_with_their_folder_and_nobody_elses_do(storage: S3Storage, settings: Settings) -> None:
    for key in ("jobs/a/one", "jobs/a/two", "jobs/ab/one"):
        write(storage, key)
        storage.fetch(key)
    storage.delete_prefix("jobs/a")
    (left,) = copies(settings)
    assert left.startswith("jobs%2Fab%2Fone@")


def test_several_that_want_the_same_share_one_transfer(storage: S3Storage, s3: Any) -> None:
    write(storage, "jobs/a/one")
    sent = []
    storage._client.meta.events.register("before-send.s3.GetObject", lambda **_: sent.append(1))
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(storage.fetch("jobs/a/one"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 1 and len(sent) == 1
    assert paths[0].read_bytes() == CONTENT


def test_the_copies_stay_within_their_limit(storage: S3Storage, settings: Settings) -> None:
    """Of 25.6 kB each four fit into 100 kB less one: the one that was not used for longest makes room."""
    made = {}
    for n in range(3):
        write(storage, f"jobs/a/{n}")
        made[n] = storage.fetch(f"jobs/a/{n}")
    age(made[0], 2 * cache.KEEP_SECONDS)
    age(made[1], 3 * cache.KEEP_SECONDS)
    write(storage, "jobs/a/3")
    made[3] = storage.fetch("jobs/a/3")
    assert [n for n, path in made.items() if path.exists()] == [0, 2, 3]
    assert storage.fetch("jobs/a/0") == made[0]  # used now
    write(storage, "jobs/a/4")
    assert storage.fetch("jobs/a/4").exists()
    assert len(copies(settings)) == 4, "all of them asked for in this moment: beyond the limit, for as long"


def test_what_a_run_holds_is_not_taken_away(storage: S3Storage, settings: Settings, tmp_path: Path) -> None:
    write(storage, "jobs/a/one")
    held = storage.fetch("jobs/a/one", hold=tmp_path / "run")
    copy = storage.fetch("jobs/a/one")
    assert held.stat().st_nlink == 2 and held.samefile(copy)
    storage.delete("jobs/a/one")
    assert not copy.exists()
    assert held.read_bytes() == CONTENT


def test_what_is_not_what_was_stored_is_told(storage: S3Storage, settings: Settings, s3: Any) -> None:
    place = {"Bucket": settings.storage.split("/")[2], "Key": "our/files/jobs/a/one"}
    s3.put_object(**place, Body=b"rotten", Metadata={"sha256": hashlib.sha256(b"sound").hexdigest()})
    with pytest.raises(Damaged, match="jobs/a/one"):
        storage.fetch("jobs/a/one")
    assert copies(settings) == []
    s3.put_object(**place, Body=b"brought back from a backup without its hash")
    assert storage.fetch("jobs/a/one").read_bytes().startswith(b"brought back")


def test_a_copy_that_was_cut_off_is_fetched_anew(storage: S3Storage, settings: Settings) -> None:
    write(storage, "jobs/a/one")
    copy = storage.fetch("jobs/a/one")
    copy.rename(copy.with_name(f".{copy.name}.fetching"))  # as a killed process leaves it,
    copy.write_bytes(CONTENT[:100])  # and as a power cut might
    assert storage.fetch("jobs/a/one").read_bytes() == CONTENT
    assert copies(settings) == [copy.name]
