"""Where and how the arithmetic happens: decided once, recorded, and kept by every later attempt."""

import os
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import deterministic

from core.recipe import Recipe


@dataclass(frozen=True)
class Precision:
    """The device, and whether networks compute in a half precision. Logits come out in float32 either way."""

    device: torch.device
    bfloat16: bool
    float16: bool = False

    @property
    def generator(self) -> torch.Generator:
        """What dropout and the like draw from on this device."""
        if self.device.type == "cuda":
            return torch.cuda.default_generators[torch.cuda.current_device()]
        return torch.default_generator

    def place(self, network: nn.Module) -> nn.Module:
        """On the device, channels last in memory: convolutions are faster that way."""
        return network.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def logits(self, network: nn.Module, images: Tensor) -> Tensor:
        """Normalised images (B, 3, side, side) -> logits (B, classes) in float32."""
        if not (self.bfloat16 or self.float16):
            result: Tensor = network(images)
            return result
        with torch.autocast(self.device.type, torch.bfloat16 if self.bfloat16 else torch.float16):
            result = network(images)
        return result.float()


def decide(
    recipe: Recipe, threads: int, recorded: dict[str, Any] | None, processes: int = 1
) -> tuple[Precision, dict[str, Any], bool]:
    """(what to use, the record of it, whether that repeats what was recorded bit for bit).

    The kind of device and the precision of the first attempt are kept where this machine can.
    """
    wanted = recorded["device"] if recorded else ("cuda" if recipe.resources.gpus else "cpu")
    kind = wanted if wanted != "cuda" or torch.cuda.is_available() else "cpu"
    name = recorded["precision"] if recorded else recipe.training.precision
    if name == "auto":
        name = "bfloat16" if kind == "cuda" else "float32"
    if name == "float16" and kind == "cpu":
        name = "float32"  # a processor has no fast float16, and not every operation
    decided = {"device": kind, "precision": name, "threads": threads, "torch": str(torch.__version__)}
    if processes > 1:
        decided["processes"] = processes
    bitwise = recorded is None or all(recorded.get(key) == decided.get(key) for key in (*decided, "processes"))
    return Precision(torch.device(kind), name == "bfloat16", name == "float16"), decided, bitwise


def cannot_compile(device: torch.device) -> str | None:
    """Why torch.compile does not work here, found by trying; None where it does."""
    try:
        twice = torch.compile(lambda x: 2 * x)
        ones = torch.ones(3, device=device)
        assert torch.equal(twice(ones), 2 * ones)
    except Exception as error:  # whatever a missing compiler makes of it
        return str(error).strip().partition("\n")[0][:300] or type(error).__name__
    return None


def set_up(threads: int) -> None:
    """Make this process's arithmetic repeatable; before any other work with torch."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS repeats itself only with a fixed workspace
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    if torch.get_num_interop_threads() != 1:
        torch.set_num_interop_threads(1)
    # The same as use_deterministic_algorithms(True), which would load the compiler: a second and a half.
    torch.set_deterministic_debug_mode("error")
    deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a debugging aid; costs a fill each
    torch.backends.cudnn.benchmark = False
