"""A student's first weights: random, or published ones with a new head where the classes differ."""

import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from core.catalog import Architecture, architecture
from core.errors import Failure, TrainingFailed
from core.plan import StudentPlan
from core.recipe import Pretrained
from core.training.models import build
from core.training.recognize import differences, first_of, with_counters
from core.training.untrusted import read_tensors
from core.views import published_weights

AUXILIARY_HEADS = ("aux1.", "aux2.", "AuxLogits.")  # heads that two networks of torchvision have in training alone


def start_network(plan: StudentPlan, classes: int, pretrained: Mapping[str, Path]) -> nn.Module:
    """The student's network as it begins; seed torch's global generator before.

    `pretrained` holds the files of published weights by `architecture:weights`, as in TrainAssignment.
    """
    if not isinstance(plan.init, Pretrained):
        return build(plan.architecture, classes, plan.drop_path)
    network = architecture(plan.architecture)
    tag = published_weights(network, plan.init).tag
    return load_pretrained(network.name, tag, classes, pretrained[f"{network.name}:{tag}"], plan.drop_path)


def draw_zero_head(network: nn.Module, name: str) -> bool:
    """Whether the head of the network `name` held zeros alone; if so it is drawn anew, from the global generator."""
    head = [network.get_parameter(key) for key, _ in architecture(name).head]
    if any(bool(parameter.any()) for parameter in head):
        return False
    for parameter in head:
        if parameter.dim() > 1:
            nn.init.trunc_normal_(parameter, std=0.02)
    return True


def load_pretrained(name: str, tag: str, classes: int, path: Path, drop_path: float = 0.0) -> nn.Module:
    """The network with the published weights in `path`, the library's own file; never executed.

    With as many classes as the file knows its head is kept, else it is drawn anew. Everything else must fit exactly:
    TrainingFailed `weights_unfit` names what does not.
    """
    entry = architecture(name)
    network = build(name, classes, drop_path)  # draws the same numbers as a start from scratch
    own = network.state_dict()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            tensors, _ = read_tensors(path, Path(scratch))
    except TrainingFailed as error:
        raise _unfit(entry, tag, path, error.failure.detail) from error
    state = _as_built(entry, network, tensors)
    head = {key for key, _ in entry.head}
    if any(key not in state or state[key].shape != own[key].shape for key in head):
        state |= {key: own[key] for key in head}
    if errors := differences(name, state):
        raise _unfit(entry, tag, path, first_of(errors))
    network.load_state_dict(with_counters(network, state), strict=True)
    return network


def _as_built(entry: Architecture, network: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The file's tensors by the names that the network of today has."""
    state = dict(tensors)
    if entry.library == "torchvision":
        state = {key: tensor for key, tensor in state.items() if not key.startswith(AUXILIARY_HEADS)}
        if entry.family == "densenet":  # its files write norm.1 for norm1
            state = {re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", k): t for k, t in state.items()}
    elif set(state) - set(network.state_dict()):
        # Some files are of their authors' own code; timm knows, network by network, how to read them.
        translate = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
        if translate is not None:
            state = dict(translate(state, network))
    return state


def _unfit(entry: Architecture, tag: str, path: Path, why: str) -> TrainingFailed:
    url = next(weights.url for weights in entry.weights if weights.tag == tag)
    detail = f"{path.name} does not hold the weights {tag} of {entry.name}. {why}"
    hint = f"Remove {path}, and put the file from {url} there."
    return TrainingFailed(Failure("weights_unfit", "The published weights do not fit", detail, hint, retryable=True))
