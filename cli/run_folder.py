"""The folder of `distillery train --out`: what a run has produced, and what it can go on from.

<out>/<label>/weights.safetensors …   the students' files
<out>/metrics.jsonl                   {"step", "student", "name", "value"}; student null is the teacher or the job
<out>/result.json                     everything that came out
<out>/.run/state.json                 recipe, hashes of the inputs, checkpoints: replaced atomically
<out>/.run/NNNN/                      the attempts' own folders, with their checkpoints
"""

import fcntl
import hashlib
import json
import math
import os
import shutil
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from core.errors import Conflict, DistilleryError
from core.events import CheckpointSaved, Metrics, StudentSaved

Json = dict[str, Any]


class SavedCheckpoint(BaseModel):
    path: Path
    step: int
    epoch: int
    sha256: str


class SavedStudent(BaseModel):
    metrics: Json
    files: list[Json]
    tensors_sha256: str


class State(BaseModel):
    """What survives between two calls with the same --out."""

    model_config = ConfigDict(extra="forbid")

    recipe: Json
    dataset_sha256: str | None = None
    teacher_sha256: str | None = None
    decided: Json | None = None
    attempt: int = 0
    checkpoints: list[SavedCheckpoint] = Field(default_factory=list)  # oldest first
    parameters: dict[str, int] = Field(default_factory=dict)
    students: dict[str, SavedStudent] = Field(default_factory=dict)
    failed: dict[str, Json] = Field(default_factory=dict)
    result: Json | None = None


def write_json(path: Path, value: str) -> None:
    """Whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


class RunFolder:
    """One call at a time owns the folder; `state` is what was stored last."""

    def __init__(self, out: Path, recipe: Json) -> None:
        self.out = out
        self.inner = out / ".run"
        if out.exists() and not out.is_dir():
            raise Conflict("not_a_folder", f"--out {out} is not a folder.")
        if out.exists() and not self.inner.exists() and any(out.iterdir()):
            raise Conflict("folder_in_use", f"--out {out} holds other files. Choose an empty or a new folder.")
        try:
            self.inner.mkdir(parents=True, exist_ok=True)
            self._lock = (self.inner / "lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("folder_in_use", f"Another `distillery train` is using --out {out}.") from error
        except OSError as error:
            raise DistilleryError("unwritable", f"Cannot write to --out {out}: {error.strerror}.") from error
        self.state = self._load(recipe)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    def _load(self, recipe: Json) -> State:
        file = self.inner / "state.json"
        if not file.exists():
            return State(recipe=recipe)
        state = State.model_validate_json(file.read_text(encoding="utf-8"))
        if state.recipe != recipe:
            changed = sorted(
                key for key in recipe.keys() | state.recipe.keys() if recipe.get(key) != state.recipe.get(key)
            )
            raise Conflict(
                "recipe_differs",
                f"--out {self.out} holds a run of another recipe (other: {', '.join(changed)}). "
                "Choose another --out, or delete that folder.",
            )
        return state

    def save(self) -> None:
        write_json(self.inner / "state.json", self.state.model_dump_json(indent=1))

    def check_inputs(self, dataset_sha256: str, teacher_sha256: str | None) -> None:
        """The data and the teacher must be those that the run began with."""
        was = (self.state.dataset_sha256, self.state.teacher_sha256)
        if self.state.attempt and was != (dataset_sha256, teacher_sha256):
            what = "data set" if was[0] != dataset_sha256 else "teacher"
            raise Conflict(
                "input_differs",
                f"The {what} is not the one that the run in --out {self.out} began with. Choose another --out.",
            )
        self.state.dataset_sha256, self.state.teacher_sha256 = dataset_sha256, teacher_sha256

    # --- resuming -----------------------------------------------------------------------------------------------

    def good_checkpoint(self) -> tuple[SavedCheckpoint | None, list[SavedCheckpoint]]:
        """(the newest whose bytes are what was written, the newer ones that are damaged)."""
        bad: list[SavedCheckpoint] = []
        for checkpoint in reversed(self.state.checkpoints):
            try:
                with (self.inner / checkpoint.path).open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() == checkpoint.sha256:
                        return checkpoint, bad
            except OSError:
                pass
            bad.append(checkpoint)
        return None, bad

    def next_attempt(self, resume: SavedCheckpoint | None) -> Path:
        """The folder of a new attempt; figures beyond the checkpoint are forgotten, so that no curve has a double."""
        self.state.attempt += 1
        self.state.checkpoints = [c for c in self.state.checkpoints if resume and c.step <= resume.step]
        self._rewind(resume.step if resume else None)
        folder = self.inner / f"{self.state.attempt:04d}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        kept = {(self.inner / checkpoint.path).parent for checkpoint in self.state.checkpoints}
        for old in self.inner.glob("[0-9][0-9][0-9][0-9]"):
            if old != folder and not any(path.is_relative_to(old) for path in kept):
                shutil.rmtree(old, ignore_errors=True)
        self.save()
        return folder

    def _rewind(self, to_step: int | None) -> None:
        file = self.out / "metrics.jsonl"
        if not file.exists():
            return
        kept = []
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                step = json.loads(line)["step"]
            except ValueError:
                continue  # cut off by a crash
            if to_step is not None and step <= to_step:
                kept.append(line + "\n")
        write_json(file, "".join(kept))

    # --- what comes out -----------------------------------------------------------------------------------------

    def add_metrics(self, event: Metrics) -> None:
        with (self.out / "metrics.jsonl").open("a", encoding="utf-8") as file:
            for student, name, value in event.points:
                point = {"step": event.step, "student": student, "name": name}
                file.write(json.dumps(point | {"value": value if math.isfinite(value) else None}) + "\n")

    def add_checkpoint(self, event: CheckpointSaved) -> None:
        """Remember it, and forget all but the one before."""
        path = Path(event.path).relative_to(self.inner)
        new = SavedCheckpoint(path=path, step=event.step, epoch=event.epoch, sha256=event.sha256)
        before = [c for c in self.state.checkpoints if c.step < event.step]
        self.state.checkpoints = [*before[-1:], new]
        self.save()
        for old in before[:-1]:
            (self.inner / old.path).unlink(missing_ok=True)

    def add_student(self, event: StudentSaved) -> None:
        folder = self.out / event.student
        folder.mkdir(exist_ok=True)
        files = []
        for file in event.files:
            partial = folder / f".{file.name}.partial"
            shutil.copyfile(file.path, partial)
            os.replace(partial, folder / file.name)
            files.append({"name": file.name, "bytes": file.bytes, "sha256": file.sha256})
        saved = SavedStudent(metrics=event.metrics, files=files, tensors_sha256=event.tensors_sha256)
        self.state.students[event.student] = saved
        self.save()

    def finish(self, result: Json, summary: Json) -> None:
        """The last thing written. Checkpoints have served."""
        write_json(self.out / "result.json", json.dumps(summary, indent=2, ensure_ascii=False))
        self.state.result, self.state.checkpoints = result, []
        self.save()
        for old in self.inner.iterdir():
            if old.is_dir():
                shutil.rmtree(old, ignore_errors=True)
