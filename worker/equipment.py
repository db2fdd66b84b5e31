"""What every run of a worker shares."""

import threading
from dataclasses import dataclass, field

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
