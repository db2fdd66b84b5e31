"""The pickle machine: follows the opcodes that torch.save writes and describes what they would build. Calls nothing.

An opcode that is not in `_STEPS` refuses the file. The bounds hold for any input: bytes, opcodes, marks, nesting, and
the length of one number; nothing recurses, and no container is hashed or compared.
"""

import pickletools
from collections.abc import Callable
from typing import Any

from core.checkpoint_codes import rejected
from core.intake.checkpoint.described import (
    MAPPINGS,
    Named,
    Opaque,
    Storage,
    broken,
    called,
    check_nesting,
    put,
    storage,
)
from core.intake.checkpoint.harmless import full_name, is_harmless, unknown_opcode, unsafe
from core.intake.checkpoint.window import MAX_LINE, Window
from core.intake.names import shown

MAX_OPCODES = 8_000_000
MAX_MARKS = 256
NEWEST_PROTOCOL = 5


def describe(window: Window, storages: dict[str, Storage] | None = None) -> Any:
    """The value of the pickle that begins there; `window` stands behind it afterwards.

    Each storage that it mentions is put into `storages` by its key, as it is described first.

    Dictionaries, lists, tuples and plain values, `described` tensors, and `Opaque` for everything else.
    Raises TrainingFailed: `checkpoint_unsafe`, `checkpoint_too_expensive` or `checkpoint_corrupt`.
    """
    machine = _Machine({} if storages is None else storages)
    opcodes = pickletools.genops(window)  # type: ignore[arg-type]  # reads and reads lines, nothing else
    for _ in range(MAX_OPCODES):
        try:
            opcode, argument, _ = next(opcodes)
        except StopIteration:
            break
        except ValueError as error:  # what pickletools makes of bytes that are no pickle; its words may hold any bytes
            raise broken("its pickle cannot be followed") from error
        step = _STEPS.get(opcode.name)
        if step is None:
            raise unknown_opcode(opcode.name, argument)
        step(machine, argument)
    else:
        raise rejected("checkpoint_too_expensive", f"Its pickle has more than {MAX_OPCODES:,} opcodes.")
    return machine.result()


