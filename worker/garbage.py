"""What nobody wants any more: expired uploads, folders whose row is gone, files that no row names, broken-off writes.

Deleting has two steps: the row goes first, then its bytes. Whoever dies in between leaves bytes without a row, and so
does one who stored a file and did not live to say so. Both are found here.
"""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from core.db import belongings, uploads
from core.db.models import now
from core.storage import keys
from worker.equipment import Equipment

log = logging.getLogger(__name__)
COLLECT_SECONDS = 60.0  # how often a worker looks for uploads and folders,
SEARCH_SECONDS = 600.0  # and, which costs more, for single files
GRACE_SECONDS = 3600.0  # a file's row may come so long after the file
WRITE_SECONDS = 24 * 3600.0  # a write may last so long: 20 GiB over a slow line
AT_ONCE = 500


class Garbage:
    """One collector, with the files that it has seen without a row, and the writes, and since when by its own clock.

    A file's own time of change is not believed: the clock of the machine that wrote it may be another one.
    """

    def __init__(self, equipment: Equipment, clock: Callable[[], float] = time.monotonic) -> None:
        self._equipment, self._clock = equipment, clock
        self._collect_at = self._search_at = clock()
        self._seen: dict[str, float] = {}
        self._begun: dict[str, float] = {}

    def collect_if_due(self) -> None:
        """Safe beside whatever is arriving or training."""
        if self._clock() >= self._collect_at:
            self._collect_at = self._clock() + COLLECT_SECONDS
            self.drop_uploads()
            self.drop_folders()
        if self._clock() >= self._search_at:
            self._search_at = self._clock() + SEARCH_SECONDS
            self.drop_files()
            self.drop_unfinished()

    def drop_uploads(self, at: datetime | None = None) -> None:
        """The rows of those whose time is up; their files are the next thing that is found."""
        at = at or now()
        with self._equipment.database.write() as work:
            expiry = timedelta(hours=self._equipment.settings.upload_expiry_hours)
            dropped = uploads.drop_expired(work, at, at + expiry)
        if dropped:
            log.info("dropped %d expired upload(s): %s", len(dropped), ", ".join(dropped))

    def drop_folders(self) -> None:
        """Listed before the rows are asked for: a row is older than its folder."""
        storage = self._equipment.storage
        for folder in (keys.UPLOADS, keys.DATASETS, keys.TEACHERS, keys.JOBS):
            for ids in _batches(iter(storage.folders(folder))):
                with self._equipment.database.read() as session:
                    orphans = belongings.unknown(session, folder, ids)
                for id in orphans:
                    storage.delete_prefix(f"{folder}/{id}")
                    log.info("removed %s/%s, which no row knows", folder, id)

    def drop_files(self) -> None:
        """Of jobs: an older checkpoint whose deletion was cut off, a file that a killed attempt had stored."""
        storage, at = self._equipment.storage, self._clock()
        seen: dict[str, float] = {}
        for there in _batches(storage.files(keys.JOBS)):
            ids = sorted({keys.owner(key) for key in there})
            with self._equipment.database.read() as session:
                named = belongings.of_jobs(session, ids)
            seen |= {key: self._seen.get(key, at) for key in there if key not in named}
        self._seen = seen
        for key in [key for key, since in seen.items() if at - since >= GRACE_SECONDS]:
            storage.delete(key)
            del self._seen[key]
            log.info("removed %s, which no row names", key)

    def drop_unfinished(self) -> None:
        """What a killed writer sent to a bucket, and what takes room there though no file shows it."""
        storage, at = self._equipment.storage, self._clock()
        self._begun = {name: self._begun.get(name, at) for name in storage.unfinished()}
        for name in [name for name, since in self._begun.items() if at - since >= WRITE_SECONDS]:
            storage.abandon(name)
            del self._begun[name]
            log.info("ended the write of %s, which nobody finished", name)


def _batches(ids: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(ids, AT_ONCE)):
        yield batch
