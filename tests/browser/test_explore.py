"""All students of a data set by what they cost and what they are worth: which one to ship, and what to compare."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def empty(stage: Stage) -> str:
    """A data set on which nothing was trained."""
    return stage.digits("digits of nobody")


@pytest.fixture(scope="module")
def grown(stage: Stage) -> str:
    """A data set whose teacher was trained here, beside another network; it has taught one student."""
    dataset = stage.digits("digits that taught themselves")
    networks = [{"name": "large", "architecture": "resnet20"}, {"name": "middle", "architecture": "resnet14"}]
    stage.job(dataset, None, name="first without a teacher", students=networks, loss={"kind": "task"})
    alone = stage.attempt()
    alone.begin(teacher=None)
    alone.train(5)
    alone.finish()
    teacher = stage.teacher(dataset, "large", student=alone.students[0])
    stage.job(dataset, teacher, name="then with it", students=[{"name": "small", "architecture": "resnet8"}])
    taught = stage.attempt()
    taught.begin()
    taught.train(5)
    taught.finish()
    return dataset


@pytest.fixture(scope="module")
def jobs(stage: Stage, empty: str, grown: str) -> list[str]:
    """The newest: without a word in the address it is these that are shown."""
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


def test_a_data_set_that_is_not_there_is_told_and_another_can_be_chosen(
    context: BrowserContext, stage: Stage, jobs: list[str]
) -> None:
    page = context.new_page()  # its console speaks of the missing one
    page.goto(f"{stage.url}/explore?dataset=dst_gone")
    expect(page.get_by_text("There is no such data set")).to_be_visible()
    page.get_by_role("link", name="Explore what was trained last").click()
    expect(page.get_by_role("region", name="Students", exact=True)).to_be_visible()


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


def test_what_the_teacher_comes_from_is_not_recommended(page: Page, stage: Stage, grown: str) -> None:
    page.goto(f"{stage.url}/explore?dataset={grown}")
    advice = page.get_by_role("region", name="Which one to ship")
    expect(advice.get_by_role("link", name="small", exact=True)).to_be_visible()  # although middle is better
    expect(advice).to_contain_text(
        "Left out: large, which the teacher was made from, and middle, trained beside it without a teacher."
    )
    expect(page.get_by_text("what the teacher comes from: no candidate")).to_be_visible()
    rows = page.get_by_role("region", name="Students").locator("tbody tr")
    expect(rows.filter(has_text="made the teacher")).to_contain_text("large")
    expect(rows.filter(has_text="trained beside the teacher")).to_contain_text("middle")
    expect(rows.filter(has_text="on the front")).to_have_count(1)
    expect(page.locator("figure[data-metric='explore']")).to_have_attribute("data-points", "3")


def test_a_latency_is_one_machines(page: Page, stage: Stage, jobs: list[str]) -> None:
    page.goto(f"{stage.url}/explore?x=latency")
    caption = page.locator("figure[data-metric='explore'] figcaption")
    expect(caption).to_contain_text("as timed by the machine that trained it")
    page.get_by_role("radio", name="parameters").click(force=True)
    expect(caption).not_to_contain_text("machine")


def test_other_measures_are_in_the_address(page: Page, stage: Stage, jobs: list[str]) -> None:
    page.goto(f"{stage.url}/explore")
    page.get_by_role("radio", name="agreement").click(force=True)
    page.get_by_role("radio", name="file size").click(force=True)
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
