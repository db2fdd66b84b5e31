"""Lists of jobs in any order, by keyset: whatever the page size, every job once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from core.db.models import Job
from core.db.session import Database
from tests.fixtures.service import Make


def walk(client: TestClient, query: str, limit: int, *, of: str = "jobs", told: str = "name") -> list[str]:
    """The names of all jobs, or what is told of others, page by page."""
    names: list[str] = []
    after = ""
    while True:
        page = client.get(f"/v1/{of}?{query}&limit={limit}{after}").json()
        names += [one[told] for one in page["data"]]
        if not page["has_more"]:
            return names
        after = f"&after={page['next']}"


@pytest.fixture
def sorted_jobs(make: Make, database: Database) -> None:
    """Named in no order, in every kind of state; two with the same figure, two that have not ended."""
    parts = {"dataset": make.dataset(), "teacher": make.teacher()}
    made = [make.job(name=name, **parts)["id"] for name in ("beta", "Alpha", "delta", "Gamma", "alpha")]
    states = (
        ("succeeded", 0.5, 3),
        ("running", 0.9, None),
        ("failed", None, 1),
        ("queued", None, None),
        ("succeeded", 0.5, 2),
    )
    with database.write() as work:
        for id, (status, top1, minute) in zip(made, states, strict=True):
            finished = None if minute is None else datetime(2026, 1, 1, 12, minute, tzinfo=UTC)
            values = {"status": status, "top1": top1, "finished_at": finished}
            work.execute(update(Job).where(Job.id == id).values(**values))


@pytest.mark.parametrize(
    ("sort", "rising", "falling"),
    [
        ("created_at", "beta Alpha delta Gamma alpha", "alpha Gamma delta Alpha beta"),
        ("name", "Alpha alpha beta delta Gamma", "Gamma delta beta alpha Alpha"),
        ("status", "Alpha Gamma delta beta alpha", "alpha beta delta Gamma Alpha"),
        ("finished_at", "delta alpha beta Alpha Gamma", "beta alpha delta Gamma Alpha"),
        ("top1", "beta alpha Alpha delta Gamma", "Alpha alpha beta Gamma delta"),
    ],
)
def test_sorted_by_anything_in_pages_of_any_size(
    client: TestClient, sorted_jobs: None, sort: str, rising: str, falling: str
) -> None:
    for order, wanted in (("asc", rising), ("desc", falling)):
        for limit in (1, 2, 3, 100):
            assert walk(client, f"sort={sort}&order={order}", limit) == wanted.split(), (order, limit)


def test_sorted_and_filtered(client: TestClient, sorted_jobs: None) -> None:
    assert walk(client, "sort=top1&status=succeeded&status=queued", 1) == ["alpha", "beta", "Gamma"]
    assert walk(client, "sort=name&order=asc&name=ALPHA", 1) == ["Alpha", "alpha"]


def test_a_page_goes_on_behind_a_job_that_has_changed(
    client: TestClient, sorted_jobs: None, database: Database
) -> None:
    first = client.get("/v1/jobs?sort=top1&status=succeeded&limit=1").json()
    with database.write() as work:  # the filter does not find it any more
        work.execute(update(Job).where(Job.id == first["next"]).values(status="failed"))
    rest = client.get(f"/v1/jobs?sort=top1&status=succeeded&limit=1&after={first['next']}").json()
    assert [job["name"] for job in rest["data"]] == ["beta"]


def test_what_cannot_be_sorted(client: TestClient, stranger: TestClient, sorted_jobs: None) -> None:
    for odd in ("recipe", "", "name;drop", "Name"):
        answer = client.get("/v1/jobs", params={"sort": odd})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/sort"), odd
    assert client.get("/v1/jobs?sort=name&order=sideways").status_code == 422
    known = client.get("/v1/jobs").json()["data"][0]["id"]
    for who, after in ((client, "job_01jd0000000000000000000000"), (stranger, known)):
        answer = who.get(f"/v1/jobs?sort=name&after={after}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_after")
    assert stranger.get("/v1/jobs?sort=name").json()["data"] == []
