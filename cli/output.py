"""What the terminal shows: results on stdout, progress and errors on stderr, so that pipes get results alone."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from core.errors import DistilleryError, Invalid, Problem, TrainingFailed, Unavailable
from core.settings import Settings

SERVER = "pip install 'distillery[server]'"
OURS = ("api", "cli", "core", "migrations", "worker")
WIDE = 100  # columns
PIPE_WIDTH = 200  # a pipe has no width: nothing is cut off there
out = Console(highlight=False)
if not out.is_terminal:
    out = Console(highlight=False, width=PIPE_WIDTH)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """For scripts: plain JSON, whatever the terminal."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_line(value: Any) -> None:
    """One object on a line of its own: for what comes bit by bit."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def say(text: str) -> None:
    """A line for people, beside the result. `text` is plain: no markup."""
    err.print(escape(text), soft_wrap=True)


def warn(text: str) -> None:
    err.print(f"[yellow]Note:[/] {escape(text)}", soft_wrap=True)


def show_error(error: DistilleryError, *, for_scripts: bool = False) -> None:
    """One clear line; with several problems, for people one line for each place."""
    problems = getattr(error, "problems", [])
    if len(problems) > 1 and for_scripts:
        said = "; ".join(f"{problem.pointer or '/'}: {problem.detail}" for problem in problems)
        err.print(f"[red]Error:[/] {escape(one_line(said))}", soft_wrap=True)
        return
    if len(problems) > 1:
        err.print(f"[red]Error:[/] {len(problems)} problems", soft_wrap=True)
        for problem in problems:
            err.print(f"  {escape(problem.pointer or '/')}: {escape(problem.detail)}", soft_wrap=True)
        return
    where = f"{problems[0].pointer}: " if problems and problems[0].pointer else ""
    detail = problems[0].detail if problems else error.detail
    if isinstance(error, TrainingFailed) and error.failure.hint:
        detail = f"{detail} {error.failure.hint}"
    said = where + detail
    err.print(f"[red]Error:[/] {escape(one_line(said) if for_scripts else said)}", soft_wrap=True)


def needs_server(error: ModuleNotFoundError) -> Unavailable:
    """What to say where a package is missing that only a server needs; a module of ours that is missing is a bug."""
    if error.name is None or error.name.partition(".")[0] in OURS:
        raise error
    return Unavailable("not_installed", f"This needs the server's packages ({error.name} is not here): {SERVER}")


class Commands(TyperGroup):
    """Every error that a user can cause or meet ends here: one line, exit code 1, no traceback."""

    def invoke(self, ctx: Any) -> Any:
        for_scripts = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except DistilleryError as error:
            show_error(error, for_scripts=for_scripts)
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


def one_line(text: str) -> str:
    """Whatever a name or a log holds: no line of it is taken for another, and nothing in it steers the terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def moment(time: str | None) -> str:
    """2026-11-26 13:05:09 of RFC 3339, in UTC as the service says it; nothing where there is none."""
    return (time or "")[:19].replace("T", " ")


def age(time: str) -> str:
    """How long ago that was: 40 s, 12 min, 5 h, 3 d."""
    seconds = max(0.0, (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def listing(rows: Iterable[Mapping[str, str | Text]], *, folds: Sequence[str], wide: Sequence[str] = ()) -> Table:
    """One line for each: ids stay whole, they are there to be copied. `folds`: columns that may be cut into lines;
    `wide`: those that a narrow terminal does without."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for row in rows:
        shown = {name: cell for name, cell in row.items() if out.width >= WIDE or name not in wide}
        if not table.columns:
            for name in shown:
                table.add_column(name, no_wrap=name not in folds, overflow="fold")
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in shown.values()))
    return table


STYLES = {"succeeded": "green", "ready": "green", "trained": "green", "running": "cyan", "training": "cyan"}
STYLES |= {"failed": "red", "rejected": "red", "cancelled": "yellow", "paused": "yellow", "stopped": "yellow"}


def status(word: str) -> Text:
    return Text(word, STYLES.get(word, ""))


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
