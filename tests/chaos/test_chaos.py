"""The short form of the chaos runs; the long ones are commands (docs/guarantees.md)."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.__main__ import FAST
from tests.chaos.audit import audit
from tests.chaos.points import FAULTS, all_points
from tests.chaos.stack import ROOT, Stack
from tests.chaos.work import Work

pytestmark = pytest.mark.e2e


def command(module: str, folder: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    out = folder / "report.json"
    run = [sys.executable, "-m", module, *arguments, "--out", str(out)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    return done.returncode, json.loads(out.read_text()), done.stdout + done.stderr


@pytest.mark.parametrize("mode", ["sqlite", "postgres"])
def test_kills_stops_and_deployments_lose_nothing(tmp_path: Path, mode: str) -> None:
    strikes = ["--kills", "8", "--stops", "1", "--terms", "1", "--jobs", "4", "--epochs", "8"]
    code, report, said = command("tests.chaos", tmp_path, "--mode", mode, *strikes)
    assert code == 0, said
    assert report["hit a running attempt"] >= 1
    assert all(report[name]["count"] == 0 for name in ("lost", "doubled", "curves", "weights", "history"))


def test_the_negative_control_a_checkpoint_that_forgets_is_found_out(tmp_path: Path) -> None:
    with Stack(tmp_path, "no-broker", workers=1, guard="checkpoint", settings=FAST | {"max_crashes": "9"}) as stack:
        work = Work(stack, 1, epochs=12)
        work.prepare()
        work.submit()
        (job,) = work.submitted
        deadline = time.monotonic() + 60
        while not ((stack.client.get(f"/v1/jobs/{job}")["progress"] or {}).get("step") or 0) > 60:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        child = stack.hands[0].training_child()
        assert child is not None
        child.kill()
        work.wait_all()
        assert audit(stack, work, []).weights, "other weights, and the audit says nothing"


def test_some_points_crossed_with_some_faults_recover(tmp_path: Path) -> None:
    code, report, said = command("tests.chaos.crossing", tmp_path, "--most", "4", "--seed", "3")
    assert code == 0, said
    assert report["struck and recovered"] == 4 and report["never reached"] == []


def test_there_are_points_at_every_stage() -> None:
    points = all_points()
    assert len(points) >= 40 and len(FAULTS) == 5
    stages = {point.partition(".")[0] for point in points}
    wanted = {"submit", "claim", "start", "checkpoint", "save", "store", "publish", "finish", "stop", "sweep", "lease"}
    assert stages >= wanted
