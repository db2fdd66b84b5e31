"""Files to and from the service, both resumable, both checked by their SHA-256."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.client import ApiError, Client, Unreachable, connect
from cli.output import load_settings, out, print_json, say, size
from cli.progress import ProgressView
from core.errors import DistilleryError, Invalid, Problem

Json = dict[str, Any]
Moved = Callable[[int, int], None]  # (bytes so far, of so many)
PATIENCE = 120.0  # seconds for which a broken transfer is tried again
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- up -----------------------------------------------------------------------------------------------------------


def send_file(client: Client, path: Path, purpose: str, moved: Moved) -> Json:
    """The complete upload of these bytes: found again by their hash, gone on with, or begun."""
    try:
        total = path.stat().st_size
        digest = sha256_of(path)
    except OSError as error:
        raise Invalid([Problem("", "unreadable_file", f"Cannot read {path}: {error.strerror}.")]) from error
    for status in ("complete", "open"):
        known = list(client.each("/v1/uploads", most=1, sha256=digest, purpose=purpose, status=status))
        if known:
            upload = known[0]
            break
    else:
        wish = {"filename": path.name[-200:], "bytes": total, "purpose": purpose, "sha256": digest}
        upload = client.post("/v1/uploads", wish)
    if upload["status"] == "complete":
        moved(total, total)
        return upload
    with path.open("rb") as file:
        while upload["missing"]:
            for n in upload["missing"]:
                file.seek((n - 1) * upload["part_size"])
                client.put(f"/v1/uploads/{upload['id']}/parts/{n}", file.read(upload["part_size"]))
                moved(min(n * upload["part_size"], total), total)
            upload = client.get(f"/v1/uploads/{upload['id']}")
    return client.post(f"/v1/uploads/{upload['id']}/complete", {"sha256": digest})


class Meter:
    """Turns bytes moved into a progress view with an ETA."""

    def __init__(self, view: ProgressView, what: str) -> None:
        self._view, self._what = view, what
        self._begun: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        self._begun = self._begun or (now, done)
        began, first = self._begun
        rate = (done - first) / (now - began) if now > began else 0.0
        eta = (total - done) / rate if rate else None
        self._view.show(self._what, step=done, total=total, eta=eta, note=f"{size(done)} of {size(total)}")


def upload(
    file: Annotated[Path, typer.Argument(help="A checkpoint, or an archive of images.")],
    purpose: Annotated[str | None, typer.Option(help="teacher or dataset; default: by the name.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the upload as JSON.")] = False,
) -> None:
    """Upload a file in parts. Interrupted, the same command goes on."""
    if purpose not in (None, "teacher", "dataset"):
        raise Invalid([Problem("--purpose", "invalid", "must be teacher or dataset.")])
    purpose = purpose or ("dataset" if file.name.lower().endswith(ARCHIVES) else "teacher")
    with connect(load_settings(), patience=PATIENCE) as client, ProgressView("") as view:
        answer = send_file(client, file, purpose, Meter(view, f"uploading {file.name}"))
    if as_json:
        print_json(answer)
    else:
        out.print(answer["id"])
        say(f"{file.name}, {size(answer['bytes'])}, complete, for a {purpose}.")


# --- down ---------------------------------------------------------------------------------------------------------


def fetch_file(client: Client, url: str, target: Path, *, bytes: int, sha256: str, moved: Moved) -> None:
    """The verified file at `target`. What a broken transfer left in `.part` is gone on with."""
    if target.is_file() and target.stat().st_size == bytes and sha256_of(target) == sha256:
        moved(bytes, bytes)
        return
    part = target.with_name(f".{target.name}.part")
    deadline = time.monotonic() + PATIENCE
    while (have := part.stat().st_size if part.exists() else 0) < bytes:
        try:
            with part.open("r+b" if part.exists() else "wb") as file:
                for offset, chunk in client.stream(url, start=have, etag=f'"sha256-{sha256}"'):
                    file.seek(offset)
                    file.write(chunk)
                    file.truncate()
                    moved(offset + len(chunk), bytes)
                    deadline = time.monotonic() + PATIENCE
        except (Unreachable, ApiError) as error:
            hopeless = isinstance(error, ApiError) and error.status not in (429, 503)
            if hopeless or time.monotonic() > deadline:
                raise
            time.sleep(1.0)
    found = sha256_of(part)
    if found != sha256:
        part.unlink()
        raise DistilleryError("wrong_bytes", f"{target.name} arrived damaged (sha256 {found}). Run the command again.")
    os.replace(part, target)


def fetch_student(client: Client, student: Json, folder: Path, view: ProgressView) -> list[Path]:
    """All files of a student, verified, in `folder`."""
    if not student["files"]:
        detail = f"Student {student['label']} has no weights yet (it is {student['status']})."
        raise DistilleryError("no_files", detail)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in student["files"]:
            meter = Meter(view, f"downloading {file['name']}")
            target = folder / Path(file["name"]).name
            fetch_file(client, file["url"], target, bytes=file["bytes"], sha256=file["sha256"], moved=meter)
    except OSError as error:
        raise DistilleryError("unwritable", f"Cannot write to {folder}: {error.strerror}.") from error
    return [folder / Path(file["name"]).name for file in student["files"]]


def download(
    student: Annotated[str, typer.Argument(help="The student's id: stu_…")],
    to: Annotated[Path | None, typer.Option("--output", "-o", help="Folder; default: the student's label.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the student as JSON.")] = False,
) -> None:
    """Download a student's files and verify their SHA-256. Interrupted, the same command goes on."""
    with connect(load_settings(), patience=10.0) as client, ProgressView("") as view:
        answer = client.get(f"/v1/students/{student}")
        folder = to or Path(answer["label"])
        fetch_student(client, answer, folder, view)
    if as_json:
        print_json(answer)
        return
    for file in answer["files"]:
        out.print(f"{folder / file['name']}  {size(file['bytes'])}  sha256 {file['sha256']}", soft_wrap=True)
    say("Every file is what the service says it is.")
