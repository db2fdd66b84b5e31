"""Curves that are kept and brought up to date are those that a fresh look finds, whatever has happened in between."""

import gc
import json
import random
import tracemalloc
from collections.abc import Callable

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from api.metrics.kept import Kept
from core.db import jobs, metrics, reports
from core.db.models import Job
from core.db.session import Database
from tests.fixtures.service import Make

NAMES = ("loss/total", "val/top1")
STEPS = 1000
FILTERS: tuple[dict[str, list[str]], ...] = ({}, {"names": ["loss/total"]}, {"names": ["loss/total", "teacher/top1"]})


class Story:
    """A job whose worker reports, crashes and goes on, as chance will have it."""

    def __init__(self, database: Database, job: str, seed: int) -> None:
        self.database, self.job, self.chance = database, job, random.Random(seed)
        self.step, self.attempt = 0, 1
        with database.write() as work:
            row = work.get_one(Job, job)
            row.progress = {"total_steps": STEPS}
            self.students = [student.id for student in row.students]

    def goes_on(self) -> None:
        what = self.chance.choice(("points", "points", "points", "late", "rewind", "nothing", "teacher"))
        with self.database.write() as work:
            if what == "points":
                until = min(STEPS, self.step + self.chance.randint(1, 90))
                self._record(work, range(self.step, until))
                self.step = until
            elif what == "late" and self.step:  # a figure of a step that others have passed
                self._record(work, [self.chance.randrange(self.step)])
            elif what == "rewind":
                to = self.chance.choice((None, self.chance.randint(0, self.step)))
                self.attempt, self.step = self.attempt + 1, 0 if to is None else to + 1
                reports.rewind(work, self.job, self.attempt, to)
            elif what == "teacher":
                reports.record_metrics(work, self.job, self.attempt, [(0, "", "teacher/top1", self.chance.random())])

    def _record(self, work: object, steps: range | list[int]) -> None:
        who = self.chance.sample(self.students, self.chance.randint(1, len(self.students)))
        points = [(step, one, name, self.chance.random()) for step in steps for one in who for name in NAMES]
        reports.record_metrics(work, self.job, self.attempt, points)  # type: ignore[arg-type]


def compare(database: Database, kept: Kept, job: str, students: list[str]) -> None:
    with database.read() as session:
        (known,) = jobs.known(session, "prj_default", [job])
        for filters in (*FILTERS, {"students": students[:1]}):
            for max_points in (30, 2000):
                told = json.loads(kept.body(session, known, max_points=max_points, **filters))  # type: ignore[arg-type]
                fresh = metrics.of_jobs(session, {job: STEPS}, max_points=max_points, **filters)[job]  # type: ignore[arg-type]
                assert told == {"object": "metrics", **fresh.tell(), "last_event": known.last_event}


def test_kept_curves_are_those_of_a_fresh_look(database: Database, make: Make) -> None:
    for seed in range(4):
        kept, job = Kept(), make.job()["id"]
        story = Story(database, job, seed)
        for _ in range(25):
            for _ in range(story.chance.randint(1, 3)):
                story.goes_on()
            compare(database, kept, job, story.students)


def test_after_very_many_events_everything_is_read_again(database: Database, make: Make) -> None:
    kept, job = Kept(), make.job()["id"]
    story = Story(database, job, 0)
    compare(database, kept, job, story.students)
    with database.write() as work:
        for step in range(metrics.MANY_EVENTS + 5):
            reports.record_metrics(work, job, 1, [(step, story.students[0], "loss/total", float(step))])
    with database.read() as session:
        assert metrics.changed_since(session, job, 0) is None
    compare(database, kept, job, story.students)


def test_what_is_kept_has_an_end(database: Database, make: Make) -> None:
    kept, job = Kept(20_000), make.job()["id"]
    story = Story(database, job, 0)
    with database.write() as work:
        story._record(work, range(STEPS))
    for _ in range(3):
        compare(database, kept, job, story.students)
        assert kept.size <= 20_000


@pytest.mark.parametrize(
    "asked",
    [
        lambda n: [f"{n}" + "x" * 10_000],
        lambda n: [f"{n}/{i}" for i in range(100)],
        lambda n: ["loss/total", f"{n}"],
    ],
    ids=["long", "many", "found"],
)
def test_questions_count_as_much_as_their_answers(
    database: Database, make: Make, asked: Callable[[int], list[str]]
) -> None:
    most, job = 200_000, make.job()["id"]
    kept, story = Kept(most), Story(database, job, 0)
    with database.write() as work:
        story._record(work, range(3))
    with database.read() as session:
        (known,) = jobs.known(session, "prj_default", [job])
        kept.body(session, known, max_points=30, names=asked(0))  # what is made but once is made
        tracemalloc.start()
        try:
            for n in range(1, 150):
                kept.body(session, known, max_points=30, names=asked(n))
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
    assert grown < 2 * most
    assert kept.size <= most


def test_the_same_question_at_the_same_event_reads_no_point(client: TestClient, database: Database, make: Make) -> None:
    job = make.job()["id"]
    story = Story(database, job, 0)
    with database.write() as work:
        story._record(work, range(100))
    read: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *seen: read.append(seen[2]))
    told = []
    for _ in range(2):
        read.clear()
        answer = client.get(f"/v1/jobs/{job}/metrics?names=loss/total").json()
        told.append((answer, any("FROM points" in statement for statement in read)))
    (first, read_first), (second, read_second) = told
    assert first == second
    assert read_first and not read_second
