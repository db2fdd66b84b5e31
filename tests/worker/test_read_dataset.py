"""A data set as a worker reads it: its words while it is read, its rows when it is ready, its refusal."""

from pathlib import Path

import pytest
from sqlalchemy import select

from core.db import datasets, runs, webhooks
from core.db.models import Dataset, Delivery, Project
from core.db.session import Database
from core.errors import Stale
from core.events import Phase
from core.queue import RecordingQueue
from core.settings import Settings
from core.storage import keys, open_storage
from tests.intake import published
from worker.duties.read_dataset import ReadDataset
from worker.equipment import Equipment
from worker.runner import supervise


def claimed(database: Database, tmp_path: Path, source: dict[str, object]) -> tuple[runs.Claim, Equipment]:
    settings = Settings(data_dir=tmp_path / "data", _env_file=None)
    equipment = Equipment(settings, database, open_storage(settings), RecordingQueue(), threads=2)
    with database.write() as work:
        project = Project(name="default")
        work.add(project)
        work.flush()
        datasets.create(work, project.id, name="set", source=source)
    with database.write() as work:
        claim = runs.claim(work, "wrk_1")
    assert claim is not None
    return claim, equipment


def row(database: Database, claim: runs.Claim) -> Dataset:
    with database.read() as session:
        return session.get_one(Dataset, claim.subject)


def test_its_progress_is_told_by_the_attempt_that_holds_it(database: Database, tmp_path: Path) -> None:
    claim, equipment = claimed(database, tmp_path, {"kind": "builtin", "name": "digits"})
    duty = ReadDataset(claim, equipment, tmp_path / "scratch")
    duty.report(1, [Phase("reading", "5 files read"), Phase("reading", "train: 300 of 600 images decoded")])
    assert row(database, claim).progress == "train: 300 of 600 images decoded"
    stale = ReadDataset(runs.Claim(claim.run_id, claim.kind, claim.subject, claim.project_id, 0), equipment, tmp_path)
    with pytest.raises(Stale):
        stale.report(2, [Phase("reading", "late")])
    assert row(database, claim).progress == "train: 300 of 600 images decoded"


def test_a_known_set_of_photographs_with_options_becomes_ready(database: Database, tmp_path: Path) -> None:
    source: dict[str, object] = {"kind": "builtin", "name": "dtd", "image_size": 72}
    claim, equipment = claimed(database, tmp_path, source)
    folder = equipment.settings.builtin_files / "dtd"
    folder.mkdir(parents=True)
    published.dtd(folder)
    with database.write() as work:
        webhooks.create(work, claim.project_id, name="hook", url="https://hook.invalid/", events=["dataset.ready"])
    supervise(claim, equipment, None)
    with database.read() as session:
        assert [told.type for told in session.scalars(select(Delivery))] == ["dataset.ready"]
    ready = row(database, claim)
    assert (ready.status, ready.form, ready.image_size, ready.unlabelled) == ("ready", "files", 72, 0), ready.error
    assert ready.report is not None and ready.report["formats"] == {"JPEG": 18}
    assert equipment.storage.exists(keys.dataset(claim.subject))
    assert not list(equipment.settings.work_dir.iterdir())


def test_a_table_is_passed_on_and_a_refusal_leaves_nothing(database: Database, tmp_path: Path) -> None:
    """Of its columns only those that were given; neither scratch nor storage holds anything afterwards."""
    images = tmp_path / "images"
    images.mkdir()
    (images / "list.csv").write_text("where,what\n")
    table = {"file": "list.csv", "path": "where", "label": "kind", "split": None}
    source: dict[str, object] = {"kind": "folder", "path": str(images), "table": table, "image_size": None}
    claim, equipment = claimed(database, tmp_path, source)
    supervise(claim, equipment, None)
    refused = row(database, claim)
    assert refused.status == "rejected" and refused.error is not None
    assert (refused.error["code"], refused.error["detail"]) == ("table_invalid", "'list.csv' has no column 'kind'.")
    assert not equipment.storage.exists(keys.dataset(claim.subject))
    assert not list(equipment.settings.work_dir.iterdir())
