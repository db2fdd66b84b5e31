"""What a child process tells its worker: frozen dataclasses of plain numbers and strings, one JSON line each.

`student` is a student's label in its job; steps count optimizer updates.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, get_args


@dataclass(frozen=True)
class Phase:
    """What the child is doing: loading, checking_teacher, training, evaluating, exporting, reading."""

    name: str
    message: str = ""


@dataclass(frozen=True)
class Started:
    """The loop is about to run. `decided` holds what was chosen: device, precision, threads, torch."""

    total_steps: int
    total_epochs: int
    step: int  # above 0: resumed from a checkpoint
    decided: dict[str, Any]
    parameters: dict[str, int]  # student -> trainable parameters
    teacher: dict[str, Any] | None = None  # its figures on val, as in the job's result
    bitwise: bool = True  # False: resumed on another kind of device, weights may differ in the last bits


@dataclass(frozen=True)
class Progress:
    step: int
    epoch: int
    images_per_second: float
    eta_seconds: float


@dataclass(frozen=True)
class Spent:
    """What this attempt has cost so far; told with progress, and before it ends."""

    teacher_forwards: int  # images in training steps, times the teacher's networks that looked at them


@dataclass(frozen=True)
class Metrics:
    """Figures of one step: (student or None for the teacher or the job, name, value)."""

    step: int
    points: list[tuple[str | None, str, float]]


@dataclass(frozen=True)
class Log:
    level: str  # debug, info, warning, error
    message: str


@dataclass(frozen=True)
class CheckpointSaved:
    """Whole and durable in the attempt's own folder."""

    step: int
    epoch: int
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class StudentFile:
    name: str
    path: str
    bytes: int
    sha256: str
    media_type: str


@dataclass(frozen=True)
class StudentSaved:
    """Weights of a student on disk: the best so far while training, the final ones when `final`."""

    student: str
    step: int
    final: bool
    metrics: dict[str, Any]
    files: list[StudentFile]
    tensors_sha256: str


@dataclass(frozen=True)
class StudentFailed:
    """One student whose loss is no longer finite; the others go on."""

    student: str
    step: int
    term: str
    detail: str


@dataclass(frozen=True)
class Stopped:
    """Ended because it was asked to, after a checkpoint at this step (pause, yield) or at once (cancel)."""

    step: int


@dataclass(frozen=True)
class Finished:
    """All done; `result` belongs to the kind of work: the teacher's figures, a data set's or a teacher's report."""

    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """Cannot succeed as asked: the fields of core.errors.Failure."""

    code: str
    title: str
    detail: str
    hint: str = ""
    retryable: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)


Event = (
    Phase
    | Started
    | Progress
    | Spent
    | Metrics
    | Log
    | CheckpointSaved
    | StudentSaved
    | StudentFailed
    | Stopped
    | Finished
    | Failed
)
_KINDS = {kind.__name__: kind for kind in get_args(Event)}


def encode(event: Event) -> bytes:
    """One line of JSON (NaN and Infinity as Python writes them: both ends are ours)."""
    return json.dumps({"event": type(event).__name__, **asdict(event)}, ensure_ascii=True).encode() + b"\n"


def without_superseded(events: list[Event], later: list[Event]) -> list[Event]:
    """Without the files that a later event replaces: after a long wait they may be gone."""
    kept: list[Event] = []
    seen: set[object] = set()
    for n, event in reversed(list(enumerate([*events, *later]))):
        if isinstance(event, CheckpointSaved | StudentSaved):
            about = (type(event), getattr(event, "student", None))
            if about in seen:
                continue
            seen.add(about)
        if n < len(events):
            kept.append(event)
    return kept[::-1]


def decode(line: bytes) -> Event:
    fields = json.loads(line)
    kind = _KINDS[fields.pop("event")]
    if kind is StudentSaved:
        fields["files"] = [StudentFile(**file) for file in fields["files"]]
    if kind is Metrics:
        fields["points"] = [tuple(point) for point in fields["points"]]
    event: Event = kind(**fields)
    return event
