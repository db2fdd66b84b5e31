"""What is special about a bucket: prefix and pages, writes that somebody broke off, refusals, keys."""

import hashlib
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from core.errors import Damaged, StorageUnavailable, Unavailable
from core.settings import Settings
from core.spawn import child_environment
from core.storage import open_storage
from core.storage import s3 as s3_twin
from core.storage.s3 import S3Storage
from tests.fixtures.buckets import S3Server
from worker.failures import failure_of

CONTENT = bytes(range(256)) * 100
MIB = 1 << 20


@pytest.fixture
def settings(tmp_path: Path, bucket: dict[str, str]) -> Settings:
    return Settings(data_dir=tmp_path / "data", _env_file=None, **bucket)


@pytest.fixture
def storage(settings: Settings) -> S3Storage:
    storage = open_storage(settings)
    assert isinstance(storage, S3Storage)
    return storage


@pytest.fixture
def name(settings: Settings) -> str:
    return settings.storage.split("/")[2]


def write(storage: S3Storage, key: str, content: bytes = CONTENT) -> None:
    with storage.writing(key) as file:
        file.write(content)


# --- what lies in it ------------------------------------------------------------------------------------------------


def test_everything_is_below_the_prefix_with_its_hash(storage: S3Storage, s3: Any, name: str) -> None:
    write(storage, "jobs/a/one")
    storage.delete_prefix("jobs/b")
    there = [one["Key"] for one in s3.list_objects_v2(Bucket=name)["Contents"]]
    assert there == ["our/files/jobs/a/one", "somebody/else"]
    head = s3.head_object(Bucket=name, Key="our/files/jobs/a/one")
    assert head["Metadata"] == {"sha256": hashlib.sha256(CONTENT).hexdigest()}
    assert list(storage.files("")) == ["jobs/a/one"]


