"""The wheel holds the whole program: installed elsewhere it runs without Node, and its base without torch."""

import json
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from cli.main import PANELS
from tests.cli.stack import clean_environment
from tests.e2e.test_spine import wait_for
from tests.worker.conftest import redis_executable

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
JOB = """
name: from a wheel
dataset: builtin:digits
teacher: null
loss: {kind: task}
students: [{name: small, architecture: resnet8}]
training: {epochs: 1, augment: {kind: none}}
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, dashboard: None) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], check=True, env=clean_environment())
    (built,) = folder.glob("*.whl")
    return built


class Installed:
    """The wheel in an environment of its own, and an empty folder to work in."""

    def __init__(self, folder: Path, *requirements: str, beside: str | None = None) -> None:
        self.bin = folder / "venv" / "bin"
        self.cwd = folder / "elsewhere"
        self.tools = folder / "tools"
        for made in (self.cwd, self.tools):
            made.mkdir()
        (self.tools / "redis-server").symlink_to(redis_executable())
        venv.create(folder / "venv", with_pip=True)
        pip = [str(self.bin / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements], check=True, env=clean_environment())
        if beside:  # packages that are installed already; the program itself must come from the wheel
            (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
            (site / "beside.pth").write_text(beside + "\n")

    def environment(self, **more: str) -> dict[str, str]:
        """Nothing on the PATH but this environment and Redis: no Node."""
        return clean_environment(**more) | {"PATH": f"{self.bin}:{self.tools}", "PYTHONPATH": ""}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.bin / "distillery"), *words]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=self.cwd, env=self.environment(), timeout=280
        )


def test_everything_that_is_tracked_is_in_it(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "api", "cli", "core", "migrations", "worker"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
        page = archive.read("api/dist/index.html").decode()
    assert {path for path in listed if not path.endswith("Dockerfile") and (ROOT / path).exists()} <= inside
    assert {f"api/dist/{name}" for name in re.findall(r'(?:src|href)="\./([^"]+)"', page)} <= inside
    assert not [name for name in inside if "__pycache__" in name or name.startswith(("frontend", "tests"))]


def test_without_a_dashboard_there_is_no_wheel(tmp_path: Path) -> None:
    """The sources as a fresh clone has them."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name in ("api", "cli", "core", "migrations", "worker", "frontend"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "frontend" / "wheel.py").write_bytes((ROOT / "frontend" / "wheel.py").read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "--wheel-dir", tmp_path, tmp_path], capture_output=True, text=True)
    assert done.returncode != 0
    assert "The dashboard is not built: make wheel" in done.stdout + done.stderr


def test_the_base_is_the_command_line_alone(wheel: Path, tmp_path: Path) -> None:
    here = Installed(tmp_path, "--constraint", str(ROOT / "constraints.txt"), f"{wheel}[client]")
    shown = here.run("--help")
    assert shown.returncode == 0, shown.stderr
    assert all(name in shown.stdout for commands in PANELS.values() for name in commands)
    python = [str(here.bin / "python"), "-c"]
    for heavy in ("torch", "numpy", "sqlalchemy", "fastapi", "psutil"):
        assert subprocess.run([*python, f"import {heavy}"], capture_output=True, cwd=here.cwd).returncode == 1
    for name in PANELS["On this machine"]:
        refused = here.run(name)
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1 and "pip install 'distillery[server]'" in refused.stderr, refused.stderr
    assert "pip install 'distillery[server]'" in here.run("keys", "list", "--local").stderr
    for words in (["jobs"], ["students"], ["watch", "job_1"], ["download", "stu_1"], ["keys", "list"]):
        alone = here.run(*words)
        assert alone.returncode == 1 and "No service found" in alone.stderr, alone.stderr
    modules = ", ".join(sorted({place.split(":")[0] for place in PANELS["Through the service"].values()}))
    assert subprocess.run([*python, f"import {modules}, cli.register"], cwd=here.cwd).returncode == 0


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Iterator[Installed]:
    """Beside this environment's packages, as its extra `server` would bring them."""
    yield Installed(tmp_path, "--no-deps", str(wheel), beside=sysconfig.get_paths()["purelib"])


def test_up_runs_from_the_wheel_alone(installed: Installed, tmp_path: Path) -> None:
    where = (
        "import api, cli, core, worker, migrations; print([m.__file__ for m in (api, cli, core, worker, migrations)])"
    )
    python = str(installed.bin / "python")
    shown = subprocess.run(
        [python, "-P", "-c", where], cwd=installed.cwd, env=installed.environment(), capture_output=True, text=True
    )
    assert str(ROOT) not in shown.stdout, shown.stdout + shown.stderr
    data = installed.cwd / "data"
    (installed.cwd / "job.yaml").write_text(JOB)
    (installed.cwd / "api").mkdir()
    (installed.cwd / "api" / "__init__.py").write_text("raise SystemExit('this is not Distillery')")
    shadowed = installed.run("up")
    assert shadowed.returncode == 1 and "holds a Python module named api" in shadowed.stderr
    (installed.cwd / "api" / "__init__.py").unlink()
    with (tmp_path / "up.log").open("w") as log:
        up = subprocess.Popen(
            [installed.bin / "distillery", "up", "--port", "0"],
            cwd=installed.cwd,
            env=installed.environment(),
            stdout=log,
            stderr=log,
        )
    try:
        done = installed.run("submit", "job.yaml", "--watch", "--json") if wait(up, data, tmp_path) else None
        assert done is not None and done.returncode == 0, done and done.stderr
        assert json.loads(done.stdout)["status"] == "succeeded"
        url = json.loads((data / "up.json").read_text())["url"]
        page = httpx2.get(f"{url}/", trust_env=False)
        assert page.status_code == 200 and '<div id="root">' in page.text
        for name in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            assert httpx2.get(url + name, trust_env=False).status_code == 200
        sound = installed.run("doctor")
        assert sound.returncode == 0, sound.stdout
        assert f"{installed.bin.parent}/lib" in sound.stdout  # where its dashboard is
    finally:
        up.terminate()
        code = up.wait(60)
    assert code == 0


def wait(up: "subprocess.Popen[bytes]", data: Path, folder: Path) -> bool:
    def announced() -> bool:
        assert up.poll() is None, (folder / "up.log").read_text()
        return (data / "up.json").exists()

    return bool(wait_for("up", announced))
