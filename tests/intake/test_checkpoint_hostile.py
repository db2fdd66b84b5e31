"""Every trick that a PyTorch file can try on its reader ends in a refusal with a code, soon and in little memory."""

import io
import json
import os
import pickle
import pickletools
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.checkpoint_codes import Code
from core.intake.checkpoint import machine, window
from core.intake.checkpoint.containers import MAGIC
from tests.intake.raw_zip import Entry, raw_zip
from tests.intake.saved import (
    FORMATS,
    a_dict,
    number,
    numbers,
    read,
    refused,
    save,
    tensor,
    text,
    write_by_hand,
)

VALUES = np.arange(6, dtype="<f4").tobytes()


def beside(what: bytes, view: bytes | None = None) -> bytes:
    """The pickle of proper weights and something else."""
    return a_dict(extra=what, model=b"}(" + text("w") + tensor(view=view) + b"u")


# --- code ---------------------------------------------------------------------------------------------------------

CALLS = {
    "a call": b"cposix\nsystem\n(" + text("touch canary") + b"tR",
    "of Python 2": b"c__builtin__\neval\n(" + text("open('canary', 'w')") + b"tR",
    "commands of Python 2": b"ccommands\ngetoutput\n(" + text("touch canary") + b"tR",
    "from the stack": text("os") + text("system") + b"\x93(" + text("touch canary") + b"tR",
    "from the memo": text("posix")
    + b"q\x01"
    + text("system")
    + b"q\x02\x86]h\x01h\x02\x93("
    + text("touch canary")
    + b"tR",
    "an object": b"csubprocess\nPopen\n(" + text("touch canary") + b"t\x81",
    "with keywords": b"csubprocess\nPopen\n(" + text("touch canary") + b"t}\x92",
    "an old object": b"(" + text("touch canary") + b"iposix\nsystem\n",
    "a class from the stack": b"(cposix\nsystem\n" + text("touch canary") + b"o",
    "an extension": b"\x82\x01(" + text("touch canary") + b"tR",
    "what a call gives": b"cbuiltins\nobject\n)R" + b"(" + text("touch canary") + b"tR",
    "a name of a name": text("builtins") + text("type.__subclasses__") + b"\x93)R",
    "an import": b"cbuiltins\n__import__\n(" + text("antigravity") + b"tR",
    "a library's loader": b"ctorch.hub\nload\n(" + text("a/b") + text("c") + b"tR",
    "a library's compiler": b"cnumpy.testing._private.utils\nrunstring\n(" + text("1") + b"}tR",
    "a way through a library": text("torch.storage") + text("os.system") + b"\x93(" + text("touch canary") + b"tR",
    "a way through a harmless module": text("typing") + text("sys.modules") + b"\x93",
    "mentioned alone": b"cos\nsystem\n",
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("call", CALLS)
def test_code_is_refused_as_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, form: str) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_by_hand(tmp_path / "up.pt", beside(CALLS[call], b"N" if form == "older" else None), form, s0=VALUES)
    failure = refused(file)
    assert failure.code == "checkpoint_unsafe" and "Nothing of it was executed" in failure.detail
    assert not (tmp_path / "canary").exists()
    harmless = write_by_hand(tmp_path / "fine.pt", beside(b"N", b"N" if form == "older" else None), form, s0=VALUES)
    assert read(harmless)[0]["w"].shape == (2, 3)  # it is the call that is refused


class Call:
    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("form", FORMATS)
def test_the_canary_sings_in_pickle_and_never_here(tmp_path: Path, form: str, protocol: int) -> None:
    canary = tmp_path / "canary"
    content = {"model": {}, "extra": Call(os.system, f"touch {canary}")}
    file = save(tmp_path / "up.pt", content, form, pickle_protocol=protocol)
    failure = refused(file)
    assert failure.code == "checkpoint_unsafe" and "posix.system" in failure.detail
    assert not canary.exists()
    torch.load(file, weights_only=False)  # the very file that was refused does run code
    assert canary.exists()


