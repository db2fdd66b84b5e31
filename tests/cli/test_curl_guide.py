"""The guide's commands, run as they stand there; and what its helpers say when something is refused."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.own_files import own_files
from tests.cli.stack import Stack, clean_environment, running

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "curl.md"
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")]


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)


def _run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = clean_environment(**environment)
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=280)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guide")


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[Stack]:
    with running(folder / "data") as stack:
        yield stack


def test_every_command_of_the_curl_guide_works_in_order(folder: Path, stack: Stack) -> None:
    blocks = _blocks("bash")
    assert len(blocks) >= 7
    own_files(folder)
    done = _run(["bash", "-c", "set -euo pipefail\n" + "\n".join(blocks)], folder, DISTILLERY_URL=stack.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "weights.safetensors: OK" in done.stdout
    assert "is succeeded" in done.stdout
    assert (folder / "weights.safetensors").stat().st_size > 0
    short = blocks[1]
    assert len(re.findall(r"\b(?:api|json) (?:GET|PUT|POST)", short)) == 5
    assert '"status":"succeeded"' in done.stdout.replace(" ", "")
    assert (folder / "student.safetensors").stat().st_size > 0
    for steered in ("is paused", "is cancelled", "It can: delete.", "\ndeleted\n"):
        assert steered in done.stdout
    assert "['guide: one student and its control', 'guide: a teacher']\n['distillation']\n" in done.stdout  # two pages

    (load,) = _blocks("python")
    loaded = _run([sys.executable, "-c", load], folder, PYTHONPATH=str(ROOT))
    assert loaded.returncode == 0, loaded.stderr
    assert set(ast.literal_eval(loaded.stdout)) <= set("0123456789")


@pytest.mark.parametrize(
    "command",
    [
        'wait_while "queued running" /v1/jobs/job_1',
        """DATASET=$(json POST /v1/datasets '{}' | field 'it["id"]')""",
    ],
)
def test_the_helpers_say_what_was_refused_and_fail(folder: Path, stack: Stack, command: str) -> None:
    script = ["bash", "-c", _blocks("bash")[0].rpartition("\n\n")[0] + "\n" + command]
    refused = _run(script, folder, DISTILLERY_URL=stack.url, DISTILLERY_API_KEY="dkd_x")
    assert refused.returncode != 0
    assert refused.stdout == ""
    assert "This key or session is unknown, revoked or expired." in refused.stderr
    assert "Traceback" not in refused.stderr
    nobody = _run(script, folder, DISTILLERY_URL="http://127.0.0.1:1", DISTILLERY_API_KEY="dkd_x")
    assert nobody.returncode != 0
    assert nobody.stdout == ""
    assert "curl: (7)" in nobody.stderr
    assert "Traceback" not in nobody.stderr
