"""How long a bucket that does not answer is waited for."""

import time

from core.lifecycle import JobStatus
from worker.lease import Lease


class Patience:
    """`seconds` from its first silence until it answers again; not where the run is lost, or somebody wants its end."""

    def __init__(self, lease: Lease, seconds: float) -> None:
        self._lease, self._seconds = lease, seconds
        self._since: float | None = None

    @property
    def tried(self) -> bool:
        return self._since is not None

    def waits(self) -> bool:
        """It did not answer: whether to try again."""
        self._since = self._since or time.monotonic()
        wanted = not self._lease.lost and self._lease.status == JobStatus.RUNNING
        return wanted and time.monotonic() - self._since < self._seconds

    def rest(self) -> None:
        """It has answered."""
        self._since = None
