"""`distillery logs`: what a job wrote, and what it writes."""

from collections.abc import Iterator
from typing import Annotated, Literal

import typer
from rich.text import Text

from cli.client import Client, connect
from cli.ids import JobId
from cli.output import load_settings, one_line, out, print_json, print_line, say
from cli.watching import NO_ANSWER
from cli.wire import FOLLOW_PATIENCE, Json

LEVELS = ("debug", "info", "warning", "error")
Level = Literal["debug", "info", "warning", "error"]
STYLES = {"debug": "dim", "warning": "yellow", "error": "red"}


def logs(
    job: JobId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    level: Annotated[Level, typer.Option(help="At least this.")] = "debug",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; with -f, an object on each line.")] = False,
) -> None:
    """What a job wrote, oldest first: when (UTC), how bad, what."""
    with connect(load_settings(), patience=10.0) as client:
        if as_json and not follow:
            print_json(list(client.each(f"/v1/jobs/{job}/logs", level=level)))
            return
        for line in _followed(client, job, level) if follow else client.each(f"/v1/jobs/{job}/logs", level=level):
            if as_json:
                print_line(line)
            else:
                _show(line)


def _followed(client: Client, job: str, level: Level) -> Iterator[Json]:
    """What is there already, by its lines alone; then what happens, until the job is over."""
    seen = int(client.get(f"/v1/jobs/{job}")["last_event"])
    for line in client.each(f"/v1/jobs/{job}/logs", level=level):
        seen = max(seen, line["seq"])
        yield line
    wanted = LEVELS[LEVELS.index(level) :]
    for event in client.events(job, after=seen, patience=FOLLOW_PATIENCE, cut=lambda _: say(f"… {NO_ANSWER}")):
        if event["type"] == "log" and event["level"] in wanted:
            yield {name: event[name] for name in ("seq", "attempt", "created_at", "level", "message")} | {
                "object": "log"
            }


def _show(line: Json) -> None:
    when = str(line["created_at"])[:19].replace("T", " ")
    word = Text(f"{line['level'].upper():<7}", STYLES.get(line["level"], ""))
    out.print(Text.assemble((when, "dim"), " ", word, " ", one_line(line["message"])), soft_wrap=True)