# --- opcodes ------------------------------------------------------------------------------------------------------

FOREIGN = {
    "INT": b"I1\n",
    "LONG": b"L1L\n",
    "LONG4": b"\x8b\x01\x00\x00\x00\x01",
    "STRING": b"S'x'\n",
    "UNICODE": b"Vx\n",
    "FLOAT": b"F1.0\n",
    "LIST": b"(l",
    "DICT": b"(d",
    "POP": b"NN0",
    "POP_MARK": b"N(1",
    "DUP": b"N2",
    "GET": b"Nq\x00g0\n",
    "PUT": b"Np0\n",
    "INST": b"(ibuiltins\nobject\n",
    "OBJ": b"(cbuiltins\nobject\no",
    "EXT1": b"\x82\x01",
    "EXT2": b"\x83\x01\x00",
    "EXT4": b"\x84\x01\x00\x00\x00",
    "PERSID": b"Px\n",
    "NEXT_BUFFER": b"\x97",
    "READONLY_BUFFER": b"N\x98",
}


def test_every_opcode_is_followed_or_refused_by_name(tmp_path: Path) -> None:
    every = {opcode.name for opcode in pickletools.opcodes}
    assert set(FOREIGN) == every - set(machine._STEPS) and set(machine._STEPS) < every
    for name, opcodes in FOREIGN.items():
        pickled = beside(opcodes)
        assert name in [opcode.name for opcode, _, _ in pickletools.genops(pickled)]
        failure = refused(write_by_hand(tmp_path / "up.pt", pickled, s0=VALUES))
        code = "checkpoint_unsafe" if name in ("INST", "OBJ", "EXT1", "EXT2", "EXT4") else "checkpoint_corrupt"
        assert (name, failure.code) == (name, code)
        assert ("builtins.object" if name == "INST" else name) in failure.detail


@pytest.mark.parametrize(
    "opcodes",
    [
        b"",
        b"t",
        b"e",
        b"\x85",
        b"(\x86",
        b"R",
        b"NR",
        b"NNR",
        b"cbuiltins\nobject\nNR",
        b"h\x07",
        b"(q\x00",
        b"NQ",
        b"(" + text("storage") + b"tQ",
        b"(" + text("elsewhere") + b"NNNNtQ",
        b"Nb",
        b"NNs",
        b"]N(NNu",
        b"](Nu",
        b"}(Nu",
        b"}(NNNu",
        b"}Na",
        b"N(Ne",
        b"](N\x90",
        b"NN\x93",
        b"NN\x81",
        b"cc\n",
        b"c" + b"m" * 2000 + b"\nn\n",
        b"X\xff\xff\xff\xff",
        b"X\x02\x00\x00\x00\xff\xff",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"B\xff\xff\xff\x7f",
        b"T\xff\xff\xff\xff",
        b"\x80\x63",
        b"\xff",
    ],
)
def test_pickles_that_are_none(tmp_path: Path, opcodes: bytes) -> None:
    failure = refused(write_by_hand(tmp_path / "up.pt", b"\x80\x02" + opcodes + b".", s0=VALUES))
    assert failure.code in ("checkpoint_corrupt", "checkpoint_unsafe") and failure.detail and failure.hint


# --- bombs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opcodes", "code"),
    [
        (b"(" * 500_000, "checkpoint_too_expensive"),
        (b"N" + b"\x85" * 500_000, "checkpoint_too_expensive"),
        (b"]" * 500_000 + b"a" * 499_999, "checkpoint_too_expensive"),
        (b"}N" * 200_000 + b"}" + b"s" * 200_000, "checkpoint_too_expensive"),
        (b"cx\ny\n)R" * 100_000 + b"N" + b"b" * 100_000, "checkpoint_too_expensive"),
    ],
    ids=["marks", "tuples", "lists", "dictionaries", "states"],
)
def test_deep_nesting(tmp_path: Path, opcodes: bytes, code: Code) -> None:
    assert refused(write_by_hand(tmp_path / "up.pt", beside(opcodes), s0=VALUES)).code == code


