"""An unknown field is told its nearest neighbour, or every field that there is, wherever in the document it stands."""

from typing import Any

import pytest
from pydantic import ValidationError

from core.problems import problem_at
from core.recipe import Recipe

GOOD: dict[str, Any] = {"dataset": "d", "students": [{"name": "a", "architecture": "resnet8"}]}


@pytest.mark.parametrize(
    ("change", "pointer", "advice"),
    [
        ({"studnets": []}, "/studnets", "Did you mean students?"),
        (
            {"students": [{"name": "a", "architecture": "b", "Seed": [1]}]},
            "/students/0/Seed",
            "Did you mean seeds?",
        ),
        ({"training": {"optimizer": {"learning_rate": 1}}}, "/training/optimizer/learning_rate", "There are: "),
        (
            {"training": {"schedule": {"kind": "cosine", "gamma": 1}}},
            "/training/schedule/gamma",
            "There are: warmup_epochs, warmup_lr, kind, ",
        ),
        ({"loss": {"kind": "kd", "temprature": 1}}, "/loss/temprature", "Did you mean temperature?"),
        ({"teacher": {"path": "t.pt", "normalisation": {}}}, "/teacher/normalisation", "Did you mean normalization?"),
    ],
)
def test_an_unknown_field(change: dict[str, Any], pointer: str, advice: str) -> None:
    document = GOOD | change
    with pytest.raises(ValidationError) as caught:
        Recipe.model_validate(document)
    found = [problem_at(error, document, Recipe) for error in caught.value.errors()]
    unknown = next(problem for problem in found if problem.code == "extra_forbidden")
    assert unknown.pointer == pointer
    assert unknown.detail.startswith(f"There is no such field. {advice}")
