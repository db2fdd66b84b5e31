"""The state machine of leased work, as pure code: any order of claims, beats, wishes, endings and silences."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.errors import IllegalMove, Stale
from core.leasing import Observer, Outcome, RunState, Sign, claimed, ended, progressed, renewed, wished
from core.lifecycle import ACTIONS, HELD, TERMINAL, JobStatus

LEASE, CRASHES = 30.0, 3
OUTCOMES: tuple[Outcome, ...] = ("succeeded", "failed", "cancelled", "paused", "yielded", "crashed")


class Machine(RuleBasedStateMachine):
    """One run, any number of holders who may have slept, two observers; a clock that tests move."""

    def __init__(self) -> None:
        super().__init__()
        self.run = RunState()
        self.holders: list[int] = []  # attempts that were ever claimed
        self.observers = (Observer(LEASE), Observer(LEASE))
        self.at = 0.0
        self.shown_at = 0.0  # when the holder last showed itself
        self.ends = 0

    @initialize(at=st.floats(0, 1e9))
    def boot(self, at: float) -> None:
        self.at = self.shown_at = at

    @rule()
    def claim(self) -> None:
        if self.run.status != JobStatus.QUEUED:
            with pytest.raises(IllegalMove):
                claimed(self.run)
            return
        before, self.run = self.run, claimed(self.run)
        assert self.run.attempt == before.attempt + 1 and self.run.beat > before.beat
        self.holders.append(self.run.attempt)
        self.shown_at = self.at

    def holds(self, attempt: int) -> bool:
        return self.run.status in HELD and self.run.attempt == attempt

    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        if not self.holders:
            return
        attempt = data.draw(st.sampled_from(self.holders))
        if not self.holds(attempt):
            with pytest.raises(Stale):
                renewed(self.run, attempt)
            return
        self.run = renewed(self.run, attempt)
        self.shown_at = self.at

    @rule(outcome=st.sampled_from(OUTCOMES))
    def end(self, outcome: Outcome) -> None:
        if self.run.status not in HELD:
            return
        before, self.run = self.run, ended(self.run, outcome, CRASHES)
        assert self.run.status not in HELD
        self.ends += self.run.status in TERMINAL
        if outcome == "crashed" and before.status == JobStatus.RUNNING:
            assert (self.run.status == JobStatus.FAILED) == (before.failures + 1 >= CRASHES)

    @rule()
    def progress(self) -> None:
        if self.run.status in HELD:
            self.run = progressed(self.run)

    @rule(action=st.sampled_from(sorted(ACTIONS)))
    def wish(self, action: str) -> None:
        before = self.run
        try:
            to = wished(self.run, action)
        except IllegalMove:
            return
        self.run = to or self.run
        if before.status in TERMINAL and action != "retry":
            assert self.run == before, "nothing but a retry leaves a terminal state"
        if to is not None and to.status in TERMINAL:
            self.ends += 1

    @rule(seconds=st.floats(0, 10 * LEASE), which=st.integers(0, 1))
    def look(self, seconds: float, which: int) -> None:
        self.at += seconds
        signs = [Sign("run", self.run.attempt, self.run.beat)] if self.run.status in HELD else []
        silent = self.observers[which].look(signs, self.at)
        if silent:
            assert self.at - self.shown_at >= LEASE * 0.999, "a holder that was heard of within a lease keeps its run"
            self.run = ended(self.run, "lost", CRASHES)
            assert self.run.status not in HELD

    @invariant()
    def counts_fit(self) -> None:
        assert self.run.attempt == len(self.holders), "attempts are numbered one by one"
        assert 0 <= self.run.failures <= CRASHES


class EveryRunCanGoOn(Machine):
    """Whatever has happened: a held run whose holder is silent becomes free, and a queued one can be claimed."""

    @rule()
    def everybody_dies(self) -> None:
        signs = [Sign("run", self.run.attempt, self.run.beat)] if self.run.status in HELD else []
        fresh = Observer(LEASE)
        for _ in range(20):
            self.at += LEASE / 5
            if fresh.look(signs, self.at):
                self.run = ended(self.run, "lost", CRASHES)
                break
        assert self.run.status not in HELD
        if self.run.status == JobStatus.QUEUED:
            self.claim()


TestMachine = Machine.TestCase
TestEveryRunCanGoOn = EveryRunCanGoOn.TestCase
for case in (TestMachine, TestEveryRunCanGoOn):
    case.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_one_long_gap_releases_nothing() -> None:
    """The machine slept for a day, or the database was away: everybody may show himself first."""
    observer, sign = Observer(LEASE), Sign("run", 1, 1)
    assert observer.look([sign], 0.0) == []
    assert observer.look([sign], 86_400.0) == []
    assert observer.look([Sign("run", 1, 2)], 86_405.0) == []
    assert observer.look([Sign("run", 1, 2)], 2 * 86_400.0) == []


def test_who_looks_seldom_releases_in_the_end() -> None:
    observer, sign = Observer(LEASE), Sign("run", 1, 1)
    looks = [observer.look([sign], minute * 60.0) for minute in range(4)]
    assert looks == [[], [], [sign], [sign]]
