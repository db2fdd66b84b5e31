"""`distillery reproduce`: a published row, trained as published, with a verdict."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Column, Table

from cli.local import LocalTraining
from cli.output import load_settings, out, print_json, say
from cli.progress import ProgressView
from cli.run_folder import RunFolder
from cli.train import summary
from core.catalog import BUILTIN, PUBLISHING
from core.errors import Invalid, Problem
from core.events import Stopped
from core.plan import plan_students
from core.published import ROWS, Published
from core.recipe import DatasetFile, Recipe
from core.teaching import Normalization, TeacherFile

Json = dict[str, Any]
USUAL_TEACHERS = "IMAGENET1K_V1"  # torchvision's first weights, which the common tables take
# of the literature's teachers for CIFAR-100
CIFAR100 = Normalization(mean=(0.5071, 0.4867, 0.4408), std=(0.2675, 0.2565, 0.2761))


def reproduce(
    row: Annotated[str | None, typer.Argument(metavar="ROW", help="One of the table; without it: the table.")] = None,
    data: Annotated[Path | None, typer.Option(help="The folder with the data set's published files.")] = None,
    teacher: Annotated[str | None, typer.Option(help="Its checkpoint, or a library's: timm/resnet50.a1_in1k")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=32, help="So many students, and as many controls.")] = 5,
    epochs: Annotated[int | None, typer.Option(min=1, help="A shorter trial, without a verdict.")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Where it all goes; the same folder again goes on.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Train a row of DIST's published tables, and say whether its figure comes out: PASS or FAIL."""
    if row is None and as_json:
        print_json([{"row": published.short} | asdict(published) for published in ROWS])
        return
    if row is None:
        out.print(_table())
        say("One of them: distillery reproduce cifar100/resnet56-resnet20 --data FOLDER --seeds 5")
        return
    published = _find(row)
    if data is None or not data.is_dir():
        raise Invalid([Problem("/data", "no_such_folder", f"--data must be a folder with {published.set}'s files.")])
    recipe = _recipe(published, data, teacher, seeds, epochs)
    folder = to or Path(f"reproduce-{published.name}")
    result = _train(recipe, data, published.set, folder)
    judged = _judged(published, result, short=epochs is not None)
    if as_json:
        print_json(judged)
    else:
        _show(published, judged, folder)
    if judged["verdict"] == "FAIL":
        raise typer.Exit(1)


def _find(name: str) -> Published:
    found = next((row for row in ROWS if row.short == name.casefold()), None)
    if found is None:
        known = ", ".join(row.short for row in ROWS)
        raise Invalid([Problem("/row", "unknown_row", f"There is no row {name!r}; there are: {known}.")])
    return found


def _table() -> Table:
    table = Table(Column("row", no_wrap=True), *(Column(n, justify="right") for n in ("DIST", "control", "teacher")))
    for row in ROWS:
        table.add_row(row.short, f"{row.top1:.2f} ± {row.band}", f"{row.control:.2f}", f"{row.teacher_top1:.2f}")
    table.caption = "published top-1 in percent, and the band in which a reproduction passes"
    return table


def _recipe(row: Published, data: Path, teacher: str | None, seeds: int, epochs: int | None) -> Recipe:
    recipe = row.recipe()
    student = recipe.students[0].model_copy(update={"seeds": list(range(seeds))})
    change: Json = {
        "dataset": DatasetFile(path=BUILTIN + row.set, val_fraction=0),  # as published: all of train, measured on test
        "teacher": _teacher(row, data, teacher),
        "students": [student],
    }
    if epochs is not None:
        change["training"] = recipe.training.model_copy(update={"epochs": epochs})
    return recipe.model_copy(update=change)


def _teacher(row: Published, data: Path, said: str | None) -> str | TeacherFile:
    if said is not None and said.partition("/")[0] in PUBLISHING and not Path(said).exists():
        return said
    if said is None and row.set == "imagenet" and row.strategy == "usual":
        return f"{row.teacher}.{USUAL_TEACHERS}"
    short = row.teacher.split("/")[-1]
    usual = Path(f"{short}_vanilla") / "ckpt_epoch_240.pth"
    path = Path(said) if said is not None else data / usual
    if not path.is_file():
        where = f"RepDistiller publishes it as {usual}: put it there below --data, or say" if said is None else "Say"
        if row.set != "cifar100":
            where = "Say"
        detail = f"The teacher {short} is not at {path}. {where} where it is with --teacher FILE."
        raise Invalid([Problem("/teacher", "no_such_file", detail)])
    normalization = CIFAR100 if row.set == "cifar100" else None
    return TeacherFile(path=str(path.resolve()), architecture=row.teacher, normalization=normalization)


