"""What the kernel forbids, from now on, the process that reads a stranger's file: should a decoder be taken over,
there is no network to reach, no program to start, no other process to look into, and no file but its own.

seccomp refuses calls; Landlock refuses files. Neither needs a privilege, both work in a container, neither can be
taken down again, threads inherit both. `python -m core.intake.walls` raises them and says which of them stand.
"""

import ctypes
import errno
import json
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from struct import pack

# --- calls --------------------------------------------------------------------------------------------------------

# For each kind of machine: its number in <linux/audit.h>, then those of the calls.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_FORBIDDEN = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "io_uring_setup": (425, 425),  # it opens sockets and files by another way
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_NUMBER_AT, _ARCHITECTURE_AT, _X32 = 0, 4, 0x40000000  # places in seccomp_data; x32 is a second set of numbers


def _filter(machine: str) -> bytes:
    """A program of the kernel's packet filter: EPERM for every forbidden call, death for calls of another machine."""
    numbers = [pair[list(_ARCHITECTURES).index(machine)] for pair in _FORBIDDEN.values()]
    last = len(numbers)
    steps = [(_LOAD, 0, 0, _ARCHITECTURE_AT), (_EQUAL, 1, 0, _ARCHITECTURES[machine]), (_RETURN, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, _NUMBER_AT), (_AT_LEAST, last + 1, 0, _X32)]
    steps += [(_EQUAL, last - i, 0, number) for i, number in enumerate(numbers)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(pack("HBBI", *step) for step in steps)


# --- files --------------------------------------------------------------------------------------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_VERSION, _BELOW = 1, 1
_EXECUTE, _WRITE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_OF_FILES = _EXECUTE | _WRITE | _READ_FILE | 1 << 14  # truncate; all others are about folders
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}  # by version; 5 knows devices, which we have none of
_SIGNALS = 2  # from version 6: none to processes outside
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def program() -> list[Path]:
    """Where Python, its libraries and this package lie, and what the system tells about itself."""
    named = sysconfig.get_paths()
    own = [named[place] for place in ("stdlib", "platstdlib", "purelib", "platlib")]
    own += [str(Path(sys.base_prefix) / "lib"), str(Path(sys.prefix) / "lib"), str(Path(__file__).parents[1])]
    system = ["/usr", "/lib", "/lib64", "/bin", "/etc", "/sys", "/nix/store", *DEVICES]
    system += [f"/proc/{name}" for name in ("self", "cpuinfo", "filesystems", "meminfo", "stat", "sys")]
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    return [Path(place) for place in (*own, *system, *libraries) if place]


def _shut(libc: ctypes.CDLL, readable: Iterable[Path], writable: Iterable[Path]) -> None:
    version = _call(libc, _CREATE_RULESET, None, 0, _VERSION)
    rights = _RIGHTS[min(version, max(_RIGHTS))]
    handled = pack("QQQ", rights, 0, _SIGNALS if version >= 6 else 0)
    ruleset = _call(libc, _CREATE_RULESET, handled, len(handled) if version >= 6 else 8, 0)
    try:
        for places, given in ((readable, _READ_FILE | _READ_FOLDER | _EXECUTE), (writable, rights)):
            for place in filter(os.path.exists, places):
                _open_up(libc, ruleset, place, given & rights)
        _call(libc, _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _open_up(libc: ctypes.CDLL, ruleset: int, place: Path, rights: int) -> None:
    opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        given = rights if place.is_dir() else rights & _OF_FILES
        _call(libc, _ADD_RULE, ruleset, _BELOW, pack("=Qi", given, opened), 0)
    finally:
        os.close(opened)


# --- both ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Which walls stand; where one does not, `why` says what the kernel answered."""

    network: bool  # and programs, and other processes
    files: bool
    why: str = ""


def raise_walls(readable: Iterable[Path] | None, writable: Iterable[Path]) -> Standing:
    """For this process, before it starts a thread. `readable`: beside the program; None: everything may be read.

    Where the kernel has none of it, the process goes on without: limits on memory, time and sizes hold everywhere.
    """
    machine, reasons = platform.machine(), []
    if sys.platform != "linux" or machine not in _ARCHITECTURES:
        return Standing(False, False, f"not on {platform.system()} {machine}")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    files = network = True
    try:
        # Landlock is for the thread that asks, and for those that it starts.
        if len(list(Path("/proc/self/task").iterdir())) > 1:
            raise OSError(errno.EBUSY, "other threads run already")
        everything = [Path("/")] if readable is None else [*program(), *readable]
        _shut(libc, everything, [*writable, *map(Path, DEVICES)])
    except OSError as error:
        files = False
        reasons.append(f"Landlock: {error.strerror}")
    try:
        _refuse_calls(libc, machine)
    except OSError as error:
        network = False
        reasons.append(f"seccomp: {error.strerror}")
    return Standing(network, files, "; ".join(reasons))


def _refuse_calls(libc: ctypes.CDLL, machine: str) -> None:
    code = _filter(machine)
    kept = ctypes.create_string_buffer(code, len(code))
    described = ctypes.create_string_buffer(pack("HxxxxxxP", len(code) // 8, ctypes.addressof(kept)))
    _call(libc, _SECCOMP[machine], _SET_MODE_FILTER, _ALL_THREADS, described)


def _call(libc: ctypes.CDLL, number: int, *values: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in values]
    answer = int(libc.syscall(ctypes.c_long(number), *wide))
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def standing() -> Standing:
    """What this machine's kernel has to offer, tried in a process of its own; SubprocessError where that breaks."""
    command = [sys.executable, "-P", "-m", "core.intake.walls"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return Standing(**json.loads(done.stdout))


def told(found: Standing) -> str:
    """What this comes to, for people."""
    network = "no network, no programs" if found.network else "the network and programs too"
    files = "only their own files" if found.files else "all files of this user"
    return f"readers of uploads reach {files}, {network}" + (f" ({found.why})" if found.why else "")


if __name__ == "__main__":
    print(json.dumps(asdict(raise_walls([], []))))  # noqa: T201 - the answer
