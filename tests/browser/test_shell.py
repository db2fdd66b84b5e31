"""What every page stands in: one stream, the palette, the shortcuts, the messages, what is told when a job ends."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from core.db.models import Job
from core.lifecycle import TERMINAL
from tests.browser.attempt import Attempt
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
RECORDED = """
window.told = [];
const Real = window.Notification;
window.Notification = class extends Real {
  static get permission() { return "PERMISSION"; }
  constructor(title, more) { super(title, more); window.told.push([title, more.body]); }
};
"""


@pytest.fixture(scope="module")
def parts(stage: Stage) -> tuple[str, str]:
    """A data set and a teacher."""
    dataset = stage.digits()
    return dataset, stage.teacher(dataset)


@pytest.fixture
def running(stage: Stage, parts: tuple[str, str]) -> Iterator[Attempt]:
    """A job that trains; whatever the test left of it ends."""
    students = [{"name": "small", "architecture": "resnet8", "seeds": [0]}]
    stage.job(*parts, name="birds, one size", students=students)
    attempt = stage.attempt()
    attempt.begin()
    attempt.train(2)
    yield attempt
    with stage.database.read() as session:
        over = session.get_one(Job, attempt.job).status in TERMINAL
    if not over:
        attempt.finish()


def palette(page: Page, text: str = "") -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search or jump to")).to_be_focused()
    page.keyboard.type(text)


def test_a_tab_holds_one_stream_wherever_it_goes(page: Page, stage: Stage, running: Attempt) -> None:
    streams: list[Request] = []
    page.on("request", lambda asked: streams.append(asked) if asked.resource_type == "eventsource" else None)
    page.goto(f"{stage.url}/jobs/{running.job}")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.get_by_role("link", name="Charts").click()
    expect(page.locator("figure[data-metric='val/top1']")).to_have_attribute("data-last-step", "20")
    running.train(1)
    expect(page.locator("figure[data-metric='val/top1']")).to_have_attribute("data-last-step", "30")
    for place in ("Overview", "Students", "Workers", "Settings"):
        page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()
        expect(page.get_by_role("heading", name=place, level=1)).to_be_visible()
    assert [asked.url for asked in streams] == [f"{stage.url}/v1/events"]


def test_lists_and_counts_follow_without_a_reload(page: Page, stage: Stage, parts: tuple[str, str]) -> None:
    page.goto(f"{stage.url}/jobs")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    count = page.get_by_role("navigation", name="Main").get_by_role("link", name=re.compile("^Jobs")).locator(".count")
    before = int(re.sub(r"\D", "", count.inner_text())) if count.count() else 0
    job = stage.job(*parts, name="comes while the list is open")
    expect(page.get_by_text("comes while the list is open")).to_be_visible()
    expect(count).to_have_text(re.compile(rf"^{before + 1}\b"))
    assert page.request.post(f"{stage.url}/v1/jobs/{job}/cancel", headers={"Origin": stage.url}).ok
    row = page.get_by_role("row").filter(has_text="comes while the list is open")
    expect(row.get_by_text("cancelled")).to_be_visible()


def test_the_palette_finds_and_leads_by_the_keyboard_alone(page: Page, stage: Stage, running: Attempt) -> None:
    page.goto(f"{stage.url}/workers")
    expect(page.get_by_role("heading", name="Workers")).to_be_visible()
    palette(page, "birds")
    found = page.get_by_role("option", name="birds, one size")
    expect(found.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="birds, one size")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)

    palette(page, "data sets")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Data sets")).to_be_visible()

    palette(page)  # what was looked at lately comes first
    expect(page.get_by_role("option").first).to_contain_text("birds, one size")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_palette_acts_on_the_open_job_and_asks_before_it_cancels(
    page: Page, stage: Stage, running: Attempt
) -> None:
    page.goto(f"{stage.url}/jobs/{running.job}/charts")
    expect(page.get_by_role("heading", name="birds, one size")).to_be_visible()
    palette(page, "pause")
    expect(page.get_by_role("option").first).to_contain_text("Pause")
    page.keyboard.press("Enter")
    expect(page.get_by_text("pausing", exact=True)).to_be_visible()
    palette(page, "cancel")
    expect(page.get_by_role("option").first).to_contain_text("Cancel")
    page.keyboard.press("Enter")
    question = page.get_by_role("dialog", name="Cancel this job?")
    expect(question).to_contain_text("birds, one size")
    question.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text("cancelling", exact=True)).to_be_visible()


def test_shortcuts_lead_and_leave_whoever_types_alone(page: Page, stage: Stage) -> None:
    page.goto(stage.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    search = page.locator("main input[type='search']").first
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("gw?")
    expect(search).to_have_value("gw?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    search.blur()
    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_dialog).to_contain_text("Search, or jump to anything")
    page.keyboard.press("Escape")
    expect(help_dialog).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page.get_by_role("heading", name="Workers", level=1)).to_be_visible()
    page.keyboard.press("/")  # a page without a search of its own
    expect(page.get_by_role("dialog", name="Search or jump to")).to_be_visible()


def test_what_was_cancelled_before_it_began_can_be_had_back(page: Page, stage: Stage, parts: tuple[str, str]) -> None:
    job = stage.job(*parts, name="a slip")
    page.goto(f"{stage.url}/jobs/{job}")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    message = page.get_by_role("region", name="Messages")
    expect(message).to_contain_text("Cancelled “a slip”.")
    message.get_by_role("button", name="Queue it again").click()
    expect(page.get_by_text("queued", exact=True)).to_be_visible()
    expect(message.get_by_role("button")).to_have_count(0)
    assert page.request.post(f"{stage.url}/v1/jobs/{job}/cancel", headers={"Origin": stage.url}).ok


def test_the_end_of_a_job_is_told_if_that_is_wanted(context: BrowserContext, stage: Stage, running: Attempt) -> None:
    context.grant_permissions(["notifications"])
    context.add_init_script(RECORDED.replace("PERMISSION", "granted"))
    page = context.new_page()
    page.goto(f"{stage.url}/jobs/{running.job}")
    wish = page.get_by_role("button", name="Tell me when it ends")
    wish.click()
    expect(wish).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Overview").first.click()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    running.finish()
    title, body = waited(page)
    assert title == "birds, one size: succeeded"
    assert "leads" in body or "reaches" in body


def waited(page: Page) -> tuple[str, str]:
    while not (told := page.evaluate("window.told")):
        page.wait_for_timeout(200)
    assert len(told) == 1
    return told[0][0], told[0][1]


def test_a_browser_that_was_told_not_to_says_what_to_do(context: BrowserContext, stage: Stage) -> None:
    context.add_init_script(RECORDED.replace("PERMISSION", "denied"))
    page = context.new_page()
    page.goto(f"{stage.url}/settings?section=notifications")
    expect(page.get_by_role("note")).to_contain_text("Allow them beside its address")
    expect(page.get_by_role("switch", name="Tell me of every job")).to_be_disabled()


def test_a_telephone_reaches_every_place(page: Page, stage: Stage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(stage.url)
    for place in ("Teachers", "Data sets", "Workers", "Settings", "API reference"):
        page.get_by_role("button", name="More").click()
        page.get_by_role("dialog", name="More places").get_by_role("link", name=place).click()
        expect(page.get_by_role("heading", name=place, level=1)).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
