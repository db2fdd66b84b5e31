"""`distillery jobs`: the list, once or for as long as one looks."""

import time
from collections.abc import Callable
from typing import Annotated, Literal

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.client import connect
from cli.ids import AsJson, DatasetOption, Limit, Name, Order, TeacherOption
from cli.output import age, duration, listing, load_settings, out, print_json, print_line, say, status
from cli.watching import NO_ANSWER, Patience, doing
from cli.wire import Json
from core.lifecycle import JobStatus

Sort = Literal["created_at", "name", "status", "finished_at", "top1"]
LOOK_SECONDS = 2.0
AROUND = 5  # lines of a terminal that are not rows


def jobs(
    states: Annotated[
        list[JobStatus] | None,
        typer.Option("--status", metavar="STATUS", help=f"{', '.join(JobStatus)}; may be repeated."),
    ] = None,
    name: Name = None,
    teacher: TeacherOption = None,
    dataset: DatasetOption = None,
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="NAME:VALUE", help="Only with this label; may be repeated.")
    ] = None,
    sort: Annotated[Sort, typer.Option(help="What --order goes by.")] = "created_at",
    order: Order = "desc",
    limit: Limit = 20,
    watch: Annotated[
        bool,
        typer.Option("--watch", "-w", help="Until Ctrl-C. Without a terminal, and with --json: a line for each news."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    filters = {"status": states, "name": name, "teacher": teacher, "dataset": dataset, "metadata": metadata}
    with connect(load_settings()) as client:

        def ask() -> list[Json]:
            return list(client.each("/v1/jobs", most=limit, sort=sort, order=order, **filters))

        if watch:
            _watch(ask, as_json)
        elif as_json:
            print_json(ask())
        elif rows := ask():
            out.print(job_table(rows))
        else:
            narrowed = any(filters.values())
            say("No such jobs." if narrowed else "No jobs yet. Begin with one: distillery submit JOB.yaml --watch")


def job_table(rows: list[Json]) -> Table:
    return listing(map(_line, rows), folds=("name",), wide=("students",))


def _line(row: Json) -> dict[str, str | Text]:
    progress = row["progress"]
    word = status(row["status"])
    word.plain = doing(row)
    left = progress["eta_seconds"] if row["status"] == "running" else None
    done = f"{progress['percent']:.0f} %" + (f", {duration(left)} left" if left else "")
    students = str(len(row["students"]))
    line = {"id": row["id"], "name": row["name"], "status": word, "done": done, "students": students}
    return line | {"age": age(row["created_at"])}


def _watch(ask: Callable[[], list[Json]], as_json: bool) -> None:
    """Ends with Ctrl-C alone, and that is no failure."""
    try:
        if as_json or not out.is_terminal:
            _tell_news(ask, as_json)
        else:
            _show_live(ask)
    except KeyboardInterrupt:
        return


def _show_live(ask: Callable[[], list[Json]]) -> None:
    patience, rows = Patience(), list[Json]()
    with Live(console=out, auto_refresh=False) as live:
        while True:
            answer = patience.ask(ask)
            rows = rows if answer is None else answer
            fitting = rows[: max(1, live.console.height - AROUND)]
            hidden = len(rows) - len(fitting)
            below = NO_ANSWER if answer is None else f"and {hidden} more" if hidden else "Ctrl-C ends this."
            live.update(Group(job_table(fitting), Text(below, "dim")), refresh=True)
            time.sleep(LOOK_SECONDS)


def _tell_news(ask: Callable[[], list[Json]], as_json: bool) -> None:
    """Each job once, then again when there is news of it: any for scripts, its status for people."""
    patience, known = Patience(), dict[str, object]()
    answer: list[Json] | None = ask()
    while True:
        for row in reversed(answer or []):
            news = row["last_event"] if as_json else row["status"]
            if known.get(row["id"]) == news:
                continue
            known[row["id"]] = news
            if as_json:
                print_line(row)
            else:
                out.print(row["id"], status(row["status"]), Text(row["name"]), soft_wrap=True)
        time.sleep(LOOK_SECONDS)
        before, answer = answer, patience.ask(ask)
        if answer is None and before is not None:
            say(f"… {NO_ANSWER}")
