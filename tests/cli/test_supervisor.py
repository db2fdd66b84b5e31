"""Parts are restarted when they die, and go when the supervisor goes. Real processes throughout."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cli import supervisor as supervisor_module
from cli.supervisor import Part, Supervisor


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def sleeper(tmp_path: Path, name: str = "sleeper", script: str = "sleep 300") -> Part:
    return Part(name, ["/bin/sh", "-c", script], tmp_path / f"{name}.log", 2.0)


def test_what_dies_is_started_again_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(os.environ, said.append)
    try:
        part = supervisor.add(sleeper(tmp_path))
        assert part.process is not None
        first = part.process.pid
        os.kill(first, signal.SIGKILL)
        until(lambda: not part.alive)

        def restarted() -> bool:
            supervisor.tick()
            return part.alive and part.process is not None and part.process.pid != first

        until(restarted)
        assert any("SIGKILL" in line for line in said)
    finally:
        supervisor.stop(["sleeper"])


def test_the_pause_grows_while_a_part_keeps_dying(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(os.environ, said.append)
    part = supervisor.add(sleeper(tmp_path, script="exit 3"))

    def died_twice() -> bool:
        supervisor.tick()
        return part.deaths >= 2

    until(died_twice)
    supervisor.stop(["sleeper"])
    assert "exit code 3" in said[0] and "0.2 s" in said[0] and "1 s" in said[1]


def test_errors_in_a_log_reach_the_terminal(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(os.environ, said.append)
    supervisor.add(sleeper(tmp_path, script="echo 2026 INFO x: fine; echo 2026 ERROR x: broken; sleep 300"))

    def heard() -> bool:
        supervisor.tick()
        return bool(said)

    until(heard)
    supervisor.stop(["sleeper"])
    assert said == ["sleeper: 2026 ERROR x: broken"]


def test_errors_in_a_log_of_json_reach_the_terminal_too(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(os.environ, said.append)
    line = '{"time": "2026", "level": "%s", "logger": "x", "message": "level: ERROR"}'
    script = "\n".join(f"echo '{line % level}'" for level in ("INFO", "WARNING"))
    supervisor.add(sleeper(tmp_path, script=f"{script}\nsleep 300"))

    def heard() -> bool:
        supervisor.tick()
        return bool(said)

    until(heard)
    supervisor.stop(["sleeper"])
    assert said == [f"sleeper: {line % 'WARNING'}"]


def test_a_log_that_grows_is_set_aside_while_its_part_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "LOG_BYTES", 2000)
    said: list[str] = []
    supervisor = Supervisor(os.environ, said.append)
    script = "i=0; while :; do i=$((i+1)); echo now ERROR x: $i; sleep 0.01; done"
    part = supervisor.add(sleeper(tmp_path, script=script))
    aside = part.log.with_suffix(".log.1")

    def set_aside_twice() -> bool:
        supervisor.tick()
        return aside.exists() and "ERROR x: 1\n" not in aside.read_text()

    until(set_aside_twice)
    count = len(said)
    until(lambda: supervisor.tick() or len(said) > count)
    supervisor.stop(["sleeper"])
    assert part.alive is False and not any("ended" in line for line in said)
    assert part.log.stat().st_size < 4000 and aside.stat().st_size < 4000


def test_a_part_that_ignores_sigterm_is_killed_with_its_group(tmp_path: Path) -> None:
    supervisor = Supervisor(os.environ, lambda _: None)
    script = "trap '' TERM; sleep 301 & echo $! > pid; echo ready; wait; sleep 302"
    part = Part("stubborn", ["/bin/sh", "-c", f"cd {tmp_path}; {script}"], tmp_path / "log", 0.2)
    supervisor.add(part)
    until(lambda: "ready" in part.tail())
    inner = int((tmp_path / "pid").read_text())
    supervisor.stop(["stubborn"])
    assert not part.alive
    until(lambda: not psutil.pid_exists(inner) or psutil.Process(inner).status() == psutil.STATUS_ZOMBIE)


def test_what_others_started_in_this_process_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "304"]) as others, subprocess.Popen(["false"]) as ended:
        until(lambda: psutil.Process(ended.pid).status() == psutil.STATUS_ZOMBIE)
        supervisor = Supervisor(os.environ, lambda _: None)
        supervisor.add(sleeper(tmp_path))
        supervisor.tick()
        supervisor.stop(["sleeper"])
        assert others.poll() is None
        assert ended.wait() == 1
        others.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_parts_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, sys, time
        from pathlib import Path
        from cli.supervisor import Part, Supervisor, adopt_orphans
        adopt_orphans()
        part = Supervisor(os.environ, print).add(Part("p", ["sleep", "303"], Path(sys.argv[1]), 1.0))
        print(part.process.pid, flush=True)
        time.sleep(300)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        part = int(supervisor.stdout.readline())
        assert psutil.pid_exists(part)
        supervisor.kill()
        supervisor.wait()
    until(lambda: not psutil.pid_exists(part) or psutil.Process(part).status() == psutil.STATUS_ZOMBIE)
