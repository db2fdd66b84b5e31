"""New jobs: from a recipe whose parts may lie on this machine, or like another job."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cli.client import Client, connect
from cli.ids import AsJson, JobId
from cli.jobfile import local_dataset, local_teacher, parse_recipe, read_document
from cli.output import load_settings, out, print_json, say, warn
from cli.progress import ProgressView
from cli.register import ensure_dataset, ensure_teacher
from cli.watching import watch_job
from cli.wire import Json
from core.errors import Invalid, Problem
from core.recipe import Recipe
from core.teaching import Ensemble, TeacherFile

Watch = Annotated[bool, typer.Option("--watch", help="Show its progress until it has ended.")]


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


def _queue(client: Client, wish: Json, watch: bool, as_json: bool) -> None:
    answer = client.create_job(wish)
    for line in answer["warnings"]:
        warn(line)
    say(f"{answer['id']} is {answer['status']}: {client.url}/jobs/{answer['id']}")
    if watch:
        watch_job(client, answer["id"], as_json)
    elif as_json:
        print_json(answer)
    else:
        out.print(answer["id"])


def submit(
    job: Annotated[Path, typer.Argument(metavar="JOB.yaml", help="The recipe; see docs/guides/recipe.md.")],
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Queue a job. A teacher or data set that lies here is uploaded first, once."""
    document = read_document(job)
    with connect(load_settings(), patience=30.0) as client:
        with ProgressView("") as view:
            wish = prepare(client, document, job.resolve().parent, view)
        _queue(client, wish, watch, as_json)


def clone(
    job: JobId,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="training.epochs=60, name='longer'; may be repeated."),
    ] = None,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Queue a job like another one, with what --set changes in its recipe."""
    wish: Json = {}
    for text in changes or ():
        _put(wish, text)
    with connect(load_settings(), patience=30.0) as client:
        _queue(client, wish | {"source_job": job}, watch, as_json)


def _put(wish: Json, text: str) -> None:
    """`a.b=value` into nested objects; the value is YAML, as in a job's file."""
    field, sign, value = text.partition("=")
    *above, last = field.split(".")
    if not sign or not all([*above, last]):
        raise Invalid([Problem("--set", "no_change", f"{text!r}: give a field and its value, as training.epochs=60.")])
    inner: Any = wish
    for name in above:
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            raise Invalid([Problem("--set", "no_change", f"{field}: {name} already has a value of its own.")])
    try:
        inner[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise Invalid([Problem("--set", "no_change", f"{field}: {value!r} is no YAML value.")]) from error
