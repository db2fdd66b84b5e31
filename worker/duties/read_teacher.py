"""Read whatever teaches into a teacher's canonical form: a file, a trained student's weights, other teachers."""

from functools import partial
from pathlib import Path
from typing import Any

from core.assignment import MemberFile, ReadTeacherAssignment
from core.db import runs, teachers, webhooks
from core.db.models import File, Run, Teacher
from core.db.session import UnitOfWork
from core.errors import NotFound
from core.events import Event
from core.storage import keys
from core.teaching import Normalization
from core.weights import locate, published
from worker.equipment import Equipment


class ReadTeacher:
    module = "core.training.child"

    def __init__(self, claim: runs.Claim, equipment: Equipment, folder: Path) -> None:
        self.claim, self.equipment, self.folder = claim, equipment, folder

    def prepare(self) -> ReadTeacherAssignment:
        with self.equipment.database.read() as session:
            teacher = session.get_one(Teacher, self.claim.subject)
            source: dict[str, Any] = teacher.source
            key, members = None, teachers.members(session, teacher)
            if source["kind"] == "student":
                file = session.get(File, (source["student"], "weights.safetensors"))
                if file is None:
                    raise NotFound("weights file of student", source["student"])
                key = file.key
            elif source["kind"] == "upload":
                key = keys.upload_file(source["upload"])
        fetch = partial(self.equipment.storage.fetch, hold=self.folder)
        network, tag = published(source) if source["kind"] == "pretrained" else (None, None)
        if network is not None and tag is not None:
            path: Path | None = locate(network, tag, self.equipment.settings)
        else:
            path = fetch(key) if key is not None else None
        normalization = teacher.normalization
        return ReadTeacherAssignment(
            folder=self.folder,
            threads=self.equipment.threads,
            path=path,
            members=self._members(members, source),
            architecture=network.name if network else teacher.architecture,
            weights=tag,
            image_size=teacher.image_size,
            normalization=Normalization.model_validate(normalization) if normalization else None,
            dataset=fetch(keys.dataset(teacher.dataset_id)) if teacher.dataset_id else None,
        )

    def _members(self, found: list[Teacher], source: dict[str, Any]) -> list[MemberFile]:
        wanted = source.get("members", [])
        if len(found) < len(wanted):
            raise NotFound(
                "teacher", next(one["teacher"] for one in wanted if one["teacher"] not in {t.id for t in found})
            )
        return [
            MemberFile(
                name=row.name,
                path=self.equipment.storage.fetch(keys.teacher(row.id), hold=self.folder),
                weight=one["weight"],
                classes=row.classes or 0,
                class_names=row.class_names,
                parameters=row.parameters,
                bound=row.bound,
            )
            for row, one in zip(found, wanted, strict=True)
        ]

    def report(self, batch: int, events: list[Event]) -> None:
        """A teacher has no curves; its report comes whole, at the end."""

    def publish(self, result: dict[str, Any]) -> None:
        with self.equipment.database.read() as session:
            runs.look(session, self.claim)  # one who has slept through a takeover replaces nothing
        self.equipment.storage.put(keys.teacher(self.claim.subject), Path(result["path"]))

    def succeed(self, work: UnitOfWork, run: Run, result: dict[str, Any]) -> None:
        teacher = work.get_one(Teacher, run.subject)
        teacher.status = "ready"
        teacher.kind, teacher.bound = result["kind"], result["bound"]
        teacher.architecture, teacher.parameters = result["architecture"], result["parameters"]
        teacher.classes, teacher.class_names = result["classes"], result["class_names"]
        teacher.normalization, teacher.top1 = result["normalization"], result["top1"]
        teacher.image_size, teacher.interpolation = result["image_size"], result["interpolation"]
        teacher.warnings, teacher.report = result["warnings"], result["report"]
        teacher.sha256, teacher.bytes = result["sha256"], result["bytes"]
        webhooks.tell_part(work, teacher)
