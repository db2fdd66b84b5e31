"""The whole command line, walked: help everywhere, --json wherever something is answered, words the service knows."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli import job_list, logs, students
from cli.main import app
from core.db.jobs import Sort as JobSort
from core.db.logs import LEVELS
from core.db.students import Sort as StudentSort

RUN_UNTIL_STOPPED = {"up", "api", "worker", "migrate"}  # parts of a stack: they answer nothing


def walk(command: Any, *names: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that is no group, with the words that lead to it."""
    if not hasattr(command, "list_commands"):
        yield names, command
        return
    for name in command.list_commands(None):
        yield from walk(command.get_command(None, name), *names, name)


COMMANDS = dict(walk(get_command(app)))
EACH = pytest.mark.parametrize("names", COMMANDS, ids=" ".join)


@EACH
def test_every_command_and_every_parameter_says_what_it_is(names: tuple[str, ...]) -> None:
    command = COMMANDS[names]
    assert command.help and command.help.strip().endswith("."), "a sentence"
    silent = [parameter.name for parameter in command.params if not parameter.help]
    assert silent == []
    shown = CliRunner().invoke(app, [*names, "--help"])
    assert shown.exit_code == 0 and "Usage: " in shown.stdout


@EACH
def test_every_command_that_answers_does_it_for_scripts_too(names: tuple[str, ...]) -> None:
    options = {option for parameter in COMMANDS[names].params for option in parameter.opts}
    assert ("--json" in options) != (names[0] in RUN_UNTIL_STOPPED)


def test_the_help_says_where_the_service_is_and_what_exit_codes_mean() -> None:
    said = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    assert "DISTILLERY_URL" in said and "Exit codes: 0 done" in said and "--install-completion" in said


def test_the_words_to_choose_from_are_those_of_the_service() -> None:
    assert get_args(job_list.Sort) == tuple(JobSort)
    assert get_args(students.Sort) == tuple(StudentSort)
    assert get_args(logs.Level) == logs.LEVELS == LEVELS
