"""The child as a worker runs it, and the walls around it."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.child import Pipes, Stop
from core.errors import TrainingFailed
from core.events import Failed, Finished, Phase, Stopped
from core.intake.attempt import run
from core.intake.limits import DEFAULT, describe
from core.intake.sandbox import confine, explained
from core.packed import read_meta
from tests.intake.make import encoded, picture, split_tree, write_folder, write_tar, write_zip
from tests.intake.raw_zip import Entry, raw_zip
from tests.intake.reading import assignment_for, read, run_child


def test_an_archive_in_events_out(tmp_path: Path) -> None:
    source = write_tar(tmp_path / "upload", split_tree(), "gz")
    (out := tmp_path / "out").mkdir()
    code, events, stderr = run_child(assignment_for(out, path=source))
    assert (code, stderr) == (0, "")
    assert isinstance(events[0], Phase) and isinstance(finished := events[-1], Finished)
    assert finished.result["counts"] == read_meta(out / "data.safetensors").counts == {"train": 6, "val": 6}


def test_a_hostile_archive_ends_in_failed_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(raw_zip([Entry(b"train/cat/0.png", picture()), Entry(b"../x.png", picture())]))
    (out := tmp_path / "out").mkdir()
    code, events, stderr = run_child(assignment_for(out, path=tmp_path / "upload"))
    assert (code, stderr) == (0, "")
    assert isinstance(failed := events[-1], Failed)
    assert (failed.code, failed.retryable) == ("archive_unsafe", False)
    assert "'../x.png'" in failed.detail and failed.hint
    assert list(out.iterdir()) == [] and len(list(tmp_path.iterdir())) == 2


def test_a_mistake_of_ours_is_a_traceback_and_exit_1(tmp_path: Path) -> None:
    assignment = assignment_for(tmp_path / "out", path=write_zip(tmp_path / "upload", split_tree()))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "data.partial").mkdir()
    code, events, stderr = run_child(assignment)
    assert code == 1 and "Traceback" in stderr
    assert not any(isinstance(event, (Finished, Failed)) for event in events)


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    read_end, write_end = os.pipe()
    pipes = Pipes(write_end, read_end)
    yield pipes
    pipes._events.close()
    os.close(read_end)


@pytest.mark.parametrize("wish", ["discard", "checkpoint"])
def test_it_stops_when_asked(tmp_path: Path, pipes: Pipes, wish: Stop) -> None:
    pipes.wish = wish
    (out := tmp_path / "out").mkdir()
    assert run(assignment_for(out, path=write_zip(tmp_path / "a.zip", split_tree())), pipes) == Stopped(0)
    assert list(out.iterdir()) == []


def test_it_ends_with_its_worker(tmp_path: Path) -> None:
    """The source is one that takes long; the lifeline's end frees the machine of it."""
    (out := tmp_path / "out").mkdir()
    file = tmp_path / "assignment.json"
    file.write_text(assignment_for(out, path=endless_header(tmp_path / "a.gz")).model_dump_json())
    events_read, events_write = os.pipe()
    lifeline_read, lifeline_write = os.pipe()
    command = [sys.executable, "-m", "core.intake.child", str(file)]
    command += ["--events-fd", str(events_write), "--lifeline-fd", str(lifeline_read)]
    child = subprocess.Popen(command, pass_fds=(events_write, lifeline_read), start_new_session=True)
    for end in (events_write, lifeline_read, lifeline_write):
        os.close(end)
    assert child.wait(60) == -9
    os.close(events_read)


def test_too_slow(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="dataset_too_expensive: Reading it takes longer"):
        read(tmp_path / "out", write_zip(tmp_path / "a.zip", split_tree()), replace(DEFAULT, seconds=0))
    assert list((tmp_path / "out").iterdir()) == []


def endless_header(path: Path) -> Path:
    """A gzip header whose file name does not end."""
    path.write_bytes(b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 200_000_000)
    return path


def test_too_slow_before_the_first_member(tmp_path: Path) -> None:
    endless_header(tmp_path / "a.gz")
    with pytest.raises(TrainingFailed, match="dataset_too_expensive"), confine(replace(DEFAULT, seconds=0)):
        read(tmp_path / "out", tmp_path / "a.gz")
    assert list((tmp_path / "out").iterdir()) == []


HUNGRY = """
import sys
from dataclasses import replace
from pathlib import Path
from core.intake.limits import DEFAULT
from core.intake.sandbox import confine, explained
from tests.intake.reading import read
try:
    with confine(replace(DEFAULT, memory_bytes=2**27)):
        read(Path(sys.argv[1]), Path(sys.argv[2]))
except MemoryError as error:
    print(explained(error).code, list(Path(sys.argv[1]).iterdir()))
"""


def test_too_much_memory(tmp_path: Path) -> None:
    bomb = encoded(Image.new("RGB", (7000, 7000)))  # 49 million pixels: just allowed, and 147 MB
    source = write_folder(tmp_path / "set", split_tree() | {"train/cat/x.png": bomb})
    command = [sys.executable, "-c", HUNGRY, str(tmp_path / "out"), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("dataset_too_expensive []\n", 0), done.stderr


def test_more_than_a_file_may_hold(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "a.zip", split_tree(per_class=20))
    small = replace(DEFAULT, expanded_bytes=9_000, packed_bytes=9_000, files_bytes=9_000)
    with pytest.raises(OSError) as error, confine(small):
        read(tmp_path / "out", source)
    assert explained(error.value).code == "dataset_too_large"
    assert list((tmp_path / "out").iterdir()) == []


def test_a_full_disk_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(OSError) as error, Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")
    assert error.value.errno == errno.ENOSPC
    failure = explained(error.value)
    assert (failure.code, failure.retryable) == ("disk_full", True)


@pytest.mark.parametrize(("kilobytes", "side"), [(8, 8), (28, 8), (400, 32)])
def test_a_disk_that_really_runs_full(tmp_path: Path, kilobytes: int, side: int) -> None:
    """While the images are set aside, decoded, or packed; in a process of its own, whose memory is measured from 0."""
    (out := tmp_path / "out").mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(out)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only a system administrator can mount a small disk")
    try:
        archive = write_zip(tmp_path / "a.zip", split_tree(per_class=20))
        assignment = assignment_for(out, path=archive, image_size=side)
        code, events, stderr = run_child(assignment)
        assert (code, stderr) == (0, "")
        assert isinstance(failed := events[-1], Failed) and (failed.code, failed.retryable) == ("disk_full", True)
        assert list(out.iterdir()) == []
    finally:
        subprocess.run(["umount", str(out)], check=True)


def test_other_errors_are_not_explained_away() -> None:
    with pytest.raises(OSError, match="Input/output"):
        explained(OSError(errno.EIO, "Input/output error"))


def test_the_walls_are_lifted_afterwards() -> None:
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
    before = [resource.getrlimit(kind) for kind in kinds]
    with confine(DEFAULT):
        assert [resource.getrlimit(kind)[0] for kind in kinds] == [204 * 2**30, 4 * 2**30, 200 * 2**30, 256]
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    assert [resource.getrlimit(kind) for kind in kinds] == before


def test_every_limit_is_described() -> None:
    shown = describe()
    assert shown["member_bytes"] == {"value": 64 * 2**20, "unit": "bytes", "description": "One file, unpacked."}
    assert all(limit["value"] > 0 and limit["unit"] and limit["description"].endswith(".") for limit in shown.values())


def test_no_torch() -> None:
    check = "import sys, core.intake.child; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0
