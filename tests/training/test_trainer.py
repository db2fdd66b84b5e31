"""The loop's promises: alone or together, interrupted or not, a student ends with the same bytes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from timm.utils import ModelEmaV3
from torch import nn

from core import catalog
from core.child import Stop
from core.errors import TrainingFailed
from core.events import (
    CheckpointSaved,
    Finished,
    Log,
    Metrics,
    Phase,
    Progress,
    Started,
    Stopped,
    StudentFailed,
    StudentSaved,
)
from core.recipe import Ema
from core.training import models
from core.training.answering import Seeing
from core.training.canonical import Place, load_teacher
from core.training.data import Batch, View
from core.training.ema import MovingAverage
from core.training.evaluate import answer
from core.training.export import load_weights, save_weights, tensors_sha256
from core.training.images import Wanted
from core.training.models import build
from core.training.pace import TimeLimit
from core.training.precision import Precision
from core.training.teacher import NetworkTeacher
from core.training.trainer import Trainer
from core.views import student_view
from tests.fixtures.clock import untimed
from tests.training.small import DropoutNet, Run, assignment, dropout_net, train, until_checkpoint

__all__ = ["dropout_net"]  # a fixture

DIST = {"kind": "dist", "temperature": 4.0}
ALWAYS = 1e-9  # seconds: a checkpoint after every step
LONG = {"epochs": 2, "batch_size": 5}  # 40 steps an epoch: enough to break before the first evaluation
SICK = {"lr": 100.0, "weight_decay": 1.0}  # weights grow a hundredfold each step


def three(dropout: str) -> list[dict[str, Any]]:
    return [
        {"name": "one", "architecture": "resnet8", "loss": DIST, "seeds": [3]},
        {"name": "two", "architecture": dropout, "loss": DIST, "seeds": [5]},
        {"name": "three", "architecture": dropout, "loss": {"kind": "kd"}, "seeds": [5]},
    ]


# What a training can ask for and must keep its promises with: fields of `training`.
WAYS: dict[str, dict[str, Any]] = {
    "adamw": {"optimizer": {"kind": "adamw"}},
    "lamb": {"optimizer": {"kind": "lamb", "lr": 0.02}},
    "rmsproptf": {"optimizer": {"kind": "rmsproptf"}},
    "clip": {"clip_grad_norm": 0.5},
    "ema": {"ema": {"decay": 0.8}},
    "plateau": {"epochs": 5, "schedule": {"kind": "plateau", "patience": 0, "threshold": 0.5}},
    "in parts": {"accumulate": 3},
    "nearly all at once": {
        "accumulate": 3,
        "views": 2,
        "mix": {},
        "ema": {"decay": 0.8},
        "clip_grad_norm": 5.0,
        "label_smoothing": 0.1,
        "precision": "bfloat16",
        "schedule": {"kind": "plateau", "patience": 0, "threshold": 0.5},
        "augment": {"kind": "crop_flip", "policy": {"kind": "randaugment"}, "jitter": {}, "erasing": {}},
    },
}
# One that looks at everybody: alone is then another story than among others.
STOPPING = {"optimizer": {"lr": 1e-9, "momentum": 0}, "early_stopping": {"patience": 3}, "epochs": 9}


# --- alone and among others -------------------------------------------------------------------------------------------


def test_a_student_alone_and_among_others_ends_with_the_same_bytes(
    tmp_path: Path, digits: Path, teacher: Path, dropout_net: str
) -> None:
    students = three(dropout_net)
    together = train(tmp_path / "all", digits, teacher, students=students)
    turned = train(tmp_path / "turned", digits, teacher, students=students[::-1], control=False)
    assert turned.tensors() == {label: together.tensors()[label] for label in ("one", "two", "three")}
    for student in students:
        alone = train(tmp_path / student["name"], digits, teacher, students=[student | {"name": "x"}])
        assert alone.tensors()["x"] == together.tensors()[student["name"]]
        assert alone.tensors()["x-control"] in together.tensors().values()
        mine = {(step, name): v for (step, who, name), v in together.points().items() if who == student["name"]}
        assert {(step, name): v for (step, who, name), v in alone.points().items() if who == "x"} == mine
    assert together.tensors()["two"] != together.tensors()["three"]


@pytest.mark.parametrize("way", WAYS)
def test_alone_or_among_others_in_every_way_of_training(
    tmp_path: Path, digits: Path, teacher: Path, dropout_net: str, way: str
) -> None:
    fields: dict[str, Any] = {"training": WAYS[way], "control": False}
    students = three(dropout_net)[:2]
    together = train(tmp_path / "all", digits, teacher, students=students, **fields)
    alone = train(tmp_path / "alone", digits, teacher, students=students[1:], **fields)
    assert alone.tensors()["two"] == together.tensors()["two"]
    assert {key: v for key, v in together.points().items() if key[1] == "two"}.items() <= alone.points().items()


def test_a_student_and_its_control_start_alike_and_share_their_dropout(
    tmp_path: Path, digits: Path, teacher: Path, dropout_net: str
) -> None:
    """A distilled student whose loss is the labels' alone is its control, to the last bit."""
    student = {"name": "s", "architecture": dropout_net, "loss": {"kind": "dist", "beta": 0, "gamma": 0}}
    run = train(tmp_path, digits, teacher, students=[student])
    assert run.tensors()["s"] == run.tensors()["s-control"]
    other = train(tmp_path / "other", digits, teacher, students=[student | {"seeds": [1]}])
    assert other.tensors()["s"] != run.tensors()["s"]


