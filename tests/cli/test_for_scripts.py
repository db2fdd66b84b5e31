"""--json: nothing but JSON on stdout; where something is wrong, one line on stderr and exit code 1."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.db.session import Database
from tests.cli.conftest import Command
from tests.cli.test_command_line import COMMANDS
from tests.fixtures.service import Make

ELSEWHERE = {"up", "api", "worker", "migrate", "train", "reproduce", "doctor", "projects"}  # need no service


def answered(command: Command, *arguments: str) -> Any:
    done = command(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_every_command_prints_json_alone(command: Command, make: Make, tmp_path: Path) -> None:
    first = make.job(metadata={"team": "vision"})
    job, small = first["id"], first["students"][0]["id"]
    make.file(small, b"weights")
    (tmp_path / "t.pth").write_bytes(b"teacher")
    recipe = {"dataset": first["dataset"]["id"], "students": [{"name": "s", "architecture": "resnet8"}]}
    (tmp_path / "job.yaml").write_text(json.dumps(recipe | {"teacher": None, "loss": {"kind": "task"}}))
    hook = answered(command, "webhooks", "create", "https://example.com/told")
    sent = answered(command, "webhooks", "test", hook["id"])
    key = answered(command, "keys", "create", "for a script")["id"]
    upload = answered(command, "upload", "t.pth")
    told = {
        ("submit",): answered(command, "submit", "job.yaml"),
        ("clone",): answered(command, "clone", job, "--set", "training.epochs=1", "--set", "name=once more"),
        ("jobs",): answered(command, "jobs", "--metadata", "team:vision"),
        ("logs",): answered(command, "logs", job),
        ("pause",): answered(command, "pause", job),
        ("resume",): answered(command, "resume", job),
        ("change",): answered(command, "change", job, "--priority", "3", "--metadata", "team:other"),
        ("cancel",): answered(command, "cancel", job),
        ("retry",): answered(command, "retry", job),
        ("students",): answered(command, "students", "--job", job, "--role", "control"),
        ("download",): answered(command, "download", small, "-o", "there"),
        ("upload",): upload,
        ("datasets",): answered(command, "datasets"),
        ("teachers",): answered(command, "teachers"),
        ("show",): answered(command, "show", upload["id"]),
        ("delete",): answered(command, "delete", "--yes", upload["id"]),
        ("storage",): answered(command, "storage"),
        ("workers",): answered(command, "workers"),
        ("keys", "create"): {"id": key},
        ("keys", "list"): answered(command, "keys", "list"),
        ("keys", "rotate"): answered(command, "keys", "rotate", key),
        ("keys", "revoke"): answered(command, "keys", "revoke", key),
        ("webhooks", "create"): hook,
        ("webhooks", "list"): answered(command, "webhooks", "list"),
        ("webhooks", "test"): sent,
        ("webhooks", "deliveries"): answered(command, "webhooks", "deliveries", hook["id"]),
        ("webhooks", "resend"): answered(command, "webhooks", "resend", hook["id"], sent["id"]),
        ("webhooks", "rotate"): answered(command, "webhooks", "rotate", hook["id"]),
        ("webhooks", "delete"): answered(command, "webhooks", "delete", hook["id"]),
    }
    assert set(told) == {names for names in COMMANDS if names[0] not in ELSEWHERE} - {("watch",)}
    labelled = {row["id"] for row in told[("jobs",)]}
    assert job in labelled and told[("submit",)]["id"] not in labelled
    assert told[("clone",)]["recipe"]["training"]["epochs"] == 1 and told[("clone",)]["name"] == "once more"
    assert {row["role"] for row in told[("students",)]} == {"control"}
    assert (told[("change",)]["priority"], told[("change",)]["metadata"]) == (3, {"team": "other"})
    assert told[("delete",)] == [{"id": upload["id"], "deleted": True}]
    assert told[("show",)]["sha256"] == upload["sha256"]


def test_watching_a_job_prints_it_when_it_has_ended(command: Command, make: Make) -> None:
    job = make.job()["id"]
    make.client.post(f"/v1/jobs/{job}/cancel")
    done = command("watch", job, "--json")
    assert done.exit_code == 1, "it did not succeed"
    assert json.loads(done.stdout)["status"] == "cancelled"


WRONG = [
    ("jobs", "--metadata", "no colon"),
    ("jobs", "--teacher", "x" * 101),
    ("watch", "job_none"),
    ("logs", "job_none"),
    ("logs", "job_none", "-f"),
    ("cancel", "job_none"),
    ("change", "job_none"),
    ("change", "job_none", "--name", "x"),
    ("clone", "job_none"),
    ("clone", "job_none", "--set", "epochs"),
    ("clone", "job_none", "--set", "a.b=1", "--set", "a.b.c=2"),
    ("students", "--job", "job_none"),
    ("download", "stu_none"),
    ("upload", "none.zip"),
    ("show", "none"),
    ("show", "dst_none"),
    ("delete", "--yes", "stu_none"),
    ("delete", "job_none"),
    ("keys", "rotate", "key_none"),
    ("webhooks", "delete", "whk_none"),
    ("submit", "none.yaml"),
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_what_is_wrong_is_one_line_on_stderr(command: Command, arguments: tuple[str, ...]) -> None:
    done = command(*arguments, "--json")
    if arguments[0] == "students":
        assert json.loads(done.stdout) == [], "a filter that nothing passes"
        return
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1, done.stderr


def test_several_problems_are_one_line_for_scripts_and_one_each_for_people(command: Command, tmp_path: Path) -> None:
    wrong = {"dataset": "dst_x", "students": [{"name": "a", "architecture": "resnet8"}], "epochs": 3, "nmae": "x"}
    (tmp_path / "job.yaml").write_text(json.dumps(wrong))
    scripts, people = command("submit", "job.yaml", "--json"), command("submit", "job.yaml")
    assert scripts.stderr.count("\n") == 1 and people.stderr.count("\n") == 3
    for said in (scripts.stderr, people.stderr):
        assert "/epochs: There is no such field." in said and "/nmae: There is no such field." in said


def test_of_several_deletions_each_stands_for_itself(command: Command, make: Make, database: Database) -> None:
    busy, free = make.job(), make.teacher()
    done = command("delete", "--yes", busy["teacher"]["id"], free, busy["id"], "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == [{"id": free, "deleted": True}]
    assert done.stderr.count("Error: ") == 2
