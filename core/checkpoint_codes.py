"""Why a checkpoint is rejected: one stable code, one title, one sentence, one hint for each."""

from typing import Any, Literal

from core.errors import Failure, TrainingFailed

Code = Literal[
    "checkpoint_unsafe",
    "checkpoint_mismatch",
    "checkpoint_ambiguous",
    "checkpoint_too_expensive",
    "checkpoint_corrupt",
    "checkpoint_not_finite",
]

NO_ROOM = "The service ran out of disk space while it read the checkpoint."
SAVE_TENSORS = "Save the tensors alone: torch.save(model.state_dict(), path), or better as safetensors."

_TITLES: dict[Code, tuple[str, str]] = {  # code -> title, default hint
    "checkpoint_unsafe": ("The checkpoint holds code", SAVE_TENSORS),
    "checkpoint_mismatch": ("The teacher does not fit", "Check the architecture and the data set."),
    "checkpoint_ambiguous": ("The checkpoint fits several networks", "Say which architecture it is."),
    "checkpoint_too_expensive": ("The checkpoint takes too much to read", SAVE_TENSORS),
    "checkpoint_corrupt": ("The checkpoint cannot be read", "Check the file, then upload it again."),
    "checkpoint_not_finite": ("The checkpoint holds NaN or infinity", "Take an earlier checkpoint of its training."),
}


def rejected(
    code: Code, detail: str, hint: str | None = None, errors: list[dict[str, Any]] | None = None
) -> TrainingFailed:
    """To be raised. Nothing about the file gets better by another attempt, so it is never retryable."""
    title, default_hint = _TITLES[code]
    return TrainingFailed(Failure(code, title, detail, default_hint if hint is None else hint, errors=errors or []))
