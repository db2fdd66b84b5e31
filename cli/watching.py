"""Jobs of the service, followed to their end through whatever happens to it."""

import time
from collections.abc import Callable
from typing import TypeVar

import typer

from cli.client import ApiError, Client, Unreachable
from cli.output import print_json, say, warn
from cli.progress import ProgressView
from cli.results import show_result
from cli.students import best_student
from cli.wire import FOLLOW_PATIENCE, Json
from core.errors import DistilleryError
from core.lifecycle import TERMINAL

T = TypeVar("T")
POLL_SECONDS = 1.0
NO_ANSWER = "the service does not answer; trying again"


class Patience:
    """Asks again and again; None while the service is away, and the error once it has been away for too long."""

    def __init__(self) -> None:
        self._heard = time.monotonic()

    def ask(self, question: Callable[[], T]) -> T | None:
        try:
            answer = question()
        except (Unreachable, ApiError) as error:
            lasting = isinstance(error, ApiError) and error.status not in (429, 500, 502, 503, 504)
            if lasting or time.monotonic() - self._heard > FOLLOW_PATIENCE:
                raise
            return None
        self._heard = time.monotonic()
        return answer


def follow_job(client: Client, id: str, view: ProgressView) -> Json:
    """Show a job until it has ended, through restarts of the service; returns it."""
    patience = Patience()
    while True:
        job = patience.ask(lambda: client.get(f"/v1/jobs/{id}"))
        if job is None:
            view.show(NO_ANSWER)
        elif job["status"] in TERMINAL:
            return job
        else:
            _show(job, view)
        time.sleep(POLL_SECONDS)


def doing(job: Json) -> str:
    """Its status, or what it is doing while it runs."""
    running = job["status"] == "running" and job["phase"]
    return str(job["phase"]).replace("_", " ") if running else str(job["status"])


def _show(job: Json, view: ProgressView) -> None:
    progress = job["progress"]
    note = ""
    if progress["epoch"]:
        note = f"epoch {progress['epoch']}/{progress['total_epochs']}"
    if progress["images_per_second"]:
        note += f"  {progress['images_per_second']:.0f} images/s"
    view.show(doing(job), step=progress["step"], total=progress["total_steps"], eta=progress["eta_seconds"], note=note)


def show_outcome(job: Json) -> None:
    """The table and verdict of a job that succeeded; an error otherwise."""
    if job["status"] == "succeeded":
        show_result(job["students"], job["result"])
        return
    error = job["error"] or {}
    detail = " ".join(part for part in (error.get("detail"), error.get("hint")) if part)
    raise DistilleryError(error.get("code") or job["status"], f"Job {job['id']} {job['status']}. {detail}".strip())


def watch_job(client: Client, id: str, as_json: bool) -> None:
    """A job's progress, then its outcome; exit code 1 unless it succeeded."""
    first = client.get(f"/v1/jobs/{id}")
    try:
        with ProgressView(first["name"]) as view:
            job = follow_job(client, id, view)
    except KeyboardInterrupt:
        say(f"The job goes on. To watch it again: distillery watch {id}")
        raise typer.Exit(130) from None
    if as_json:
        print_json(job)
        if job["status"] != "succeeded":
            raise typer.Exit(1)
        return
    show_outcome(job)
    for message in dict.fromkeys(
        line["message"] for line in client.get(f"/v1/jobs/{id}/logs", level="warning")["data"]
    ):
        warn(message)
    best = best_student(job["students"])
    if best is not None:
        say(f"Best on val is {best['label']}: distillery download {best['id']} -o weights")
        say(f"All of them: distillery students --job {id}")