def test_a_deep_key_is_not_followed_down(tmp_path: Path) -> None:
    """Python itself ends with a crash when it hashes such a tuple."""
    pickled = beside(b"}N" + b"\x85" * 1_000_000 + b"Ns")
    assert read(write_by_hand(tmp_path / "up.pt", pickled, s0=VALUES))[1]["beside"] == ["extra"]
    control = "import pickle; pickle.loads(b'\\x80\\x02}N' + b'\\x85' * 1_000_000 + b'Ns.')"
    assert subprocess.run([sys.executable, "-c", control], capture_output=True).returncode < 0


def test_a_thing_that_holds_itself(tmp_path: Path) -> None:
    for opcodes in (b"]q\x01h\x01a", b"}q\x01(" + text("a") + b"h\x01u"):
        assert read(write_by_hand(tmp_path / "up.pt", beside(opcodes), s0=VALUES))[0]["w"].shape == (2, 3)
    failure = refused(write_by_hand(tmp_path / "up.pt", b"\x80\x02}q\x01(" + text("model") + b"h\x01u.", s0=VALUES))
    assert failure.code == "checkpoint_corrupt"


def test_a_thousand_million_laughs_are_never_told(tmp_path: Path) -> None:
    """Forty lists, each of twice the one before: 2**40 values for whoever follows them."""
    laughs = b"]q\x00" + b"".join(b"](h%ch%ceq%c" % (n, n, n + 1) for n in range(40))
    pickled = beside(b"(" + laughs + b"t")
    assert read(write_by_hand(tmp_path / "up.pt", pickled, s0=VALUES))[1]["beside"] == ["extra"]


def test_a_pickle_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_by_hand(tmp_path / "up.pt", beside(b"](" + b"N" * 2000 + b"e"), s0=VALUES)
    assert read(file)[0]["w"].shape == (2, 3)
    with monkeypatch.context() as patch:
        patch.setattr(machine, "MAX_OPCODES", 1000)
        failure = refused(file)
        assert failure.code == "checkpoint_too_expensive" and "1,000 opcodes" in failure.detail
    monkeypatch.setattr(window, "MAX_PICKLE", 1000)
    failure = refused(file)
    assert failure.code == "checkpoint_too_expensive" and "1,000 bytes" in failure.detail


def test_a_length_that_lies_takes_no_memory(tmp_path: Path) -> None:
    file = write_by_hand(tmp_path / "up.pt", beside(b"\x8d" + (2**62).to_bytes(8, "little")), s0=VALUES)
    tracemalloc.start()
    try:
        assert refused(file).code == "checkpoint_corrupt"
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


# --- tensors that lie ---------------------------------------------------------------------------------------------

