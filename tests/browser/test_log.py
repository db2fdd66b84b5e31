"""The log of a job: followed, searched, kept in place, taken home; also when it is long."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.db import events
from tests.browser.attempt import Attempt
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
LONG = 180_000  # milliseconds: a hundred pages, on a machine that may be busy


@pytest.fixture
def attempt(stage: Stage) -> Attempt:
    dataset = stage.digits()
    stage.job(dataset, None, name="talks", students=[{"name": "alone", "architecture": "resnet8"}])
    attempt = stage.attempt()
    attempt.begin(teacher=None)
    return attempt


def say(attempt: Attempt, lines: list[tuple[str, str]]) -> None:
    with attempt.stage.database.write() as work:
        told = [("log", {"level": level, "message": message}) for level, message in lines]
        events.append(work, attempt.job, attempt.claim.attempt, told)


def log(page: Page) -> Locator:
    return page.get_by_role("region", name="Log")


def test_lines_arrive_and_a_reader_who_scrolled_up_is_left_alone(page: Page, stage: Stage, attempt: Attempt) -> None:
    say(attempt, [("info", f"line {i}") for i in range(200)])
    page.goto(f"{stage.url}/jobs/{attempt.job}/log")
    expect(log(page).get_by_text("line 199")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "true")
    attempt.log("warning", "the newest line")
    expect(log(page).get_by_text("the newest line")).to_be_in_viewport()

    log(page).evaluate("list => list.scrollTo(0, 400)")
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")
    before = log(page).evaluate("list => list.scrollTop")
    attempt.log("info", "one more line")
    expect(page.get_by_text("203 lines")).to_be_visible()
    assert log(page).evaluate("list => list.scrollTop") == before
    expect(log(page).get_by_text("one more line")).to_have_count(0)

    page.get_by_role("button", name="Follow").click()
    expect(log(page).get_by_text("one more line")).to_be_in_viewport()


def test_hits_are_counted_and_walked_through(page: Page, stage: Stage, attempt: Attempt) -> None:
    say(attempt, [("info", f"epoch {i}: {'a Needle' if i % 100 == 50 else 'hay'}") for i in range(500)])
    page.goto(f"{stage.url}/jobs/{attempt.job}/log")
    field = page.get_by_label("Search the log")
    field.fill("needle")
    expect(page.get_by_text("5 hits")).to_be_visible()
    field.press("Enter")
    expect(page.get_by_text("1 of 5")).to_be_visible()
    marked = log(page).locator("[aria-current]")
    expect(marked).to_contain_text("epoch 50: a Needle")
    expect(marked).to_be_in_viewport()
    expect(marked.locator("mark")).to_have_text("Needle")
    page.get_by_role("button", name="Next hit").click()
    expect(marked).to_contain_text("epoch 150")
    field.press("Shift+Enter")
    field.press("Shift+Enter")
    expect(page.get_by_text("5 of 5")).to_be_visible()
    expect(marked).to_contain_text("epoch 450")
    expect(marked).to_be_in_viewport()
    page.get_by_role("button", name="Only hits").click()
    expect(log(page).get_by_role("listitem")).to_have_count(5)
    expect(page.get_by_text("5 of 501 lines")).to_be_visible()
    page.reload()
    expect(log(page).get_by_role("listitem")).to_have_count(5)
    expect(marked).to_contain_text("epoch 450")


def test_the_first_error_is_found_and_long_lines_are_broken_or_not(page: Page, stage: Stage, attempt: Attempt) -> None:
    say(attempt, [("info", f"line {i}") for i in range(300)] + [("error", "no space left " * 60)])
    say(attempt, [("info", f"later {i}") for i in range(300)] + [("error", "again")])
    page.goto(f"{stage.url}/jobs/{attempt.job}/log")
    page.get_by_role("button", name="First error").click()
    first = log(page).locator("li.error", has_text="no space left")
    expect(first).to_be_in_viewport()
    high = first.evaluate("line => line.getBoundingClientRect().height")
    page.get_by_role("button", name="Wrap").click()
    expect(page).to_have_url(re.compile("nowrap=true"))
    expect(first).to_be_in_viewport()
    assert first.evaluate("line => line.getBoundingClientRect().height") < high
    assert log(page).evaluate("list => list.scrollWidth > list.clientWidth")
    page.get_by_role("button", name="error", exact=True).click()
    expect(log(page).get_by_role("listitem")).to_have_count(2)


def test_a_hundred_thousand_lines_are_read_searched_and_taken_home(page: Page, stage: Stage, attempt: Attempt) -> None:
    for start in range(0, 100_000, 10_000):
        say(attempt, [("info", f"line {i} of many") for i in range(start, start + 10_000)])
    page.goto(f"{stage.url}/jobs/{attempt.job}/log")
    expect(page.get_by_text(re.compile("^100,001 lines$"))).to_be_visible(timeout=LONG)
    expect(log(page).get_by_text("line 99999 of many")).to_be_in_viewport()
    assert log(page).get_by_role("listitem").count() < 120  # what is seen, and a little around it
    page.get_by_label("Search the log").fill("line 50000 of")
    page.get_by_label("Search the log").press("Enter")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    expect(log(page).get_by_text("line 50000 of many")).to_be_in_viewport()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as text").click()
    assert download.value.suggested_filename == "talks.log"
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 100_001
    assert lines[-1].endswith("info    line 99999 of many")
