"""Which names a file may mention. None of them is ever looked up: this decides what its sender is told.

A checkpoint of a training script mentions classes of any library, and they are passed over. What no checkpoint needs
is refused aloud, since the same file would run it wherever it is opened with Python's own pickle.
"""

import sys
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from typing import Any

from core.checkpoint_codes import SAVE_TENSORS, rejected
from core.errors import TrainingFailed

_DATA = {  # of the standard library; anything else of it is refused
    *("argparse.Namespace", "collections.OrderedDict", "collections.defaultdict", "collections.Counter"),
    *("collections.deque", "_codecs.encode", "copyreg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__"),
    *("decimal.Decimal", "fractions.Fraction", "uuid.UUID", "types.SimpleNamespace", "random.Random"),
    *("functools.partial", "pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath"),
    *("pathlib.PureWindowsPath", "pathlib.PurePath"),
    *(f"datetime.{name}" for name in ("date", "datetime", "time", "timedelta", "timezone")),
    *(f"builtins.{name}" for name in ("set", "frozenset", "list", "dict", "tuple", "bytearray", "bytes", "str", "int")),
    *(f"builtins.{name}" for name in ("float", "bool", "complex", "slice", "range", "object")),
}
_RUNNERS = (  # of other libraries: what loads, compiles or fetches code
    *("torch.hub", "torch.jit", "torch.load", "torch.package", "torch.serialization.load", "torch.fx", "torch.compile"),
    *("torch.utils.cpp_extension", "torch.utils.model_zoo", "torch.utils.collect_env", "torch.utils.bottleneck"),
    *("torch.multiprocessing", "torch._dynamo", "torch._inductor", "torch.ops", "torch.classes", "torch.testing"),
    *("numpy.load", "numpy.lib", "numpy.testing", "numpy.f2py", "numpy.distutils", "numpy.ctypeslib", "numpy.memmap"),
    *("pip", "setuptools", "pkg_resources", "distutils", "dill", "cloudpickle", "joblib", "IPython"),
    *("pandas.io", "pandas.eval", "pandas.read_pickle", "pandas.core.computation"),
    *("requests", "httpx", "aiohttp", "urllib3", "paramiko", "psutil", "pexpect"),
)


def full_name(module: str, name: str) -> str:
    """As Python 3 says it, which finds the names of Python 2 under their new ones."""
    module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
    return f"{module}.{name}"


def is_harmless(name: str, within: str) -> bool:
    """Whether an ordinary checkpoint mentions the name; `within` is what of it stands behind the module.

    A class may lie within a class, but a way through another module (torch.serialization: os.system) hides something.
    """
    if not sys.stdlib_module_names.isdisjoint(within.split(".")[:-1]):
        return False
    if name.partition(".")[0] in sys.stdlib_module_names:
        return name in _DATA or (name.startswith("typing.") and name.count(".") == 1)
    return not any(name == runner or name.startswith(runner + ".") for runner in _RUNNERS)


def unsafe(name: str, what: str = "call") -> TrainingFailed:
    detail = f"To read this file, Python would have to {what} {name}. Nothing of it was executed."
    return rejected("checkpoint_unsafe", detail)


def unknown_opcode(opcode: str, argument: Any) -> TrainingFailed:
    """What to raise for an opcode that the machine does not follow."""
    if opcode == "INST":
        return unsafe(full_name(*str(argument).partition(" ")[::2]))
    if opcode in ("OBJ", "EXT1", "EXT2", "EXT4"):
        return unsafe(f"what the opcode {opcode} names")
    detail = f"Its pickle uses the opcode {opcode}, which torch.save does not write."
    return rejected("checkpoint_corrupt", detail, f"Leave torch.save's pickle_protocol at its default. {SAVE_TENSORS}")
