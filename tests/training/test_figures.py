"""Intervals and differences, held against scipy and against calculations by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from core.losses import DistLoss, Loss, TaskLoss
from core.optimization import Sgd
from core.plan import StudentPlan
from core.recipe import Scratch
from core.training import figures
from core.training.evaluate import Answers
from core.training.results import Results, TeacherAnswers, Trained
from core.training.verdict import verdict

Bools = NDArray[np.bool_]
N = 1000


def answers(top1: float, offset: int = 0, count: int = N) -> Answers:
    """Right on a share of the images; another offset: on others of them."""
    correct = np.roll(np.arange(count) < round(top1 * count), offset)
    return Answers(
        np.where(correct, 0, 1), correct, np.ones(count, dtype=np.bool_), True, np.zeros(count), np.ones(count)
    )


# --- intervals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hits", "count"), [(0, 10), (10, 10), (1, 3), (287, 300), (870, 897)])
def test_wilsons_interval_is_scipys(hits: int, count: int) -> None:
    expected = stats.binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert figures.interval_of_share(hits / count, count) == pytest.approx([expected.low, expected.high], abs=1e-12)


def test_the_interval_over_seeds_is_scipys() -> None:
    values = [0.91, 0.935, 0.92, 0.95]
    expected = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert figures.interval_over_seeds(values) == pytest.approx(expected, rel=1e-9)


def test_the_paired_bootstrap_is_the_plain_one() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.random(300) < 0.9, generator.random(300) < 0.8
    drawn = generator.integers(0, 300, (20_000, 300))
    plain = np.percentile((a[drawn].mean(1) - b[drawn].mean(1)), [2.5, 97.5])
    assert figures.interval_of_paired_difference(a, b) == pytest.approx(plain, abs=0.006)
    assert figures.interval_of_paired_difference(a, b, 1) == figures.interval_of_paired_difference(a, b, 1)


def test_being_right_on_the_same_images_is_no_difference() -> None:
    same = answers(0.9).correct
    assert figures.interval_of_paired_difference(same, same) == [0.0, 0.0]


def test_differences_are_over_images_for_one_seed_and_over_seeds_for_several() -> None:
    a, b = [answers(0.95).correct, answers(0.93).correct], [answers(0.90).correct, answers(0.92).correct]
    several = figures.difference(a, b)
    assert several["value"] == pytest.approx(0.03)
    assert several["interval"] == pytest.approx(figures.interval_over_seeds([0.05, 0.01]))
    one = figures.difference(a[:1], b[:1])
    assert one["value"] == pytest.approx(0.05)
    assert one["interval"] == figures.interval_of_paired_difference(a[0], b[0])


# --- gap closed -------------------------------------------------------------------------------------------------------


def test_gap_closed_by_hand() -> None:
    value, reason = figures.gap_closed([answers(0.92).correct], [answers(0.90).correct], answers(0.98).correct)
    assert value == pytest.approx(0.25) and reason is None


def test_no_gap_where_teacher_and_control_are_not_clearly_apart() -> None:
    near = answers(0.905, offset=300).correct
    value, reason = figures.gap_closed([answers(0.92).correct], [answers(0.90).correct], near)
    assert value is None and reason is not None and "not clearly apart" in reason


def test_no_gap_where_the_control_is_better() -> None:
    value, reason = figures.gap_closed([answers(0.92).correct], [answers(0.90).correct], answers(0.7).correct)
    assert value is None and reason is not None and "better than the teacher" in reason


# --- a finished job ---------------------------------------------------------------------------------------------------


def trained(name: str, top1: float, *, role: str = "student", seed: int = 0, test: bool = True) -> Trained:
    loss: Loss = TaskLoss() if role == "control" else DistLoss()
    plan = StudentPlan.model_validate(
        {"label": f"{name}-{role}-{seed}", "name": name, "seed": seed, "role": role, "architecture": "cifar/resnet8"}
        | {"loss": loss, "optimizer": Sgd(), "init": Scratch()}
    )
    best = {"top1": top1, "step": 1, "epoch": 1}
    return Trained(plan, 100, answers(0.5), answers(top1) if test else None, best)


def teacher(top1: float, test: bool = True) -> TeacherAnswers:
    return TeacherAnswers("cifar/resnet20", 350, answers(0.99), answers(top1) if test else None)


def test_a_students_metrics_are_complete_and_judged_on_test() -> None:
    student, control = trained("s", 0.95), trained("c", 0.90, role="control")
    metrics = Results([student, control], teacher(0.99), seed=0).metrics(student)
    assert metrics.keys() == {
        "top1", "top1_interval", "top5", "nll", "ece", "kl", "inter", "intra",
        "agreement", "agreement_teacher_right", "agreement_teacher_wrong", "best", "test",
        "control_difference", "gap_closed", "gap_closed_reason", "evaluated_on",
    }  # fmt: skip
    assert metrics["evaluated_on"] == "test" and metrics["top1"] == 0.5 and metrics["test"]["top1"] == 0.95
    assert metrics["control_difference"]["value"] == pytest.approx(0.05)
    assert metrics["gap_closed"] == pytest.approx(0.05 / 0.09) and metrics["gap_closed_reason"] is None


def test_without_test_val_is_judged() -> None:
    student, control = trained("s", 0, test=False), trained("c", 0, role="control", test=False)
    results = Results([student, control], teacher(0, test=False), seed=0)
    metrics = results.metrics(student)
    assert metrics["evaluated_on"] == "val" == results.summary()["evaluated_on"] and metrics["test"] is None
    assert metrics["gap_closed"] == 0.0


def test_why_there_is_no_gap_to_report() -> None:
    student, control = trained("s", 0.95), trained("c", 0.9, role="control")
    assert "no teacher" in Results([student], None, 0).metrics(student)["gap_closed_reason"]
    assert "no control" in Results([student], teacher(0.99), 0).metrics(student)["gap_closed_reason"]
    both = Results([student, control], teacher(0.99), 0)
    assert "control itself" in both.metrics(control)["gap_closed_reason"]
    other_seed = trained("c", 0.9, role="control", seed=1)
    assert "no control" in Results([student, other_seed], teacher(0.99), 0).metrics(student)["gap_closed_reason"]


def test_seeds_of_one_name_are_one_group_with_their_controls() -> None:
    students = [trained("s", top1, seed=seed) for seed, top1 in enumerate((0.94, 0.95, 0.96))]
    controls = [trained("c", 0.90, role="control", seed=seed) for seed in range(3)]
    (group,) = Results([*students, *controls], teacher(0.99), 0).summary()["groups"]
    assert group["seeds"] == 3 and group["top1"] == pytest.approx(0.95)
    assert group["top1_interval"] == pytest.approx(figures.interval_over_seeds([0.94, 0.95, 0.96]))
    assert group["control"]["top1"] == pytest.approx(0.90)
    assert group["difference"]["value"] == pytest.approx(0.05)
    assert group["gap_closed"] == pytest.approx(5 / 9)
    assert group["agreement"] == pytest.approx(0.96)  # right where the teacher is, wrong where it is: the same class


def test_a_group_is_compared_on_the_seeds_whose_control_came_through() -> None:
    students = [trained("s", top1, seed=seed) for seed, top1 in enumerate((0.91, 0.99))]
    (group,) = Results([*students, trained("c", 0.90, role="control")], teacher(0.99), 0).summary()["groups"]
    assert group["seeds"] == 2 and group["difference"]["value"] == pytest.approx(0.01)


def test_no_difference_is_larger_than_all_images() -> None:
    far = figures.difference([answers(0.9).correct, answers(0.3).correct], [answers(0.1).correct] * 2)
    assert far["value"] == pytest.approx(0.5) and far["interval"] == [-1.0, 1.0]


# --- the verdict ------------------------------------------------------------------------------------------------------


def said(student: float, control: float, teacher_top1: float = 0.99) -> dict[str, object]:
    job = [trained("s", student), trained("c", control, role="control")]
    result: dict[str, object] = Results(job, teacher(teacher_top1), 0).summary()["verdict"]
    return result


def test_the_verdict_says_that_it_helped() -> None:
    found = said(0.95, 0.90)
    assert found["helped"] is True
    assert "s reaches 95.0% top-1 on test, 4.0 points below the teacher and 3.5 times smaller." in str(found["text"])
    assert "Distillation helped s (+5.0 points over its control" in str(found["text"])


def test_the_verdict_says_that_it_did_not_help() -> None:
    found = said(0.901, 0.900)
    assert found["helped"] is False
    assert "Distillation did not help beyond the noise" in str(found["text"])
    worse = said(0.80, 0.90)
    assert worse["helped"] is False
    assert "Distillation did not help: it harmed s (-10.0 points" in str(worse["text"])


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert [figures.signed(share) for share in (-0.0002, 0.0, 0.0004, 0.012, -0.012)] == ["0.0"] * 3 + ["+1.2", "-1.2"]
    assert figures.points(-0.0002) == "0.0 points"


def test_the_verdict_on_several_groups_names_each() -> None:
    def group(name: str, top1: float, low: float, high: float) -> dict[str, object]:
        apart = {"value": (low + high) / 2, "interval": [low, high]}
        return {"name": name, "top1": top1, "loss": "dist", "difference": apart, "parameters": 100}

    groups = [group("a", 0.9, 0.01, 0.03), group("b", 0.95, -0.01, 0.03), group("c", 0.8, -0.05, -0.01)]
    found = verdict(groups, {"top1": 0.9, "test": None, "parameters": 50}, "val")
    assert found["helped"] is True
    assert found["text"].startswith(
        "b leads with 95.0% top-1 on val, 5.0 points above the teacher and 2.0 times larger."
    )
    assert "Distillation helped a (+2.0 points" in found["text"]
    assert "; it harmed c (-3.0 points" in found["text"] and "; no clear effect on b (+1.0 points" in found["text"]


@pytest.mark.parametrize(
    ("its", "own", "words"),
    [  # the same table as in frontend/src/jobs/groups.test.ts, which says how a job stands so far
        (272_474, 78_042, "3.5 times smaller"),
        (1_000, 64, "15.6 times smaller"),
        (105, 100, "1.1 times smaller"),
        (102, 100, "of the same size"),
        (50, 100, "2.0 times larger"),
    ],
)
def test_the_verdict_compares_sizes(its: int, own: int, words: str) -> None:
    group = {"name": "a", "top1": 0.9, "loss": "dist", "difference": None, "parameters": own}
    found = verdict([group], {"top1": 0.95, "test": None, "parameters": its}, "val")
    assert f"5.0 points below the teacher and {words}." in found["text"]


def test_the_verdict_on_a_student_as_good_as_its_teacher() -> None:
    group = {"name": "a", "top1": 0.9, "loss": "dist", "difference": None, "parameters": 100}
    found = verdict([group], {"top1": 0.9004, "test": None, "parameters": None}, "val")
    assert "on val, level with the teacher. " in found["text"]


def test_the_verdict_without_a_comparison() -> None:
    job = [trained("s", 0.9)]
    alone = Results(job, None, 0).summary()["verdict"]
    assert alone["helped"] is None and "no teacher took part" in alone["text"]
    uncontrolled = Results(job, teacher(0.99), 0).summary()["verdict"]
    assert uncontrolled["helped"] is None and "no control" in uncontrolled["text"]
