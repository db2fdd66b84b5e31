"""From a network's answers to what `evaluation.json` says."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.evaluation import (
    Bin,
    ClassJudged,
    Confused,
    Disagreement,
    Evaluation,
    Judged,
    SplitEvaluation,
    SplitName,
)
from core.training.data import Data, Split
from core.training.evaluate import BINS, Answers
from core.training.figures import interval_of_share
from core.training.results import TeacherAnswers, Trained

CONFUSIONS = 2000  # pairs of classes that are told
DISAGREEMENTS = 100  # images of each kind that are told: teacher right, student right, neither

Names = Callable[[NDArray[np.int64]], list[str]]
"""The names of a split's images at these places."""


def whole_evaluation(trained: Trained, taught: TeacherAnswers | None, data: Data) -> Evaluation:
    """Of val, and of test where there is one."""
    whole: tuple[tuple[SplitName, Split | None, Answers | None, Answers | None], ...] = (
        ("val", data.val, trained.val, taught.val if taught else None),
        ("test", data.test, trained.test, taught.test if taught else None),
    )
    classes = data.meta.classes
    splits: dict[SplitName, SplitEvaluation] = {}
    disagreements: dict[SplitName, list[Disagreement]] = {}
    for name, split, answers, teacher in whole:
        if split is not None and answers is not None:
            labels = split.labels.cpu().numpy()
            splits[name] = evaluation_of(answers, teacher, labels, classes)
            disagreements[name] = disagreements_of(answers, teacher, labels, partial(data.names, name))
    return Evaluation(splits=splits, disagreements=disagreements)


def evaluation_of(
    answers: Answers, teacher: Answers | None, labels: NDArray[np.int64], classes: Sequence[str]
) -> SplitEvaluation:
    """Of the N images of a split, of which `labels` (N,) are the classes."""
    figures = answers.figures(teacher)
    confusions, left_out = _confusions(answers, teacher, labels, len(classes))
    return SplitEvaluation(
        count=len(labels),
        student=judged(answers),
        teacher=judged(teacher) if teacher else None,
        agreement=figures["agreement"],
        agreement_teacher_right=figures["agreement_teacher_right"],
        agreement_teacher_wrong=figures["agreement_teacher_wrong"],
        kl=figures["kl"],
        inter=figures["inter"],
        intra=figures["intra"],
        classes=_by_class(answers, teacher, labels, classes),
        confusions=confusions,
        confusions_left_out=left_out,
    )


def judged(answers: Answers) -> Judged:
    return Judged(
        top1=answers.top1,
        top1_interval=interval_of_share(answers.top1, len(answers.correct)),
        top5=answers.top5,
        nll=float(answers.nll.mean()),
        ece=answers.ece,
        calibration=_calibration(answers),
    )


def _calibration(answers: Answers) -> list[Bin]:
    bins = answers.bins
    counts = np.bincount(bins, minlength=BINS)
    confidence = np.bincount(bins, weights=answers.confidence, minlength=BINS)
    right = np.bincount(bins, weights=answers.correct, minlength=BINS)
    return [
        Bin(
            count=int(n),
            confidence=min(float(c / n), 1.0) if n else (i + 0.5) / BINS,
            top1=float(r / n) if n else None,
        )
        for i, (n, c, r) in enumerate(zip(counts, confidence, right, strict=True))
    ]


def _by_class(
    answers: Answers, teacher: Answers | None, labels: NDArray[np.int64], classes: Sequence[str]
) -> list[ClassJudged]:
    def per_class(what: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(labels[what], minlength=len(classes))

    counts = np.bincount(labels, minlength=len(classes))
    right = per_class(answers.correct)
    taught = per_class(teacher.correct) if teacher else None
    same = per_class(answers.predicted == teacher.predicted) if teacher else None
    found = []
    for index, name in enumerate(classes):
        n = int(counts[index])
        top1 = float(right[index] / n) if n else None
        found.append(
            ClassJudged(
                index=index,
                name=name,
                count=n,
                top1=top1,
                top1_interval=interval_of_share(top1, n) if top1 is not None else None,
                teacher_top1=float(taught[index] / n) if taught is not None and n else None,
                agreement=float(same[index] / n) if same is not None and n else None,
            )
        )
    return found


def _confusions(
    answers: Answers, teacher: Answers | None, labels: NDArray[np.int64], classes: int
) -> tuple[list[Confused], int]:
    """(the most frequent pairs, how many images are in others)."""
    pairs, counts = np.unique((labels * classes + answers.predicted)[~answers.correct], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    shown, left_out = order[:CONFUSIONS], int(counts[order[CONFUSIONS:]].sum())
    by_teacher = dict(
        zip(
            *(part.tolist() for part in np.unique(labels * classes + teacher.predicted, return_counts=True)),
            strict=True,
        )
        if teacher
        else ()
    )
    told = [
        Confused(
            label=pair // classes,
            predicted=pair % classes,
            count=count,
            teacher=by_teacher.get(pair, 0) if teacher else None,
        )
        for pair, count in zip(pairs[shown].tolist(), counts[shown].tolist(), strict=True)
    ]
    return told, left_out


def disagreements_of(
    answers: Answers, teacher: Answers | None, labels: NDArray[np.int64], names: Names
) -> list[Disagreement]:
    """Where the teacher is right and the student is not first, as there is something to learn; then by distance.

    So many of each kind: a student that misses much of what its teacher knows still shows what it knows better.
    """
    if teacher is None or answers.beside is None:
        differ, distance = np.flatnonzero(~answers.correct), answers.nll
        shown = differ[np.argsort(-distance[differ], kind="stable")][:DISAGREEMENTS]
    else:
        differ, distance = np.flatnonzero(answers.predicted != teacher.predicted), answers.beside.kl
        lost = teacher.correct[differ] & ~answers.correct[differ]
        order = differ[np.lexsort((-distance[differ], ~lost))]
        kinds = [teacher.correct[order], answers.correct[order], ~teacher.correct[order] & ~answers.correct[order]]
        told = np.sort(np.concatenate([np.flatnonzero(kind)[:DISAGREEMENTS] for kind in kinds]))
        shown = order[told]
    return [
        Disagreement(
            index=int(at),
            name=name,
            label=int(labels[at]),
            student=int(answers.predicted[at]),
            student_confidence=min(float(answers.confidence[at]), 1.0),
            teacher=int(teacher.predicted[at]) if teacher else None,
            teacher_confidence=min(float(teacher.confidence[at]), 1.0) if teacher else None,
            distance=max(float(distance[at]), 0.0),
        )
        for at, name in zip(shown, names(shown), strict=True)
    ]
