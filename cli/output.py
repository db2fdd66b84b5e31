"""What the terminal shows: results on stdout, progress and errors on stderr, so that pipes get results alone."""

import json
from typing import Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from core.errors import DistilleryError, Invalid, Problem, TrainingFailed, Unavailable
from core.settings import Settings

SERVER = "pip install 'distillery[server]'"
OURS = ("api", "cli", "core", "migrations", "worker")
PIPE_WIDTH = 200  # a pipe has no width: nothing is cut off there
out = Console(highlight=False)
if not out.is_terminal:
    out = Console(highlight=False, width=PIPE_WIDTH)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """For scripts: plain JSON, whatever the terminal."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say(text: str) -> None:
    """A line for people, beside the result. `text` is plain: no markup."""
    err.print(escape(text), soft_wrap=True)


def warn(text: str) -> None:
    err.print(f"[yellow]Note:[/] {escape(text)}", soft_wrap=True)


def show_error(error: DistilleryError) -> None:
    """One clear line; with several problems, one line for each place."""
    problems = getattr(error, "problems", [])
    if len(problems) > 1:
        err.print(f"[red]Error:[/] {len(problems)} problems", soft_wrap=True)
        for problem in problems:
            err.print(f"  {escape(problem.pointer or '/')}: {escape(problem.detail)}", soft_wrap=True)
        return
    where = f"{problems[0].pointer}: " if problems and problems[0].pointer else ""
    detail = problems[0].detail if problems else error.detail
    if isinstance(error, TrainingFailed) and error.failure.hint:
        detail = f"{detail} {error.failure.hint}"
    err.print(f"[red]Error:[/] {escape(where + detail)}", soft_wrap=True)


def needs_server(error: ModuleNotFoundError) -> Unavailable:
    """What to say where a package is missing that only a server needs; a module of ours that is missing is a bug."""
    if error.name is None or error.name.partition(".")[0] in OURS:
        raise error
    return Unavailable("not_installed", f"This needs the server's packages ({error.name} is not here): {SERVER}")


class Commands(TyperGroup):
    """Every error that a user can cause or meet ends here: one line, exit code 1, no traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except DistilleryError as error:
            show_error(error)
            raise typer.Exit(1) from error
        except ModuleNotFoundError as error:
            show_error(needs_server(error))
            raise typer.Exit(1) from error


def load_settings() -> Settings:
    """The settings; a variable that cannot work is named."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [
            Problem(f"DISTILLERY_{'_'.join(map(str, e['loc'])).upper()}", "invalid_setting", e["msg"])
            for e in error.errors()
        ]
        raise Invalid(problems) from error


def duration(seconds: float | None) -> str:
    """3:07, or 1:02:07; a dash where it is not known."""
    if seconds is None or seconds != seconds or seconds < 0:
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counted(number: int, noun: str) -> str:
    """1 student, 2 students."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def size(count: float) -> str:
    """1.4 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("unreachable")