def test_every_seed_of_the_recipe_matters(tmp_path: Path, digits: Path) -> None:
    hashes = {
        train(tmp_path / f"{order}{start}", digits, training={"seed": order}, students=[student]).tensors()["s"]
        for order, start in ((0, 0), (0, 1), (1, 0))
        for student in [{"name": "s", "architecture": "resnet8", "seeds": [start]}]
    }
    assert len(hashes) == 3


# --- going on ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 4, 5, 8, 14])  # of 15 in 3 epochs; figures every second
def test_resuming_at_any_step_changes_no_byte_and_no_figure(
    tmp_path: Path, digits: Path, teacher: Path, dropout_net: str, step: int
) -> None:
    fields = {"students": three(dropout_net)[:2], "training": {"log_every": 4}}
    whole = train(tmp_path / "whole", digits, teacher, **fields)
    first, checkpoint = until_checkpoint(tmp_path / "first", digits, teacher, step, **fields)
    assert first.events[-1] == Stopped(step)
    decided = first.of(Started)[0].decided
    second = train(tmp_path / "second", digits, teacher, resume=checkpoint, decided=decided, **fields)
    assert second.of(Started)[0].step == step and second.of(Started)[0].bitwise
    assert second.tensors() == whole.tensors()
    assert not first.points().keys() & second.points().keys()
    assert first.points() | second.points() == whole.points()
    assert final_metrics(second) == final_metrics(whole)
    assert result(second) == result(whole)


@pytest.mark.parametrize("step", [4, 7, 10])  # of 15 in 3 epochs; 10 ends one
@pytest.mark.parametrize("way", [*WAYS, "early stopping"])
def test_resuming_changes_nothing_in_any_way_of_training(
    tmp_path: Path, digits: Path, teacher: Path, dropout_net: str, way: str, step: int
) -> None:
    fields: dict[str, Any] = {
        "students": [{"name": "s", "architecture": dropout_net, "loss": DIST}],
        "training": {"log_every": 3} | WAYS.get(way, STOPPING),
    }
    whole = train(tmp_path / "whole", digits, teacher, **fields)
    first, checkpoint = until_checkpoint(tmp_path / "first", digits, teacher, step, **fields)
    second = train(tmp_path / "second", digits, teacher, resume=checkpoint, **fields)
    assert second.tensors() == whole.tensors()
    assert not first.points().keys() & second.points().keys()
    assert first.points() | second.points() == whole.points()
    assert final_metrics(second) == final_metrics(whole)


def final_metrics(run: Run) -> dict[str, Any]:
    return {e.student: untimed(e.metrics) for e in run.of(StudentSaved) if e.final}


def result(run: Run) -> Any:
    """What it ended with."""
    last = run.events[-1]
    assert isinstance(last, Finished)
    return untimed(last.result)


