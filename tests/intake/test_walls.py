"""What the kernel keeps from a reader that has been taken over; each attempt works where there are no walls."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.intake import walls
from tests.intake.make import split_tree, write_zip
from tests.intake.reading import assignment_for

pytestmark = pytest.mark.skipif(not walls.standing().network, reason="this kernel has no seccomp")
FILES = pytest.mark.skipif(not walls.standing().files, reason="this kernel has no Landlock")

ATTEMPTS = {
    "a connection": "socket.create_connection(('127.0.0.1', PORT), 5)",
    "a unix socket": "socket.socketpair()",
    "a datagram": "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    "a program": "subprocess.run(['true'], check=True)",
    "a program in place": "os.fork() and os.wait()[1] == 0 or os.execv('/bin/true', ['true'])",
    "a namespace": "ctypes.CDLL(None, use_errno=True).unshare(0) == 0 or stop()",
    "memory of a process": "ctypes.CDLL(None).process_vm_readv(os.getpid(), None, 0, None, 0, 0) == 0 or stop()",
    "an io_uring": "ctypes.CDLL(None, use_errno=True).syscall(425, 0, 0) and ctypes.get_errno() != 1 or stop()",
    "a call of x32": "ctypes.CDLL(None, use_errno=True).syscall(0x40000000 + 39) and ctypes.get_errno() != 1 or stop()",
}
FILE_ATTEMPTS = {
    "another's file": "Path(OTHER).read_text()",
    "a folder's names": "os.listdir(Path(OTHER).parent)",
    "another's file to write": "Path(OTHER).write_text('changed')",
    "a file less": "os.unlink(OTHER)",
    "a new file": "(Path(OTHER).parent / 'new').touch()",
    "a file cut off": "os.truncate(OTHER, 0)",
    "a link out of its folder": "os.link(OTHER, Path(OWN) / 'link')",
    "a symbolic link": "(Path(OWN) / 'soft').symlink_to(OTHER) or (Path(OWN) / 'soft').read_text()",
    "a file moved away": "os.rename(Path(OWN) / 'mine', Path(OTHER).parent / 'moved')",
    "its parent's environment": "Path(f'/proc/{os.getppid()}/environ').read_bytes()",
    "a signal": "os.kill(os.getppid(), 0)",
}
PROGRAM = """
import ctypes, os, socket, subprocess, sys
from pathlib import Path
from core.intake.walls import raise_walls
PORT, OTHER, OWN = int(sys.argv[2]), sys.argv[3], sys.argv[4]
def stop(): raise PermissionError
if sys.argv[1] == "walls":
    raise_walls([], [Path(OWN)])
try:
    eval(sys.argv[5])
except OSError:
    sys.exit(7)
"""


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def refused(tmp_path: Path, port: int, attempt: str) -> None:
    """Nothing comes of it behind the walls; without them the very same works."""
    codes = {}
    for how in ("walls", "none"):
        own, other = tmp_path / how / "own", tmp_path / how / "other"
        own.mkdir(parents=True)
        other.mkdir()
        (own / "mine").write_text("mine")
        (other / "secret").write_text("secret")
        command = [sys.executable, "-c", PROGRAM, how, str(port), str(other / "secret"), str(own), attempt]
        done = subprocess.run(command, capture_output=True, text=True)
        codes[how] = done.returncode
        assert done.stderr == ""
        if how == "walls":
            assert [(path.name, path.read_text()) for path in other.iterdir()] == [("secret", "secret")]
    if codes["none"] == 7:
        pytest.skip("this machine refuses it by itself")
    assert codes == {"walls": 7, "none": 0}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_calls_are_refused(tmp_path: Path, port: int, attempt: str) -> None:
    if "x32" in attempt and os.uname().machine != "x86_64":
        pytest.skip("x32 is a kind of x86-64")
    refused(tmp_path, port, ATTEMPTS[attempt])


@FILES
@pytest.mark.parametrize("attempt", FILE_ATTEMPTS)
def test_files_of_others_are_out_of_reach(tmp_path: Path, port: int, attempt: str) -> None:
    refused(tmp_path, port, FILE_ATTEMPTS[attempt])


@FILES
def test_a_wall_that_would_miss_a_thread_is_not_said_to_stand() -> None:
    program = """
