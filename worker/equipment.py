"""What every run of a worker shares."""

import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

from core.db.session import Database
from core.queue import Queue
from core.settings import Settings
from core.storage import Storage


@dataclass(frozen=True)
class Equipment:
    settings: Settings
    database: Database
    storage: Storage
    queue: Queue
    threads: int  # per child
    stopping: threading.Event = field(default_factory=threading.Event)  # set once the worker shuts down

    def free_bytes(self) -> int:
        """Room for what a run writes: in storage, and in the folder its child works in."""
        work = self.settings.work_dir  # made by the first run
        folder = next(place for place in (work, *work.parents) if place.exists())
        return min(self.storage.free_bytes(), shutil.disk_usage(folder).free)


def scratch_bytes(folder: Path) -> int:
    """What goes with an attempt's folder. A file that has another name elsewhere, a copy in the cache, stays."""
    files = [file.stat() for file in folder.rglob("*") if file.is_file()]
    return sum(file.st_size for file in files if file.st_nlink == 1)
