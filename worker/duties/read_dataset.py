"""Read an uploaded or builtin data set into its packed, immutable form."""

from pathlib import Path
from typing import Any

from core.assignment import ReadDatasetAssignment
from core.db import runs, webhooks
from core.db.models import Dataset, Run
from core.db.session import UnitOfWork
from core.events import Event, Phase
from core.storage import keys
from worker.equipment import Equipment


class ReadDataset:
    module = "core.intake.child"

    def __init__(self, claim: runs.Claim, equipment: Equipment, folder: Path) -> None:
        self.claim, self.equipment, self.folder = claim, equipment, folder

    def prepare(self) -> ReadDatasetAssignment:
        with self.equipment.database.read() as session:
            source: dict[str, Any] = session.get_one(Dataset, self.claim.subject).source
        options = {
            name: source[name]
            for name in ("val_fraction", "test_fraction", "seed", "image_size", "table")
            if source.get(name) is not None
        }
        if table := options.get("table"):
            options["table"] = {column: name for column, name in table.items() if name is not None}
        path = None
        if source["kind"] == "upload":
            path = self.equipment.storage.fetch(keys.upload_file(source["upload"]), hold=self.folder)
        elif source["kind"] == "folder":
            path = Path(source["path"])
        return ReadDatasetAssignment(
            folder=self.folder,
            threads=self.equipment.threads,
            builtin=source["name"] if source["kind"] == "builtin" else None,
            builtin_folder=self.equipment.settings.builtin_files,
            path=path,
            **options,
        )

    def report(self, batch: int, events: list[Event]) -> None:  # noqa: ARG002
        """The last sentence about the progress."""
        said = [event.message for event in events if isinstance(event, Phase)]
        if said:
            with self.equipment.database.write() as work:
                runs.fence(work, self.claim)
                work.get_one(Dataset, self.claim.subject).progress = said[-1][:200]

    def publish(self, result: dict[str, Any]) -> None:
        with self.equipment.database.read() as session:
            runs.look(session, self.claim)  # one who has slept through a takeover replaces nothing
        self.equipment.storage.put(keys.dataset(self.claim.subject), Path(result["path"]))

    def succeed(self, work: UnitOfWork, run: Run, result: dict[str, Any]) -> None:
        dataset = work.get_one(Dataset, run.subject)
        dataset.status = "ready"
        dataset.classes, dataset.counts, dataset.image_size = result["classes"], result["counts"], result["image_size"]
        dataset.mean, dataset.std = result["mean"], result["std"]
        dataset.sha256, dataset.bytes = result["sha256"], result["bytes"]
        dataset.form, dataset.unlabelled, dataset.report = result["form"], result["unlabelled"], result["report"]
        dataset.ignored, dataset.warnings = result["ignored"], result["warnings"]
        webhooks.tell_part(work, dataset)
