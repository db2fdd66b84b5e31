"""What came out: each student's figures, the groups of equal students with their controls, and one honest sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.plan import StudentPlan
from core.training import figures
from core.training.evaluate import Answers
from core.training.verdict import verdict

Json = dict[str, Any]


@dataclass(frozen=True)
class Trained:
    """A student that came through, with its last answers."""

    plan: StudentPlan
    parameters: int
    val: Answers
    test: Answers | None
    best: Json  # {"top1", "step", "epoch"} on val

    @property
    def judged(self) -> Answers:
        """Test where there is one: val has chosen nothing, but people will have looked at it."""
        return self.val if self.test is None else self.test


@dataclass(frozen=True)
class TeacherAnswers:
    architecture: str  # or in words what else it is
    parameters: int | None  # None where it has none
    val: Answers
    test: Answers | None
    latency_ms: float | None = None  # for a single image, on this machine's processor; None where not measured

    @property
    def judged(self) -> Answers:
        return self.val if self.test is None else self.test

    def figures(self) -> Json:
        """As they stand in the job's result."""
        test = None if self.test is None else accuracy(self.test)
        size = {"architecture": self.architecture, "parameters": self.parameters}
        calibration = {"nll": float(self.val.nll.mean()), "ece": self.val.ece}
        return size | accuracy(self.val) | calibration | {"test": test, "latency_ms": self.latency_ms}


class Results:
    """The figures of a finished job. Failed students are not in it. `seed`: of the bootstrap."""

    def __init__(self, trained: Sequence[Trained], teacher: TeacherAnswers | None, seed: int) -> None:
        self._trained = trained
        self._teacher = teacher
        self._seed = seed
        self._controls = {t.plan.twin_key(): t for t in trained if t.plan.role == "control"}

    @cached_property
    def evaluated_on(self) -> str:
        return "val" if self._trained[0].test is None else "test"

    # --- one student ------------------------------------------------------------------------------------------------

    def metrics(self, student: Trained) -> Json:
        """What is stored at the student. Top-1, top-5 and agreement are those of the last epoch on val."""
        control = self._control_of(student)
        apart = None
        if control is not None:
            apart = self._difference([student], [control])
        gap, reason = self._gap([student], [control] if control else [])
        return {
            **self._figures(student.val, self._teacher.val if self._teacher else None),
            "best": student.best,
            "test": self._figures(student.test, self._teacher.test if self._teacher else None),
            "control_difference": apart,
            "gap_closed": gap,
            "gap_closed_reason": reason,
            "evaluated_on": self.evaluated_on,
        }

    def _figures(self, answers: Answers | None, teacher: Answers | None) -> Any:
        if answers is None:
            return None
        return answers.figures(teacher) | accuracy(answers)

    def _control_of(self, student: Trained) -> Trained | None:
        return None if student.plan.role == "control" else self._controls.get(student.plan.twin_key())

    def _difference(self, students: Sequence[Trained], controls: Sequence[Trained]) -> Json:
        return figures.difference(_correct(students), _correct(controls), self._seed)

    def _gap(self, students: Sequence[Trained], controls: Sequence[Trained]) -> tuple[float | None, str | None]:
        if self._teacher is None:
            return None, "There is no teacher."
        if students[0].plan.role == "control":
            return None, "This is the control itself."
        if not controls:
            return None, "There is no control to compare with."
        return figures.gap_closed(_correct(students), _correct(controls), self._teacher.judged.correct, self._seed)

    # --- the job ----------------------------------------------------------------------------------------------------

    def summary(self) -> Json:
        """The job's result: teacher, groups, verdict."""
        told = self._teacher.figures() if self._teacher else None
        groups = self._groups()
        return {
            "teacher": told,
            "evaluated_on": self.evaluated_on,
            "groups": groups,
            "verdict": verdict(groups, told, self.evaluated_on),
        }

    def _groups(self) -> list[Json]:
        """Students of one name are one group, in the recipe's order."""
        by_name: dict[str, list[Trained]] = {}
        for trained in self._trained:
            if trained.plan.role == "student":
                by_name.setdefault(trained.plan.name, []).append(trained)
        return [self._group(name, students) for name, students in by_name.items()]

    def _group(self, name: str, students: list[Trained]) -> Json:
        first = students[0]
        pairs = [(s, c) for s in students if (c := self._control_of(s)) is not None]
        paired, controls = [s for s, _ in pairs], [c for _, c in pairs]
        gap, reason = self._gap(paired or students, controls)
        teacher = self._teacher.judged.predicted if self._teacher else None
        agreements = [float((s.judged.predicted == teacher).mean()) for s in students] if self._teacher else []
        return {
            "name": name,
            "architecture": first.plan.architecture,
            "role": first.plan.role,
            "parameters": first.parameters,
            "loss": first.plan.loss.kind,
            "seeds": len(students),
            **_mean_top1(students),
            "agreement": float(np.mean(agreements)) if agreements else None,
            "control": _mean_top1(controls) if controls else None,
            "difference": self._difference(paired, controls) if controls else None,
            "gap_closed": gap,
            "gap_closed_reason": reason,
        }


def accuracy(answers: Answers) -> Json:
    interval = figures.interval_of_share(answers.top1, len(answers.correct))
    return {"top1": answers.top1, "top1_interval": interval, "top5": answers.top5}


def _correct(students: Sequence[Trained]) -> list[NDArray[np.bool_]]:
    return [student.judged.correct for student in students]


def _mean_top1(students: Sequence[Trained]) -> Json:
    """Mean over seeds, with Student's interval; of a single one Wilson's."""
    shares = [student.judged.top1 for student in students]
    if len(shares) == 1:
        interval = figures.interval_of_share(shares[0], len(students[0].judged.correct))
    else:
        low, high = figures.interval_over_seeds(shares)
        interval = [max(0.0, low), min(1.0, high)]
    return {"top1": float(np.mean(shares)), "top1_interval": interval}