def test_a_chain_of_resumes_after_every_step(tmp_path: Path, digits: Path, teacher: Path, dropout_net: str) -> None:
    fields: dict[str, Any] = {"students": three(dropout_net)[1:2], "training": {"epochs": 2}, "control": False}
    whole = train(tmp_path / "whole", digits, teacher, **fields)
    points, checkpoint = {}, None
    for step in range(1, 10):
        run, checkpoint = until_checkpoint(tmp_path / str(step), digits, teacher, step, resume=checkpoint, **fields)
        points |= run.points()
    last = train(tmp_path / "last", digits, teacher, resume=checkpoint, **fields)
    assert last.tensors() == whole.tensors()
    assert points | last.points() == whole.points()


def test_saving_checkpoints_changes_nothing(tmp_path: Path, digits: Path, teacher: Path, dropout_net: str) -> None:
    fields: dict[str, Any] = {"students": three(dropout_net)[1:2]}
    rare = train(tmp_path / "rare", digits, teacher, **fields)
    often = train(tmp_path / "often", digits, teacher, checkpoint_seconds=ALWAYS, **fields)
    assert often.tensors() == rare.tensors() and often.points() == rare.points()
    assert len(often.of(CheckpointSaved)) > len(rare.of(CheckpointSaved)) >= 1


def test_every_checkpoint_has_all_its_figures_before_it(tmp_path: Path, digits: Path) -> None:
    run = train(tmp_path, digits, checkpoint_seconds=ALWAYS)
    seen, saved = 0, 0
    for event in run.events:
        if isinstance(event, Metrics):
            assert event.step > saved or event.step == run.of(Started)[0].total_steps
            seen = event.step
        elif isinstance(event, CheckpointSaved):
            saved = event.step
            assert seen >= saved - saved % 2  # figures come every second step
            assert Path(event.path).stat().st_size == event.bytes


def test_a_checkpoint_of_another_job_is_refused(tmp_path: Path, digits: Path) -> None:
    _, checkpoint = until_checkpoint(tmp_path / "a", digits, None, 3)
    with pytest.raises(TrainingFailed, match="checkpoint_of_another_job"):
        train(tmp_path / "b", digits, resume=checkpoint, training={"seed": 9})
    renamed = train(tmp_path / "c", digits, resume=checkpoint, name="another name", priority=3)
    assert isinstance(renamed.events[-1], Finished)


def test_a_resume_elsewhere_says_so(tmp_path: Path, digits: Path) -> None:
    _, checkpoint = until_checkpoint(tmp_path / "a", digits, None, 3)
    decided = {"device": "cuda", "precision": "float32", "threads": 1, "torch": str(torch.__version__)}
    run = train(tmp_path / "b", digits, resume=checkpoint, decided=decided)
    started = run.of(Started)[0]
    assert not started.bitwise and started.decided["device"] == "cpu"


def test_a_plateau_is_each_students_own(tmp_path: Path, digits: Path) -> None:
    """A student that learns nothing has its learning rate lowered, the one beside it has not."""
    schedule = {"kind": "plateau", "patience": 0, "threshold": 1e-9}
    students = [
        {"name": "still", "architecture": "resnet8", "optimizer": {"lr": 1e-12}},
        {"name": "quick", "architecture": "resnet8"},
    ]
    run = train(tmp_path, digits, students=students, training={"epochs": 3, "schedule": schedule, "log_every": 5})
    lr = {
        who: [v for (_, w, name), v in run.points().items() if (w, name) == (who, "lr")] for who in ("still", "quick")
    }
    assert lr["quick"][0] == 0.05 and lr["still"][0] == 1e-12
    top1 = {who: [v for (_, w, n), v in run.points().items() if (w, n) == (who, "val/top1")] for who in lr}
    for who, rates in lr.items():
        better = top1[who][1] > top1[who][0]
        assert rates[1] == rates[0] and rates[2] == pytest.approx(rates[0] * (1 if better else 0.1))


# --- steps ------------------------------------------------------------------------------------------------------------


def test_the_gradients_norm_is_told_where_it_is_clipped(tmp_path: Path, digits: Path) -> None:
    def norms(run: Run) -> list[float]:
        return [value for (_, _, name), value in run.points().items() if name == "grad_norm"]

    plain = train(tmp_path / "plain", digits)
    wide = train(tmp_path / "wide", digits, training={"clip_grad_norm": 1e6})
    narrow = train(tmp_path / "narrow", digits, training={"clip_grad_norm": 0.5})
    assert norms(plain) == [] and len(norms(wide)) == 8 and min(norms(wide)) > 0.5
    assert wide.tensors() == plain.tensors() != narrow.tensors()
    assert norms(narrow)[0] == pytest.approx(norms(wide)[0], rel=0.5)  # it is the norm before clipping


