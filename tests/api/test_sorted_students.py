"""Lists of students in any order, by keyset: whatever the page size, every student once."""

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from core.db import students
from core.db.models import Student
from core.db.session import Database
from tests.api.test_sorted_jobs import walk
from tests.fixtures.service import Make


@pytest.fixture
def sorted_students(make: Make, database: Database) -> None:
    """Named in no order; measured on val alone, on test too, and not at all; two with the same figures."""
    networks = [{"name": name, "architecture": "resnet8"} for name in ("beta", "Alpha", "delta", "Gamma", "alpha-2")]
    make.job(students=networks)
    figures = (
        {"top1": 0.5, "agreement": 0.7, "gap_closed": 0.3, "latency_ms": 2.5},
        {"top1": 0.1, "test": {"top1": 0.9, "agreement": 0.6}, "control_difference": {"value": -0.1}, "latency_ms": 1},
        {},
        {"top1": 0.5, "agreement": None, "gap_closed": None, "control_difference": None},
        {"top1": 0.6, "test": {"top1": 0.5, "agreement": 0.7}, "control_difference": {"value": 0.2}, "gap_closed": 1.2},
    )
    with database.write() as work:
        rows = work.scalars(select(Student).where(Student.role == "student").order_by(Student.position))
        for n, (student, metrics) in enumerate(zip(rows, figures, strict=True)):
            students.measure(student, metrics)
            student.parameters = None if n == 3 else 100 * (n % 2)


def labels(client: TestClient, query: str, limit: int) -> list[str]:
    return walk(client, f"role=student&{query}", limit, of="students", told="label")


@pytest.mark.parametrize(
    ("sort", "rising", "falling"),
    [
        ("created_at", "beta Alpha delta Gamma alpha-2", "alpha-2 Gamma delta Alpha beta"),
        ("name", "Alpha alpha-2 beta delta Gamma", "Gamma delta beta alpha-2 Alpha"),
        ("parameters", "beta delta alpha-2 Alpha Gamma", "Alpha alpha-2 delta beta Gamma"),
        ("top1", "beta Gamma alpha-2 Alpha delta", "Alpha alpha-2 Gamma beta delta"),
        ("control_difference", "Alpha alpha-2 beta delta Gamma", "alpha-2 Alpha Gamma delta beta"),
        ("gap_closed", "beta alpha-2 Alpha delta Gamma", "alpha-2 beta Gamma delta Alpha"),
        ("agreement", "Alpha beta alpha-2 delta Gamma", "alpha-2 beta Alpha Gamma delta"),
        ("latency_ms", "Alpha beta delta Gamma alpha-2", "beta Alpha alpha-2 Gamma delta"),
    ],
)
def test_sorted_by_anything_in_pages_of_any_size(
    client: TestClient, sorted_students: None, sort: str, rising: str, falling: str
) -> None:
    for order, wanted in (("asc", rising), ("desc", falling)):
        for limit in (1, 2, 3, 100):
            assert labels(client, f"sort={sort}&order={order}", limit) == wanted.split(), (order, limit)


def test_sorted_and_found_by_name(client: TestClient, sorted_students: None, database: Database) -> None:
    assert labels(client, "name=ALPHA", 1) == ["alpha-2", "Alpha"]
    assert labels(client, "name=a-&sort=name", 1) == ["alpha-2"]
    assert labels(client, "name=%25", 1) == labels(client, "name=_", 1) == []  # text, not a pattern
    with database.write() as work:
        work.execute(update(Student).where(Student.label.in_(("Alpha", "beta"))).values(status="trained"))
    assert labels(client, "sort=top1&status=trained", 1) == ["Alpha", "beta"]


def test_what_cannot_be_sorted(client: TestClient, stranger: TestClient, sorted_students: None) -> None:
    for odd in ("metrics", "", "Name"):
        answer = client.get("/v1/students", params={"sort": odd})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/sort"), odd
    known = client.get("/v1/students").json()["data"][0]["id"]
    for who, after in ((client, "stu_01jd0000000000000000000000"), (stranger, known)):
        answer = who.get(f"/v1/students?sort=top1&after={after}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_after")
    assert stranger.get("/v1/students?sort=top1").json()["data"] == []
