"""JOB.yaml: what is read from it, and what is said about one that is wrong."""

from pathlib import Path
from typing import Any

import pytest

from cli.jobfile import Builtin, local_dataset, local_teacher, parse_recipe, read_document
from core.errors import Invalid
from core.teaching import Ensemble, TeacherFile

GOOD = {"dataset": "builtin:digits", "students": [{"name": "small", "architecture": "resnet8"}]}


def problems_of(document: object) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse_recipe(document)
    return {problem.pointer: problem.detail for problem in caught.value.problems}


def test_every_wrong_field_is_named_at_once() -> None:
    document = {
        "students": [{"name": "a", "architecture": "resnet8", "sneeds": [1]}],
        "training": {"epochs": 0, "optimizer": {"lr": "fast"}},
        "loss": {"kind": "dist", "temperature": -1},
    }
    found = problems_of(document)
    assert found["/students/0/sneeds"] == "There is no such field. Did you mean seeds?"
    assert "greater than or equal to 1" in found["/training/epochs"]
    assert "valid number" in found["/training/optimizer/lr"]
    assert "greater than 0" in found["/loss/temperature"]
    assert found["/dataset"] == "Field required"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"teacher": {"architecture": "resnet20"}}, "/teacher/path"),
        (
            {"teacher": {"path": "t.pt", "normalization": {"mean": [0, 0, 0], "std": [1, 0, 1]}}},
            "/teacher/normalization/std",
        ),
        ({"loss": {"kind": "mist"}}, "/loss"),
        ({"preset": "nothing"}, "/preset"),
        ({"training": {"schedule": {"kind": "cosine", "gamma": 1}}}, "/training/schedule/gamma"),
    ],
)
def test_a_problem_points_at_its_field_and_names_no_union_member(change: dict[str, object], pointer: str) -> None:
    assert list(problems_of(GOOD | change)) == [pointer]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: x\nstudents: [1", "line 2"),
        ("- just\n- a list\n", "must hold fields"),
        ("", "must hold fields"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(text)
    with pytest.raises(Invalid) as caught:
        read_document(file)
    assert says in caught.value.problems[0].detail
    assert "\n" not in caught.value.problems[0].detail


def test_off_is_a_word_as_in_yaml_1_2(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("teacher_check: off\nname: no\ncontrol: false\na: True\nb: trueish")
    said = {"teacher_check": "off", "name": "no", "control": False, "a": True, "b": "trueish"}
    assert read_document(file) == said


def test_numbers_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("a: 1e-3\nb: -2E+3\nc: 5.0e-4\nd: 1e\ne: 1e3x\nf: '1e3'")
    assert read_document(file) == {"a": 0.001, "b": -2000.0, "c": 0.0005, "d": "1e", "e": "1e3x", "f": "1e3"}


def test_a_missing_or_binary_file_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="No such file"):
        read_document(tmp_path / "nothing.yaml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match="not UTF-8"):
        read_document(tmp_path / "binary")


def test_where_a_data_set_lies(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    assert local_dataset(parse_recipe(GOOD), tmp_path) == Builtin("digits")
    assert local_dataset(parse_recipe(GOOD | {"dataset": "images"}), tmp_path) == tmp_path / "images"
    for id in ("dst_01abc", "upl_01abc", {"path": "upl_01abc", "val_fraction": 0.2}):
        assert local_dataset(parse_recipe(GOOD | {"dataset": id}), tmp_path) is None
    with pytest.raises(Invalid, match="builtin:digits"):
        local_dataset(parse_recipe(GOOD | {"dataset": "builtin:nothing"}), tmp_path)
    with pytest.raises(Invalid, match="/dataset: There is no file or folder"):
        local_dataset(parse_recipe(GOOD | {"dataset": "nowhere"}), tmp_path)


def test_a_data_set_with_options(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    recipe = parse_recipe(GOOD | {"dataset": {"path": "images", "val_fraction": 0.2, "table": {"label": "class"}}})
    assert local_dataset(recipe, tmp_path) == tmp_path / "images"
    assert not isinstance(recipe.dataset, str)
    assert recipe.dataset.options() == {"val_fraction": 0.2, "table": {"label": "class"}}
    with pytest.raises(Invalid, match="/dataset/path: There is no file or folder"):
        local_dataset(parse_recipe(GOOD | {"dataset": {"path": "dst_01abc"}}), tmp_path)
    assert list(problems_of(GOOD | {"dataset": {"path": "images", "val_fraction": 2}})) == ["/dataset/val_fraction"]


def test_where_a_teacher_lies(tmp_path: Path) -> None:
    (tmp_path / "t.pt").write_bytes(b"x")

    def lies(said: Any) -> tuple[Path, TeacherFile] | None:
        teacher = parse_recipe(GOOD | {"teacher": said}).teacher
        assert isinstance(teacher, str | TeacherFile)
        return local_teacher(teacher, tmp_path)

    assert lies("tch_01abc") is lies("upl_01abc") is lies({"path": "upl_01abc"}) is lies("timm/resnet18") is None
    found = lies({"path": "t.pt", "architecture": "resnet20"})
    assert found is not None and found[0] == tmp_path / "t.pt" and found[1].architecture == "resnet20"
    with pytest.raises(Invalid, match="/teacher/path: There is no file"):
        lies({"path": "tch_01abc"})
    with pytest.raises(Invalid, match="is not a file"):
        lies(".")


def test_where_several_teachers_lie(tmp_path: Path) -> None:
    (tmp_path / "t.pt").write_bytes(b"x")
    members = [{"path": "t.pt", "weight": 3}, {"path": "tch_01abc"}, {"path": "timm/resnet18"}, {"path": "gone.pt"}]
    teacher = parse_recipe(GOOD | {"teacher": {"members": members}}).teacher
    assert isinstance(teacher, Ensemble)
    here, at_the_service, published, gone = teacher.members
    assert (local_teacher(here, tmp_path) or [None])[0] == tmp_path / "t.pt"
    assert local_teacher(at_the_service, tmp_path) is local_teacher(published, tmp_path) is None
    with pytest.raises(Invalid, match="/teacher/members/3: There is no file"):
        local_teacher(gone, tmp_path, "/teacher/members/3")