def test_paths_are_dropped_alike_whoever_trains_beside_and_after_a_resume(tmp_path: Path, digits: Path) -> None:
    net = {"architecture": "timm/mobilenetv3_small_050", "image_size": 32}
    fields: dict[str, Any] = {
        "students": [net | {"name": "drops", "drop_path": 0.4}, net | {"name": "keeps"}],
        "training": {"epochs": 1, "batch_size": 50},
    }
    both = train(tmp_path / "both", digits, **fields)
    assert both.tensors()["drops"] != both.tensors()["keeps"]
    alone = train(tmp_path / "alone", digits, **(fields | {"students": fields["students"][:1]}))
    assert alone.tensors()["drops"] == both.tensors()["drops"]
    _, checkpoint = until_checkpoint(tmp_path / "first", digits, None, 2, **fields)
    assert train(tmp_path / "second", digits, resume=checkpoint, **fields).tensors() == both.tensors()


def test_the_average_is_measured_and_delivered_and_changes_nothing_that_learns(tmp_path: Path, digits: Path) -> None:
    plain = train(tmp_path / "plain", digits)
    run = train(tmp_path / "ema", digits, training={"ema": {"decay": 0.9, "warmup": False}})
    raw = [v for (_, _, name), v in run.points().items() if name == "val/top1_raw"]
    told = [v for (_, _, name), v in run.points().items() if name == "val/top1"]
    assert raw == [v for (_, _, name), v in plain.points().items() if name == "val/top1"]
    assert run.tensors() != plain.tensors()
    (metrics,) = final_metrics(run).values()
    assert (metrics["top1"], metrics["top1_raw"]) == (told[-1], raw[-1]) and metrics["best"]["top1"] == max(told)
    # What is delivered is what was measured.
    state, _ = load_weights(tmp_path / "ema" / "students" / "s" / "weights.safetensors")
    network = build("resnet8", 10)
    network.load_state_dict(state)
    trainer = Trainer(assignment(tmp_path, digits))
    next(events := trainer.run())
    next(events)
    view = View(student_view(trainer.assignment.students[0], trainer.data.meta))
    (again,) = answer([Seeing(network, view, trainer.precision)], trainer.data.val)
    assert again.top1 == told[-1]


@pytest.mark.parametrize("warmup", [True, False])
def test_the_average_is_timms(warmup: bool) -> None:
    network = build("resnet8", 3)
    ours, theirs = MovingAverage(network, Ema(decay=0.95, warmup=warmup)), ModelEmaV3(network, 0.95, use_warmup=warmup)
    for step in range(1, 40):
        with torch.no_grad():
            for tensor in network.state_dict().values():
                tensor.add_(torch.randn_like(tensor) if tensor.is_floating_point() else 1)
        ours.update(network, step)
        theirs.update(network, step)
        assert ours.decay(step) == pytest.approx(theirs.get_decay(step))
    found, wanted = ours.network.state_dict(), theirs.module.state_dict()
    assert all(torch.allclose(found[name], tensor) for name, tensor in wanted.items())
    assert not ours.network.training and not any(p.requires_grad for p in ours.network.parameters())


# --- ending before the last epoch -------------------------------------------------------------------------------------


def ended(run: Run) -> list[str]:
    return [event.message for event in run.of(Log) if event.message.startswith("Ended")]


def test_nobody_getting_better_ends_the_training_with_all_that_an_end_has(tmp_path: Path, digits: Path) -> None:
    """A student that learns nothing, with batch norms that settle: its best comes early."""
    still = {"epochs": 30, "optimizer": {"lr": 1e-9, "momentum": 0}, "early_stopping": {"patience": 3}, "log_every": 7}
    run = train(tmp_path / "whole", digits, training=still, checkpoint_seconds=ALWAYS)
    (told,) = ended(run)
    (final,) = [event for event in run.of(StudentSaved) if event.final]
    epoch = final.step // 5
    assert "3 epochs" in told and f"after epoch {epoch}:" in told and epoch < 30
    assert final.metrics["best"]["epoch"] == epoch - 3
    assert len([key for key in run.points() if key[2] == "val/top1"]) == epoch
    assert (final.step, "s", "loss/total") in run.points() and isinstance(run.events[-1], Finished)
    # Whoever resumes from the very last checkpoint ends at once, and tells no figure twice.
    last = run.of(CheckpointSaved)[-1]
    assert last.step == final.step
    again = train(tmp_path / "again", digits, resume=Path(last.path), training=still)
    assert again.tensors() == run.tensors() and ended(again) == [told]
    assert {name for _, _, name in again.points()} == {"test/top1"}
    assert result(again) == result(run)


