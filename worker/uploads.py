"""Uploads that nobody wants any more: their rows go first, then their files, then files that never had a row."""

import logging
from datetime import datetime, timedelta

from core.db import uploads
from core.db.models import now
from core.storage import keys
from worker.equipment import Equipment

log = logging.getLogger(__name__)
COLLECT_SECONDS = 60.0  # how often a worker looks


def collect_uploads(equipment: Equipment, at: datetime | None = None) -> None:
    """Drop what has expired, and what a killed request left in storage. Safe beside uploads that are arriving."""
    at = at or now()
    with equipment.database.write() as work:
        dropped = uploads.drop_expired(work, at, at + timedelta(hours=equipment.settings.upload_expiry_hours))
    if dropped:
        log.info("dropped %d expired upload(s): %s", len(dropped), ", ".join(dropped))
    # Listed before the rows are asked for: a new upload's row is older than its folder.
    there = equipment.storage.folders(keys.UPLOADS)
    for start in range(0, len(there), 500):
        with equipment.database.read() as session:
            orphans = uploads.unknown(session, there[start : start + 500])
        for id in orphans:
            equipment.storage.delete_prefix(keys.upload_folder(id))
