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
def test_the_whole_way_in_fifteen_lines_of_python(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    own_files(tmp_path)
    with running(tmp_path / "data") as stack:
        key = (stack.data_dir / "admin.key").read_text().strip()
        root = Path(__file__).parents[2]
        environment = clean_environment(DISTILLERY_URL=stack.url, DISTILLERY_API_KEY=key, PYTHONPATH=str(root))
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280
        )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "small" / "weights.safetensors").stat().st_size > 0


@pytest.mark.parametrize("module", ["client", "files", "jobs", "students", "register"])
def test_a_client_needs_none_of_a_servers_packages(module: str) -> None:
    code = f"import sys, cli.{module}; print(*[name for name in {SERVER_PACKAGES} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
