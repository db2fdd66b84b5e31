"""Several hundred hostile archives, read by a process with 512 MiB and 10 seconds for each."""

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from core.intake.names import shown
from tests.intake.many_hostile import CASES, LIMITS
from tests.intake.reading import listing

Told = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("hostile")
    (canary := folder / "near" / "canary").parent.mkdir()
    canary.write_bytes(b"sings")
    inner = folder / "in"
    command = [sys.executable, "-m", "tests.intake.many_hostile", str(inner)]
    inner.mkdir()
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path for path in listing(folder) if not path.startswith("in")} == {"near", "near/canary"}
    return {line["case"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("case", CASES)
def test_refused(told: Told, case: str) -> None:
    """By its code, naming the member; no file was changed, none is new."""
    line, expected = told[case], CASES[case]
    assert line["code"] == expected.code, line["detail"]
    assert not line["changed"]
    assert line["detail"].endswith(".") and line["detail"].isprintable()
    if expected.member is not None:
        assert shown(expected.member)[1:-1] in line["detail"]


def test_there_are_hundreds_and_they_take_little(told: Told) -> None:
    assert len(told) == len(CASES) >= 500
    assert (LIMITS.memory_bytes, LIMITS.seconds) == (512 * 2**20, 10)
    assert max(line["memory"] for line in told.values()) < 512 * 2**20


def test_a_reader_that_believes_them_is_led_astray(tmp_path: Path) -> None:
    """The control: what these archives do to whoever unpacks them as they are."""
    (target := tmp_path / "deep" / "target").mkdir(parents=True)
    case = next(name for name in CASES if name.startswith("tar") and name.endswith("last: traversal"))
    with tarfile.open(fileobj=io.BytesIO(CASES[case].make())) as archive:
        archive.extractall(target, filter="fully_trusted")
    assert (tmp_path / "deep" / "evil.png").exists()
    case = next(name for name in CASES if name.startswith("tar") and name.endswith("last: absolute link"))
    with tarfile.open(fileobj=io.BytesIO(CASES[case].make())) as archive:
        archive.extractall(target, filter="fully_trusted")
    assert (target / "train/cat/odd").readlink() == Path("/etc")
