"""A worker with one guard switched off: the negative control. It must make the harness fail.

    python -m tests.chaos.broken fencing|checkpoint -A worker.app worker …

fencing: a stale attempt is believed, and its child lives on. checkpoint: a resumed attempt has forgotten its
optimizers' momentum.
"""

import sys
from math import inf

from celery.__main__ import main
from sqlalchemy import select

from core.db import runs
from core.db.models import Run
from core.db.session import UnitOfWork
from core.spawn import ChildProcess
from worker.duties.train import Train
from worker.lease import Lease

renew = ChildProcess.renew
GUARDS = ("fencing", "checkpoint")


def _believe(work: UnitOfWork, claim: runs.Claim) -> Run:
    query = select(Run).where(Run.id == claim.run_id).execution_options(populate_existing=True)
    return work.scalars(query).one()


def _look_away(self: Lease) -> None:
    pass


def _for_ever(self: ChildProcess, until: float) -> None:
    renew(self, inf)


def switch_off(guard: str) -> None:
    if guard == "fencing":
        runs.fence = _believe  # type: ignore[assignment]
        Lease._look = _look_away  # type: ignore[method-assign]
        ChildProcess.renew = _for_ever  # type: ignore[method-assign]
    elif guard == "checkpoint":
        Train.module = "tests.chaos.broken_child"
    else:
        raise SystemExit(f"no guard {guard!r}: {', '.join(GUARDS)}")


if __name__ == "__main__":
    switch_off(sys.argv.pop(1))
    main()