HUGE = 2**40
LIES: dict[str, tuple[bytes, str]] = {
    "a long offset": (tensor(offset=1), "corrupt"),
    "an offset before its start": (tensor(offset=-1), "corrupt"),
    "an endless offset": (tensor(offset=2**80), "corrupt"),
    "a wide stride": (tensor(stride=(4, 1)), "corrupt"),
    "a huge stride": (tensor(stride=(2**62, 1)), "corrupt"),
    "a stride backwards": (tensor(stride=(-3, 1)), "corrupt"),
    "an endless stride": (tensor(stride=(2**500, 1)), "corrupt"),
    "a tall size": (tensor((3, 3)), "too_expensive"),
    "a huge size": (tensor((2**39, 2**39), (0, 0)), "too_expensive"),
    "an endless size": (tensor((2**64, 0), (0, 0)), "corrupt"),
    "a side beyond reason": (tensor((2**41, 0), (0, 0)), "corrupt"),
    "a negative size": (tensor((-1, 3)), "corrupt"),
    "values out of one": (tensor((100,), (0,)), "too_expensive"),
    "more sizes than strides": (tensor((2, 3, 1)), "corrupt"),
    "many dimensions": (tensor((1,) * 9, (1,) * 9), "corrupt"),
    "a storage said to be longer": (tensor(count=7), "corrupt"),
    "a storage said to be shorter": (tensor((2,), (1,), count=2), "corrupt"),
    "a storage said to be huge": (tensor((HUGE,), (1,), count=HUGE), "corrupt"),
    "a storage less than empty": (tensor(count=-6), "corrupt"),
    "a storage of other values": (tensor(kind="DoubleStorage"), "corrupt"),
    "a storage of no known values": (tensor(kind="QInt8Storage"), "corrupt"),
    "a storage that is not there": (tensor(key="s7"), "corrupt"),
    "a storage outside": (tensor(key="../data.pkl"), "corrupt"),
    "true for a number": (tensor().replace(number(0), b"\x88"), "corrupt"),
    "a list for a size": (tensor().replace(numbers((2, 3)), b"](" + number(2) + number(3) + b"e"), "corrupt"),
    "no arguments": (b"ctorch._utils\n_rebuild_tensor_v2\n)R", "corrupt"),
    "no storage": (b"ctorch._utils\n_rebuild_tensor_v2\n(N" + number(0) + b"))tR", "corrupt"),
    "a parameter of nothing": (b"ctorch._utils\n_rebuild_parameter\n(N\x88)tR", "corrupt"),
    "a tensor of no function": (b"ctorch._tensor\n_rebuild_from_type_v2\n(NNNNtR", "corrupt"),
    "a tensor of another function": (b"ctorch._tensor\n_rebuild_from_type_v2\n(ca\nb\nN)NtR", "corrupt"),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("form", FORMATS)
def test_tensors_that_lie(tmp_path: Path, lie: str, form: str) -> None:
    opcodes, code = LIES[lie]
    if form == "older":
        opcodes = opcodes.replace(b"tQ", b"NtQ")
    failure = refused(write_by_hand(tmp_path / "up.pt", a_dict(w=opcodes), form, s0=VALUES))
    assert failure.code == f"checkpoint_{code}", failure.detail


def test_a_wide_stride_over_a_single_value_is_no_lie(tmp_path: Path) -> None:
    file = write_by_hand(tmp_path / "up.pt", a_dict(w=tensor((1, 3), (2**62, 1), 2)), s0=VALUES)
    assert read(file)[0]["w"].tolist() == [[2, 3, 4]]


@pytest.mark.parametrize("name", ["", "a\nb", "\ud800", "x" * 513, "__metadata__"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    data = name.encode("utf-8", "surrogatepass")
    key = b"X" + len(data).to_bytes(4, "little") + data
    pickled = b"\x80\x02}(" + key + tensor() + b"u."
    assert refused(write_by_hand(tmp_path / "up.pt", pickled, s0=VALUES)).code == "checkpoint_corrupt"


def test_what_is_said_about_a_file_can_be_stored_anywhere(tmp_path: Path) -> None:
    """No half characters, no zero bytes, in whatever comes out of the names in it."""
    odd = b"X\x05\x00\x00\x00a\x00" + "\ud800".encode("utf-8", "surrogatepass")
    pickled = b"\x80\x02}(" + odd + b"N" + text("arch") + odd + text("net") + b"}(" + text("w") + tensor() + b"uu."
    _, seen = read(write_by_hand(tmp_path / "up.pt", pickled, s0=VALUES))
    assert seen == {"at": "net", "beside": ["a??", "arch"], "named": "a??"}
    failure = refused(write_by_hand(tmp_path / "up.pt", b"\x80\x02}(" + odd + b"Nu.", s0=VALUES))
    assert "a??" in failure.detail
    failure = refused(write_by_hand(tmp_path / "up.pt", b"\x80\x02" + text("os") + odd + b"\x93.", s0=VALUES))
    assert failure.code == "checkpoint_unsafe" and failure.detail.isprintable()


# --- containers that lie ------------------------------------------------------------------------------------------

GOOD = {"data.pkl": a_dict(w=tensor()), "version": b"3", "data/s0": VALUES}


def entries(**changes: Any) -> list[Entry]:
    return [Entry(f"archive/{name}".encode(), data, **({"method": 0} | changes)) for name, data in GOOD.items()]


@pytest.mark.parametrize(
    ("changed", "code", "word"),
    [
        (entries(method=8), "too_expensive", "compressed"),
        (entries(flags=0x801), "corrupt", "encrypted"),
        ([*entries(), Entry(b"archive/data/s0", b"x", 0)], "corrupt", "same name"),
        ([*entries(), Entry(b"other/data.pkl", b"N.", 0)], "corrupt", "archive of other files"),
        (entries()[1:], "corrupt", "archive of other files"),
        ([*entries(), Entry(b"archive/code/x.py", b"x", 0)], "unsafe", "TorchScript"),
        ([*entries(), Entry(b"archive/constants.pkl", b"x", 0)], "unsafe", "TorchScript"),
        ([*entries(), Entry(b"archive/data/s1", b"", 0, size=2**31, packed_size=2**31)], "too_expensive", "more than"),
        ([*entries(), Entry(b"archive/data/s1", b"abcd", 0, size=5)], "too_expensive", "more than"),
        ([*entries(), Entry(b"archive/data/s1", VALUES, 0, offset=0)], "corrupt", "shares its bytes"),
        ([*entries(), Entry(b"archive/data/s1", b"", 0, local_name=b"archive/data/s2")], "corrupt", "directory says"),
        ([*entries()[:2], Entry(b"archive/data/s0", VALUES, 0, crc=5)], "corrupt", "checksum"),
        ([Entry(b"archive/data.pkl", GOOD["data.pkl"], 0, crc=5), *entries()[1:]], "corrupt", "checksum"),
        ([*entries(), Entry(b"archive/data/s1", b"x", 99)], "too_expensive", "compressed"),
    ],
)
def test_zips_that_torch_save_does_not_write(tmp_path: Path, changed: list[Entry], code: str, word: str) -> None:
    (tmp_path / "up.pt").write_bytes(raw_zip(entries()))
    assert read(tmp_path / "up.pt")[0]["w"].shape == (2, 3)
    (tmp_path / "up.pt").write_bytes(raw_zip(changed))
    failure = refused(tmp_path / "up.pt")
    assert (failure.code, word in failure.detail) == (f"checkpoint_{code}", True), failure.detail


def test_checksums_may_be_left_out(tmp_path: Path) -> None:
    """As torch does where it is told so: they are zero then."""
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        file = save(tmp_path / "up.pt", {"w": torch.arange(6.0)})
    finally:
        torch.serialization.set_crc32_options(before)
    assert {member.CRC for member in zipfile.ZipFile(file).infolist()} == {0}
    assert read(file)[0]["w"].tolist() == [0, 1, 2, 3, 4, 5]


def older(magic: Any = MAGIC, version: Any = 1001, machine: Any = None, keys: Any = ("s0",), count: int = 6) -> bytes:
    head = b"".join(pickle.dumps(value, 2) for value in (magic, version, machine or {}))
    pickled = a_dict(w=tensor(view=b"N"))
    return head + pickled + pickle.dumps(list(keys), 2) + count.to_bytes(8, "little", signed=True) + VALUES


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (older(magic=7), "pickle of something else"),
        (older(magic=[MAGIC]), "pickle of something else"),
        (older(version=1000), "version"),
        (older(machine=[1]), "machine"),
        (older(keys=(3,)), "storages follow"),
        (older(keys=("s0", "s0")), "storages follow"),
        (older(keys=("s1",)), "not those"),
        (older(keys=()), "not in it"),
        (older(count=2**62), "not those"),
        (older(count=-1), "not those"),
        (older(count=5), "not those"),
        (older()[:-1], "last tensors"),
        (older()[:-28], "not those"),
    ],
)
def test_older_files_that_lie(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "up.pt").write_bytes(older())
    assert read(tmp_path / "up.pt")[0]["w"].flatten().tolist() == [0, 1, 2, 3, 4, 5]
    (tmp_path / "up.pt").write_bytes(content)
    failure = refused(tmp_path / "up.pt")
    assert failure.code == "checkpoint_corrupt" and word in failure.detail, failure.detail


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "up.pt").touch()
    assert refused(tmp_path / "up.pt").code == "checkpoint_corrupt"


