"""The list of jobs: ten thousand of them, what narrows and sorts it, the keys, and what is done with many at once."""

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Request, expect

from core.errors import Failure
from tests.browser.many import many_jobs
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
MANY = 10_000


@pytest.fixture(scope="module")
def parts(stage: Stage) -> tuple[str, str]:
    """A data set, and a teacher of ten thousand jobs."""
    dataset = stage.digits()
    teacher = stage.teacher(dataset)
    many_jobs(stage, dataset, teacher, MANY)
    return dataset, teacher


def rows(page: Page) -> Locator:
    return page.locator("tr.job-row")


def row(page: Page, name: str) -> Locator:
    return rows(page).filter(has=page.get_by_role("link", name=name, exact=True))


def scroller(page: Page) -> Locator:
    return page.get_by_role("region", name="Jobs", exact=True)


def failed_jobs(stage: Stage, parts: tuple[str, str], names: list[str]) -> list[str]:
    """Over, and worth a retry."""
    found = []
    for name in names:
        stage.job(*parts, name=name, students=[{"name": "small", "architecture": "resnet8"}], priority=9)
        attempt = stage.attempt()
        attempt.begin()
        attempt.train(1)
        attempt.fail(Failure(code="disk_full", title="The disk is full", detail="No space left.", hint="Free some."))
        found.append(attempt.job)
    return found


def test_of_ten_thousand_jobs_a_screenful_is_drawn_and_more_come_by_scrolling(
    page: Page, stage: Stage, parts: tuple[str, str]
) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/v1/metrics" in request.url:
            asked.append(request.url)

    page.on("request", note)
    page.goto(f"{stage.url}/jobs")
    expect(rows(page).first).to_contain_text("job 09999")
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", str(MANY + 1))
    expect(page.get_by_text("10,000 jobs")).to_be_visible()
    expect(rows(page).first.locator(".sparkline")).to_have_attribute("data-points", "5")
    assert rows(page).count() < 60
    first = len(asked)
    assert first <= 2, "the curves of a screenful come together"

    for name in ("job 09890", "job 09790", "job 09690"):  # each of the page that comes next
        scroller(page).evaluate("element => element.scrollTo(0, element.scrollHeight)")
        expect(row(page, name)).to_be_attached()
        assert rows(page).count() < 60
    scroller(page).evaluate("element => element.scrollTo(0, 0)")
    expect(rows(page).first).to_contain_text("job 09999")
    expect(rows(page).first).to_have_attribute("aria-rowindex", "2")


def test_filters_sort_and_columns_stand_in_the_address(page: Page, stage: Stage, parts: tuple[str, str]) -> None:
    page.goto(f"{stage.url}/jobs")
    expect(rows(page).first).to_contain_text("job 09999")
    page.get_by_role("button", name=re.compile("^failed")).click()
    expect(rows(page).first).to_contain_text("job 09998")
    page.get_by_role("button", name=re.compile("^cancelled")).click()
    expect(rows(page).first).to_contain_text("job 09999")
    page.get_by_role("link", name="Job", exact=True).click()
    expect(rows(page).first).to_contain_text("job 00003")
    expect(page.get_by_role("columnheader", name="Job", exact=True)).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Agreement").check()
    expect(page.get_by_role("columnheader", name="Agreement")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Search jobs by name").fill("0012")
    expect(rows(page).first).to_contain_text("job 00123")
    expect(page).to_have_url(re.compile("name=.*0012"))

    page.reload()
    expect(rows(page).first).to_contain_text("job 00123")
    expect(page.get_by_role("columnheader", name="Agreement")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^failed"))).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name=re.compile("^succeeded"))).to_have_attribute("aria-pressed", "false")

    rows(page).first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="job 00123")).to_be_visible()
    page.go_back()
    expect(rows(page).first).to_contain_text("job 00123")

    page.get_by_label("Search jobs by name").fill("no such name")
    expect(page.get_by_text("No job matches this name and these filters.")).to_be_visible()
    page.get_by_role("link", name="Show all jobs").click()
    expect(rows(page).first).to_contain_text("job 00000")  # still by name


