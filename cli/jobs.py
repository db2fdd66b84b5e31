"""Jobs of the service: submit, list, watch, and what can be asked of one."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from cli.client import ApiError, Client, Unreachable, connect
from cli.jobfile import local_dataset, local_teacher, parse_recipe, read_document
from cli.output import err, load_settings, out, print_json, say, warn
from cli.progress import ProgressView
from cli.register import ensure_dataset, ensure_teacher
from cli.results import result_notes, result_table
from cli.students import best_student
from core.errors import DistilleryError
from core.lifecycle import TERMINAL
from core.recipe import Recipe
from core.teaching import Ensemble, TeacherFile

Json = dict[str, Any]
POLL_SECONDS = 1.0
PATIENCE = 600.0  # seconds without an answer after which watching gives up

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id: job_…")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


# --- watching -----------------------------------------------------------------------------------------------------


def follow_job(client: Client, id: str, view: ProgressView) -> Json:
    """Show a job until it has ended, through restarts of the service; returns it."""
    heard = time.monotonic()
    while True:
        try:
            job = client.get(f"/v1/jobs/{id}")
        except (Unreachable, ApiError) as error:
            lasting = isinstance(error, ApiError) and error.status not in (429, 500, 502, 503, 504)
            if lasting or time.monotonic() - heard > PATIENCE:
                raise
            view.show("the service does not answer; trying again")
        else:
            heard = time.monotonic()
            if job["status"] in TERMINAL:
                return job
            _show(job, view)
        time.sleep(POLL_SECONDS)


def _show(job: Json, view: ProgressView) -> None:
    progress = job["progress"]
    doing = job["phase"].replace("_", " ") if job["status"] == "running" and job["phase"] else job["status"]
    note = ""
    if progress["epoch"]:
        note = f"epoch {progress['epoch']}/{progress['total_epochs']}"
    if progress["images_per_second"]:
        note += f"  {progress['images_per_second']:.0f} images/s"
    view.show(doing, step=progress["step"], total=progress["total_steps"], eta=progress["eta_seconds"], note=note)


def show_outcome(job: Json) -> None:
    """The table and verdict of a job that succeeded; an error otherwise."""
    if job["status"] == "succeeded":
        out.print(result_table(job["students"], job["result"]))
        for line in result_notes(job["result"]):
            out.print(line, markup=False, soft_wrap=True)
        return
    error = job["error"] or {}
    detail = " ".join(part for part in (error.get("detail"), error.get("hint")) if part)
    raise DistilleryError(error.get("code") or job["status"], f"Job {job['id']} {job['status']}. {detail}".strip())


def _watch(client: Client, id: str, as_json: bool) -> None:
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
    best = best_student(job["students"])
    if best is not None:
        say(f"Best on val is {best['label']}: distillery download {best['id']} -o weights")
        say(f"All of them: distillery students --job {id}")


# --- commands -----------------------------------------------------------------------------------------------------


def prepare(client: Client, document: Json, base: Path, view: ProgressView) -> Json:
    """The document as the service wants it: local data sets and teachers replaced by their ids there."""
    recipe = parse_recipe(document)
    wish = dict(document)
    dataset, teachers = local_dataset(recipe, base), _teachers(recipe, base)
    if dataset is not None:
        options = {} if isinstance(recipe.dataset, str) else recipe.dataset.options()
        wish["dataset"] = ensure_dataset(client, dataset, view, options)
    for at, found in teachers.items():
        id = ensure_teacher(client, *found, wish["dataset"], view)
        if isinstance(recipe.teacher, Ensemble):
            members = [dict(member) for member in wish["teacher"]["members"]]
            members[at] = {"path": id, "weight": recipe.teacher.members[at].weight}
            wish["teacher"] = {"members": members}
        else:
            wish["teacher"] = id
    return wish


def _teachers(recipe: Recipe, base: Path) -> dict[int, tuple[Path, TeacherFile]]:
    """Those that lie here, by their number; all are looked for before any is sent."""
    if recipe.teacher is None:
        return {}
    if not isinstance(recipe.teacher, Ensemble):
        found = {0: local_teacher(recipe.teacher, base)}
    else:
        members = enumerate(recipe.teacher.members)
        found = {i: local_teacher(member, base, f"/teacher/members/{i}") for i, member in members}
    return {i: file for i, file in found.items() if file is not None}


def submit(
    job: Annotated[Path, typer.Argument(metavar="JOB.yaml", help="The recipe; see docs/guides/recipe.md.")],
    watch: Annotated[bool, typer.Option("--watch", help="Show its progress until it has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Queue a job. A teacher or data set that lies here is uploaded first, once."""
    document = read_document(job)
    with connect(load_settings(), patience=30.0) as client:
        with ProgressView("") as view:
            wish = prepare(client, document, job.resolve().parent, view)
        answer = client.post("/v1/jobs", wish)
        for line in answer["warnings"]:
            warn(line)
        say(f"{answer['id']} is {answer['status']}: {client.url}/jobs/{answer['id']}")
        if watch:
            _watch(client, answer["id"], as_json)
        elif as_json:
            print_json(answer)
        else:
            out.print(answer["id"])


def watch(job: JobId, as_json: AsJson = False) -> None:
    """Show a job's progress until it has ended; exit code 1 unless it succeeded."""
    with connect(load_settings()) as client:
        _watch(client, job, as_json)


def jobs(
    status: Annotated[str | None, typer.Option(help="Only those, e.g. running.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    with connect(load_settings()) as client:
        rows = list(client.each("/v1/jobs", most=limit, status=status))
    if as_json:
        print_json(rows)
        return
    if not rows:
        say(
            "No jobs yet. Begin with one: distillery submit JOB.yaml --watch"
            if status is None
            else f"No jobs are {status}."
        )
        return
    table = Table(Column("id", no_wrap=True), "name", "status", "progress", "students", "created")
    for row in rows:
        progress = f"{row['progress']['percent']:.0f} %"
        created = row["created_at"][:16].replace("T", " ")
        table.add_row(row["id"], row["name"], row["status"], progress, str(len(row["students"])), created)
    out.print(table)


def _act(id: str, action: str, as_json: bool) -> None:
    with connect(load_settings()) as client:
        job = client.post(f"/v1/jobs/{id}/{action}")
    if as_json:
        print_json(job)
    else:
        err.print(f"{id} is {job['status']}.")


def cancel(job: JobId, as_json: AsJson = False) -> None:
    """End a job. What it has trained so far can still be downloaded."""
    _act(job, "cancel", as_json)


def pause(job: JobId, as_json: AsJson = False) -> None:
    """Stop a job at a checkpoint; its slot is free for others."""
    _act(job, "pause", as_json)


def resume(job: JobId, as_json: AsJson = False) -> None:
    """Let a paused job go on from its checkpoint."""
    _act(job, "resume", as_json)


def retry(job: JobId, as_json: AsJson = False) -> None:
    """Queue a failed or cancelled job again, from its last checkpoint."""
    _act(job, "retry", as_json)
