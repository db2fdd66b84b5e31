"""Which loss, on real digits: every loss, few and many labels, a short and a converged schedule, growing teachers.

`python -m benchmarks.losses --out DIR` prints the tables of docs/results.md; about half an hour on two cores. Nothing
is timed.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.assignment import ReadDatasetAssignment, TrainAssignment
from core.events import Finished, StudentSaved
from core.intake.dataset import read_dataset
from core.packed import UNLABELLED, PackedSplit, read_meta, read_split, write_packed
from core.plan import plan_students
from core.recipe import Recipe
from core.training.precision import set_up
from core.training.randomness import Purpose, draw
from core.training.trainer import Trainer

LOSSES: dict[str, dict[str, Any]] = {
    "KD, tau 4": {"kind": "kd"},
    "DIST, tau 1": {"kind": "dist"},
    "DIST, tau 4": {"kind": "dist", "temperature": 4},
    "DKD": {"kind": "dkd"},
    "KD, standardized": {"kind": "kd", "standardize": True, "temperature": 2, "beta": 9},
    "MLKD, one view": {"kind": "mlkd"},
    "NKD": {"kind": "nkd"},
    "WTTM": {"kind": "wttm"},
    "hard labels": {"kind": "hard"},
}
TEACHERS = ["resnet8", "resnet14", "resnet32", "resnet8x4", "resnet32x4"]
SEEDS = [0, 1, 2, 3, 4]
FEW = 12  # labelled images of each class


def schedule(epochs: int) -> dict[str, Any]:
    milestones = [epochs // 2, 3 * epochs // 4, 9 * epochs // 10]
    return {
        "epochs": epochs,
        "batch_size": 64,
        "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4},
        "schedule": {"kind": "multistep", "milestones": milestones},
        "augment": {"kind": "crop_flip", "padding": 1, "flip": False},
    }


def few_labels(source: Path, target: Path) -> Path:
    """The same images; in train only FEW of each class, drawn, keep their label."""
    meta = read_meta(source)
    splits = {name: split for name in ("train", "val", "test") if (split := read_split(source, name)) is not None}
    train = splits["train"]
    order = draw(0, Purpose.ORDER, np.arange(len(train.labels)))
    labels = np.full(len(train.labels), UNLABELLED, dtype=np.int64)
    for label in range(len(meta.classes)):
        mine = np.flatnonzero(train.labels == label)
        kept = mine[np.argsort(order[mine])][:FEW]
        labels[kept] = label
    splits["train"] = PackedSplit(train.images, labels, train.names)
    write_packed(target, meta.classes, splits)
    return target


def train(folder: Path, dataset: Path, teacher: Path | None, recipe: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    """(the job's result, the weights of its last student)."""
    whole = Recipe.model_validate({"dataset": "digits", "teacher": "teacher" if teacher else None} | recipe)
    assignment = TrainAssignment(
        folder=folder,
        threads=1,
        recipe=whole,
        students=plan_students(whole),
        dataset=dataset,
        teacher=teacher,
        checkpoint_seconds=1e6,
    )
    weights = result = None
    for event in Trainer(assignment).run():
        if isinstance(event, StudentSaved) and event.final:
            weights = Path(next(file.path for file in event.files if file.name == "weights.safetensors"))
        if isinstance(event, Finished):
            result = event.result
    assert weights is not None and result is not None
    return result, weights


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def points(difference: dict[str, Any]) -> str:
    low, high = difference["interval"]
    return f"{100 * difference['value']:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def row(name: str, group: dict[str, Any]) -> str:
    low, high = group["top1_interval"]
    top1 = f"{percent(group['top1'])} [{percent(low)}, {percent(high)}]"
    return f"| {name} | {top1} | {points(group['difference'])} | {percent(group['agreement'])} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, nargs=2, default=[10, 60], help="of the short and the converged schedule")
    out: Path = parser.parse_args().out
    short, converged = parser.parse_args().epochs
    set_up(1)
    read = ReadDatasetAssignment(folder=out / "digits", threads=1, builtin="digits")
    (out / "digits").mkdir(parents=True, exist_ok=True)
    many = Path(read_dataset(read, lambda _event: None)["path"])
    few = few_labels(many, out / "few.safetensors")

    teachers: dict[str, tuple[float, Path]] = {}
    for name in TEACHERS:
        recipe = {"students": [{"name": name, "architecture": name}], "training": schedule(converged)}
        result, weights = train(out / "teachers" / name, many, None, recipe)
        teachers[name] = result["groups"][0]["top1"], weights
        print(f"teacher {name}: {percent(teachers[name][0])} % on test", flush=True)

    students = [{"name": n, "architecture": "resnet8", "seeds": SEEDS, "loss": loss} for n, loss in LOSSES.items()]
    for labels, dataset in (("all 600 labels", many), (f"{FEW * 10} labels of 600 images", few)):
        for epochs in (short, converged):
            folder = out / f"{dataset.stem}-{epochs}"
            recipe = {"students": students, "training": schedule(epochs)}
            result, _ = train(folder, dataset, teachers["resnet8x4"][1], recipe)
            print(f"\n**{labels}, {epochs} epochs** (teacher resnet8x4, {percent(teachers['resnet8x4'][0])} %)\n")
            print("| loss | top-1, % | over the control, points | agreement, % |\n|---|---:|---:|---:|")
            control = result["groups"][0]["control"]
            low, high = control["top1_interval"]
            print(f"| control | {percent(control['top1'])} [{percent(low)}, {percent(high)}] | | |")
            print("\n".join(row(group["name"], group) for group in result["groups"]))
            clipped = recipe | {"students": students[5:6], "training": schedule(epochs) | {"clip_grad_norm": 5.0}}
            result, _ = train(folder / "clipped", dataset, teachers["resnet8x4"][1], clipped)
            print(row("MLKD, all clipped at 5", result["groups"][0]), flush=True)

    print(f"\n**A growing teacher, {converged} epochs, all labels**\n")
    names = ["KD, tau 4", "DIST, tau 1", "DIST, tau 4"]
    print("| teacher | its top-1, % | " + " | ".join(f"{name}, over the control" for name in names) + " |")
    print("|---|---:|" + "---:|" * len(names))
    for teacher, (top1, weights) in teachers.items():
        chosen = [student for student in students if student["name"] in names]
        recipe = {"students": chosen, "training": schedule(converged)}
        result, _ = train(out / f"grown-{teacher}", many, weights, recipe)
        told = " | ".join(f"{percent(group['top1'])} ({points(group['difference'])})" for group in result["groups"])
        print(f"| {teacher} | {percent(top1)} | {told} |", flush=True)


if __name__ == "__main__":
    main()
