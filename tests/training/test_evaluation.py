"""What evaluation.json says, against plain loops over the same answers."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.evaluation import Evaluation
from core.events import StudentSaved
from core.packed import read_split
from core.training import evaluation
from core.training.evaluate import Answers, Beside
from core.training.evaluation import disagreements_of, evaluation_of
from core.training.figures import interval_of_share
from tests.training.small import train

CLASSES = ["a", "b", "c", "d", "nobody"]


def answers(seed: int, labels: Any, beside: bool = True) -> Answers:
    generator = np.random.default_rng(seed)
    p = generator.dirichlet(np.ones(len(CLASSES)), len(labels))
    own = p[np.arange(len(labels)), labels]
    predicted = p.argmax(axis=1)
    near = Beside(generator.exponential(size=len(labels)), np.zeros(len(labels)), 0.5) if beside else None
    within = (p > own[:, None]).sum(axis=1) < 2
    return Answers(predicted, predicted == labels, within, True, -np.log(own), p.max(axis=1), near)


@pytest.fixture
def labels() -> Any:
    return np.random.default_rng(5).integers(0, 4, 300)  # nobody is of the fifth class


def named(indices: Any) -> list[str]:
    return [f"image {i}" for i in indices]


def test_every_figure_of_a_class_is_what_counting_gives(labels: Any) -> None:
    student, teacher = answers(0, labels), answers(1, labels)
    found = evaluation_of(student, teacher, labels, CLASSES)
    for one in found.classes:
        rows = [i for i in range(300) if labels[i] == one.index]
        assert (one.name, one.count) == (CLASSES[one.index], len(rows))
        if rows:
            right = sum(student.predicted[i] == labels[i] for i in rows)
            assert one.top1 == right / len(rows)
            assert list(one.top1_interval or ()) == interval_of_share(right / len(rows), len(rows))
            assert one.teacher_top1 == sum(teacher.predicted[i] == labels[i] for i in rows) / len(rows)
            assert one.agreement == sum(teacher.predicted[i] == student.predicted[i] for i in rows) / len(rows)
        else:
            assert one.top1 is one.top1_interval is one.teacher_top1 is one.agreement is None
    assert found.count == 300 and found.student.top1 == student.top1 and found.kl == student.figures(teacher)["kl"]


def test_confusions_are_counted_most_frequent_first(labels: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    student, teacher = answers(0, labels), answers(1, labels)
    pairs = list(zip(labels.tolist(), student.predicted.tolist(), strict=True))
    expected = Counter(pair for pair in pairs if pair[0] != pair[1])
    taught = Counter(zip(labels.tolist(), teacher.predicted.tolist(), strict=True))
    found = evaluation_of(student, teacher, labels, CLASSES)
    assert {(one.label, one.predicted): one.count for one in found.confusions} == expected
    assert [one.count for one in found.confusions] == sorted(expected.values(), reverse=True)
    assert all(one.teacher == taught[one.label, one.predicted] for one in found.confusions)
    assert found.confusions_left_out == 0
    monkeypatch.setattr(evaluation, "CONFUSIONS", 3)
    short = evaluation_of(student, teacher, labels, CLASSES)
    assert short.confusions == found.confusions[:3]
    assert short.confusions_left_out == sum(one.count for one in found.confusions[3:])


def test_bins_give_the_calibration_error(labels: Any) -> None:
    student = answers(0, labels)
    found = evaluation_of(student, None, labels, CLASSES).student
    assert sum(one.count for one in found.calibration) == 300
    for number, one in enumerate(found.calibration):
        rows = [i for i in range(300) if number / 15 < student.confidence[i] <= (number + 1) / 15]
        assert one.count == len(rows)
        assert one.confidence == pytest.approx(
            np.mean([student.confidence[i] for i in rows]) if rows else (number + 0.5) / 15
        )
        assert one.top1 == (pytest.approx(np.mean([student.correct[i] for i in rows])) if rows else None)
    off = sum(one.count * abs(one.top1 - one.confidence) for one in found.calibration if one.top1 is not None) / 300
    assert off == pytest.approx(found.ece)


def test_what_the_student_could_have_learned_comes_first(labels: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    student, teacher = answers(0, labels), answers(1, labels)
    assert student.beside is not None
    kl = student.beside.kl

    def rank(i: int) -> tuple[bool, float]:
        return (not (teacher.correct[i] and not student.correct[i]), -kl[i])

    expected = sorted((i for i in range(300) if student.predicted[i] != teacher.predicted[i]), key=rank)
    for most in (3, 300):
        monkeypatch.setattr(evaluation, "DISAGREEMENTS", most)
        told: list[tuple[bool, bool]] = []  # (teacher right, student right) of each
        kept = []
        for i in expected:
            kind = (bool(teacher.correct[i]), bool(student.correct[i]))
            if told.count(kind) < most:
                kept.append(i)
            told.append(kind)
        assert set(told) == {(True, False), (False, True), (False, False)}
        found = disagreements_of(student, teacher, labels, named)
        assert [one.index for one in found] == kept
    for one in found:
        i = one.index
        assert (one.name, one.label) == (f"image {i}", labels[i])
        assert (one.student, one.teacher) == (student.predicted[i], teacher.predicted[i])
        assert (one.student_confidence, one.teacher_confidence) == (student.confidence[i], teacher.confidence[i])
        assert one.distance == kl[i]


def test_without_a_teacher_it_is_the_worst_mistakes(labels: Any) -> None:
    student = answers(0, labels, beside=False)
    found = evaluation_of(student, None, labels, CLASSES)
    wrong = sorted((i for i in range(300) if not student.correct[i]), key=lambda i: -student.nll[i])
    mistakes = disagreements_of(student, None, labels, named)
    assert [one.index for one in mistakes] == wrong[: evaluation.DISAGREEMENTS]
    assert found.teacher is found.agreement is found.kl is mistakes[0].teacher is None


def test_nobody_disagrees_with_himself(labels: Any) -> None:
    student = answers(0, labels)
    assert disagreements_of(student, replace(student), labels, named) == []


def test_a_thousand_classes_stay_a_small_file() -> None:
    generator = np.random.default_rng(0)
    count, classes = 50_000, [f"class number {i}" for i in range(1000)]
    labels = generator.integers(0, 1000, count)
    predicted = generator.integers(0, 1000, count)
    near = Beside(generator.exponential(size=count), np.zeros(count), 0.1)
    shares = generator.uniform(size=(2, count))
    own = Answers(predicted, predicted == labels, predicted == labels, True, -np.log(shares[0]), shares[1], near)
    teacher = replace(own, predicted=generator.integers(0, 1000, count))
    whole = Evaluation(
        splits={"val": evaluation_of(own, teacher, labels, classes)},
        disagreements={"val": disagreements_of(own, teacher, labels, named)},
    )
    assert len(whole.model_dump_json()) < 600_000
    assert whole.splits["val"].confusions_left_out > 40_000


def test_it_is_a_file_of_every_finished_student(digits: Path, teacher: Path, tmp_path: Path) -> None:
    run = train(tmp_path, digits, teacher, exports=["safetensors"])
    for saved in run.of(StudentSaved):
        if not saved.final:
            assert "evaluation.json" not in {file.name for file in saved.files}
            continue
        (file,) = [file for file in saved.files if file.name == "evaluation.json"]
        found = Evaluation.model_validate_json(Path(file.path).read_bytes())
        assert set(found.splits) == {"val", "test"}
        for split, told in found.splits.items():
            figures = saved.metrics if split == "val" else saved.metrics["test"]
            assert told.student.top1 == figures["top1"] and told.agreement == figures["agreement"]
            assert sum(one.count for one in told.classes) == told.count
            packed = read_split(digits, split)
            assert packed is not None
            listed = found.disagreements[split]
            assert listed and all(one.name == packed.names[one.index] for one in listed)
            assert all(one.label == packed.labels[one.index] for one in listed)
        manifest = json.loads((Path(file.path).parent / "manifest.json").read_text())
        assert manifest["files"]["evaluation.json"]["sha256"] == file.sha256
