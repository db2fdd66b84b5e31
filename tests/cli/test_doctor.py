"""`distillery doctor` looks at deployments that are fresh, sound and broken in every place at once."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import NAMES
from tests.cli.stack import Stack, clean_environment, distillery, running
from tests.e2e.test_parts import free_port, part
from tests.e2e.test_spine import wait_for
from tests.fixtures.buckets import S3Server


def findings(answer: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads(answer)["findings"]:
        found.setdefault(row["check"], []).append(row)
    return found


def test_a_fresh_machine_is_healthy_and_stays_untouched(tmp_path: Path) -> None:
    done = distillery("doctor", DISTILLERY_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0, done.stdout + done.stderr
    for name in set(NAMES) - {"worker"}:
        assert name in done.stdout
    assert "→ Start it: distillery up" in done.stdout
    assert not (tmp_path / "data").exists()


def test_everything_that_is_wrong_is_named_with_what_to_do(tmp_path: Path, empty_postgres_url: str) -> None:
    (tmp_path / "file").touch()
    broken = {
        "DISTILLERY_DATA_DIR": str(tmp_path / "file"),
        "DISTILLERY_DATABASE_URL": "postgresql://me:sesame@127.0.0.1:1/nothing",
        "DISTILLERY_BROKER_URL": "redis://:sesame@127.0.0.1:1/0",
        "DISTILLERY_STORAGE_URL": f"file://{tmp_path}/file/below",
        "DISTILLERY_DATASET_ROOTS": str(tmp_path / "nowhere"),
        "DISTILLERY_URL": "http://127.0.0.1:1",
        "DISTILLERY_API_KEY": "dkd_nobody",
    }
    names = ["data", "database", "broker", "storage", "roots", "service", "workers"]
    done = distillery("doctor", "--json", *(word for name in names for word in ("--only", name)), **broken)
    assert done.returncode == 1
    assert "sesame" not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    found = findings(done.stdout)
    states = {name: found[name][0]["state"] for name in names}
    assert states == dict.fromkeys(names, "fail") | {"broker": "warn", "storage": "warn"}
    assert all(row["fix"] for rows in found.values() for row in rows)

    empty = distillery("doctor", "--only", "database", DISTILLERY_DATABASE_URL=empty_postgres_url)
    assert empty.returncode == 1
    assert "distillery migrate" in empty.stdout
    unknown = distillery("doctor", "--only", "weather")
    assert unknown.returncode == 1 and "'weather' is none of python" in unknown.stderr


def test_what_a_service_lacks_is_told_by_name(tmp_path: Path, sqlite_url: str) -> None:
    port = free_port()
    environment = {
        "DISTILLERY_DATA_DIR": str(tmp_path / "data"),
        "DISTILLERY_DATABASE_URL": sqlite_url,
        "DISTILLERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "DISTILLERY_URL": f"http://127.0.0.1:{port}",
    }

    def service() -> list[dict[str, Any]]:
        done = distillery("doctor", "--json", "--only", "service", **environment)
        return findings(done.stdout)["service"]

    with part(clean_environment(**environment), tmp_path / "api.log", "api", "--port", str(port)):
        wait_for("the API", lambda: service()[0]["state"] != "fail")
        states = [(row["state"], row["detail"]) for row in service()]
        assert states[0][0] == "ok"
        assert states[1][0] == "warn" and states[1][1].startswith("broker at http") and "polling" in states[1][1]
        storage = tmp_path / "data" / "storage"
        storage.rmdir()
        storage.write_text("a file is in its place")
        wait_for("the storage to be missed", lambda: service()[0]["state"] == "fail")  # it is looked at now and then
        assert "is not ready (503): storage: The storage cannot be written to." in service()[0]["detail"]


def test_a_bucket_is_tried_and_its_secret_kept(
    tmp_path: Path, bucket: dict[str, str], s3: Any, s3_server: S3Server
) -> None:
    environment = {f"DISTILLERY_{name.upper()}": value for name, value in bucket.items()}
    environment["DISTILLERY_DATA_DIR"] = str(tmp_path / "data")

    def look(**more: str) -> dict[str, Any]:
        done = distillery("doctor", "--json", "--only", "storage", **environment | more)
        assert "sesame" not in done.stdout + done.stderr and "Traceback" not in done.stderr
        (found,) = findings(done.stdout)["storage"]
        return found

    sound = look()
    assert (sound["state"], sound["detail"]) == ("ok", f"{bucket['storage_url']}: written, read, deleted")
    assert not (tmp_path / "data").exists()
    name = bucket["storage_url"].split("/")[2]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=name)["Contents"]] == ["somebody/else"]
    for wrong, reason in (
        ({"DISTILLERY_STORAGE_URL": "s3://nowhere"}, "NoSuchBucket"),
        ({"DISTILLERY_STORAGE_ENDPOINT": "http://127.0.0.1:1"}, "does not answer"),
    ):
        found = look(**wrong)
        assert found["state"] == "fail" and reason in found["detail"]
        assert "DISTILLERY_STORAGE_URL, _ENDPOINT" in found["fix"]
    s3_server.ask_for_keys(True)
    try:
        assert "InvalidAccessKeyId" in look()["detail"]
    finally:
        s3_server.ask_for_keys(False)


@pytest.mark.e2e
def test_a_running_stack_is_sound(tmp_path: Path) -> None:
    def doctor(stack: Stack, *names: str) -> Any:
        words = [word for name in names for word in ("--only", name)]
        return stack.run("doctor", "--json", *words)

    with running(tmp_path / "data") as stack:
        names = ("data", "database", "storage", "dashboard", "service", "workers", "worker")
        sound = doctor(stack, *names)
        assert sound.returncode == 0, sound.stdout
        assert {row["state"] for rows in findings(sound.stdout).values() for row in rows} <= {"ok", "warn"}
        assert "version 0.1.0" in findings(sound.stdout)["service"][0]["detail"]
        assert findings(sound.stdout)["worker"][0]["detail"].startswith("1 worker on ")
        assert not list((stack.data_dir / "storage").glob("probe*"))
        stack.stop()
        silent = doctor(stack, "worker")
        assert silent.returncode == 1
        assert "distillery worker" in findings(silent.stdout)["worker"][0]["fix"]
        assert [path.name for path in tmp_path.iterdir()] == ["data"]
