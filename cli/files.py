"""Files to and from the service, both resumable, both checked by their SHA-256."""

import time
from pathlib import Path
from typing import Annotated

import typer

from cli.client import connect
from cli.ids import StudentId
from cli.output import load_settings, out, print_json, say, size
from cli.progress import ProgressView
from cli.transfer import PATIENCE, fetch_student, send_file
from core.errors import Invalid, Problem

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst")


class Meter:
    """Turns bytes moved into a progress view with an ETA."""

    def __init__(self, view: ProgressView) -> None:
        self._view = view
        self._begun: tuple[str, float, int] = ("", 0.0, 0)

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._begun[0]:
            self._begun = (what, now, done)
        _, began, first = self._begun
        rate = max(0.0, (done - first) / (now - began)) if now > began else 0.0
        eta = (total - done) / rate if rate else None
        note = f"{size(done)} of {size(total)}" + (f"  {size(rate)}/s" if rate else "")
        self._view.show(what, step=done, total=total, eta=eta, note=note)


def upload(
    file: Annotated[Path, typer.Argument(help="A checkpoint, or an archive of images.")],
    purpose: Annotated[str | None, typer.Option(help="teacher or dataset; default: by the name.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the upload as JSON.")] = False,
) -> None:
    """Upload a file for a job over REST; `submit` does it by itself. Interrupted, the same command goes on."""
    if purpose not in (None, "teacher", "dataset"):
        raise Invalid([Problem("--purpose", "invalid", "must be teacher or dataset.")])
    purpose = purpose or ("dataset" if file.name.lower().endswith(ARCHIVES) else "teacher")
    with connect(load_settings(), patience=PATIENCE) as client, ProgressView("") as view:
        answer = send_file(client, file, purpose, Meter(view))
    if as_json:
        print_json(answer)
    else:
        out.print(answer["id"])
        say(f"{file.name}, {size(answer['bytes'])}, complete. A job over REST takes this id as its {purpose}.")


def download(
    student: StudentId,
    to: Annotated[Path | None, typer.Option("--output", "-o", help="Folder; default: the student's label.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the student as JSON.")] = False,
) -> None:
    """Download a student's files and verify their SHA-256. Interrupted, the same command goes on."""
    with connect(load_settings(), patience=10.0) as client, ProgressView("") as view:
        answer = client.get(f"/v1/students/{student}")
        folder = to or Path(answer["label"])
        fetch_student(client, answer, folder, Meter(view))
    if as_json:
        print_json(answer)
        return
    for file in answer["files"]:
        out.print(f"{folder / file['name']}  {size(file['bytes'])}  sha256 {file['sha256']}", soft_wrap=True)
    say("Every file is what the service says it is.")
