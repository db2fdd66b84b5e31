"""How an ONNX model wants its images and gives its answers, and how it is run. No torch."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

GPU, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class OnnxForm(BaseModel):
    """What `core.intake.onnx_model` finds out, and `core.training.onnx_teacher` goes by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: str
    output: str
    dtype: Literal["float16", "float32", "float64"]  # of the images
    channels_last: bool  # images (N, H, W, 3) instead of (N, 3, H, W)
    batch: int | None  # the only number of images that it takes together; None: any
    side: int | None  # the only side of images that it takes; None: several
    classes: int
    parameters: int
    probabilities: bool  # it ends in a softmax


def open_session(model: bytes | Path, threads: int, gpu: bool = False) -> Any:
    """onnxruntime's, repeatable and with threads that sleep when idle; on a GPU where it was built for one."""
    import onnxruntime  # a third of a second to load, wanted by few

    onnxruntime.disable_telemetry_events()  # a service speaks to nobody on its own
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4  # what goes wrong is raised as well
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = [GPU, CPU] if gpu and GPU in onnxruntime.get_available_providers() else [CPU]
    return onnxruntime.InferenceSession(str(model) if isinstance(model, Path) else model, options, providers=providers)
