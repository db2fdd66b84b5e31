"""The guide's commands, run as they stand there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.own_files import own_files
from tests.cli.stack import clean_environment, running

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "curl.md"


@pytest.mark.e2e
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_command_of_the_curl_guide_works_in_order(tmp_path: Path) -> None:
    blocks = re.findall(r"^```bash\n(.*?)^```$", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 7
    script = "set -euo pipefail\n" + "\n".join(blocks)
    own_files(tmp_path)
    with running(tmp_path / "data") as stack:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=clean_environment(DISTILLERY_URL=stack.url),
            capture_output=True,
            text=True,
            timeout=280,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "weights.safetensors: OK" in done.stdout
    assert "is succeeded" in done.stdout
    assert (tmp_path / "weights.safetensors").stat().st_size > 0
    short = blocks[1]
    assert len(re.findall(r"\b(?:api|json) (?:GET|PUT|POST)", short)) == 5
    assert '"status":"succeeded"' in done.stdout.replace(" ", "")
    assert (tmp_path / "student.safetensors").stat().st_size > 0
