"""All students of a data set by what they cost and what they are worth: which one to ship, and what to compare."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def empty(stage: Stage) -> str:
    """A data set on which nothing was trained."""
    return stage.digits("digits of nobody")


@pytest.fixture(scope="module")
def jobs(stage: Stage, empty: str) -> list[str]:
    dataset = stage.digits()
    teacher = stage.teacher(dataset)
    made = []
    for name in ("first", "second"):
        stage.job(dataset, teacher, name=name, control=True)
        attempt = stage.attempt()
        attempt.begin()
        attempt.train(5)
        attempt.finish()
        made.append(attempt.job)
    return made


def test_before_the_first_student_it_says_how_to_begin(page: Page, stage: Stage, empty: str) -> None:
    page.goto(f"{stage.url}/explore?dataset={empty}")
    expect(page.get_by_text("No student has been trained on this data set yet.")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="New distillation").click()
    expect(page).to_have_url(re.compile("/jobs/new"))


def test_students_stand_in_the_chart_and_in_the_table(page: Page, stage: Stage, jobs: list[str]) -> None:
    page.goto(f"{stage.url}/explore")
    expect(page.get_by_role("region", name="Which one to ship")).to_contain_text("the teacher")
    figure = page.locator("figure[data-metric='explore']")
    rows = page.get_by_role("region", name="Students").locator("tbody tr")
    expect(rows.first).to_be_visible()
    expect(figure).to_have_attribute("data-points", str(rows.count()))
    expect(figure.locator("svg circle").first).to_be_visible()
    assert figure.locator("style").count() == 0
    assert rows.get_by_text("on the front").count() >= 1


def test_other_measures_are_in_the_address(page: Page, stage: Stage, jobs: list[str]) -> None:
    page.goto(f"{stage.url}/explore")
    page.get_by_role("radio", name="agreement").check(force=True)
    page.get_by_role("radio", name="file size").check(force=True)
    expect(page).to_have_url(re.compile("y=agreement"))
    expect(page).to_have_url(re.compile("x=bytes"))
    page.reload()
    expect(page.get_by_text("same answer as the teacher, % against size of the weights")).to_be_visible()


def test_what_is_drawn_around_can_be_compared(page: Page, stage: Stage, jobs: list[str]) -> None:
    page.goto(f"{stage.url}/explore")
    frame = page.locator("figure[data-metric='explore'] .scatter-hit")
    expect(page.locator("figure[data-metric='explore'] svg circle").first).to_be_visible()
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] - 4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("picked=stu_"))
    ticked = page.get_by_role("region", name="Students").get_by_role("checkbox", checked=True)
    expect(ticked).to_have_count(page.get_by_role("region", name="Students").locator("tbody tr").count())
    page.get_by_role("link", name="Compare these 2 jobs").click()
    expect(page).to_have_url(re.compile("/compare"))
    assert all(job in page.url for job in jobs)


def test_a_row_points_at_its_dot(page: Page, stage: Stage, jobs: list[str]) -> None:
    page.goto(f"{stage.url}/explore")
    expect(page.locator("figure[data-metric='explore'] svg circle").first).to_be_visible()
    page.get_by_role("region", name="Students").get_by_role("checkbox").first.focus()
    expect(page.locator(".scatter-ring")).to_have_count(1)
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("picked=stu_"))
