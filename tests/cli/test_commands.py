"""What the commands say when something is wrong: one clear line on stderr, exit code 1, no traceback."""

import json
import os
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

runner = CliRunner()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("DISTILLERY_"):
            monkeypatch.delenv(name)


def refused(*arguments: str) -> str:
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("Error: ")
    return result.stderr


def test_without_a_service_it_says_how_to_get_one() -> None:
    assert "distillery up" in refused("jobs")
    assert not Path("data").exists()


def test_a_service_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILLERY_URL", "http://127.0.0.1:9")
    assert "DISTILLERY_API_KEY" in refused("jobs")


def test_a_service_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILLERY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DISTILLERY_API_KEY", "dkd_x")
    said = refused("jobs")
    assert "http://127.0.0.1:9 does not answer" in said and said.count("\n") == 1


def test_the_admin_key_is_not_sent_to_another_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "up.json").write_text(json.dumps({"url": "http://127.0.0.1:8000", "pid": 1}))
    (data / "admin.key").write_text("dkd_secret\n")
    monkeypatch.setenv("DISTILLERY_URL", "http://127.0.0.1:9")
    assert "DISTILLERY_API_KEY" in refused("jobs")


def test_a_setting_that_cannot_work_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILLERY_SLOTS", "none")
    assert "DISTILLERY_SLOTS" in refused("jobs")


def test_every_problem_of_a_recipe_has_its_line(tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    job.write_text("dataset: builtin:digits\nstudents: [{name: a, architecture: resnet8}]\nepochs: 3\nnmae: x\n")
    said = refused("train", str(job), "--out", str(tmp_path / "out"))
    assert "2 problems" in said
    assert "/epochs: There is no such field." in said and "/nmae: There is no such field." in said
    assert not (tmp_path / "out").exists()


def test_train_refuses_ids_of_the_service(tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    job.write_text("dataset: dst_01abc\nstudents: [{name: a, architecture: resnet8}]\n")
    assert "/dataset: dst_01abc is an id of the service" in refused("train", str(job), "--out", str(tmp_path / "out"))


def test_train_does_not_touch_a_folder_with_other_files(tmp_path: Path) -> None:
    job, out = tmp_path / "job.yaml", tmp_path / "out"
    job.write_text("dataset: builtin:digits\nstudents: [{name: a, architecture: resnet8}]\n")
    out.mkdir()
    (out / "thesis.tex").write_text("precious")
    assert "holds other files" in refused("train", str(job), "--out", str(out))
    assert [path.name for path in out.iterdir()] == ["thesis.tex"]


def test_an_occupied_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("up", "--port", str(port), "--data-dir", str(tmp_path / "data"))
    assert f"Port {port} on 127.0.0.1 cannot be used" in said and f"--port {port + 1}" in said
    assert not (tmp_path / "data" / "distillery.db").exists()


def test_local_keys_without_a_database_leave_nothing_behind(tmp_path: Path) -> None:
    assert "distillery migrate" in refused("keys", "create", "--local")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_command_line_is_a_usage_error() -> None:
    assert runner.invoke(app, ["nothing"]).exit_code == 2
    assert runner.invoke(app, ["--version"]).stdout.startswith("distillery ")
