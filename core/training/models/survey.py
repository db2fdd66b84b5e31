"""`python -m core.training.models.survey`: the table of all networks, from the networks themselves.

    … survey            compare every network with the committed table; prints what differs, exit 1 if anything does
    … survey --write    write the table
    … survey resnet     only the networks whose canonical name contains this

It takes about a quarter of an hour of one processor; what is found by then is written also where it is stopped.

Networks are built without memory for their weights. Each is tried at its own size and at others, in train mode with
two images: what fails there, or answers with anything but logits, is no classifier and is left out.
"""

import argparse
import json
import logging
import multiprocessing
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from core.catalog.architectures import TABLE
from core.training.models.cifar import CIFAR
from core.training.models.layout import digest, find_head, outline, plain_head
from core.training.models.libraries import AUXILIARY, build_timm, build_torchvision, takes_drop_path, timm, torchvision

Json = dict[str, Any]
CLASSES = 1000  # of the published weights, and that multiply-adds are counted with
CIFAR_CLASSES = 100
SIDES = (4, 8, 16, 24, 32, 48, 64, 96, 128)  # candidates for the smallest side
HALF = [0.5, 0.5, 0.5]


class NoClassifier(Exception):
    """A network of a library that cannot be a student or a teacher."""


def measure(build: Callable[[int], nn.Module], side: int, fixed: bool, classes: int = CLASSES) -> Json:
    """The figures of a table's row that follow from the network itself."""
    network = outline(build, classes)
    state = network.state_dict()
    head = plain_head(state, classes)
    if head is None:
        head = find_head(state, outline(build, classes + 1).state_dict())
    if not head:
        raise NoClassifier("no part of it depends on the number of classes")
    slope = sum(state[name].numel() // classes for name, _ in head)
    works = partial(answers, network.train(), classes)
    if not works(side):
        raise NoClassifier(f"it does not answer with logits at {side} px in train mode")
    fixed = fixed or not all(map(works, (side - 32 if side > 64 else side + 64, side + 5)))
    total = sum(p.numel() for p in network.parameters())
    return {
        "fixed": fixed,
        "least": side if fixed else next((n for n in SIDES if n <= side and works(n)), side),
        "parameters": [total - slope * classes, slope],
        "multiply_adds": multiply_adds(network.eval(), side),
        "layout": digest(state, head),
        "head": [list(entry) for entry in head],
    }


@torch.no_grad()
def answers(network: nn.Module, classes: int, side: int) -> bool:
    """Whether two images of this side become logits."""
    try:
        logits = network(torch.empty(2, 3, side, side, device="meta"))
    except Exception:
        return False
    return isinstance(logits, Tensor) and logits.shape == (2, classes)


def multiply_adds(network: nn.Module, side: int) -> int:
    """Of one image: matrix products and convolutions, as papers count them."""
    torch.backends.mha.set_fastpath_enabled(False)  # its fused form is not counted
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 3, side, side, device="meta"))
    return int(counter.get_total_flops()) // 2


# --- our own ------------------------------------------------------------------------------------------------------


def survey_cifar(name: str) -> Json:
    builder = CIFAR[name]
    assert isinstance(builder, partial)
    return {
        "name": f"cifar/{name}",
        "family": builder.func.__module__.rpartition(".cifar_")[2],
        "size": 32,
        "mean": [],
        "std": [],
        "interpolation": "bilinear",
        "crop": None,
        **measure(builder, 32, fixed=False, classes=CIFAR_CLASSES),
        "weights": [],
    }


# --- torchvision --------------------------------------------------------------------------------------------------


def survey_torchvision(name: str) -> Json:
    models = torchvision().models
    published = models.get_model_weights(name)
    default = published.DEFAULT
    tags = [default, *(tag for tag in published if tag is not default)]
    weights = [_torchvision_weights(name, tag) for tag in tags if tag.meta["categories"]]  # else it is no classifier's
    # The default's view is the network's, unless it was tuned on another size than the network is built for.
    first = next((w for w in weights if w["size"] == 224), weights[0]) if "vit_" in name else weights[0]
    figures = measure(partial(build_torchvision, name), first["size"], fixed=False)
    return {
        "name": f"torchvision/{name}",
        "family": models.get_model_builder(name).__module__.rpartition(".")[2],
        **{key: first[key] for key in ("size", "mean", "std", "interpolation", "crop")},
        **figures,
        "weights": [w for w in weights if w["size"] == first["size"] or not figures["fixed"]],
    }


def _torchvision_weights(name: str, weights: Any) -> Json:
    view = weights.transforms()
    # These two networks were trained on -1..1 and convert inside; here that is said as their normalisation.
    mean, std = (HALF, HALF) if name in AUXILIARY else (list(view.mean), list(view.std))
    return {
        "tag": weights.name,
        "classes": len(weights.meta["categories"]),
        "size": view.crop_size[0],
        "mean": mean,
        "std": std,
        "interpolation": view.interpolation.value,
        "crop": round(view.crop_size[0] / view.resize_size[0], 4),
        "url": weights.url,
        "file": weights.url.rpartition("/")[2],
    }