class _Machine:
    def __init__(self, storages: dict[str, Storage]) -> None:
        self._storages = storages
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> Any:
        if len(self._stack) != 1 or self._marks:
            raise broken("its pickle ends in the middle")
        check_nesting(self._stack[0])
        return self._stack[0]

    # --- the stack

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def pop(self) -> Any:
        self._need(1)
        return self._stack.pop()

    def top(self) -> Any:
        self._need(1)
        return self._stack[-1]

    def _need(self, count: int) -> None:
        if len(self._stack) - (self._marks[-1] if self._marks else 0) < count:
            raise broken("its pickle takes more from its stack than there is")

    def mark(self, _: Any) -> None:
        if len(self._marks) == MAX_MARKS:
            raise rejected("checkpoint_too_expensive", f"Its pickle is nested more than {MAX_MARKS} deep.")
        self._marks.append(len(self._stack))

    def pop_mark(self) -> list[Any]:
        if not self._marks:
            raise broken("its pickle ends a list that it did not begin")
        start = self._marks.pop()
        items = self._stack[start:]
        del self._stack[start:]
        return items

    # --- the memo

    def remember(self, place: int | None) -> None:
        self._memo[len(self._memo) if place is None else place] = self.top()

    def recall(self, place: int) -> None:
        if place not in self._memo:
            raise broken("its pickle recalls what it has not stored")
        self.push(self._memo[place])

    # --- containers

    def make_tuple(self, count: int) -> None:
        self._need(count)
        items = tuple(self._stack[-count:])
        del self._stack[-count:]
        self.push(items)

    def append(self, items: list[Any]) -> None:
        target = self.top()
        if isinstance(target, list):
            target += items
        elif not isinstance(target, Opaque):
            raise broken("its pickle appends to something that is no list")

    def add(self, _: Any) -> None:
        self.pop_mark()
        if not isinstance(self.top(), Opaque):
            raise broken("its pickle adds to something that is no set")

    def freeze(self, _: Any) -> None:
        self.pop_mark()
        self.push(Opaque("builtins.frozenset"))

    def set_items(self, items: list[Any]) -> None:
        target = self.top()
        if len(items) % 2 or not isinstance(target, (dict, Opaque)):
            raise broken("its pickle sets items of something that is no dictionary")
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=True):
                put(target, key, value)

    def set_item(self, _: Any) -> None:
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    # --- what would be code

    def name(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str) or max(len(module), len(name)) > MAX_LINE:
            raise broken("its pickle names something that is no function and no class")
        full = full_name(module, name)
        if not is_harmless(full, name):
            raise unsafe(full if full.isprintable() else shown(full))
        self.push(Named(full))

    def name_from_stack(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        self.name(module, name)

    def call(self, _: Any) -> None:
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, Named):
            raise unsafe(function.name if isinstance(function, Opaque) else "what another call gives")
        if not isinstance(arguments, tuple):
            raise broken("its pickle calls a function without arguments")
        self.push(called(function.name, arguments))

    def make(self, keywords: bool) -> None:
        """An object of a class, as the class makes it."""
        if keywords:
            self.pop()
        arguments, kind = self.pop(), self.pop()
        if not isinstance(kind, Named) or not isinstance(arguments, tuple):
            raise broken("its pickle makes an object of something that is no class")
        self.push({} if kind.name in MAPPINGS else Opaque(kind.name))

    def build(self, _: Any) -> None:
        state, target = self.pop(), self.top()
        if isinstance(target, Opaque):
            target.state = state

    def persistent(self, _: Any) -> None:
        match self.pop():
            case ("storage", kind, key, str(), count):
                self._refer(storage(kind, key, count, None))
            case ("storage", kind, key, str(), count, view):
                self._refer(storage(kind, key, count, view))
            case ("module", Named(name), *_):
                self.push(Named(name))
            case _:
                raise broken("its pickle refers to something that is no storage")

    def _refer(self, to: Storage) -> None:
        self._storages.setdefault(to.key, to)
        self.push(to)

    def protocol(self, version: int) -> None:
        if version > NEWEST_PROTOCOL:
            raise broken(f"it says to be of pickle protocol {version}")


_Step = Callable[[_Machine, Any], None]


def _push_opaque(name: str) -> _Step:
    return lambda machine, _: machine.push(Opaque(name))


def _nothing(_machine: _Machine, _: Any) -> None:
    """Frames say how the bytes were buffered, and the end speaks for itself."""


_push: _Step = _Machine.push
_STEPS: dict[str, _Step] = {
    "PROTO": _Machine.protocol,
    **dict.fromkeys(("FRAME", "STOP"), _nothing),
    "MARK": _Machine.mark,
    "NONE": _push,
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"), _push),
    **dict.fromkeys(("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING"), _push),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"), _push_opaque("builtins.bytes")),
    "BYTEARRAY8": _push_opaque("builtins.bytearray"),
    "EMPTY_SET": _push_opaque("builtins.set"),
    "ADDITEMS": _Machine.add,
    "FROZENSET": _Machine.freeze,
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "SETITEM": _Machine.set_item,
    "SETITEMS": lambda machine, _: machine.set_items(machine.pop_mark()),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "APPEND": lambda machine, _: machine.append([machine.pop()]),
    "APPENDS": lambda machine, _: machine.append(machine.pop_mark()),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_mark())),
    "TUPLE1": lambda machine, _: machine.make_tuple(1),
    "TUPLE2": lambda machine, _: machine.make_tuple(2),
    "TUPLE3": lambda machine, _: machine.make_tuple(3),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.remember),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _Machine.recall),
    "GLOBAL": lambda machine, pair: machine.name(*pair.partition(" ")[::2]),
    "STACK_GLOBAL": _Machine.name_from_stack,
    "REDUCE": _Machine.call,
    "NEWOBJ": lambda machine, _: machine.make(keywords=False),
    "NEWOBJ_EX": lambda machine, _: machine.make(keywords=True),
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent,
}
