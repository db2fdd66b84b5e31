"""The migrated schema is the model's, on both engines; an unknown one is refused."""

import json

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

import migrations
from core.db import curves
from core.db.models import Attempt, Base, Job, Metric, Point, Student
from core.db.session import Database
from core.errors import Unavailable

UNCOMPARED = {"ix_jobs_by_life", "ix_jobs_by_lower_name"}  # of expressions: SQLite tells none, PostgreSQL rewords them

CURVES: list[dict[str, object]] = [
    {"job_id": job, "student_id": student, "name": name, "step": step, "value": step / 8, "attempt": 2}
    for job, student in (("job_result", ""), ("job_stored", "stu_0"), ("job_stored", "stu_1"))
    for name in ("loss/total", "val/top1")
    for step in (0, 1, 2**40)
]


def all_points(database: Database) -> list[dict[str, object]]:
    told = select(Metric.job_id, Metric.student_id, Metric.name, Point.step, Point.value, Point.attempt).join(Point)
    with database.read() as session:
        rows = session.execute(told.order_by(Metric.job_id, Metric.student_id, Metric.name, Point.step))
        return [dict(row) for row in rows.mappings()]


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_model_and_migrated_schema_do_not_differ(empty_database_url: str) -> None:
    migrations.upgrade(empty_database_url)
    migrations.upgrade(empty_database_url)  # the second time nothing happens
    database = Database(empty_database_url)
    migrations.check(database.engine)
    with database.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": lambda _, name, *__: name not in UNCOMPARED}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_rows_of_before_are_brought_along(empty_database_url: str) -> None:
    """0003 -> now: jobs learn how far their best student is, students what lists are sorted by; attempts used no GPU
    that anybody knows of; points name their metric by a number.
    """
    database = Database(empty_database_url)
    migrations.upgrade(empty_database_url, "0003")
    at = "2026-01-01 00:00:00"
    job = {"project_id": "prj", "status": "succeeded", "phase_history": "[]", "dataset_id": "dst", "recipe": "{}"}
    job |= {"warnings": "[]", "priority": 0, "metadata": "{}", "last_seq": 1, "created_at": at, "name": "n"}
    student = {"project_id": "prj", "position": 0, "label": "l", "seed": 0, "architecture": "a", "plan": "{}"}
    student |= {"status": "trained", "created_at": at}
    groups = [{"role": "control", "top1": 0.9}, {"role": "student", "top1": 0.25}, {"role": "student", "top1": 0.5}]
    told = [("small", "student", 0.5), ("small", "student", 0.75), ("large", "student", 0.25), ("c", "control", 0.9)]
    rows: list[tuple[str, dict[str, object]]] = [
        ("projects", {"id": "prj", "name": "p", "created_at": at}),
        (
            "datasets",
            {"id": "dst", "project_id": "prj", "name": "d", "status": "ready", "source": "{}", "created_at": at},
        ),
        ("jobs", job | {"id": "job_result", "result": json.dumps({"groups": groups})}),
        ("jobs", job | {"id": "job_stored", "result": json.dumps({"teacher": None})}),
        ("jobs", job | {"id": "job_nothing"}),
        *(
            (
                "students",
                student
                | {"id": f"stu_{n}", "job_id": "job_stored", "name": name, "role": role}
                | {"metrics": json.dumps({"top1": top1})},
            )
            for n, (name, role, top1) in enumerate(told)
        ),
        (
            "students",
            student
            | {"id": "stu_r", "job_id": "job_result", "name": "s", "role": "student"}
            | {"metrics": json.dumps({"top1": 1, "test": {"top1": 0.5, "agreement": 0.25}, "gap_closed": 2})},
        ),
        (
            "students",
            student | {"id": "stu_n", "job_id": "job_nothing", "name": "s", "role": "student", "metrics": "{}"},
        ),
        (
            "runs",
            {"id": "run", "project_id": "prj", "kind": "train", "subject": "job_result", "status": "succeeded"}
            | {"priority": 0, "attempt": 1, "failures": 0, "created_at": at},
        ),
        ("attempts", {"run_id": "run", "n": 1, "worker_id": "wrk", "started_at": at}),
        *(("metrics", row) for row in CURVES),
    ]
    with database.engine.begin() as connection:
        for table, values in rows:
            names = ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({names})"), values)
    migrations.upgrade(empty_database_url)
    with database.read() as session:
        found = {job.id: job.top1 for job in session.scalars(select(Job))}
        assert found == {"job_result": 0.5, "job_stored": 0.625, "job_nothing": None}
        figures = {one.id: (one.top1, one.agreement, one.gap_closed) for one in session.scalars(select(Student))}
        assert figures["stu_0"] == (0.5, None, None)
        assert figures["stu_r"] == (0.5, 0.25, 2)
        assert figures["stu_n"] == (None, None, None)
        attempt = session.scalars(select(Attempt)).one()
        assert (attempt.gpus, attempt.teacher_forwards) == (0, None)
    assert all_points(database) == CURVES
    command.downgrade(migrations.configuration(database.engine), "0010")
    with database.read() as session:
        before = text("SELECT * FROM metrics ORDER BY job_id, student_id, name, step")
        assert [dict(row) for row in session.execute(before).mappings()] == CURVES
    migrations.upgrade(empty_database_url)
    assert all_points(database) == CURVES
    with database.write() as work:  # numbers go on behind those that were given to the rows of before
        curves.store(work, "job_stored", 3, {("stu_1", "lr"): ([7], [0.5])})
    assert len(all_points(database)) == len(CURVES) + 1
    database.close()


def test_the_way_back(empty_database_url: str) -> None:
    migrations.upgrade(empty_database_url)
    database = Database(empty_database_url)
    config = migrations.configuration(database.engine)
    command.downgrade(config, "0003")
    command.upgrade(config, "head")
    migrations.check(database.engine)
    database.close()


def test_head_is_the_newest_revision() -> None:
    scripts = ScriptDirectory("migrations")
    assert scripts.get_heads() == [migrations.HEAD]


def test_a_schema_that_is_missing_or_unknown_is_refused(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with pytest.raises(Unavailable, match="distillery migrate"):
        migrations.check(database.engine)
    migrations.upgrade(empty_database_url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match=r"revision 9999.*newer program"):
        migrations.check(database.engine)
    database.close()