import json, threading
from dataclasses import asdict
from core.intake.walls import raise_walls
wait = threading.Event()
threading.Thread(target=wait.wait).start()
print(json.dumps(asdict(raise_walls([], []))))
wait.set()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert (found["network"], found["files"], found["why"]) == (True, False, "Landlock: other threads run already")


# --- the readers themselves, taken over ---------------------------------------------------------------------------

TAKEN_OVER = """
import socket, sys, types
from pathlib import Path
from core.events import Stopped
secret, said = Path(sys.argv.pop()), Path(sys.argv.pop())
def attempt(*_):
    trials = {"network": socket.socket, "a file": secret.read_bytes, "a folder": secret.with_name("new").touch}
    reached = []
    for name, trial in trials.items():
        try:
            trial()
            reached.append(name)
        except OSError:
            pass
    said.write_text(", ".join(reached) or "nothing")
    return Stopped(0)
"""
DATASETS = """
taken = sys.modules["core.intake.attempt"] = types.ModuleType("core.intake.attempt")
taken.run = attempt
from core.intake import child
child.main()
"""
OTHERS = """
from importlib import import_module
process = import_module(sys.argv.pop(1))
process.convert = process.describe = attempt
sys.exit(process.main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])))
"""
NO_WALLS = "from core.intake import walls; walls.raise_walls = lambda *_: None"


def reached(tmp_path: Path, program: str, *arguments: str, own: Path, fds: tuple[int, ...] = ()) -> str:
    secret = tmp_path / "elsewhere" / "secret"
    secret.parent.mkdir(exist_ok=True)
    secret.write_text("secret")
    command = [sys.executable, "-c", TAKEN_OVER + program, *arguments, str(own / "said"), str(secret)]
    done = subprocess.run(command, capture_output=True, text=True, pass_fds=fds)
    assert (done.returncode, done.stderr) == (0, "")
    return (own / "said").read_text()


@FILES
@pytest.mark.parametrize("module", ["checkpoint.__main__", "logit_table", "onnx_model"])
def test_the_reader_of_a_teacher_reaches_nothing(tmp_path: Path, module: str) -> None:
    (own := tmp_path / "scratch").mkdir()
    (source := tmp_path / "uploaded").write_bytes(b"bytes")
    side = ["32"] if module == "onnx_model" else []
    arguments = [f"core.intake.{module}", str(source), str(own / "target"), *side]
    assert reached(tmp_path, OTHERS, *arguments, own=own) == "nothing"
    assert reached(tmp_path, NO_WALLS + OTHERS, *arguments, own=own) == "network, a file, a folder"


@FILES
@pytest.mark.parametrize(("kind", "expected"), [("upload", "nothing"), ("folder", "a file"), ("builtin", "a file")])
def test_the_reader_of_a_data_set_reaches_nothing(tmp_path: Path, kind: str, expected: str) -> None:
    """Of the operator's own files links may lead anywhere: those it may read."""
    (own := tmp_path / "own").mkdir()
    (tmp_path / "set").mkdir()
    archive = write_zip(tmp_path / "archive", split_tree())
    path = {"upload": archive, "folder": tmp_path / "set", "builtin": None}[kind]
    assignment = assignment_for(own, path=path, builtin="digits" if kind == "builtin" else None)
    (file := own / "assignment.json").write_text(assignment.model_dump_json())
    events, lifeline = os.pipe(), os.pipe()
    ends = ["--events-fd", str(events[1]), "--lifeline-fd", str(lifeline[0])]
    fds = (events[1], lifeline[0])
    assert reached(tmp_path, DATASETS, str(file), *ends, own=own, fds=fds) == expected
    everything = "network, a file, a folder"
    assert reached(tmp_path, NO_WALLS + DATASETS, str(file), *ends, own=own, fds=fds) == everything
    for end in (*events, *lifeline):
        os.close(end)
