"""The rows obey the pure state machine: the same commands to both, on SQLite and PostgreSQL, and they stay the same."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from core.db import reports, runs
from core.db.models import Attempt, Checkpoint, Event, Job, Metric, Point, Run
from core.db.session import Database
from core.errors import IllegalMove, Stale
from core.leasing import Observer, Outcome, RunState, claimed, ended, progressed, renewed, wished
from core.lifecycle import ACTIONS, HELD, JobStatus
from tests.core.test_leasing import CRASHES, LEASE, OUTCOMES


class Rows(RuleBasedStateMachine):
    """Model on the left, rows on the right."""

    database: Database
    make_job: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.job = self.make_job()
        self.model = RunState()
        self.claims: list[runs.Claim] = []
        self.step = 0
        self.observer, self.at = Observer(LEASE), 0.0

    @rule()
    def claim(self) -> None:
        with self.database.write() as work:
            got = runs.claim(work, "wrk_test")
        assert (got is not None) == (self.model.status == JobStatus.QUEUED)
        if got is not None:
            self.model = claimed(self.model)
            self.claims.append(got)

    @rule()
    def beat(self) -> None:
        if self.model.status in HELD:
            self.model = renewed(self.model, self.claims[-1].attempt)
            with self.database.write() as work:
                runs.renew(work, self.claims[-1])

    @rule(outcome=st.sampled_from(OUTCOMES))
    def end(self, outcome: Outcome) -> None:
        if self.model.status in HELD:
            self.model = ended(self.model, outcome, CRASHES)
            with self.database.write() as work:
                runs.end(work, runs.fence(work, self.claims[-1]), runs.Ending(outcome), max_crashes=CRASHES)

    @rule()
    def checkpoint(self) -> None:
        if self.model.status in HELD:
            self.model = progressed(self.model)
            self.step += 1
            with self.database.write() as work:
                run = runs.fence(work, self.claims[-1])
                what = {"key": f"k{self.step}", "bytes": 1, "sha256": "0" * 64}
                reports.record_checkpoint(work, run, step=self.step, epoch=1, **what)  # type: ignore[arg-type]

    @rule(action=st.sampled_from(sorted(ACTIONS)))
    def wish(self, action: str) -> None:
        try:
            to = wished(self.model, action)
        except IllegalMove:
            with pytest.raises(IllegalMove):
                self._act(action)
            return
        assert self._act(action) == (to is not None)
        self.model = to or self.model

    def _act(self, action: str) -> bool:
        with self.database.write() as work:
            return runs.act(work, work.get_one(Job, self.job), action)

    @rule(seconds=st.floats(0, 2 * LEASE))
    def look(self, seconds: float) -> None:
        self.at += seconds
        with self.database.read() as session:
            silent = self.observer.look(runs.signs(session), self.at)
        with self.database.write() as work:
            released = runs.release(work, silent)
        assert len(released) == len(silent)
        if silent:
            self.model = ended(self.model, "lost", CRASHES)

    @rule(data=st.data())
    def zombie(self, data: st.DataObject) -> None:
        """Any attempt that owns the run no longer tries to write: nothing changes."""
        held = self.model.status in HELD
        stale = [claim for claim in self.claims if not (held and claim.attempt == self.model.attempt)]
        if not stale:
            return
        claim, before = data.draw(st.sampled_from(stale)), self._all()
        with pytest.raises(Stale), self.database.write() as work:
            runs.renew(work, claim)
        with pytest.raises(Stale), self.database.write() as work:
            run = runs.fence(work, claim)
            reports.record_metrics(work, self.job, claim.attempt, [(1, "", "loss/total", 1.0)])
            runs.end(work, run, runs.Ending("succeeded"))
        assert self._all() == before

    def _all(self) -> tuple[object, ...]:
        with self.database.read() as session:
            run = session.scalars(select(Run).where(Run.subject == self.job)).one()
            counts = [
                session.scalar(select(func.count()).select_from(one)) for one in (Metric, Point, Event, Checkpoint)
            ]
            outcomes = session.execute(select(Attempt.n, Attempt.outcome).order_by(Attempt.run_id, Attempt.n)).all()
        return (runs.state_of(run), counts, outcomes)

    @invariant()
    def rows_are_what_the_model_says(self) -> None:
        with self.database.read() as session:
            run = session.scalars(select(Run).where(Run.subject == self.job)).one()
            assert runs.state_of(run) == self.model
            assert session.get_one(Job, self.job).status == self.model.status
            ns = session.scalars(select(Attempt.n).where(Attempt.run_id == run.id).order_by(Attempt.n)).all()
            open_ones = [*session.scalars(select(Attempt.n).where(Attempt.run_id == run.id, Attempt.outcome.is_(None)))]
        assert list(ns) == list(range(1, self.model.attempt + 1))
        assert open_ones == ([self.model.attempt] if self.model.status in HELD else [])

    def teardown(self) -> None:
        """A run that stays open would be claimed by the next example."""
        with self.database.write() as work:
            run = work.scalars(select(Run).where(Run.subject == self.job)).one()
            work.delete(run)


def test_rows_obey_the_state_machine(database: Database, make_job: Callable[[], str]) -> None:
    class Machine(Rows):
        pass

    Machine.database, Machine.make_job = database, staticmethod(make_job)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
