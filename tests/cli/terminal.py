"""A terminal for a command: what it shows is read as a user would see it come."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from tests.cli.stack import clean_environment


class Terminal:
    """A command in a terminal of its own. `until` reads what it shows until that is there."""

    def __init__(self, url: str, key: str, *arguments: str, columns: int = 80) -> None:
        size = {"COLUMNS": str(columns), "LINES": "24", "TERM": "xterm", "NO_COLOR": "1"}
        environment = clean_environment(DISTILLERY_URL=url, DISTILLERY_API_KEY=key, **size)
        near, far = pty.openpty()
        self._screen, self.shown = near, ""
        command = [sys.executable, "-m", "cli.main", *arguments]
        self.process = subprocess.Popen(
            command, stdin=far, stdout=far, stderr=far, env=environment, start_new_session=True
        )
        os.close(far)

    def until(self, found: Callable[[str], object]) -> str:
        deadline = time.monotonic() + 60
        while not found(self.shown):
            assert time.monotonic() < deadline, self.shown
            if select.select([self._screen], [], [], 0.2)[0]:
                with suppress(OSError):  # it has ended
                    self.shown += os.read(self._screen, 1 << 16).decode()
        return self.shown

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._screen)
