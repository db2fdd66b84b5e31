"""Files that only their owner may read."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core import private


def test_of_many_that_write_first_all_find_the_same_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "made" / "signing.key"

    def start(n: int) -> str:
        private.write_first(path, str(n) * 1000)
        return path.read_text()

    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(start, range(64)))
    assert len(found) == 1 and len(found.pop()) >= 1000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_write_replaces(tmp_path: Path) -> None:
    path = tmp_path / "admin.key"
    path.write_text("old")
    path.chmod(0o644)
    private.write(path, "new")
    assert path.read_text() == "new" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
