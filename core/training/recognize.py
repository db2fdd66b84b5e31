"""Which network a stranger's tensors are: by names and shapes, and by trying where several networks share them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from core.catalog import Architecture, architecture, find_architecture
from core.checkpoint_codes import rejected
from core.errors import Invalid, TrainingFailed
from core.training.models import BUILDERS, build, class_count, identify
from core.training.models.layout import COUNTERS, entries, outline

WRAPPED = ("module.", "_orig_mod.")  # by data-parallel and compiled networks, in any number
HALVES = ("teacher", "student")  # what distillation scripts save in one file; the first is wanted, if nothing is said
HELD = ("model.", "net.", "network.", *(f"{half}." for half in HALVES))  # where training scripts hold the network
TRIED_SIDE = 64  # of the images on which networks of equal layout are told apart
NAMED = 10  # entries listed in a report
FAMILIAR = 10  # times as many published files make one of several networks the likely one

Judge = Callable[[Architecture, nn.Module], float]


@dataclass
class Recognized:
    """A network of the catalog with the tensors that are its own, and what was seen on the way."""

    network: Architecture
    state: dict[str, Tensor]
    prefix: str | None = None  # taken off every name
    skipped: list[str] = field(default_factory=list)  # entries that are not the network's
    candidates: list[str] = field(default_factory=list)  # all networks with this layout
    notes: list[str] = field(default_factory=list)  # what its sender should know


def recognize(
    tensors: Mapping[str, Tensor], declared: str | None, hinted: str | None = None, judge: Judge | None = None
) -> Recognized:
    """TrainingFailed where no network fits, another one than was said, or several that differ in what they compute.

    `hinted` is a name in the file that may be of any meaning. `judge` tells how good a network is on the data set.
    """
    known = _declared(declared) if declared is not None else None
    bare, half = clean_names(tensors, known)
    found = None
    for prefix in ("", *HELD):
        held = {n.removeprefix(prefix): t for n, t in bare.items() if n.startswith(prefix)}
        state, inner = clean_names(held, known) if prefix else (held, half)  # compiled inside of what holds it
        candidates = identify(state)
        if candidates or (prefix and known is not None and state and not differences(known.name, state)):
            skipped = [name for name in bare if not name.startswith(prefix)]
            found = Recognized(known or architecture(candidates[0]), state, prefix or None, skipped, candidates)
            if taken := half or inner:
                found.notes.append(
                    f"The file holds a teacher and a student; this is the {taken}. If they are of different "
                    "architectures, the one you name is taken."
                )
            break
    if found is None:
        if known is None:
            raise _unknown(bare)
        return Recognized(known, bare)
    if known is None:
        _tell_apart(found, hinted, judge)
    elif found.candidates and known.network not in found.candidates:
        errors = differences(known.name, found.state)
        one = found.candidates[0]
        detail = f"The checkpoint is said to be {known.name}, but its tensors are those of {one}. {first_of(errors)}"
        raise rejected("checkpoint_mismatch", detail, f"Leave the architecture out, or say {one}.", errors)
    return found


def _unknown(state: Mapping[str, Tensor]) -> TrainingFailed:
    """Names what is wrong where the names at least are those of a network written here."""
    hint = "Name the architecture it is, to see what does not fit; the list of architectures tells all there are."
    for name in BUILDERS:
        expected = entries(outline(BUILDERS[name], 1).state_dict())
        if set(expected) == set(entries(state)):
            errors = differences(name, state)
            return rejected("checkpoint_mismatch", f"It looks like {name}. {first_of(errors)}", hint, errors[:100])
    detail = (
        f"These {len(state)} tensors are of no known architecture. Their first names: {', '.join(list(state)[:3])}."
    )
    return rejected("checkpoint_mismatch", detail, hint)


def _declared(name: str) -> Architecture:
    try:
        return architecture(name)
    except Invalid as error:
        raise rejected("checkpoint_mismatch", error.problems[0].detail) from error


def _tell_apart(found: Recognized, hinted: str | None, judge: Judge | None) -> None:
    """Of networks that compute the same the first; else the one the file names, or the best on the data set.

    With neither the one that is published by far the most; without such only the sender knows: `checkpoint_ambiguous`.
    """
    if len(found.candidates) == 1:
        return
    named = find_architecture(hinted) if hinted else None
    if named is not None and named.network in found.candidates:
        found.network = named
        return
    groups = _kinds(found.candidates, found.state)
    kinds = [architecture(names[0]) for names in groups]
    if len(kinds) == 1:
        return
    if judge is None:
        if familiar := _familiar(groups):
            found.network = architecture(familiar[0])
            others = ", ".join(name for name in found.candidates if name not in familiar)
            found.notes.append(
                f"Its tensors also fit {others}, which compute something else; {found.network.name} is by far the most "
                "common of them. If it is another one, register it again with its architecture."
            )
            return
        detail = f"The tensors fit {', '.join(found.candidates)}, and these do not compute the same."
        hint = f"Say which it is, such as architecture={kinds[0].name}; with a data set the best one on it is taken."
        errors = [
            {"pointer": "/architecture", "code": "ambiguous", "detail": f"Possible: {n}."} for n in found.candidates
        ]
        raise rejected("checkpoint_ambiguous", detail, hint, errors)
    figures = [judge(kind, load_strictly(kind.name, found.state)) for kind in kinds]
    best = max(range(len(kinds)), key=lambda n: figures[n])  # the first of equal ones
    found.network = kinds[best]
    others = ", ".join(f"{k.name} {f:.1%}" for k, f in zip(kinds, figures, strict=True) if k is not found.network)
    found.notes.append(
        f"Its tensors fit networks that do not compute the same; {found.network.name} does best on the data set "
        f"({figures[best]:.1%} of a sample; {others})."
    )


def _kinds(candidates: Sequence[str], state: Mapping[str, Tensor]) -> list[list[str]]:
    """Those together that answer the same from these weights."""
    entries = [architecture(name) for name in candidates]
    fixed = [entry.image_size for entry in entries if entry.fixed_size]
    side = fixed[0] if fixed else max(TRIED_SIDE, *(entry.min_image_size for entry in entries))
    images = torch.rand((2, 3, side, side), generator=torch.Generator().manual_seed(0))
    kinds: list[tuple[Tensor, list[str]]] = []
    for name in candidates:
        logits = _try(name, state, images)
        scale = 1e-4 * float(logits.abs().max())
        for known, names in kinds:
            if torch.allclose(known, logits, rtol=1e-3, atol=scale, equal_nan=True):
                names.append(name)
                break
        else:
            kinds.append((logits, [name]))
    return [names for _, names in kinds]


def _familiar(kinds: Sequence[list[str]]) -> list[str] | None:
    """The kind with far more published weights than all others together, if there is one."""
    files = [sum(len(architecture(name).weights) for name in names) for names in kinds]
    most = max(range(len(kinds)), key=files.__getitem__)
    return kinds[most] if files[most] >= FAMILIAR * max(sum(files) - files[most], 0.1) else None


@torch.inference_mode()
def _try(name: str, state: Mapping[str, Tensor], images: Tensor) -> Tensor:
    network = build(name, class_count(state, name) or 1)
    network.load_state_dict(with_counters(network, state), strict=True)
    logits: Tensor = network.eval()(images)
    return logits


# --- names --------------------------------------------------------------------------------------------------------


def clean_names(
    tensors: Mapping[str, Tensor], known: Architecture | None = None
) -> tuple[dict[str, Tensor], str | None]:
    """Wrappers' prefixes off, no counter of averaging; and of a student and a teacher in one file which it is.

    That is the teacher, unless only the student fits the network that is `known`.
    """
    state = _strip(tensors)
    parts = {name.partition(".")[0] for name in state}
    if not (parts and parts <= set(HALVES)) and not parts >= set(HALVES):
        return state, None
    halves = {
        half: _strip({n.removeprefix(f"{half}."): t for n, t in state.items() if n.startswith(f"{half}.")})
        for half in HALVES
        if half in parts
    }
    fitting = [half for half in halves if known is not None and not differences(known.name, halves[half])]
    half = (fitting or list(halves))[0]
    return halves[half], half if len(halves) > 1 else None


def _strip(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    state: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        while name.startswith(WRAPPED):
            name = name.partition(".")[2]
        if name in state:
            raise rejected("checkpoint_corrupt", f"The file holds {name} twice, with and without a wrapper's prefix.")
        if name != "n_averaged":
            state[name] = tensor
    return state


# --- the one network ----------------------------------------------------------------------------------------------


def differences(name: str, state: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """What keeps these tensors from being the network's: missing, unexpected or of another shape."""
    expected = outline(partial(build, name), class_count(state, name) or 1).state_dict()
    wanted = {key for key in expected if not key.endswith(COUNTERS)}  # older files lack the counters
    missing = [(key, "missing", "is missing") for key in sorted(wanted - state.keys())]
    unexpected = [(key, "unexpected", "does not belong here") for key in sorted(state.keys() - expected.keys())]
    other = []
    for key in expected.keys() & state.keys():
        wants, has = expected[key], state[key]
        if has.shape != wants.shape:
            other.append((key, "shape", f"has shape {list(has.shape)} instead of {list(wants.shape)}"))
        elif has.is_floating_point() != wants.is_floating_point():
            other.append((key, "dtype", f"is {has.dtype} instead of {wants.dtype}"))
    found = missing + unexpected + sorted(other)
    return [{"pointer": f"/{key}", "code": code, "detail": f"{key} {text}."} for key, code, text in found]


def first_of(errors: list[dict[str, Any]]) -> str:
    more = f" And {len(errors) - 5} more." if len(errors) > 5 else ""
    return " ".join(error["detail"] for error in errors[:5]) + more


def with_counters(network: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state, with the counters of batch norms that older files lack."""
    return {key: tensor for key, tensor in network.state_dict().items() if key.endswith(COUNTERS)} | dict(state)


def load_strictly(name: str, state: Mapping[str, Tensor]) -> nn.Module:
    """The network with these weights, each in its place, all finite; in eval mode."""
    errors = differences(name, state)
    if errors:
        detail = f"The checkpoint does not fit {name}. {first_of(errors)}"
        raise rejected("checkpoint_mismatch", detail, errors=errors[:100])
    network = build(name, class_count(state, name) or 1)
    network.load_state_dict(with_counters(network, state), strict=True)
    return check_finite(network)


def check_finite(network: nn.Module) -> nn.Module:
    """In eval mode; rejected where any weight is NaN or infinite."""
    for key, tensor in network.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise rejected("checkpoint_not_finite", f"{key} holds NaN or infinity.")
    return network.eval()
