"""Which service the commands and clients talk to: that of DISTILLERY_URL, else the one that `up` runs here."""

import json
from dataclasses import dataclass
from pathlib import Path

from core.errors import Unavailable
from core.settings import Settings


@dataclass(frozen=True)
class RunningStack:
    """What `up` leaves in its data dir while it runs, so that the other commands find it."""

    url: str
    pid: int

    @staticmethod
    def file(data_dir: Path) -> Path:
        return data_dir / "up.json"


def running_stack(data_dir: Path) -> RunningStack | None:
    try:
        return RunningStack(**json.loads(RunningStack.file(data_dir).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def address_and_key(settings: Settings) -> tuple[str, str]:
    """(url, key); `Unavailable` says what to set."""
    stack = running_stack(settings.data_dir)
    url = settings.url or (stack.url if stack else None)
    if url is None:
        where = "set DISTILLERY_URL and DISTILLERY_API_KEY, or start one here: distillery up"
        raise Unavailable("no_service", f"No service found in {settings.data_dir}: {where}")
    key = settings.api_key.get_secret_value() if settings.api_key else None
    if key is None and stack and stack.url == url:
        try:
            key = settings.admin_key_file.read_text().strip()
        except OSError as error:
            raise Unavailable("no_key", f"Cannot read {settings.admin_key_file} ({error.strerror}).") from error
    if not key:
        raise Unavailable("no_key", f"Set DISTILLERY_API_KEY to a key of {url}.")
    return url, key
