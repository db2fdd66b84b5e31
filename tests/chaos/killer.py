"""Whom to kill or to stop, and when: drawn from a seed, noted with what was hit."""

import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field

import psutil
import redis
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from core.db.models import Run, now
from core.lifecycle import HELD
from tests.chaos.stack import Part, Stack

WEIGHTS = {"child": 55, "worker": 30, "api": 9, "broker": 5, "database": 1}
TAKEN_AFTER = 4  # times as long as a stop lasts at least, until nobody is waited for


@dataclass(frozen=True)
class Hit:
    """An attempt that was running when its child or worker was struck."""

    at: float  # seconds since the epoch
    how: str
    run: str
    attempt: int


@dataclass
class Killer:
    stack: Stack
    random: random.Random
    stop_seconds: float  # longer than a lease
    sent: Counter[str] = field(default_factory=Counter)
    hits: list[Hit] = field(default_factory=list)
    zombies: int = 0  # that woke when somebody else had their run
    yields: list[float] = field(default_factory=list)  # seconds from a SIGTERM to the worker's end

    def __post_init__(self) -> None:
        self._asleep: threading.Thread | None = None
        self._leaving: set[int] = set()

    # --- kills --------------------------------------------------------------------------------------------------

    def kill(self) -> bool:
        """SIGKILL somebody; False where nobody of the drawn kind is there."""
        absent = {"broker": self.stack.broker is None, "database": self.stack.postgres is None}
        weights = {kind: 0 if absent.get(kind) else weight for kind, weight in WEIGHTS.items()}
        kind = self.random.choices(list(weights), list(weights.values()))[0]
        struck: bool = getattr(self, f"_{kind}")()
        self.sent[kind] += struck
        return struck

    def _child(self) -> bool:
        training = [(part, child) for part in self._awake() if (child := part.training_child()) is not None]
        if not training:
            return False
        part, child = self.random.choice(training)
        held = self._held_by(part)
        with suppress(psutil.NoSuchProcess):
            child.kill()
            self._note("child", held)
        return True

    def _worker(self) -> bool:
        awake = self._awake()
        if not awake:
            return False
        part = self.random.choice(awake)
        held = self._held_by(part)
        part.signal(signal.SIGKILL)
        self._note("worker", held)
        return True

    def _api(self) -> bool:
        self.stack.api.signal(signal.SIGKILL)
        return True

    def _broker(self) -> bool:
        broker = self.stack.broker
        assert broker is not None
        if self.random.random() < 0.5:
            with suppress(redis.RedisError), redis.Redis(unix_socket_path=str(self.stack.redis_socket)) as server:
                server.flushall()
        broker.signal(signal.SIGKILL)
        self.stack.redis_socket.unlink(missing_ok=True)
        return True

    def _database(self) -> bool:
        self.stack.restart_postgres()
        return True

    # --- a deployment -------------------------------------------------------------------------------------------

    def term(self) -> bool:
        """SIGTERM to a worker that trains: it yields, and ends."""
        training = [part for part in self._awake() if part.training_child() is not None]
        if not training:
            return False
        part = self.random.choice(training)
        process = part.process
        assert process is not None
        begun = time.monotonic()
        self._leaving.add(process.pid)  # put to sleep now, it would seem slow to leave
        part.signal(signal.SIGTERM)
        self.sent["term"] += 1

        def wait() -> None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            self.yields.append(time.monotonic() - begun)

        threading.Thread(target=wait, daemon=True).start()
        return True

    # --- sleep --------------------------------------------------------------------------------------------------

    def stop(self) -> bool:
        """SIGSTOP a worker, often with its child, for longer than a lease and until somebody has taken its run over;
        one at a time."""
        if self._asleep is not None and self._asleep.is_alive():
            return False
        awake = [part for part in self._awake() if part.training_child() is not None]
        awake = [part for part in awake if part.process and part.process.pid not in self._leaving]
        if not awake:
            return False
        part = self.random.choice(awake)
        child = part.training_child()
        held = self._held_by(part)
        if not self._suspend(part):
            return False
        with_child = child is not None and self.random.random() < 0.5
        if with_child and child is not None:
            with suppress(psutil.NoSuchProcess):
                child.suspend()
        self.sent["stop"] += 1
        self._note("stop", held)
        process = part.process
        assert process is not None
        self._asleep = threading.Thread(target=self._wake, args=(process.pid, child if with_child else None, held))
        self._asleep.start()
        return True

    def _wake(self, worker: int, child: psutil.Process | None, held: list[tuple[str, int]]) -> None:
        time.sleep(self.stop_seconds)
        last = time.monotonic() + TAKEN_AFTER * self.stop_seconds
        while held and not self._taken_over(*held[0]) and time.monotonic() < last:
            time.sleep(0.2)
        self.zombies += sum(self._taken_over(*one) for one in held)
        with suppress(ProcessLookupError):
            os.killpg(worker, signal.SIGCONT)
        if child is not None:
            with suppress(psutil.NoSuchProcess):
                child.resume()

    def _taken_over(self, run: str, attempt: int) -> bool:
        """Whether a later attempt is at work."""
        with suppress(SQLAlchemyError), self.stack.database.read() as session:
            return (session.scalar(select(Run.attempt).where(Run.id == run)) or 0) > attempt
        return False

    def _suspend(self, part: Part) -> bool:
        """Between two of its transactions on SQLite: there a sleeper that holds the lock stops everybody."""
        for _ in range(20):
            part.signal(signal.SIGSTOP)
            if not self._locked():
                return True
            part.signal(signal.SIGCONT)
            time.sleep(0.05)
        return False

    def _locked(self) -> bool:
        if not self.stack.database.is_sqlite:
            return False  # the server ends the session of a sleeper
        try:
            with closing(sqlite3.connect(str(self.stack.database.url.database), timeout=1, isolation_level=None)) as db:
                db.execute("BEGIN EXCLUSIVE")  # a sleeping reader too would keep every writer waiting
                db.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
        return False

    def finish(self) -> None:
        """Everybody is awake again."""
        if self._asleep is not None:
            self._asleep.join()

    # --- what was hit -------------------------------------------------------------------------------------------

    def _awake(self) -> list[Part]:
        """Those that run; a stopped one is left alone until it wakes."""
        found = []
        for part in self.stack.hands:
            with suppress(psutil.Error):
                if part.alive and part.process and psutil.Process(part.process.pid).status() != psutil.STATUS_STOPPED:
                    found.append(part)
        return found

    def _held_by(self, part: Part) -> list[tuple[str, int]]:
        """(run, attempt) of what this worker is training."""
        child = part.training_child()
        if child is None:
            return []
        with suppress(psutil.Error):
            folder = child.cwd().split("/")  # ends in run and attempt
            with self.stack.database.read() as session:
                run = session.scalar(select(Run).where(Run.id == folder[-2], Run.status.in_(HELD)))
            if run is not None and run.attempt == int(folder[-1]):
                return [(run.id, run.attempt)]
        return []

    def _note(self, how: str, held: list[tuple[str, int]]) -> None:
        self.hits += [Hit(now().timestamp(), how, run, attempt) for run, attempt in held]
