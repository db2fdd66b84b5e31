"""What a shell gets when the tab key is pressed: words, ids of the service, and silence when there is none."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.stack import clean_environment
from tests.fixtures.service import Make

DISTILLERY = Path(sys.executable).with_name("distillery")


def completed(words: str, url: str = "http://127.0.0.1:9", key: str = "dkd_x", **more: str) -> list[str]:
    """What bash is offered for the last of these words."""
    asked = {"_DISTILLERY_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    service = {"DISTILLERY_URL": url, "DISTILLERY_API_KEY": key}
    environment = clean_environment(**(asked | service | more), PYTHONPATH=os.pathsep.join(sys.path))
    done = subprocess.run([DISTILLERY], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.split()


def offered(words: str, server: str, key: str) -> list[str]:
    """As soon as the service has answered in time: on a busy machine a shell may wait in vain."""
    return next(filter(None, (completed(words, server, key) for _ in range(20))), [])


def test_commands_and_options_are_completed() -> None:
    assert completed("distillery w") == ["worker", "watch", "workers", "webhooks"]
    assert completed("distillery keys r") == ["rotate", "revoke"]
    assert "--follow" in completed("distillery logs --f")
    assert completed("distillery jobs --status pau") == ["pausing", "paused"]
    assert completed("distillery up --po") == ["--port"]


def test_ids_are_those_that_the_service_has_and_the_command_can_take(server: str, key: str, make: Make) -> None:
    waiting, over = make.job(), make.job()
    make.client.post(f"/v1/jobs/{over['id']}/cancel")
    assert offered("distillery logs ", server, key) == [over["id"], waiting["id"]]
    assert offered("distillery cancel ", server, key) == [waiting["id"]]
    assert offered("distillery retry ", server, key) == [over["id"]]
    student = waiting["students"][0]["id"]
    assert offered(f"distillery download {student}", server, key) == [student]
    assert waiting["teacher"]["id"] in offered("distillery show tch_", server, key)
    deletable = offered("distillery delete ", server, key)
    assert over["id"] in deletable and waiting["id"] not in deletable
    assert offered("distillery students --job ", server, key) == [over["id"], waiting["id"]]


def test_without_a_service_there_is_nothing_to_offer_and_nothing_said(server: str, key: str, make: Make) -> None:
    job = make.job()["id"]
    assert offered("distillery logs ", server, key) == [job]
    assert completed("distillery logs ") == [], "it is away"
    assert completed("distillery logs ", server, "dkd_wrong") == []
    assert completed("distillery logs ", "http://[half", key) == []
    assert completed("distillery logs ", server, key, DISTILLERY_SLOTS="none") == []


def test_a_shell_gets_the_script_that_asks() -> None:
    environment = clean_environment(_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    command = [DISTILLERY, "--show-completion", "bash"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0 and "complete -o default -F _distillery_completion distillery" in done.stdout
