"""Data sets and teachers that lie on this machine become objects of the service: once, found again by their bytes."""

import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.client import Client
from cli.files import Meter
from cli.jobfile import Builtin
from cli.progress import ProgressView
from cli.transfer import digest_of, send_file
from core.catalog import canonical_name
from core.errors import DistilleryError, Invalid, Problem
from core.teaching import TeacherFile

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


@contextmanager
def _as_file(path: Path, view: ProgressView) -> Iterator[Path]:
    """The file, or the folder packed into one."""
    if path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="distillery-") as folder:
        archive = Path(folder) / f"{path.name}.tar"
        view.show(f"packing {path.name}")
        pack_folder(path, archive)
        yield archive


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


def ensure_dataset(client: Client, source: Builtin | Path, view: ProgressView, options: Json | None = None) -> str:
    """The data set's id at the service, ready. `options`: val_fraction, image_size, table and the like."""
    options = options or {}
    if isinstance(source, Builtin):
        wish = {"kind": "builtin", "name": source.name} | options
        row = _made_so(client.each("/v1/datasets"), wish)
        row = row or client.post("/v1/datasets", {"name": source.name, "source": wish})
    else:
        with _as_file(source, view) as file:
            digest = digest_of(file, Meter(view))
            row = _made_so(client.each("/v1/datasets", source_sha256=digest), {"kind": "upload"} | options)
            if row is None:
                upload = send_file(client, file, "dataset", Meter(view), digest)["id"]
                wish = {"kind": "upload", "upload": upload} | options
                row = client.post("/v1/datasets", {"name": source.name[:200], "source": wish})
    return str(_ready(client, f"/v1/datasets/{row['id']}", "/dataset", "the data set", view)["id"])


# What the service fills in where nothing was asked for.
DEFAULTS = {"val_fraction": 0.1, "test_fraction": 0.0, "seed": 0, "image_size": None, "table": None}


def _made_so(rows: Iterable[Json], wish: Json) -> Json | None:
    """The first that was made as `wish` says, and with the defaults in everything else."""
    for row in rows:
        said = {name: value for name, value in row["source"].items() if DEFAULTS.get(name, ...) != value}
        wanted = {name: value for name, value in wish.items() if DEFAULTS.get(name, ...) != value}
        table = said.get("table")
        if table is not None:
            said["table"] = {column: name for column, name in table.items() if name is not None}
        if "upload" not in wanted:
            said = {name: value for name, value in said.items() if name not in ("upload", "sha256")}
        if row["status"] != "rejected" and said == wanted:
            return row
    return None


def ensure_teacher(client: Client, path: Path, known: TeacherFile, dataset: str, view: ProgressView) -> str:
    """The teacher's id at the service, ready, and checked against the data set."""
    if not path.is_file():
        raise DistilleryError("not_a_file", f"{path} is not a file.")
    digest = digest_of(path, Meter(view))
    normalization = known.normalization.model_dump(mode="json") if known.normalization else None
    for row in client.each("/v1/teachers", source_sha256=digest):
        same_network = known.architecture is None or row["architecture"] == canonical_name(known.architecture)
        same_input = row["asked"].get("normalization") == normalization and "image_size" not in row["asked"]
        if row["status"] != "rejected" and row["dataset"] == dataset and same_network and same_input:
            break
    else:
        upload = send_file(client, path, "teacher", Meter(view), digest)["id"]
        wish: Json = {
            "name": Path(path.name.removesuffix(".tar")).stem[:200],
            "source": {"kind": "upload", "upload": upload},
            "dataset": dataset,
        }
        if known.architecture:
            wish["architecture"] = known.architecture
        if normalization:
            wish["normalization"] = normalization
        row = client.post("/v1/teachers", wish)
    return str(_ready(client, f"/v1/teachers/{row['id']}", "/teacher", "the teacher", view)["id"])
