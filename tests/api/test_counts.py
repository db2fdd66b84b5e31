"""How many there are of each noun, in the project alone."""

from starlette.testclient import TestClient

from core.db.models import Worker, now
from core.db.session import Database
from core.lifecycle import JobStatus
from tests.fixtures.service import Make


def test_counts(client: TestClient, stranger: TestClient, make: Make, database: Database) -> None:
    first, second = make.job()["id"], make.job()["id"]
    client.post(f"/v1/jobs/{second}/pause")
    with database.write() as work:
        for n, stopped_at in enumerate((None, None, now())):
            work.add(Worker(hostname="h", pid=n, slots=1, version="1", stopped_at=stopped_at))
    told = client.get("/v1/counts").json()
    assert told == {
        "object": "counts",
        "jobs": {status: int(status in ("queued", "paused")) for status in JobStatus},
        "students": 6,  # three of each job; the controls are none
        "teachers": 2,
        "datasets": 2,
        "workers": 2,
    }
    assert first != second
    theirs = stranger.get("/v1/counts").json()
    assert (sum(theirs["jobs"].values()), theirs["students"], theirs["teachers"], theirs["datasets"]) == (0, 0, 0, 0)
    assert theirs["workers"] == 2, "workers serve every project"
