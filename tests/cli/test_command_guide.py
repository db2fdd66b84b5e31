"""The command line's guide: its lines, run as they stand there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import PANELS
from tests.cli.own_files import own_files
from tests.cli.stack import clean_environment, running

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "cli.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.e2e
def test_every_line_of_the_guide_works_in_order(tmp_path: Path) -> None:
    own_files(tmp_path)
    (recipe,) = blocks("yaml")
    (tmp_path / "job.yaml").write_text(recipe)
    script = "set -euo pipefail\n" + "\n".join(blocks("bash"))
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with running(tmp_path / "data") as stack:
        environment = clean_environment(PATH=here, PYTHONPATH=str(ROOT), DISTILLERY_DATA_DIR=str(stack.data_dir))
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "INFO    Attempt 1 begins" in done.stdout and "Verdict: " in done.stdout
    again = json.loads((tmp_path / "again.json").read_text())
    assert (again["status"], again["name"], again["priority"]) == ("succeeded", "shorter", 5)
    assert f"There is no job {again['id']!r}" in done.stderr
    assert (tmp_path / "weights" / "weights.safetensors").stat().st_size > 0


def test_the_guide_names_every_command_for_the_service() -> None:
    named = {name for pair in re.findall(r"distillery ([a-z]+)|`([a-z]+)[` ]", GUIDE) for name in pair}
    assert set(PANELS["Through the service"]) <= named
