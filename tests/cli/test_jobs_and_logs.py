"""`jobs --watch` and `logs -f` as a user has them: a process with and without a terminal, and a wire that breaks."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from core.db import events
from core.db.session import Database
from tests.cli.conftest import Command
from tests.cli.cuts import Wire
from tests.cli.stack import clean_environment
from tests.cli.terminal import Terminal
from tests.fixtures.service import Make


def write(database: Database, job: str, *messages: str, level: str = "info") -> None:
    with database.write() as work:
        events.append(work, job, 1, [("log", {"level": level, "message": message}) for message in messages])


@contextmanager
def started(url: str, key: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = clean_environment(DISTILLERY_URL=url, DISTILLERY_API_KEY=key)
    command = [sys.executable, "-m", "cli.main", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


# --- logs ---------------------------------------------------------------------------------------------------------


def test_the_log_is_a_line_for_each_message_whatever_is_in_it(command: Command, make: Make, database: Database) -> None:
    job = make.job()["id"]
    write(database, job, "fine")
    write(database, job, "a [red]tag[/] and\ntwo lines, \x1b[31mone of them steering", level="warning")
    said = command("logs", job).stdout.splitlines()
    assert [text[20:] for text in said] == [
        "INFO    fine",
        "WARNING a [red]tag[/] and two lines, [31mone of them steering",
    ]
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", said[0])
    assert len(command("logs", job, "--level", "warning").stdout.splitlines()) == 1
    assert command("logs", job, "--level", "loud").exit_code == 2
    assert json.loads(command("logs", job, "--json").stdout)[0]["message"] == "fine"


def test_following_goes_on_through_a_cut_and_ends_with_the_job(
    wire: Wire, key: str, make: Make, database: Database
) -> None:
    job = make.job()["id"]
    write(database, job, "one", "two")
    with started(wire.url, key, "logs", job, "-f", "--json", "--level", "info") as process:
        assert [json.loads(line(process.stdout))["message"] for _ in range(2)] == ["one", "two"]
        write(database, job, "three")
        write(database, job, "not asked for", level="debug")
        assert json.loads(line(process.stdout))["message"] == "three"
        with wire.away():
            write(database, job, "four")
            assert "does not answer; trying again" in line(process.stderr)
        assert json.loads(line(process.stdout))["message"] == "four"
        write(database, job, "five")
        make.client.post(f"/v1/jobs/{job}/cancel").raise_for_status()
        rest, errors = process.communicate(timeout=60)
    told = [json.loads(text)["message"] for text in rest.splitlines()]
    assert (told, errors, process.returncode) == (["five"], "", 0)


def test_following_a_job_that_is_over_ends_at_once(command: Command, make: Make, database: Database) -> None:
    job = make.job()["id"]
    write(database, job, "all there is")
    make.client.post(f"/v1/jobs/{job}/cancel")
    done = command("logs", job, "-f")
    assert (done.exit_code, done.stdout[28:]) == (0, "all there is\n")


def test_who_interrupts_following_gets_the_shells_exit_code_and_no_traceback(
    wire: Wire, key: str, make: Make, database: Database
) -> None:
    job = make.job()["id"]
    write(database, job, "one")
    with started(wire.url, key, "logs", job, "-f") as process:
        assert line(process.stdout).endswith("one\n")
        process.send_signal(signal.SIGINT)
        shown, errors = process.communicate(timeout=60)
    assert (shown, errors, process.returncode) == ("", "", 130)


def test_progress_goes_on_through_a_cut_to_the_jobs_end(wire: Wire, key: str, make: Make) -> None:
    job = make.job(name="birds")["id"]
    with started(wire.url, key, "watch", job, "--json") as process:
        assert line(process.stderr) == "birds: queued\n"
        with wire.away():
            assert line(process.stderr) == "birds: the service does not answer; trying again\n"
        assert line(process.stderr) == "birds: queued\n"
        make.client.post(f"/v1/jobs/{job}/cancel").raise_for_status()
        shown, errors = process.communicate(timeout=60)
    assert (json.loads(shown)["status"], errors, process.returncode) == ("cancelled", "", 1)


# --- jobs ---------------------------------------------------------------------------------------------------------


def test_the_list_can_be_narrowed_and_ordered(command: Command, make: Make) -> None:
    one, two, three = (
        make.job(name=name, metadata={"team": team}) for name, team in (("birds", "a"), ("bees", "b"), ("trees", "b"))
    )
    make.client.post(f"/v1/jobs/{three['id']}/cancel")

    def ids(*arguments: str) -> list[str]:
        done = command("jobs", *arguments, "--json")
        assert done.exit_code == 0, done.stderr
        return [row["id"] for row in json.loads(done.stdout)]

    assert ids() == [three["id"], two["id"], one["id"]]
    assert ids("--order", "asc", "--limit", "1") == [one["id"]]
    assert ids("--sort", "name", "--order", "asc") == [two["id"], one["id"], three["id"]]
    assert ids("--name", "bee") == [two["id"]]
    assert ids("--metadata", "team:b", "--status", "queued") == [two["id"]]
    assert set(ids("--status", "queued", "--status", "cancelled")) == {one["id"], two["id"], three["id"]}
    assert ids("--teacher", one["teacher"]["id"]) == [one["id"]]
    assert ids("--dataset", two["dataset"]["id"]) == [two["id"]]
    assert "No such jobs." in command("jobs", "--name", "elephants").stderr
    assert command("jobs", "--status", "ran").exit_code == 2


def test_without_a_terminal_watching_tells_each_change_once(wire: Wire, key: str, make: Make) -> None:
    job = make.job(name="birds")["id"]
    with started(wire.url, key, "jobs", "--watch") as process:
        assert line(process.stdout) == f"{job} queued birds\n"
        with wire.away():
            assert "does not answer; trying again" in line(process.stderr)
        make.client.post(f"/v1/jobs/{job}/pause").raise_for_status()
        assert line(process.stdout) == f"{job} paused birds\n"
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert (rest, errors, process.returncode) == ("", "", 0), "Ctrl-C is how it ends"


def test_for_scripts_watching_prints_an_object_on_each_line(wire: Wire, key: str, make: Make) -> None:
    job = make.job()["id"]
    with started(wire.url, key, "jobs", "--watch", "--json") as process:
        assert json.loads(line(process.stdout))["status"] == "queued"
        make.client.post(f"/v1/jobs/{job}/cancel").raise_for_status()
        assert json.loads(line(process.stdout))["status"] == "cancelled"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


@pytest.fixture
def terminal(wire: Wire, key: str) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_(*arguments: str, columns: int = 80) -> Terminal:
        opened.append(Terminal(wire.url, key, *arguments, columns=columns))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def test_on_a_terminal_the_table_renews_itself_and_gives_the_cursor_back(
    terminal: Callable[..., Terminal], wire: Wire, make: Make
) -> None:
    job = make.job(name="birds")["id"]
    seen = terminal("jobs", "--watch")
    seen.until(lambda shown: job in shown and "queued" in shown)
    with wire.away():
        seen.until(lambda shown: "does not answer" in shown)
    make.client.post(f"/v1/jobs/{job}/cancel")
    seen.until(lambda shown: "cancelled" in shown)
    seen.process.send_signal(signal.SIGINT)
    assert seen.process.wait(60) == 0
    shown = seen.until(lambda shown: "\x1b[?25h" in shown)
    assert "Aborted" not in shown and "Traceback" not in shown
    assert not re.search(r"\x1b\[[0-9;]*3\dm", shown), "NO_COLOR"


@pytest.mark.parametrize("columns", [80, 120])
def test_every_line_of_a_list_fits_the_terminal_and_ids_are_whole(
    terminal: Callable[..., Terminal], make: Make, columns: int
) -> None:
    job = make.job(name="a name that is rather long for one that is only a test's")
    ids = {"jobs": job["id"], "students": job["students"][0]["id"], "storage": job["dataset"]["id"]}
    for name, id in ids.items():
        seen = terminal(name, columns=columns)
        assert seen.process.wait(60) == 0
        shown = seen.until(lambda shown, id=id: id in shown)
        assert max(map(len, re.sub(r"\x1b\[[0-9;?]*\w", "", shown).splitlines())) <= columns
