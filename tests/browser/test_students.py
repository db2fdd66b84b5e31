"""The list of students: sorted, narrowed and found by the service, however many there are."""

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.many import many_jobs
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
MANY = 150
PAGE = 100
BEST = sorted(range(MANY), key=lambda i: i * 7919 % 1000, reverse=True)  # as many_jobs measures them


@pytest.fixture(scope="module", autouse=True)
def many(stage: Stage) -> None:
    """One student of each of so many jobs: more than a page."""
    dataset = stage.digits()
    many_jobs(stage, dataset, stage.teacher(dataset), MANY)


def rows(page: Page) -> Locator:
    return page.get_by_role("region", name="students").locator("tbody tr")


def small(i: int) -> str:
    return f"small {i:05}"


def test_all_are_sorted_and_not_a_page_of_them(page: Page, stage: Stage) -> None:
    page.goto(f"{stage.url}/students")
    expect(rows(page).first).to_contain_text(small(MANY - 1))
    page.get_by_role("link", name="Older").click()
    expect(rows(page).last).to_contain_text(small(0))

    page.get_by_role("link", name="Top-1").click()  # begins at its first page again
    expect(rows(page).first).to_contain_text(small(BEST[0]))
    expect(page.get_by_role("columnheader", name="Top-1")).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(re.compile(r"\?sort=top1$"))
    page.get_by_role("link", name="Next").click()
    expect(rows(page).first).to_contain_text(small(BEST[PAGE]))
    page.get_by_role("link", name="First").click()
    expect(rows(page).first).to_contain_text(small(BEST[0]))
    page.get_by_role("link", name="Top-1").click()
    expect(rows(page).first).to_contain_text(small(BEST[-1]))


def test_students_are_found_by_name_here_and_in_the_palette(context: BrowserContext, stage: Stage) -> None:
    page = context.new_page()  # its console speaks of the evaluation that such a student lacks
    page.goto(f"{stage.url}/students?sort=name")
    box = page.get_by_label("Search students by name")
    box.fill("SMALL 0014")
    expect(rows(page)).to_have_count(10)
    expect(page).to_have_url(re.compile("name=SMALL.*0014"))
    box.fill("nobody is called so")
    expect(page.get_by_text("None is like that.")).to_be_visible()
    page.get_by_role("link", name="Show all students").click()
    expect(rows(page)).to_have_count(PAGE)

    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search or jump to")).to_be_focused()
    page.keyboard.type(small(7))  # older than a page of the newest
    page.get_by_role("option", name=small(7)).click()
    expect(page.get_by_role("heading", name=small(7))).to_be_visible()


def test_a_phone_sorts_without_a_head(page: Page, stage: Stage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for place, name in (("jobs", "job"), ("students", "small")):
        page.goto(f"{stage.url}/{place}")
        by = page.get_by_label("Sort by")
        expect(by).to_have_value("created_at")
        by.select_option("top1")
        first = page.locator("tr.job-row, .table tbody tr").first
        expect(first).to_contain_text(f"{name} {BEST[0]:05}")
        page.get_by_role("button", name="Falling; turn it round").click()
        expect(first).to_contain_text(f"{name} {BEST[-1]:05}")
        expect(page).to_have_url(re.compile("sort=top1&order=asc"))
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_label("Sort by")).to_be_hidden()
