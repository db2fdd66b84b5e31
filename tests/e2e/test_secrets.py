"""A service goes through its days and its troubles; afterwards nothing secret lies anywhere that anybody looks."""

import hashlib
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, text

from tests.api.receiver import receiving
from tests.cli.stack import distillery
from tests.e2e.canary import found, in_files, spellings
from tests.e2e.house import House, on_one_machine, on_several
from tests.e2e.test_spine import wait_for
from tests.fixtures.buckets import S3Server

# SQLite tells nothing of indexes that are of expressions.
pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore:.*expression-based index")]


def good_days(house: House) -> None:
    """Signing in, keys, webhooks that arrive and that do not, a data set, a job."""
    with receiving() as receiver:
        receiver.answer = lambda got, _before: 500 if "fail" in got.path else 204
        made = house.post("/v1/api-keys", {"name": "ci"}, **{"Idempotency-Key": "a"})
        rotated = house.post(f"/v1/api-keys/{made['id']}/rotate", {})
        house.secrets |= {"a key": made["key"], "a rotated key": rotated["key"]}
        with httpx2.Client(base_url=house.url, trust_env=False) as browser:
            code = house.secrets.get("sign-in code")
            signed = browser.post("/v1/sessions", json={"code": code} if code else {"key": rotated["key"]})
            assert signed.status_code == 204
            house.secrets["session cookie"] = signed.cookies["distillery_session"]
            assert browser.get("/v1/jobs").status_code == 200
        for n, url in enumerate((receiver.url, f"{receiver.url}/fail", "http://10.1.2.3/hook")):
            hook = house.post("/v1/webhooks", {"url": url}, **{"Idempotency-Key": f"w{n}"})
            if "id" in hook:
                delivery = house.post(f"/v1/webhooks/{hook['id']}/test", {})
                again = house.post(f"/v1/webhooks/{hook['id']}/rotate", {})
                house.secrets |= {f"webhook secret {n}": hook["secret"], f"new webhook secret {n}": again["secret"]}
                house.ids |= {"webhook_id": hook["id"], "delivery_id": delivery["id"]}
        dataset = house.post("/v1/datasets", {"name": "d", "source": {"kind": "builtin", "name": "digits"}})["id"]
        house.ended(f"/v1/datasets/{dataset}", "ready")
        wish = {"dataset": dataset, "students": [{"name": "a", "architecture": "resnet8"}], "training": {"epochs": 1}}
        job = house.post("/v1/jobs", wish)["id"]
        house.ended(f"/v1/jobs/{job}", "succeeded")
        student = house.service.get(f"/v1/students?job={job}").json()["data"][0]["id"]
        house.ids |= {"dataset_id": dataset, "job_id": job, "student_id": student, "split": "train", "index": "0"}
        wait_for("a delivery that failed", lambda: any("fail" in got.path for got in receiver.got))
    assert len([name for name in house.secrets if "webhook secret" in name]) >= 4
    assert house.watched.children == {"core.intake.child", "core.training.child"}


def bad_days(house: House) -> None:
    """Secrets in the wrong place, an upload that is refused, and an error that nobody expected, with its traceback."""
    for name, secret in list(house.secrets.items()):
        for body in ({"key": secret, "code": secret}, {"key": [secret]}, {"keyy": secret}, secret, {"key": secret * 9}):
            answer = house.service.post("/v1/sessions", json=body)
            assert answer.status_code in (400, 401, 422), (name, answer.text)
            house.said[f"answer to {name} as {str(body)[:9]} of {len(str(body))}"] = answer.text
        for header in ({"Authorization": f"Bearer x{secret}"}, {"Cookie": f"distillery_session=x{secret}"}):
            answer = httpx2.get(f"{house.url}/v1/jobs", headers=header, trust_env=False)
            house.said[f"answer to {name} in {sorted(header)}"] = answer.text
    wish = {"filename": "f.zip", "bytes": 7, "purpose": "dataset"}
    upload = house.post("/v1/uploads", wish)["id"]
    house.service.put(f"/v1/uploads/{upload}/parts/1", content=b"nothing")
    house.post(f"/v1/uploads/{upload}/complete", {"sha256": hashlib.sha256(b"nothing").hexdigest()})
    refused = house.post("/v1/datasets", {"name": "bad", "source": {"kind": "upload", "upload": upload}})["id"]
    house.ended(f"/v1/datasets/{refused}", "rejected")
    house.ids["upload_id"] = upload
    break_tables(house)
    for words in (("doctor",), ("doctor", "--json"), ("keys", "list", "--local"), ("jobs", "list"), ("api", "--help")):
        house.command(*words)
    house.command("jobs", "list", DISTILLERY_URL=house.url, DISTILLERY_API_KEY=house.secrets["admin key"] + "x")


