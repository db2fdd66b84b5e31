"""Data sets and teachers that lie on this machine become objects of the service: once, found again by their bytes."""

import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

from cli.client import Client
from cli.files import Meter, send_file
from cli.jobfile import Builtin
from cli.progress import ProgressView
from core.catalog import canonical_name
from core.errors import DistilleryError, Invalid, Problem
from core.recipe import TeacherFile

Json = dict[str, Any]


def pack_folder(folder: Path, archive: Path) -> None:
    """The same files give the same bytes: sorted names, no times, no owners. Dot files stay behind."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not any(piece.startswith(".") for piece in name.split("/")):
                member = tarfile.TarInfo(name)
                member.size = path.stat().st_size
                with path.open("rb") as file:
                    tar.addfile(member, file)


def _upload(client: Client, path: Path, purpose: str, view: ProgressView) -> str:
    if path.is_file():
        return str(send_file(client, path, purpose, Meter(view, f"uploading {path.name}"))["id"])
    with tempfile.TemporaryDirectory(prefix="distillery-") as folder:
        archive = Path(folder) / f"{path.name}.tar"
        view.show(f"packing {path.name}")
        pack_folder(path, archive)
        return str(send_file(client, archive, purpose, Meter(view, f"uploading {path.name}"))["id"])


def _ready(client: Client, path: str, pointer: str, what: str, view: ProgressView) -> Json:
    """Wait until a worker has read it; `Invalid` says why it was rejected."""
    while (row := client.get(path))["status"] == "validating":
        view.show(f"the service reads {what}")
        time.sleep(0.3)
    if row["status"] == "rejected":
        error = row["error"]
        inner = "".join(f"\n  {e.get('pointer', '')} {e.get('detail', '')}" for e in error.get("errors", [])[:5])
        raise Invalid([Problem(pointer, error["code"], f"{error['detail']} {error.get('hint', '')}".strip() + inner)])
    return row


def _good(rows: Any) -> list[Json]:
    return [row for row in rows if row["status"] != "rejected"]


def ensure_dataset(client: Client, source: Builtin | Path, view: ProgressView) -> str:
    """The data set's id at the service, ready."""
    if isinstance(source, Builtin):
        name, wish = source.name, {"kind": "builtin", "name": source.name}
        known = [row for row in _good(client.each("/v1/datasets")) if row["source"] == wish]
    else:
        upload = _upload(client, source, "dataset", view)
        name, wish = source.name, {"kind": "upload", "upload": upload}
        known = _good(client.each("/v1/datasets", upload=upload))
    row = known[0] if known else client.post("/v1/datasets", {"name": name, "source": wish})
    return str(_ready(client, f"/v1/datasets/{row['id']}", "/dataset", "the data set", view)["id"])


def ensure_teacher(client: Client, path: Path, known: TeacherFile, dataset: str, view: ProgressView) -> str:
    """The teacher's id at the service, ready, and checked against the data set."""
    if not path.is_file():
        raise DistilleryError("not_a_file", f"{path} is not a file.")
    upload = _upload(client, path, "teacher", view)
    normalization = known.normalization.model_dump(mode="json") if known.normalization else None
    for row in _good(client.each("/v1/teachers", upload=upload)):
        same_network = known.architecture is None or row["architecture"] == canonical_name(known.architecture)
        same_input = normalization is None or row["normalization"] == normalization
        if row["dataset"] == dataset and same_network and same_input:
            break
    else:
        wish: Json = {"name": path.stem[:200], "source": {"kind": "upload", "upload": upload}, "dataset": dataset}
        if known.architecture:
            wish["architecture"] = known.architecture
        if normalization:
            wish["normalization"] = normalization
        row = client.post("/v1/teachers", wish)
    return str(_ready(client, f"/v1/teachers/{row['id']}", "/teacher", "the teacher", view)["id"])