def _train(recipe: Recipe, data: Path, name: str, folder: Path) -> Json:
    """What result.json of the run says."""
    plans = plan_students(recipe)
    with tempfile.TemporaryDirectory() as scratch, RunFolder(folder.resolve(), recipe.model_dump(mode="json")) as run:
        if run.state.result is None:
            (Path(scratch) / name).symlink_to(data.resolve())  # readers look for a folder of the set's name
            with ProgressView(recipe.name) as view:
                last = LocalTraining(recipe, Path.cwd(), run, load_settings(), view, Path(scratch)).run()
            if isinstance(last, Stopped):
                say(f"Stopped after step {last.step}. The same command goes on from there.")
                raise typer.Exit(130)
            run.finish(last.result, summary(recipe, plans, run, last.result))
        return summary(recipe, plans, run, run.state.result or {})


def _judged(row: Published, result: Json, short: bool) -> Json:
    """Top-1 in percent, of the last epoch; the best epoch, chosen on the same images, stands beside it."""
    done = [s for s in result["students"] if s["status"] == "trained"]
    of_role = {role: [s["metrics"] for s in done if s["role"] == role] for role in ("student", "control")}
    last = np.array([100 * metrics["top1"] for metrics in of_role["student"]])
    whole = len(last) == sum(student["role"] == "student" for student in result["students"]) > 0  # none has failed
    inside = whole and abs(float(last.mean()) - row.top1) <= row.band
    return {
        "row": row.short,
        "verdict": None if short else "PASS" if inside else "FAIL",
        "published": {"top1": row.top1, "spread": row.spread, "control": row.control, "teacher": row.teacher_top1},
        "band": [round(row.top1 - row.band, 2), round(row.top1 + row.band, 2)],
        "seeds": len(last),
        "top1": _mean(last),
        "spread": round(float(last.std(ddof=1)), 2) if len(last) > 1 else None,
        "best": _mean([100 * metrics["best"]["top1"] for metrics in of_role["student"]]),
        "control": _mean([100 * metrics["top1"] for metrics in of_role["control"]]),
        "teacher": round(100 * result["result"]["teacher"]["top1"], 2),
        "epochs": result["recipe"]["training"]["epochs"],
    }


def _mean(values: Any) -> float | None:
    return round(float(np.mean(values)), 2) if len(values) else None


def _show(row: Published, judged: Json, folder: Path) -> None:
    published = judged["published"]
    table = Table("", Column("published", justify="right"), Column("here", justify="right"), title=row.title)
    spread = f" ± {row.spread:.2f}" if row.spread is not None else ""
    own = f" ± {judged['spread']:.2f}" if judged["spread"] is not None else ""
    seeds = f"{judged['seeds']} seed{'s' if judged['seeds'] != 1 else ''}"
    for name, there, here in (
        ("teacher", f"{published['teacher']:.2f}", judged["teacher"]),
        ("control", f"{published['control']:.2f}", judged["control"]),
        (f"DIST, last epoch, {seeds}", f"{row.top1:.2f}{spread}", judged["top1"]),
        ("DIST, best epoch, chosen on test", "", judged["best"]),
    ):
        shown = "none" if here is None else f"{here:.2f}"
        table.add_row(name, there, shown + (own if "last" in name else ""))
    out.print(table)
    low, high = judged["band"]
    if judged["verdict"] is None:
        full = row.recipe().training.epochs
        say(f"No verdict: {judged['epochs']} of {full} epochs. The weights are in {folder}.")
    else:
        reached = "no student came through" if judged["top1"] is None else f"{judged['top1']:.2f} %"
        say(f"{judged['verdict']}: {reached}; the band is {low:.2f} to {high:.2f} %. The weights are in {folder}.")