def test_more_than_one_page_is_listed_and_deleted(storage: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")
    monkeypatch.setattr(s3_twin, "AT_ONCE", 7)
    for n in range(25):
        write(storage, f"jobs/{n:02}/w", b"")
    assert len(storage.folders("jobs")) == len(list(storage.files("jobs"))) == 25
    for n in range(25):
        write(storage, f"jobs/a/{n:02}", b"")
    assert len(list(storage.files("jobs/a"))) == 25
    storage.delete_prefix("jobs/a")
    assert len(list(storage.files(""))) == 25


def test_a_large_file_goes_in_parts_and_comes_back(storage: S3Storage, tmp_path: Path, s3: Any, name: str) -> None:
    source = tmp_path / "large"
    source.write_bytes(b"".join(bytes([n]) * MIB for n in range(70)))
    storage.put("jobs/a/large", source)
    head = s3.head_object(Bucket=name, Key="our/files/jobs/a/large")
    assert head["ETag"].endswith('-5"'), "of five parts"
    assert storage.fetch("jobs/a/large").read_bytes() == source.read_bytes()
    with storage.reading("jobs/a/large", 40 * MIB - 1, 40 * MIB + 1) as pieces:
        assert b"".join(pieces) == bytes([39, 40])


# --- broken off -----------------------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from core.settings import Settings
from core.storage import open_storage
storage = open_storage(Settings(_env_file=None))
storage._client.meta.events.register("before-send.s3.UploadPart", lambda **_: print("sends", flush=True))
storage.put("jobs/a/large", Path(sys.argv[1]))
"""


def test_a_killed_writer_leaves_no_file_and_what_it_sent_can_be_found(
    storage: S3Storage, settings: Settings, bucket: dict[str, str], tmp_path: Path
) -> None:
    source = tmp_path / "large"
    source.write_bytes(bytes(200 * MIB))
    environment = {f"DISTILLERY_{key.upper()}": value for key, value in bucket.items()}
    environment |= {"DISTILLERY_DATA_DIR": str(settings.data_dir), "PATH": os.environ["PATH"]}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", WRITER, str(source)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == b"sends\n"
        writer.send_signal(signal.SIGKILL)
    assert not storage.exists("jobs/a/large")
    (left,) = storage.unfinished()
    assert left.startswith("jobs/a/large?")
    storage.abandon(left)
    storage.abandon(left)  # somebody else was faster
    assert list(storage.unfinished()) == []


@pytest.mark.parametrize("at", range(1, 10))
def test_a_join_that_is_killed_at_any_request_is_done_again(
    storage: S3Storage, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """From this request on the process makes no more of them."""
    pieces = [bytes([n]) * (5 * MIB) for n in (1, 2)] + [b"the rest"]
    parts = [(f"uploads/u/parts/{n}", len(piece)) for n, piece in enumerate(pieces)]
    for (key, _), piece in zip(parts, pieces, strict=True):
        write(storage, key, piece)

    class Killed(BaseException):
        pass

    requests = 0

    def dying(**_: object) -> None:
        nonlocal requests
        requests += 1
        if requests >= at:
            raise Killed

    events = storage._client.meta.events
    events.register("before-send.s3", dying)
    with pytest.raises(Killed):
        storage.join("uploads/u/file", parts, lambda _: None)
    events.unregister("before-send.s3", dying)
    found: list[str] = []
    storage.join("uploads/u/file", parts, found.append)
    assert found == [hashlib.sha256(b"".join(pieces)).hexdigest()]
    assert list(storage.files("")) == ["uploads/u/file"]
    assert storage.fetch("uploads/u/file").read_bytes() == b"".join(pieces)


# --- what cannot be opened ------------------------------------------------------------------------------------------


def test_a_bucket_that_is_not_there(settings: Settings) -> None:
    with pytest.raises(StorageUnavailable, match=r"The bucket nowhere at http.* refuses: .*NoSuchBucket"):
        open_storage(settings.model_copy(update={"storage_url": "s3://nowhere"}))


def test_an_address_where_nobody_answers(settings: Settings) -> None:
    with pytest.raises(StorageUnavailable, match="does not answer: Could not connect"):
        open_storage(settings.model_copy(update={"storage_endpoint": "http://127.0.0.1:1"}))
    with pytest.raises(StorageUnavailable, match="cannot be there"):
        open_storage(settings.model_copy(update={"storage_endpoint": "http://not an address"}))


def test_keys_that_nobody_knows(
    settings: Settings, storage: S3Storage, s3_server: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    s3_server.ask_for_keys(True)
    try:
        with pytest.raises(StorageUnavailable, match=r"refuses: .*InvalidAccessKeyId") as told:
            open_storage(settings)
        with pytest.raises(StorageUnavailable, match="InvalidAccessKeyId"):
            write(storage, "jobs/a/one")
    finally:
        s3_server.ask_for_keys(False)
    assert "sesame" not in caplog.text + str(told.value) + repr(settings)


def test_a_bucket_that_goes_away(storage: S3Storage, s3_server: S3Server, s3: Any, name: str) -> None:
    write(storage, "jobs/a/one")
    s3_server.stop()
    try:
        for attempt in (lambda: storage.exists("jobs/a/one"), lambda: write(storage, "jobs/a/two")):
            with pytest.raises(StorageUnavailable, match="does not answer"):
                attempt()
    finally:
        s3_server.start()
    assert list(storage.files("")) == ["jobs/a/one"]
    storage.delete("jobs/a/one")
    s3.delete_object(Bucket=name, Key="somebody/else")
    s3.delete_bucket(Bucket=name)
    for attempt in (lambda: storage.exists("jobs/a/one"), lambda: storage.fetch("jobs/a/one")):
        with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
            attempt()


def test_for_a_worker_it_is_a_storage_error_like_any_other() -> None:
    failure = failure_of(StorageUnavailable("The bucket does not answer."))
    assert (failure.code, failure.retryable) == ("storage_error", True)
    assert "The bucket does not answer." in failure.detail
    assert failure_of(Damaged("jobs/a/one")).code == "storage_error"


def test_a_package_that_is_missing_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [
        name for name in sys.modules if name.startswith(("boto3", "core.storage.bucket", "core.storage.s3"))
    ]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "boto3", None)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match=r"boto3\S* is not here\): pip install 'distillery\[s3\]'"):
        open_storage(settings)


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"storage_url": "ftp://there/files"},
        {"storage_url": "s3:///files"},
        {"storage_url": "s3://key:sesame@bucket"},
        {"storage_url": "s3://bucket?endpoint=http://there"},
        {"storage_endpoint": "minio:9000"},
        {"storage_access_key": "alone"},
        {"storage_secret_key": "sesame"},
    ],
)
def test_settings_that_cannot_work(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="storage_"):
        Settings(_env_file=None, **wrong)


def test_keys_come_out_of_files_and_reach_no_child(
    tmp_path: Path, bucket: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for word in ("access_key", "secret_key"):
        (tmp_path / f"distillery_storage_{word}").write_text(f"{bucket.pop(f'storage_{word}')}\n")
    monkeypatch.setenv("DISTILLERY_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    settings = Settings(data_dir=tmp_path / "data", _env_file=None, **bucket)
    assert settings.storage_secret_key is not None and settings.storage_secret_key.get_secret_value() == "sesame"
    assert list(open_storage(settings).files("")) == []
    given = child_environment(1)
    assert not [name for name in given if name.startswith(("AWS", "DISTILLERY"))]
    assert "sesame" not in str(given)
