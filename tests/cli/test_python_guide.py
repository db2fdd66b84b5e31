"""The Python guide's lines, run as they stand there; and what importing the client costs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.own_files import own_files
from tests.cli.stack import clean_environment, running

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "python.md"
SERVER_PACKAGES = ("torch", "numpy", "sqlalchemy", "fastapi", "celery", "alembic", "PIL")


@pytest.mark.e2e
def test_the_guides_lines_do_what_they_say(tmp_path: Path) -> None:
    short, coroutines = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert len([line for line in short.splitlines() if line.strip()]) <= 15
    own_files(tmp_path)
    with running(tmp_path / "data") as stack:
        key = (stack.data_dir / "admin.key").read_text().strip()
        root = Path(__file__).parents[2]
        environment = clean_environment(DISTILLERY_URL=stack.url, DISTILLERY_API_KEY=key, PYTHONPATH=str(root))
        for code in (short, coroutines):
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280
            )
            assert done.returncode == 0, done.stderr
    for student in ("small", "resnet8", "resnet14"):
        assert (tmp_path / student / "weights.safetensors").stat().st_size > 0
    for name in ("resnet8", "resnet14"):
        assert re.search(rf"^{name} Attempt 1 begins", done.stdout, flags=re.MULTILINE), done.stdout


@pytest.mark.parametrize(
    "module", ["client", "async_client", "files", "submit", "job_list", "logs", "objects", "lists", "students"]
)
def test_a_client_needs_none_of_a_servers_packages(module: str) -> None:
    code = f"import sys, cli.{module}; print(*[name for name in {SERVER_PACKAGES} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
