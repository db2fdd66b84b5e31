"""What can be asked of a job of the service."""

from typing import Annotated

import typer

from cli.client import connect
from cli.ids import AsJson, JobId, job_argument
from cli.output import load_settings, print_json, say
from cli.watching import watch_job
from cli.wire import Json, said
from core.errors import Invalid, Problem


def watch(job: JobId, as_json: AsJson = False) -> None:
    """Show a job's progress until it has ended; exit code 1 unless it succeeded."""
    with connect(load_settings()) as client:
        watch_job(client, job, as_json)


def _tell(job: Json, as_json: bool) -> None:
    if as_json:
        print_json(job)
    else:
        say(f"{job['id']} is {job['status']}.")


def _act(id: str, action: str, as_json: bool) -> None:
    with connect(load_settings()) as client:
        _tell(client.post(f"/v1/jobs/{id}/{action}"), as_json)


def cancel(job: Annotated[str, job_argument("cancel")], as_json: AsJson = False) -> None:
    """End a job. What it has trained so far can still be downloaded."""
    _act(job, "cancel", as_json)


def pause(job: Annotated[str, job_argument("pause")], as_json: AsJson = False) -> None:
    """Stop a job at a checkpoint; its slot is free for others."""
    _act(job, "pause", as_json)


def resume(job: Annotated[str, job_argument("resume")], as_json: AsJson = False) -> None:
    """Let a paused job go on from its checkpoint."""
    _act(job, "resume", as_json)


def retry(job: Annotated[str, job_argument("retry")], as_json: AsJson = False) -> None:
    """Queue a failed or cancelled job again, from its last checkpoint."""
    _act(job, "retry", as_json)


def change(
    job: JobId,
    name: Annotated[str | None, typer.Option(help="What it is called from now on.")] = None,
    priority: Annotated[int | None, typer.Option(min=-100, max=100, help="Higher runs first.")] = None,
    metadata: Annotated[
        list[str] | None, typer.Option(metavar="NAME:VALUE", help="All its labels anew; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rename a job, label it, or change its place in the queue."""
    labels = dict(label(text) for text in metadata) if metadata else None
    wish = said({"name": name, "priority": priority, "metadata": labels})
    if not wish:
        raise Invalid([Problem("", "no_change", "Say what to change: --name, --priority or --metadata.")])
    with connect(load_settings()) as client:
        answer = client.patch(f"/v1/jobs/{job}", wish)
    if as_json:
        print_json(answer)
    else:
        say(f"{job} is {answer['name']!r}, priority {answer['priority']}.")


def label(text: str) -> tuple[str, str]:
    """`name:value`; the name ends at the first colon, as for the service."""
    name, colon, value = text.partition(":")
    if not colon or not name:
        raise Invalid([Problem("--metadata", "invalid_label", f"{text!r}: give a label as name:value.")])
    return name, value
