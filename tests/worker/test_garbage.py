"""Deleting frees every byte, also where somebody dies between the row and its files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from core.db import jobs
from core.db.models import Checkpoint, Job, Student, Upload
from core.queue import RecordingQueue
from core.settings import Settings
from core.storage import keys
from core.storage.local import LocalStorage
from tests.worker.bench import Bench, recipe, wait_for
from worker.equipment import Equipment
from worker.garbage import GRACE_SECONDS, Garbage


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def equip(bench: Bench) -> Equipment:
    settings = Settings(data_dir=bench.folder, database_url=bench.environment["DISTILLERY_DATABASE_URL"])
    return Equipment(settings, bench.database, bench.storage, RecordingQueue(), threads=1)


def files(bench: Bench) -> dict[str, int]:
    root = bench.folder / "storage"
    return {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}


def trained(bench: Bench) -> str:
    bench.start_worker()
    job = bench.add_job(recipe(bench.add_digits(), None, epochs=4))
    bench.wait_status(job, "succeeded")
    return job


def test_the_bytes_add_up_and_all_of_them_are_freed(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    job = trained(bench)
    with bench.database.read() as session:
        kept = {c.key: c.bytes for c in session.scalars(select(Checkpoint).where(Checkpoint.job_id == job))}
        for student in session.scalars(select(Student).where(Student.job_id == job)):
            kept |= {file.key: file.bytes for file in student.files}
        row = session.get_one(Job, job)
    of_job = {key: size for key, size in files(bench).items() if key.startswith("jobs/")}
    assert of_job == kept, "nothing lies there that no row names"
    assert not [*(bench.folder / "work").rglob("*.checkpoint")], "nothing is left of the attempts"

    with bench.database.write() as work:  # the first step; whoever was to do the second one dies
        jobs.remove(work, work.get_one(Job, job))
    garbage = Garbage(equip(bench))
    garbage.drop_folders()
    assert set(files(bench)) == {keys.dataset(row.dataset_id)}
    assert not (bench.folder / "storage" / "jobs" / job).exists()


def test_a_file_that_no_row_names_goes_after_its_grace(sqlite_bench: Bench) -> None:
    bench, clock = sqlite_bench, Clock()
    job = trained(bench)
    before = files(bench)
    lost = [keys.checkpoint(job, 7, 40), keys.student_file(job, "stu_x", 7, 40, "weights.safetensors")]
    garbage = Garbage(equip(bench), clock)
    for key in lost:
        with bench.storage.writing(key) as file:
            file.write(b"stored by an attempt that did not live to say so")
    (bench.folder / "storage" / "jobs" / job / "checkpoints" / ".put-killed").write_bytes(b"half a file")
    garbage.drop_files()
    clock.at += GRACE_SECONDS - 1
    garbage.drop_files()
    assert len(files(bench)) == len(before) + 3, "a row may still come"
    clock.at += 1
    garbage.drop_files()
    assert files(bench) == before


def test_a_file_whose_row_comes_in_time_stays(sqlite_bench: Bench) -> None:
    bench, clock = sqlite_bench, Clock()
    job = trained(bench)
    key = keys.checkpoint(job, 7, 40)
    with bench.storage.writing(key) as file:
        file.write(b"c")
    garbage = Garbage(equip(bench), clock)
    garbage.drop_files()
    with bench.database.write() as work:
        work.add(Checkpoint(job_id=job, attempt=7, step=40, epoch=1, key=key, bytes=1, sha256="0" * 64))
    clock.at += 2 * GRACE_SECONDS
    garbage.drop_files()
    assert bench.storage.exists(key)


@pytest.mark.parametrize("key", [keys.upload_file, keys.dataset, keys.teacher, lambda id: keys.checkpoint(id, 1, 1)])
def test_a_folder_without_a_row_goes_and_one_with_a_row_stays(sqlite_bench: Bench, key: Callable[[str], str]) -> None:
    bench = sqlite_bench
    with bench.storage.writing(key("xxx_gone")) as file:
        file.write(b"left behind")
    with bench.database.write() as work:
        row = Upload(project_id=bench.project, filename="f", purpose="dataset", bytes=1, part_size=1)
        work.add(row)
    with bench.storage.writing(keys.upload_file(row.id)) as file:
        file.write(b"kept")
    Garbage(equip(bench)).drop_folders()
    assert set(files(bench)) == {keys.upload_file(row.id)}


def test_a_worker_collects_by_itself(sqlite_bench: Bench) -> None:
    bench = sqlite_bench
    storage = LocalStorage(bench.folder / "storage")
    with storage.writing(keys.dataset("dst_gone")) as file:
        file.write(b"left behind")
    bench.start_worker()
    wait_for("the folder to go", lambda: not Path(bench.folder / "storage/datasets/dst_gone").exists())
