"""What a student gets right, over REST: the document that its training wrote, and the images in question."""

from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from core.evaluation import FILE, Evaluation
from core.training.evaluate import Answers, Beside
from core.training.evaluation import disagreements_of, evaluation_of
from tests.fixtures.service import Make

CLASSES = ["class 0", "class 1", "class 2"]
LABELS = np.arange(30) % 3


def answers(wrong: int) -> Answers:
    """Every `wrong`-th image is taken for one of the next class."""
    predicted = np.where(np.arange(30) % wrong == 0, (LABELS + 1) % 3, LABELS)
    near = Beside(np.linspace(0, 1, 30), np.ones(30), 0.9)
    return Answers(predicted, predicted == LABELS, np.ones(30, bool), True, np.ones(30), np.full(30, 0.8), near)


@pytest.fixture
def job(make: Make) -> dict[str, Any]:
    return make.job()


@pytest.fixture
def student(make: Make, job: dict[str, Any]) -> str:
    one, teacher = answers(4), answers(10)
    found = Evaluation(
        splits={"val": evaluation_of(one, teacher, LABELS, CLASSES)},
        disagreements={
            "val": disagreements_of(one, teacher, LABELS, lambda at: [f"val/{number}.png" for number in at]),
        },
    )
    id: str = job["students"][0]["id"]
    make.file(id, found.model_dump_json().encode(), FILE)
    return id


def test_the_evaluation_of_a_student(client: TestClient, student: str, job: dict[str, Any]) -> None:
    found = client.get(f"/v1/students/{student}/evaluation")
    assert found.status_code == 200, found.text
    told = found.json()
    assert (told["object"], told["id"], told["dataset"]) == ("evaluation", student, job["dataset"]["id"])
    assert (told["split"], told["splits"], told["count"]) == ("val", ["val"], 30)
    assert told["student"]["top1"] == 22 / 30 and told["teacher"]["top1"] == 27 / 30
    assert [one["name"] for one in told["classes"]] == CLASSES
    assert sum(one["count"] for one in told["confusions"]) == 8
    assert "disagreements" not in told


def test_the_images_in_question_can_be_seen(client: TestClient, student: str) -> None:
    first = client.get(f"/v1/students/{student}/disagreements", params={"limit": 3}).json()
    assert len(first["data"]) == 3 and first["has_more"]
    rest = client.get(f"/v1/students/{student}/disagreements", params={"limit": 3, "after": first["next"]}).json()
    seen = [one["index"] for one in first["data"] + rest["data"]]
    assert len(set(seen)) == len(seen) == 6
    one = first["data"][0]
    assert one["teacher"] == one["label"] != one["student"], "what the teacher knew comes first"
    image = client.get(one["image"])
    assert image.status_code == 200 and image.content.startswith(b"\x89PNG")
    whole = client.get(f"/v1/students/{student}/disagreements", params={"limit": 100}).json()
    assert not whole["has_more"] and whole["next"] is None and len(whole["data"]) == 7


def test_what_is_not_there_is_said(client: TestClient, stranger: TestClient, make: Make, job: dict[str, Any]) -> None:
    waiting, old = job["students"][0]["id"], job["students"][1]["id"]
    make.file(old, b"weights")  # trained before evaluations were kept
    for what in ("evaluation", "disagreements"):
        early = client.get(f"/v1/students/{waiting}/{what}")
        assert (early.status_code, early.json()["code"]) == (409, "not_trained")
        assert "the end of its training" in early.json()["detail"]
        assert client.get(f"/v1/students/{old}/{what}").status_code == 404
        assert client.get(f"/v1/students/stu_none/{what}").status_code == 404
        assert stranger.get(f"/v1/students/{old}/{what}").status_code == 404


def test_a_split_that_was_not_measured(client: TestClient, student: str) -> None:
    assert client.get(f"/v1/students/{student}/evaluation", params={"split": "test"}).status_code == 404
    assert client.get(f"/v1/students/{student}/evaluation", params={"split": "train"}).status_code == 422
