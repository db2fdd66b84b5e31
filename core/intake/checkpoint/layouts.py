"""Where in a file the weights lie, and what lies beside them."""

from collections.abc import Mapping
from typing import Any

from core.checkpoint_codes import SAVE_TENSORS, rejected
from core.errors import TrainingFailed
from core.intake.checkpoint.described import Named, Opaque, StoredTensor
from core.intake.checkpoint.harmless import unsafe

State = dict[str, StoredTensor]

# where training scripts put the weights, most specific first; averaged ones where there are no others
PLAIN = ("state_dict", "model", "net", "network", "model_state_dict", "weights", "teacher")
AVERAGED = ("state_dict_ema", "model_ema", "ema_model", "ema_state_dict", "ema")
INSIDE = ("state_dict", "module", "model")  # one level further in, where averages and wrappers keep them
LISTED = 20  # names of what lies beside


def find_state(held: Any) -> tuple[State, str | None]:
    """The state dict in what was saved, and under which of the usual names it lies; None: it is the thing itself."""
    if isinstance(held, dict):
        for at in (*PLAIN, *AVERAGED):
            if state := _state(held.get(at)):
                return state, at
            for deeper in INSIDE:
                if isinstance(inner := held.get(at), dict) and (state := _state(inner.get(deeper))):
                    return state, f"{at}.{deeper}"
        if state := _state(held):
            return state, None
    raise _no_state(held)


def _state(candidate: Any) -> State | None:
    """Tensors by name, and nothing else."""
    if not isinstance(candidate, dict) or not candidate:
        return None
    proper = all(isinstance(name, str) and isinstance(value, StoredTensor) for name, value in candidate.items())
    return candidate if proper else None


def _no_state(held: Any) -> TrainingFailed:
    usual = ", ".join((*PLAIN, *AVERAGED))
    if not isinstance(held, dict):
        if isinstance(held, (Opaque, Named)):
            return unsafe(held.name, "build")
        return rejected("checkpoint_corrupt", f"The file holds one {_kind(held)}, not a state dict.", SAVE_TENSORS)
    for at in (*PLAIN, *AVERAGED):
        if isinstance(found := held.get(at), Opaque):
            return unsafe(found.name, "build")
    for within in (*(held.get(at) for at in (*PLAIN, *AVERAGED)), held):
        if isinstance(within, dict) and any(isinstance(value, StoredTensor) for value in within.values()):
            name, odd = next(item for item in within.items() if not _is_named_tensor(item))
            detail = "The file holds no state dict: that would be tensors by name, and nothing else."
            detail = f"{detail} Beside tensors there is {legible(name)} ({_kind(odd)})."
            return rejected("checkpoint_corrupt", detail, SAVE_TENSORS)
    holds = ", ".join(f"{legible(name)} ({_kind(value)})" for name, value in list(held.items())[:10]) or "nothing"
    detail = f"The file holds no state dict, neither itself nor under {usual}. It holds: {holds}."
    return rejected("checkpoint_corrupt", detail, SAVE_TENSORS)


def _is_named_tensor(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], StoredTensor)


def _kind(value: Any) -> str:
    match value:
        case StoredTensor():
            return "tensor"
        case Opaque(name) | Named(name):
            return legible(name)
    return type(value).__name__


def legible(name: Any) -> str:
    """A name out of the file, fit for any message and any database."""
    match name:
        case Opaque(kind) | Named(kind):
            text = kind
        case _:
            text = str(name)
    return "".join(sign if sign.isprintable() else "?" for sign in text[:80])


def find_beside(held: Any, at: str | None) -> list[str]:
    """The names of everything else in the file, as far as there is room."""
    if at is None or not isinstance(held, dict):
        return []
    return [legible(name) for name in held if name != at.partition(".")[0]][:LISTED]


def find_name(held: Any) -> str | None:
    """What a training script wrote down as the network's name; it may be of any meaning."""
    if not isinstance(held, Mapping):
        return None
    arguments = held.get("args") or held.get("opt")
    given = arguments.state if isinstance(arguments, Opaque) else arguments
    if not isinstance(given, Mapping):
        given = {}
    said = (held.get("arch"), given.get("model"), given.get("arch"))
    return next((legible(name) for name in said if isinstance(name, str)), None)
