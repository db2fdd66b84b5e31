"""The jobs of a chaos run: a few recipes, each done once undisturbed, then again and again under fire."""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from core.db.models import Job, Run
from core.db.session import UNREACHABLE
from core.lifecycle import TERMINAL
from tests.chaos.stack import Stack

PATIENCE = 300.0  # seconds in which something must end; else something is stuck


class Stuck(Exception):
    """Nothing has ended for a long time."""


@dataclass
class Work:
    """Submits over REST, each with an Idempotency-Key: an answer that a kill swallowed is asked for again."""

    stack: Stack
    seed: int
    epochs: int
    submitted: list[str] = field(default_factory=list)  # job ids, in order
    variant_of: dict[str, int] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)  # per variant, the undisturbed job

    def prepare(self) -> None:
        """The digits, a teacher that the service trains itself, and the undisturbed runs."""
        client = self.stack.client
        digits = client.post("/v1/datasets", {"name": "digits", "source": {"kind": "builtin", "name": "digits"}})
        self.dataset = client.wait(digits)["id"]
        first = self._recipe(None, students=[{"name": "teacher", "architecture": "resnet14"}])
        job = self._done(client.create_job(first)["id"])
        source = {"kind": "student", "student": job["students"][0]["id"]}
        teacher = client.post("/v1/teachers", {"name": "teacher", "source": source, "dataset": self.dataset})
        self.teacher = client.wait(teacher)["id"]
        for recipe in self.recipes():
            self.references.append(self._done(client.create_job(recipe)["id"])["id"])

    def _done(self, job: str) -> dict[str, Any]:
        answer = self.stack.client.wait({"object": "job", "id": job}, 0.3)
        assert answer["status"] == "succeeded", answer["error"]
        return answer

    def recipes(self) -> list[dict[str, Any]]:
        small = {"name": "small", "architecture": "resnet8"}
        return [
            self._recipe(self.teacher, students=[small], loss={"kind": "dist"}),
            self._recipe(self.teacher, students=[small | {"seeds": [1, 2], "loss": {"kind": "kd"}}], control=False),
            self._recipe(None, students=[small]),
        ]

    def _recipe(self, teacher: str | None, **more: Any) -> dict[str, Any]:
        recipe = {"name": "chaos", "dataset": self.dataset, "teacher": teacher}
        training = {"epochs": self.epochs, "batch_size": 64, "augment": {"kind": "crop_flip", "flip": False}}
        return recipe | {"training": training} | more

    # --- under fire ---------------------------------------------------------------------------------------------

    def submit(self) -> None:
        n = len(self.submitted)
        variant = n % len(self.references)
        key = str(UUID(int=(self.seed << 64) + n))
        job = self.stack.client.post("/v1/jobs", self.recipes()[variant] | {"name": f"chaos {n}"}, key=key)["id"]
        self.submitted.append(job)
        self.variant_of[job] = variant

    @retry(retry=retry_if_exception_type(UNREACHABLE), stop=stop_after_delay(30), wait=wait_fixed(0.5))
    def open(self) -> int:
        """How many of those submitted are not over."""
        with self.stack.database.read() as session:
            over = select(func.count()).select_from(Job).where(Job.name.startswith("chaos "), Job.status.in_(TERMINAL))
            return len(self.submitted) - (session.scalar(over) or 0)

    def wait_all(self) -> None:
        """Until all are over; `Stuck` with what each open run is doing."""
        left, since = self.open(), time.monotonic()
        while left:
            time.sleep(0.5)
            if (now := self.open()) != left:
                left, since = now, time.monotonic()
            if time.monotonic() - since > PATIENCE:
                raise Stuck(self.what_is_open())

    def what_is_open(self) -> str:
        with self.stack.database.read() as session:
            rows = session.scalars(select(Run).where(Run.status.not_in(TERMINAL)).order_by(Run.id)).all()
        return "; ".join(f"{r.id} ({r.subject}) {r.status}, attempt {r.attempt}, worker {r.worker_id}" for r in rows)
