"""One run of schemathesis against a service, and what came of it."""

import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import httpx2
import schemathesis
from pydantic_core.core_schema import ErrorType
from schemathesis.checks import CheckContext
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.case import Case

from tests.api.schema.service import Service, serving

PHASES = ("examples", "coverage", "fuzzing", "stateful")
EXAMPLES = 20  # of a round, per operation and random phase; coverage has as many as the description makes
SHOWN = 3  # failures of one kind that are kept in full


@schemathesis.check
def refused_with_good_reason(ctx: CheckContext, response: Response, case: Case) -> None:
    """What the description calls well-formed is not refused for its form, but for what it means: an own code says so.

    Schemathesis cannot tell: to it every 422 is a refusal of the form.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    if isinstance(case.body, dict) and "source_job" in case.body:
        return  # some fields of a recipe, and of what is inside it: no schema says "some of"
    told = response.json()
    formal = {one["code"] for one in told.get("errors") or ()} & FORMAL
    if formal or told["code"] == "malformed_json":
        raise Failure(operation=case.operation.label, title="Refused for its form", message=str(told)[:1000])


# Codes of pydantic's that a JSON Schema can say too.
FORMAL = frozenset(code for code in get_args(ErrorType) if not code.endswith(("_error", "unicode")))
FORMAL |= {"literal_error", "wrong_type"}

# Every check that schemathesis has is on, but for one:
CHECKS: dict[str, Any] = {
    # A second identity for every object: tests/api/test_isolation.py asks each operation as another project's key.
    "object_level_authorization": {"enabled": False},
    # What is well-formed may name what is not there, not fit (422) or be too much (413): our own check looks at why.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "413", "416", "422"]},
    # A refusal that is our fault is no refusal.
    "negative_data_rejection": {
        "expected-statuses": ["400", "401", "403", "404", "405", "406", "409", "413", "415", "416", "422"]
    },
}
# Where bodies and queries name what there is: without it hardly a wish would get as far as being granted.
NAMED = {
    "body.dataset": "dataset_id",
    "body.students[*].architecture": "architecture",
    "body.source_job": "job_id",
    "body.jobs[*]": "job_id",
    "body.architecture": "architecture",
    "body.source.name": "source",
    "body.source.upload": "upload_id",
    "body.source.student": "student_id",
    "body.source.members[*].teacher": "teacher_id",
    "query.job": "job_id",
    "query.job[*]": "job_id",
    "query.names": "metric",
    "query.student": "student_id",
    "query.student[*]": "student_id",
    "query.split": "split",
    "path.split": "split",
    "path.name": "file",
}


COUNTED = ("cases", "failed", "kinds", "phases")


@dataclass
class Tally:
    """What was asked and what failed; operations by their label, `GET /v1/jobs`."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    failures: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)  # failures by the name of the check
    phases: Counter[str] = field(default_factory=Counter)  # cases by the name of the phase
    errors: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.cases.total()

    def add(self, phase: str, recorder: ScenarioRecorder) -> None:
        for id, node in recorder.cases.items():
            interaction = recorder.interactions.get(id)
            if interaction is None or interaction.response is None:
                continue
            label = node.value.operation.label
            self.cases[label] += 1
            self.phases[phase] += 1
            self.statuses.setdefault(label, Counter())[interaction.response.status_code] += 1
        for id, checks in recorder.checks.items():
            label = recorder.cases[id].value.operation.label
            for check in checks:
                if check.status != Status.SUCCESS:
                    self._fail(label, check.name, check.failure_info)

    def join(self, other: "Tally") -> None:
        """Add what another run found."""
        for mine, more in ((getattr(self, name), getattr(other, name)) for name in COUNTED):
            mine.update(more)
        for label, statuses in other.statuses.items():
            self.statuses.setdefault(label, Counter()).update(statuses)
        for kind, kept in other.failures.items():
            self.failures.setdefault(kind, []).extend(kept[: SHOWN - len(self.failures.get(kind, ()))])
        self.errors += other.errors

    def _fail(self, label: str, name: str, info: Any) -> None:
        self.failed[label] += 1
        self.kinds[name] += 1
        kept = self.failures.setdefault((label, name), [])
        if len(kept) < SHOWN:
            kept.append(f"{info.failure}\n{info.code_sample}" if info else "the check crashed")


def ask(seed: int, only: str | None) -> Tally:
    """One round of the long form, with a fresh service: what another has deleted is there again."""
    try:
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as service:
            return run(service, examples=EXAMPLES, seed=seed, only=only)
    except Exception:  # the other rounds are worth having; this one makes the whole fail
        return Tally(errors=[traceback.format_exc()])


def run(
    service: Service,
    *,
    examples: int,
    seed: int,
    phases: tuple[str, ...] = PHASES,
    only: str | None = None,
) -> Tally:
    """Ask everything, in those phases, with up to `examples` cases per operation in the random ones.

    `only`: the path of the operations that are asked.
    """
    tally = Tally()
    description = httpx2.get(f"{service.url}/openapi.json", timeout=60).json()
    config = SchemathesisConfig.from_dict(_config(service, examples, seed, phases))
    schema = schemathesis.openapi.from_dict(description, config=config)
    if only is not None:
        schema = schema.include(path=only)
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            tally.add(event.phase.value, event.recorder)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            tally.errors.append(str(getattr(event, "info", None) or event))
    return tally


def _config(service: Service, examples: int, seed: int, phases: tuple[str, ...]) -> dict[str, Any]:
    places = {f"path.{name}": name for name in service.there if name.endswith("_id")} | NAMED
    bound = {at: {"dictionary": name, "probability": 0.8} for at, name in places.items() if name in service.there}
    return {
        "seed": seed,
        "base-url": service.url,
        "auth": {"openapi": {"key": {"bearer": service.key}}},
        "continue-on-failure": True,
        "request-timeout": 60,
        "max-stream-events": 1,
        "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
        "phases": {phase: {"enabled": phase in phases} for phase in PHASES},
        "checks": CHECKS,
        "dictionaries": {name: {"values": values} for name, values in service.there.items()},
        "parameters": bound,
    }


def told(tally: Tally) -> Iterator[str]:
    """Every kind of failure, with some of its cases."""
    for (label, name), kept in sorted(tally.failures.items()):
        yield f"--- {label}: {name}"
        yield from kept
    yield from tally.errors
