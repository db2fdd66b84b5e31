"""docs/security.md names tests and settings: each of them is there."""

import re
from pathlib import Path

from core.settings import Settings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text()


def missing(text: str) -> list[str]:
    named = re.findall(r"`((?:tests|core|docs)/[\w/.]+)`", text)
    return [path for path in named if not (ROOT / path).exists()]


def test_every_file_it_names_is_there() -> None:
    assert len(set(re.findall(r"`(tests/[\w/]+\.py)`", TEXT))) >= 30
    assert missing(TEXT) == []
    assert missing("as `tests/api/test_nothing.py` tries") == ["tests/api/test_nothing.py"]


def test_every_setting_it_names_is_one() -> None:
    named = {name.lower() for name in re.findall(r"DISTILLERY_([A-Z_]+[A-Z])", TEXT)}
    assert len(named) >= 10
    assert named <= Settings.model_fields.keys()


def test_every_risk_and_chapter_has_a_row() -> None:
    assert re.findall(r"^\| (API\d+) ", TEXT, re.MULTILINE) == [f"API{n}" for n in range(1, 11)]
    chapters = {int(n) for n in re.findall(r"^\| V(\d+) ", TEXT, re.MULTILINE)}
    assert chapters | {9, 10, 17} == set(range(1, 18))


def test_one_finds_it() -> None:
    assert "docs/security.md" in (ROOT / "README.md").read_text()
    assert "security.md" in (ROOT / "docs" / "architecture.md").read_text()