# --- timm ---------------------------------------------------------------------------------------------------------


def survey_timm(name: str) -> Json:
    config = timm().models.get_pretrained_cfg(name, allow_unregistered=False)
    if config is None or config.input_size[0] != 3 or config.input_size[1] != config.input_size[2]:
        raise NoClassifier("it takes no square colour images")
    side = config.input_size[1]
    configs = timm().models.get_arch_pretrained_cfgs(name).items()
    weights = [_timm_weights(full, each) for full, each in configs if _is_published(each, config)]
    weights.sort(key=lambda w: bool(w["tag"] != config.tag))  # the library's own choice first
    return {
        "name": f"timm/{name}",
        "family": timm().models.model_entrypoint(name).__module__.rpartition(".")[2],
        **_timm_view(config),
        **measure(partial(build_timm, name), side, fixed=config.fixed_input_size),
        "drop_path": takes_drop_path(name),
        "weights": weights,
    }


def _is_published(config: Any, default: Any) -> bool:
    """With a file on the hub, and of the very network that the name alone builds."""
    same = config.input_size == default.input_size or not (config.fixed_input_size or default.fixed_input_size)
    return bool(config.hf_hub_id and config.has_weights and same)


def _timm_view(config: Any) -> Json:
    return {
        "size": config.input_size[1],
        "mean": list(config.mean),
        "std": list(config.std),
        "interpolation": config.interpolation,
        "crop": config.crop_pct,
    }


def _timm_weights(full: str, config: Any) -> Json:
    file = config.hf_hub_filename or "model.safetensors"
    # One folder holds them all here, and most are called model.safetensors there.
    own = f"{full}.safetensors" if file == "model.safetensors" else f"{full}.{file}"
    return {
        "tag": config.tag,
        "classes": config.num_classes,
        **_timm_view(config),
        "url": f"https://huggingface.co/{config.hf_hub_id}/resolve/main/{file}",
        "file": own,
    }


# --- the whole ----------------------------------------------------------------------------------------------------


def names() -> list[str]:
    """Every network there is."""
    models = torchvision().models
    short = {"cifar": CIFAR, "torchvision": models.list_models(module=models), "timm": timm().list_models()}
    return [f"{library}/{name}" for library, found in short.items() for name in found]


def survey(full: str) -> Json | str:
    """A network's row, or why it has none."""
    library, _, name = full.partition("/")
    torch.set_num_threads(1)
    with warnings.catch_warnings(action="ignore"):
        try:
            by_library = {"cifar": survey_cifar, "torchvision": survey_torchvision, "timm": survey_timm}
            return compact(by_library[library](name))
        except Exception as error:
            return f"{full}: {type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"


def compact(row: Json) -> Json:
    """Weights say only what differs from their network."""
    weights = [{key: v for key, v in entry.items() if v != row.get(key)} for entry in row["weights"]]
    return row | {"weights": weights}


def read_table() -> dict[str, Json]:
    return {row["name"]: row for row in map(json.loads, TABLE.read_text(encoding="utf-8").splitlines())}


def write_table(rows: dict[str, Json]) -> None:
    lines = (json.dumps(row, separators=(",", ":")) + "\n" for _, row in sorted(rows.items()))
    TABLE.write_text("".join(lines), encoding="utf-8")


def differences(old: dict[str, Json], new: dict[str, Json]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new or name not in old:
            yield f"{'-' if name in old else '+'} {name}"
        elif old[name] != new[name]:
            for key in old[name].keys() | new[name].keys():
                if old[name].get(key) != new[name].get(key):
                    yield f"  {name} {key}: {old[name].get(key)} -> {new[name].get(key)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("part", nargs="?", default="", help="only networks whose canonical name contains this")
    parser.add_argument("--write", action="store_true", help="write the table instead of comparing with it")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    wanted = [name for name in names() if options.part in name]
    rows, left_out, whole = {}, [], True
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(options.processes, context) as pool:
            found = pool.map(survey, wanted)
            for row in track(found, "networks", len(wanted), console=Console(stderr=True)):
                if isinstance(row, str):
                    left_out.append(row)
                else:
                    rows[row["name"]] = row
    except (BrokenProcessPool, KeyboardInterrupt) as error:
        whole = False
        print(f"stopped: {error or 'by Ctrl-C'}")
    print(*left_out, f"{len(rows)} networks, {len(left_out)} left out", sep="\n")
    if options.write:
        write_table(rows if whole and not options.part else read_table() | rows)
        return 0 if whole else 1
    looked_at = {name: row for name, row in read_table().items() if options.part in name and (whole or name in rows)}
    different = list(differences(looked_at, rows))
    print(*different, sep="\n")
    return 1 if different or not whole else 0


if __name__ == "__main__":
    sys.exit(main())
