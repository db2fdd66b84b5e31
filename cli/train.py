"""`distillery train`: a recipe without any server."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.jobfile import parse_recipe, read_document
from cli.local import LocalTraining
from cli.output import counted, load_settings, print_json, say, size
from cli.progress import ProgressView
from cli.results import show_result
from cli.run_folder import RunFolder
from core.errors import Invalid, Problem
from core.events import Stopped
from core.plan import StudentPlan, plan_students
from core.recipe import Recipe

Json = dict[str, Any]
RESERVED = ("metrics.jsonl", "result.json")


def summary(recipe: Recipe, plans: list[StudentPlan], folder: RunFolder, result: Json) -> Json:
    """What result.json says; students as the service shows them."""
    state = folder.state
    students = []
    for plan in plans:
        saved, failed = state.students.get(plan.label), state.failed.get(plan.label)
        students.append(
            plan.model_dump(mode="json")
            | {
                "status": "failed" if failed else "trained",
                "parameters": state.parameters.get(plan.label),
                "metrics": saved.metrics if saved else {},
                "files": saved.files if saved else [],
                "tensors_sha256": saved.tensors_sha256 if saved else None,
                "error": failed,
            }
        )
    return {
        "status": "succeeded",
        "recipe": recipe.model_dump(mode="json"),
        "recipe_sha256": recipe.sha256(),
        "dataset_sha256": state.dataset_sha256,
        "teacher_sha256": state.teacher_sha256,
        "decided": state.decided,
        "attempts": state.attempt,
        "students": students,
        "result": result,
    }


def train(
    job: Annotated[Path, typer.Argument(metavar="JOB.yaml", help="The recipe; see docs/guides/recipe.md.")],
    to: Annotated[Path, typer.Option("--out", help="Where the weights go; the same folder again goes on.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print result.json instead of the table.")] = False,
) -> None:
    """Train a recipe on this machine, without any server."""
    settings = load_settings()
    recipe = parse_recipe(read_document(job))
    plans = plan_students(recipe)
    taken = next((plan.name for plan in plans if plan.label in RESERVED), None)
    if taken is not None:
        raise Invalid([Problem("/students", "reserved_name", f"A student cannot be called {taken!r} here.")])
    started = time.monotonic()
    with RunFolder(to.resolve(), recipe.model_dump(mode="json")) as folder:
        result = folder.state.result
        if result is not None:
            say(f"{to} already holds the finished run of this recipe.")
        else:
            with ProgressView(recipe.name) as view:
                last = LocalTraining(recipe, job.resolve().parent, folder, settings, view).run()
            if isinstance(last, Stopped):
                say(f"Stopped after step {last.step}. The same command goes on from there.")
                raise typer.Exit(130)
            result = last.result
            folder.finish(result, summary(recipe, plans, folder, result))
        shown = summary(recipe, plans, folder, result)
    if as_json:
        print_json(shown)
        return
    show_result(shown["students"], result)
    weights = sum(f["bytes"] for s in shown["students"] for f in s["files"])
    say(f"{counted(len(plans), 'student')}, {size(weights)} in {to}, {time.monotonic() - started:.0f} s.")
    if all(student["status"] == "failed" for student in shown["students"]):
        raise typer.Exit(1)