def test_early_stopping_waits_for_whoever_still_gets_better(tmp_path: Path, digits: Path) -> None:
    students = [
        {"name": "still", "architecture": "resnet8", "optimizer": {"lr": 1e-9, "momentum": 0}},
        {"name": "quick", "architecture": "resnet8", "optimizer": {"lr": 0.02}},
    ]
    run = train(tmp_path, digits, students=students, training={"epochs": 6, "early_stopping": {"patience": 6}})
    assert ended(run) == []
    best = [event.metrics["best"]["epoch"] for event in run.of(StudentSaved) if event.final]
    assert len(best) == 2


def test_the_time_limit_ends_with_an_epoch_and_counts_over_all_attempts(
    tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = {"epochs": 50, "time_limit": 1e-6}
    run = train(tmp_path / "short", digits, training=limit)
    assert run.tensors() == train(tmp_path / "one", digits, training={"epochs": 1}).tensors()
    (told,) = ended(run)
    assert "after epoch 1:" in told and "time limit" in told
    # An attempt that has used up nearly everything leaves little to the next.
    fields: dict[str, Any] = {"training": {"epochs": 4, "time_limit": 1000}}
    with monkeypatch.context() as changed:
        changed.setattr(TimeLimit, "taken", 999.9999)
        _, checkpoint = until_checkpoint(tmp_path / "first", digits, None, 3, **fields)
    second = train(tmp_path / "second", digits, resume=checkpoint, **fields)
    assert "after epoch 1:" in ended(second)[0]
    assert ended(train(tmp_path / "long", digits, **fields)) == []


# --- asked to stop ----------------------------------------------------------------------------------------------------


def test_discard_stops_at_once_and_leaves_no_checkpoint(tmp_path: Path, digits: Path) -> None:
    run = train(tmp_path, digits, wish=lambda step: "discard" if step == 3 else None)
    assert run.events[-1] == Stopped(3)
    assert not run.of(CheckpointSaved) and not run.of(StudentSaved)


def test_a_wish_before_the_first_step_is_heard(tmp_path: Path, digits: Path) -> None:
    def at_once(_step: int) -> Stop:
        return "checkpoint"

    run = train(tmp_path, digits, wish=at_once)
    assert run.events[-1] == Stopped(0) and run.of(CheckpointSaved)[0].step == 0
    whole = train(tmp_path / "whole", digits)
    resumed = train(tmp_path / "again", digits, resume=Path(run.of(CheckpointSaved)[0].path))
    assert resumed.tensors() == whole.tensors()


# --- students that fail -----------------------------------------------------------------------------------------------


def test_a_student_whose_loss_is_not_finite_fails_alone(tmp_path: Path, digits: Path, teacher: Path) -> None:
    well = [{"name": "a", "architecture": "resnet8", "loss": DIST}, {"name": "c", "architecture": "resnet8"}]
    sick = {"name": "b", "architecture": "resnet8", "loss": DIST, "optimizer": SICK}
    fields: dict[str, Any] = {"control": False, "training": LONG | {"log_every": 7}}
    alone = train(tmp_path / "alone", digits, teacher, students=well, **fields)
    mixed = train(tmp_path / "mixed", digits, teacher, students=[well[0], sick, well[1]], **fields)
    (failed,) = mixed.of(StudentFailed)
    assert failed.student == "b" and failed.step < 40 and f"step {failed.step}" in failed.detail
    assert failed.term == "loss/task"
    assert mixed.tensors() == alone.tensors()
    assert {key: v for key, v in mixed.points().items() if key[1] != "b"} == alone.points()
    assert all(step < failed.step for step, who, _ in mixed.points() if who == "b")
    assert [group["name"] for group in mixed.of(Finished)[0].result["groups"]] == ["a", "c"]
    # It is the first bad step that is named, however seldom one looks.
    often = train(tmp_path / "often", digits, teacher, students=[sick, well[0]], control=False, training=LONG)
    assert often.of(StudentFailed) == [failed]


def test_a_student_that_is_broken_only_on_val_fails_too(tmp_path: Path, digits: Path, teacher: Path) -> None:
    """Batch statistics can hide exploded weights while it learns."""
    sick = {"name": "b", "architecture": "resnet8", "optimizer": SICK}
    run = train(tmp_path, digits, teacher, students=[sick, {"name": "a", "architecture": "resnet8"}], control=False)
    assert [(e.student, e.step, e.term) for e in run.of(StudentFailed)] == [("b", 5, "val/logits")]


def test_a_failed_student_stays_failed_after_a_resume(tmp_path: Path, digits: Path, teacher: Path) -> None:
    sick = {"name": "b", "architecture": "resnet8", "optimizer": SICK}
    fields = {"students": [sick, {"name": "a", "architecture": "resnet8"}], "training": {"epochs": 8}}
    whole = train(tmp_path / "whole", digits, teacher, **fields)
    assert {e.student for e in whole.of(StudentFailed)} == {"b", "b-control"}
    first, checkpoint = until_checkpoint(tmp_path / "first", digits, teacher, 38, **fields)
    second = train(tmp_path / "second", digits, teacher, resume=checkpoint, **fields)
    assert first.of(StudentFailed) == whole.of(StudentFailed) and not second.of(StudentFailed)
    assert second.tensors() == whole.tensors()
    assert result(second) == result(whole)


def test_a_loss_that_teaches_nothing_stops_the_job(tmp_path: Path, digits: Path, teacher: Path) -> None:
    with pytest.raises(TrainingFailed) as raised:
        train(tmp_path, digits, teacher, loss={"kind": "kd", "alpha": 0, "beta": 0})
    assert raised.value.failure.code == "nothing_to_learn" and "loss of s teaches" in raised.value.failure.detail


def test_a_head_of_zeros_is_drawn_anew_where_nothing_else_would_move_it(
    tmp_path: Path, digits: Path, teacher: Path, dropout_net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As torchvision's transformers begin. With the labels' term it learns from there, without it never would."""

    class ZeroHead(DropoutNet):
        def __init__(self, classes: int) -> None:
            super().__init__(classes)
            nn.init.zeros_(self.fc.weight)
            nn.init.zeros_(self.fc.bias)

    monkeypatch.setitem(models.BUILDERS, dropout_net, ZeroHead)
    entry = replace(catalog.ARCHITECTURES[dropout_net], head=(("fc.weight", 0), ("fc.bias", 0)))
    monkeypatch.setitem(catalog.ARCHITECTURES, dropout_net, entry)
    students = [{"name": "s", "architecture": dropout_net}]
    for alpha in (0, 1):
        loss = DIST | {"alpha": alpha}
        run = train(tmp_path / str(alpha), digits, teacher, students=students, loss=loss, control=False)
        told = [log.message for log in run.of(Log) if "head of zeros" in log.message]
        assert bool(told) == (alpha == 0)
        inter = [value for (_, _, name), value in sorted(run.points().items()) if name == "loss/inter"]
        assert inter[-1] < inter[0], "it learns: else it would stay at 1"


def test_parts_too_small_to_relate_are_refused(tmp_path: Path, digits: Path, teacher: Path) -> None:
    local = {"kind": "sum", "summands": [{"loss": {"kind": "dist", "batch": "local"}}]}
    with pytest.raises(TrainingFailed) as raised:
        train(tmp_path, digits, teacher, loss=local, training={"accumulate": 20})
    failure = raised.value.failure
    assert failure.code == "batch_too_small" and "it is given 2 at a time" in failure.detail


def test_when_all_students_fail_the_job_fails_with_a_hint(tmp_path: Path, digits: Path) -> None:
    with pytest.raises(TrainingFailed) as failed:
        train(tmp_path, digits, training={"epochs": 8, "optimizer": SICK})
    assert failed.value.code == "diverged"
    assert "learning rate" in failed.value.failure.hint


# --- the teacher ------------------------------------------------------------------------------------------------------


def test_the_teacher_is_in_eval_mode_and_without_gradients(digits: Path, teacher: Path) -> None:
    trainer = Trainer(assignment(digits.parent, digits, teacher))
    assert [next(events := trainer.run()), next(events)][0].__class__ is Phase
    assert isinstance(trainer.teacher, NetworkTeacher)
    before = {name: tensor.clone() for name, tensor in trainer.teacher.network.state_dict().items()}
    (images,) = trainer.data.train.images.prepare([Wanted(np.arange(10))])
    assert not trainer.teacher.logits(Batch(images)).requires_grad
    assert all(torch.equal(before[name], tensor) for name, tensor in trainer.teacher.network.state_dict().items())
    next(trainer.teacher.network.parameters()).requires_grad_(True)
    with pytest.raises(AssertionError, match="gradients"):
        trainer.teacher.logits(Batch(images))
    trainer.teacher.network.requires_grad_(False)
    next(m for m in trainer.teacher.network.modules() if isinstance(m, torch.nn.BatchNorm2d)).train()
    with pytest.raises(AssertionError, match="eval mode"):
        trainer.teacher.logits(Batch(images))


def test_a_teacher_that_guesses_stops_the_job(tmp_path: Path, digits: Path, teacher: Path) -> None:
    state, meta = load_weights(teacher)
    assert meta is not None
    torch.manual_seed(0)
    noise = {k: torch.randn_like(v) if v.is_floating_point() and v.ndim > 1 else v for k, v in state.items()}
    save_weights(noise, tmp_path, meta, ["safetensors"])
    guessing = tmp_path / "weights.safetensors"
    with pytest.raises(TrainingFailed, match="teacher_at_chance") as failed:
        train(tmp_path / "a", digits, guessing)
    assert "teacher_check" in failed.value.failure.hint
    run = train(tmp_path / "b", digits, guessing, teacher_check="off", training={"epochs": 1})
    assert isinstance(run.events[-1], Finished)


def test_the_teacher_sees_images_its_own_way(tmp_path: Path, digits: Path, teacher: Path) -> None:
    state, meta = load_weights(teacher)
    assert meta is not None
    save_weights(state, tmp_path, replace(meta, mean=[0.1] * 3, std=[2.0] * 3), ["safetensors"])
    trainer = Trainer(assignment(tmp_path, digits, teacher))
    next(events := trainer.run())
    next(events)
    place = Place(trainer.data.meta, "", Precision(torch.device("cpu"), bfloat16=False), 1)
    other = load_teacher(tmp_path / "weights.safetensors", place)
    assert isinstance(other, NetworkTeacher)
    (images,) = trainer.data.val.images.prepare([Wanted(np.arange(4))])
    expected = other.network((images.permute(0, 3, 1, 2).float() / 255 - 0.1) / 2.0)
    assert torch.allclose(other.logits(Batch(images)), expected, atol=1e-5)
    assert trainer.teacher is not None
    assert not torch.allclose(other.logits(Batch(images)), trainer.teacher.logits(Batch(images)), atol=0.1)


# --- what comes out ---------------------------------------------------------------------------------------------------


def test_a_run_tells_its_story_in_order(tmp_path: Path, digits: Path, teacher: Path) -> None:
    run = train(tmp_path, digits, teacher)
    phases = [event.name for event in run.of(Phase)]
    assert phases == ["loading", "checking_teacher", "training", "evaluating", "exporting"]
    started = run.of(Started)[0]
    assert (started.total_steps, started.total_epochs, started.step) == (15, 3, 0)
    assert started.parameters == {"s": 78042, "s-control": 78042}
    decided = {"device": "cpu", "precision": "float32", "threads": 1, "torch": str(torch.__version__)}
    assert started.decided == decided | {"augment": "crop_flip"}
    names = {name for _, who, name in run.points() if who == "s"}
    training = {"loss/total", "loss/task", "loss/inter", "loss/intra", "train/top1", "lr"}
    shares = {"gradient/task", "gradient/inter", "gradient/intra"}
    own = {"val/top1", "val/top5", "val/nll", "val/ece", "test/top1"}
    near = {"val/agreement", "val/agreement_teacher_right", "val/agreement_teacher_wrong"}
    assert names == training | shares | own | near | {"val/kl", "val/inter", "val/intra"}
    steps = [step for step, who, name in run.points() if (who, name) == ("s", "loss/total")]
    assert steps == [2, 4, 6, 8, 10, 12, 14, 15]
    assert [step for step, who, name in run.points() if (who, name) == ("s", "val/top1")] == [5, 10, 15]
    parts = [value for (_, who, name), value in run.points().items() if who == "s" and name in shares]
    assert sum(parts) == pytest.approx(3), "three epochs, whole each time"
    assert [step for step, who, name in run.points() if (who, name) == (None, "teacher/top1")] == [0]
    assert all(event.eta_seconds >= 0 for event in run.of(Progress))


def test_too_few_steps_for_slow_batch_norms_are_told(tmp_path: Path, digits: Path) -> None:
    """torchvision's MobileNetV3 averages over a hundred steps: before, it is measured with what it began with."""
    slow = {"name": "slow", "architecture": "torchvision/mobilenet_v3_small", "image_size": 32, "seeds": [0, 1]}
    quick = {"name": "quick", "architecture": "resnet8"}
    run = train(tmp_path, digits, students=[slow, quick], training={"epochs": 6, "batch_size": 15})
    (warning,) = [event.message for event in run.of(Log) if "averages" in event.message]
    assert warning.startswith("torchvision/mobilenet_v3_small ") and "299 steps" in warning
    assert f"after {run.of(Started)[0].total_steps} steps" in warning


def test_the_final_files_are_the_last_epochs_weights(tmp_path: Path, digits: Path, teacher: Path) -> None:
    run = train(tmp_path, digits, teacher)
    final = [event for event in run.of(StudentSaved) if event.final]
    assert [event.student for event in final] == ["s", "s-control"]
    for event in final:
        folder = tmp_path / "students" / event.student
        assert [Path(file.path).parent for file in event.files] == [folder] * 4
        state, meta = load_weights(folder / "weights.safetensors")
        assert meta is not None and meta.architecture == "cifar/resnet8" and meta.classes == list("0123456789")
        assert tensors_sha256(state) == event.tensors_sha256
        plain = torch.load(folder / "weights.pt", weights_only=True)
        assert tensors_sha256(plain) == event.tensors_sha256
        best = [e for e in run.of(StudentSaved) if e.student == event.student and not e.final]
        assert best and {"top1", "top5", "nll", "agreement", "kl", "best"} <= best[0].metrics.keys()


def test_without_a_teacher_there_is_nothing_to_compare(tmp_path: Path, digits: Path) -> None:
    result = train(tmp_path, digits).of(Finished)[0].result
    assert result["teacher"] is None and result["verdict"]["helped"] is None
    assert result["groups"][0]["control"] is None


def test_an_average_that_cannot_settle_is_told(tmp_path: Path, digits: Path) -> None:
    def told(**ema: Any) -> list[str]:
        run = train(tmp_path / str(len(list(tmp_path.iterdir()))), digits, training={"epochs": 1, "ema": ema})
        return [event.message for event in run.of(Log) if "moving average" in event.message]

    (warning,) = told(decay=0.999, warmup=False)
    assert "still is 100% its beginning after 5 steps" in warning or "99%" in warning
    assert told(decay=0.999) == told(decay=0.3, warmup=False) == []


def test_compiled_networks_learn_the_same(tmp_path: Path, digits: Path) -> None:
    plain = train(tmp_path / "plain", digits, training={"epochs": 1, "ema": {"decay": 0.5}})
    compiled = train(tmp_path / "compiled", digits, training={"epochs": 1, "ema": {"decay": 0.5}, "compile": True})
    assert not [event for event in compiled.of(Log) if "torch.compile" in event.message]
    assert compiled.points().keys() == plain.points().keys()
    total = [run.points()[2, "s", "loss/total"] for run in (plain, compiled)]
    assert total[0] == pytest.approx(total[1], rel=1e-3)
    state, _ = load_weights(tmp_path / "compiled" / "students" / "s" / "weights.safetensors")
    assert state.keys() == load_weights(tmp_path / "plain" / "students" / "s" / "weights.safetensors")[0].keys()


def test_without_a_compiler_it_goes_on_without(tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.compile", lambda _: (_ for _ in ()).throw(RuntimeError("no compiler\nat all")))
    run = train(tmp_path, digits, training={"epochs": 1, "compile": True})
    (warning,) = [event.message for event in run.of(Log) if "torch.compile" in event.message]
    assert warning.endswith("not compiled: no compiler") and run.tensors()