# Of SQLite a trigger: a table that is not there would be told as a database that does not answer.
BROKEN = {
    "postgresql": ("ALTER TABLE {0} RENAME TO gone", "ALTER TABLE gone RENAME TO {0}"),
    "sqlite": ("CREATE TRIGGER no BEFORE INSERT ON {0} BEGIN SELECT RAISE(ABORT, 'no'); END", "DROP TRIGGER no"),
}


def break_tables(house: House) -> None:
    """Errors that nobody expected: the log has the traceback, with the statement and its parameters."""
    engine = create_engine(house.database_url, isolation_level="AUTOCOMMIT")
    spoil, mend = BROKEN[engine.dialect.name]
    wishes = {
        "sessions": ("/v1/sessions", {"key": house.secrets["admin key"]}),
        "webhooks": ("/v1/webhooks", {"url": "http://127.0.0.1:9/"}),
        "api_keys": ("/v1/api-keys", {"name": "never"}),
    }
    with engine.connect() as connection:
        for table, (path, body) in wishes.items():
            connection.execute(text(spoil.format(table)))
            answer = house.service.post(path, json=body, headers={"Connection": "close"})  # it ends with a 500 anyway
            connection.execute(text(mend.format(table)))
            assert answer.status_code == 500, answer.text
            house.said[f"answer without {table}"] = answer.text
    engine.dispose()
    assert any("Traceback" in said for _, said in in_files(house.logs))


def a_database_that_is_away(house: House) -> None:
    """For a while to the running parts; for good to commands that are given a wrong address."""
    engine = create_engine(house.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER ROLE canary NOLOGIN"))
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'canary'"))
        answer = house.service.get("/v1/jobs")
        assert answer.status_code == 503
        house.said["answer without a database"] = answer.text + house.service.get("/readyz").text
        wait_for("the worker's complaint", lambda: "log in" in (house.logs / "worker.log").read_text())
        connection.execute(text("ALTER ROLE canary LOGIN"))
    engine.dispose()
    wait_for("the API", lambda: house.service.get("/readyz").status_code == 200)
    password = spellings(house.secrets["database password"])
    quoted = next(one for one in password if "%" in one)
    wrong = [
        f"postgresql://canary:{quoted}@127.0.0.1:1/nothing",
        f"postgresql://canary:{quoted}@127.0.0.1:port/nothing",
        f"postgresql://canary:{quoted}@nowhere.invalid/nothing",
        f"mysql://canary:{quoted}@127.0.0.1:1/nothing",
        f"canary:{quoted}@127.0.0.1",
    ]
    for n, url in enumerate(wrong):
        for command in ("migrate", "api", "worker") if n == 0 else ("migrate", "doctor --only database"):
            done = distillery(*command.split(), **(house.settings | {"DISTILLERY_DATABASE_URL": url}))
            assert done.returncode != 0, (command, n)
            house.said[f"{command} with wrong address {n}"] = done.stdout + done.stderr


def planted(house: House, tmp_path: Path) -> None:
    """The negative control: the same eyes see each secret in each kind of place where it is put."""
    for name, secret in house.secrets.items():
        for spelling in spellings(secret):
            assert found({name: secret}, [("a log", f"said {spelling}!")]) == [f"{name} in a log"]
    secret = house.secrets["admin key"]
    (house.logs / "leak.log").write_text(f"key {secret}\n")
    code = "import time; time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code, secret])
    house.watched.look()
    process.kill()
    process.wait()
    engine = create_engine(house.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET name = :secret"), {"secret": secret})
    engine.dispose()
    seen = " ".join(found({"it": secret}, house.places()))
    for place in ("it in file leak.log", "it in arguments of", "it in table jobs", "it in answer of list_jobs"):
        assert place in seen


def test_on_one_machine(tmp_path: Path) -> None:
    with on_one_machine(tmp_path) as house:
        good_days(house)
        bad_days(house)
        (house.data_dir / "up.log").touch()
        assert found(house.secrets, house.places()) == []
        planted(house, tmp_path)


def test_on_several_machines(
    tmp_path: Path, postgres_server: str, empty_postgres_url: str, bucket: dict[str, str], s3_server: S3Server
) -> None:
    with on_several(tmp_path, empty_postgres_url, bucket) as house:
        good_days(house)
        s3_server.stop()
        house.said["answer without a bucket"] = house.service.get("/readyz").text
        house.command("doctor", "--only", "storage")
        s3_server.start()
        bad_days(house)
        a_database_that_is_away(house)
        assert found(house.secrets, house.places()) == []
        planted(house, tmp_path)