def test_a_part_narrows_the_list(page: Page, stage: Stage, parts: tuple[str, str]) -> None:
    dataset, _ = parts
    other = stage.teacher(dataset, "another teacher")
    stage.job(dataset, other, name="of another")
    page.goto(f"{stage.url}/jobs")
    page.get_by_label("Filter by teacher").click()
    page.get_by_role("option", name="another teacher").click()
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(f"teacher={other}"))
    page.go_back()
    expect(rows(page).nth(3)).to_be_visible()


def test_the_keys_move_choose_and_open(page: Page, stage: Stage, parts: tuple[str, str]) -> None:
    page.goto(f"{stage.url}/jobs?status=cancelled")
    expect(rows(page).first).to_contain_text("job 09999")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="job 09994", exact=True)).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text("3 jobs chosen")).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="job 09989", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_text("jobs chosen")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="job 09989")).to_be_visible()


def test_shift_chooses_a_range_and_compare_takes_it_along(page: Page, stage: Stage, parts: tuple[str, str]) -> None:
    page.goto(f"{stage.url}/jobs?status=cancelled")
    expect(rows(page).first).to_contain_text("job 09999")
    rows(page).nth(1).get_by_role("checkbox").click()
    rows(page).nth(3).get_by_role("checkbox").click(modifiers=["Shift"])
    expect(page.get_by_text("3 jobs chosen")).to_be_visible()
    rows(page).nth(2).get_by_role("checkbox").click()
    expect(page.get_by_text("2 jobs chosen")).to_be_visible()
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page).to_have_url(re.compile("/compare"))
    expect(page.get_by_role("link", name="job 09994")).to_be_visible()
    expect(page.get_by_role("link", name="job 09984")).to_be_visible()


def test_many_are_deleted_and_the_one_that_is_not_is_told(
    context: BrowserContext, stage: Stage, parts: tuple[str, str]
) -> None:
    page = context.new_page()  # its console speaks of the refusal
    names = ["gone 1", "stays", "gone 2"]
    jobs = failed_jobs(stage, parts, names)
    page.goto(f"{stage.url}/jobs?status=failed")
    for name in names:
        row(page, name).get_by_role("checkbox").click()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete 3 jobs?")
    for name in names:
        expect(dialog.get_by_text(name, exact=True)).to_be_visible()
    # Somebody else tries the one again in the meantime.
    assert page.request.post(f"{stage.url}/v1/jobs/{jobs[1]}/retry").status == 202
    confirm = dialog.get_by_role("button", name="Delete 3 jobs")
    expect(confirm).to_be_disabled()
    dialog.get_by_label("To be sure, type their number").fill("3")
    confirm.click()
    expect(dialog).to_contain_text("1 of 3 jobs could not be deleted")
    expect(dialog.get_by_role("alert")).to_contain_text("stays")
    dialog.get_by_role("button", name="Close").click()
    expect(row(page, "gone 1")).to_have_count(0)
    expect(page.get_by_text("2 jobs deleted.")).to_be_visible()
    assert page.request.get(f"{stage.url}/v1/jobs/{jobs[0]}").status == 404
    assert page.request.get(f"{stage.url}/v1/jobs/{jobs[1]}").json()["status"] == "queued"


def test_many_are_cancelled_and_what_is_over_stays(page: Page, stage: Stage, parts: tuple[str, str]) -> None:
    waiting = [stage.job(*parts, name=f"waits {n}") for n in (1, 2)]
    page.goto(f"{stage.url}/jobs?columns=status")
    for name in ("waits 1", "waits 2", "job 09999"):
        row(page, name).get_by_role("checkbox").click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 more of the chosen is over already and stays as it is.")
    dialog.get_by_role("button", name="Cancel 2 jobs").click()
    expect(dialog).to_have_count(0)
    expect(row(page, "waits 1")).to_contain_text("cancelled")
    expect(row(page, "waits 2")).to_contain_text("cancelled")
    assert page.request.get(f"{stage.url}/v1/jobs/{waiting[0]}").json()["status"] == "cancelled"
