"""Jobs side by side: curves, figures, what was asked otherwise, and class by class; all of it in the address."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
EPOCHS = 12


@pytest.fixture(scope="module")
def jobs(stage: Stage) -> dict[str, str]:
    """Two that are over and ask for different losses, and one on other data that has only begun."""
    dataset = stage.digits()
    teacher = stage.teacher(dataset)
    small = {"name": "small", "architecture": "resnet8"}
    stage.job(dataset, teacher, name="with dist", students=[small])
    first = stage.attempt()
    stage.job(dataset, teacher, name="with kd", students=[small | {"loss": {"kind": "kd"}}], training={"epochs": 50})
    second = stage.attempt()
    other = stage.digits("other digits")
    stage.job(other, stage.teacher(other, "another teacher"), name="elsewhere", students=[small])
    third = stage.attempt()
    for attempt in (first, second, third):
        attempt.begin()
        attempt.train(EPOCHS)
    first.finish()
    second.finish()
    return {"dist": first.job, "kd": second.job, "elsewhere": third.job}


def address(stage: Stage, jobs: dict[str, str], *names: str) -> str:
    return f"{stage.url}/compare?jobs={','.join(jobs[name] for name in names)}"


def test_two_jobs_side_by_side(page: Page, stage: Stage, jobs: dict[str, str]) -> None:
    page.goto(address(stage, jobs, "dist", "kd"))
    chart = page.locator("figure[data-metric='compare/val/top1']")
    expect(chart).to_have_attribute("data-points", str(2 * EPOCHS))
    figures = page.get_by_role("region", name="What came out of each").get_by_role("row")
    expect(figures.filter(has_text="parameters")).to_contain_text("78.0")
    expect(figures.filter(has_text="gap closed")).to_contain_text("43")

    settings = page.get_by_role("region", name="Settings")
    expect(settings.get_by_role("row", name=re.compile("small: loss the job's kd"))).to_be_visible()
    expect(settings.get_by_text("batch size")).to_have_count(0)
    page.get_by_role("checkbox", name=re.compile("Show all")).check()
    expect(settings.get_by_text("batch size")).to_be_visible()
    page.get_by_role("radio", name="best epoch").check()
    expect(figures.filter(has_text="accuracy")).to_contain_text("on validation")
    expect(page).to_have_url(re.compile("all=true.*at=best|at=best.*all=true"))
    page.reload()
    expect(settings.get_by_text("batch size")).to_be_visible()


def test_a_link_shows_the_same_chart(page: Page, stage: Stage, jobs: dict[str, str]) -> None:
    page.goto(address(stage, jobs, "dist", "kd"))
    chart = page.locator("figure[data-metric='compare/val/top1']")
    names = page.get_by_role("group", name="Shown in the charts")
    names.get_by_role("button", name="with kd").click()
    expect(chart).to_have_attribute("data-points", str(EPOCHS))
    expect(page).to_have_url(re.compile("hide=.*" + jobs["kd"]))
    box = chart.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.02 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"zoom=\d+(\.\d+)?-\d+"))
    whole = chart.get_by_role("button", name="Show all", exact=True)

    page.reload()
    expect(whole).to_be_visible()
    expect(chart).to_have_attribute("data-points", str(EPOCHS))
    expect(names.get_by_role("button", name="with kd")).to_have_attribute("aria-pressed", "false")

    # Epochs from 1 to 10 are not steps from 1 to 10: along something else all of it is shown.
    page.get_by_role("radio", name="steps").click(force=True)
    expect(page).to_have_url(re.compile("x=step"))
    expect(page).not_to_have_url(re.compile("zoom="))
    expect(whole).to_have_count(0)
    page.get_by_role("radio", name="epochs").click(force=True)
    expect(page).not_to_have_url(re.compile("x="))


def test_class_by_class(page: Page, stage: Stage, jobs: dict[str, str]) -> None:
    page.goto(address(stage, jobs, "dist", "kd"))
    classes = page.locator("figure.pairs")
    expect(classes.get_by_role("listitem")).to_have_count(10)
    differences = [float(text.split(":")[0].replace("±", "").replace("\u2212", "-")) for text in texts(page)]
    assert differences == sorted(differences, reverse=True)
    page.get_by_label("The other student").select_option(label="with dist · small")
    expect(page.get_by_text("In none of the 10 classes is the difference beyond the noise.")).to_be_visible()
    expect(page).to_have_url(re.compile("right=stu_"))


def texts(page: Page) -> list[str]:
    return page.locator("figure.pairs li .n").all_inner_texts()


def test_jobs_come_and_go(page: Page, stage: Stage, jobs: dict[str, str]) -> None:
    page.goto(f"{stage.url}/compare")
    expect(page.get_by_text("Choose two to eight jobs")).to_be_visible()
    box = page.get_by_label("Add a job")
    for name in ("with dist", "with kd"):
        box.fill(name)
        page.get_by_role("option", name=re.compile(name)).click()
        expect(page.get_by_role("link", name=name)).to_be_visible()
    expect(page.locator("figure[data-metric='compare/val/top1']")).to_have_attribute("data-points", str(2 * EPOCHS))
    page.get_by_role("button", name="Take with kd out of the comparison").click()
    expect(page.get_by_text("One more: a comparison takes two.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="with kd")).to_be_visible()


def test_other_data_and_another_teacher_are_said_plainly(page: Page, stage: Stage, jobs: dict[str, str]) -> None:
    page.goto(address(stage, jobs, "dist", "elsewhere"))
    expect(page.get_by_text("Accuracies on different data cannot be compared")).to_be_visible()
    expect(page.get_by_text("Different teachers")).to_be_visible()
    figures = page.get_by_role("region", name="What came out of each").get_by_role("row")
    expect(figures.filter(has_text="accuracy")).to_be_visible()
    expect(figures.filter(has_text="accuracy").locator(".winner")).to_have_count(0)


def test_a_job_that_is_not_there_is_told_and_the_others_are_shown(
    context: BrowserContext, stage: Stage, jobs: dict[str, str]
) -> None:
    page = context.new_page()  # its console speaks of the missing one
    page.goto(address(stage, jobs, "dist", "kd") + ",job_gone")
    expect(page.get_by_text("One job is not there")).to_be_visible()
    expect(page.locator("figure[data-metric='compare/val/top1']")).to_have_attribute("data-points", str(2 * EPOCHS))
    page.get_by_role("button", name="Take out of the address").click()
    expect(page.get_by_text("One job is not there")).to_have_count(0)
    assert "job_gone" not in page.url