# --- damage -------------------------------------------------------------------------------------------------------


def original(form: str) -> bytes:
    generator = torch.Generator().manual_seed(3)
    base = torch.randn(8, 8, generator=generator)
    state = {"a.weight": base, "a.bias": base.t()[2], "b.weight": torch.randn(3, 2).half(), "n": torch.tensor(4)}
    momentum = {"state": {0: {"momentum_buffer": torch.randn(8, 8)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    buffer = io.BytesIO()
    torch.save({"model": state, "optimizer": momentum}, buffer, _use_new_zipfile_serialization=form == "zip")
    return buffer.getvalue()


@pytest.mark.parametrize("form", FORMATS)
def test_cut_off_anywhere(tmp_path: Path, form: str) -> None:
    content = original(form)
    (tmp_path / "up.pt").write_bytes(content)
    assert len(read(tmp_path / "up.pt")[0]) == 4
    places = np.random.default_rng(0).integers(0, len(content), 120)
    for length in {0, 1, 2, 3, 4, 5, len(content) - 1, *map(int, places)}:
        (tmp_path / "up.pt").write_bytes(content[:length])
        assert refused(tmp_path / "up.pt").code == "checkpoint_corrupt", length


# Under a limit far below what a wrong length would ask for, where an exception of any other kind ends the process.
FLIPS = """
import json, resource, sys
from collections import Counter
from pathlib import Path
import numpy as np
from core.errors import TrainingFailed
from core.intake.checkpoint.convert import convert
source, folder = Path(sys.argv[1]), Path(sys.argv[2])
original = source.read_bytes()
generator = np.random.default_rng(0)
mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (mapped + 2**27, mapped + 2**27))
outcomes = Counter()
for turn in range(1500):
    content = bytearray(original)
    for place in generator.integers(0, len(content), 1 + turn % 4):
        content[place] = generator.integers(256) if turn % 2 else content[place] ^ 1 << generator.integers(8)
    (folder / "flipped.pt").write_bytes(content)
    try:
        convert(folder / "flipped.pt", folder / "out.safetensors")
        outcomes["read"] += 1
    except TrainingFailed as error:
        outcomes[error.failure.code] += 1
        json.dumps(error.failure.as_dict())
print(json.dumps(outcomes))
"""


@pytest.mark.parametrize("form", FORMATS)
def test_flipped_bytes_are_read_or_refused_and_nothing_else(tmp_path: Path, form: str) -> None:
    (tmp_path / "up.pt").write_bytes(original(form))
    command = [sys.executable, "-c", FLIPS, str(tmp_path / "up.pt"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    outcomes = json.loads(done.stdout)
    assert sum(outcomes.values()) == 1500
    assert set(outcomes) <= {"read", "checkpoint_corrupt", "checkpoint_unsafe", "checkpoint_too_expensive"}
    assert min(outcomes["read"], outcomes["checkpoint_corrupt"]) > 100


SMALL = """
import sys
from pathlib import Path
from core.intake.checkpoint import __main__ as process
process.SPARE_BYTES = int(sys.argv[3])
sys.exit(process.main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


@pytest.mark.parametrize(("spare", "code"), [(2**26, 3), (2**29, 0)])
def test_too_much_for_the_process_is_said_by_it(tmp_path: Path, spare: int, code: int) -> None:
    """A million dictionaries in a file of a million bytes."""
    file = write_by_hand(tmp_path / "up.pt", beside(b"](" + b"}" * 1_000_000 + b"e"), s0=VALUES)
    command = [sys.executable, "-c", SMALL, str(file), str(tmp_path / "out"), str(spare)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, "")
    assert (tmp_path / "out").exists() == (code == 0)
    assert code == 0 or json.loads(done.stdout)["code"] == "checkpoint_too_expensive"
