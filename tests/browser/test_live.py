"""A job's page while the job runs: curves grow, rewind, survive a lost connection, keep what a reader has chosen."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from core.errors import Failure
from tests.browser.attempt import Attempt
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
SERIES = 4  # two students and their controls


@pytest.fixture
def attempt(stage: Stage) -> Attempt:
    """A job of two students with one seed each, five epochs in."""
    dataset = stage.digits()
    small = {"name": "small", "architecture": "resnet8", "seeds": [0]}
    medium = {"name": "medium", "architecture": "resnet14", "seeds": [0]}
    stage.job(dataset, stage.teacher(dataset), name="small and medium", students=[small, medium])
    attempt = stage.attempt()
    attempt.begin()
    attempt.train(5)
    return attempt


def accuracy(page: Page) -> Locator:
    return page.locator("figure[data-metric='val/top1']")


def test_curves_grow_and_rewind_without_a_reload(page: Page, stage: Stage, attempt: Attempt) -> None:
    page.goto(f"{stage.url}/jobs/{attempt.job}")
    chart = accuracy(page)
    expect(chart).to_have_attribute("data-points", str(5 * SERIES))
    expect(page.get_by_text("live", exact=True)).to_be_visible()

    attempt.train(3)
    expect(chart).to_have_attribute("data-points", str(8 * SERIES))
    expect(chart).to_have_attribute("data-last-step", "80")
    expect(page.get_by_text("epoch 8 of 60")).to_be_visible()

    again = attempt.crash()  # goes on from epoch 4
    expect(chart).to_have_attribute("data-points", str(4 * SERIES))
    again.train(1)
    expect(chart).to_have_attribute("data-points", str(5 * SERIES))
    expect(chart).to_have_attribute("data-last-step", "50")

    page.reload()
    expect(chart).to_have_attribute("data-points", str(5 * SERIES))


def test_a_lost_connection_is_seen_and_made_good(context: BrowserContext, stage: Stage, attempt: Attempt) -> None:
    page = context.new_page()  # its console may speak of the connections that are refused here
    held = [True]

    def gate(route: Route) -> None:
        if held[0]:
            route.abort("connectionrefused")
        else:
            route.continue_()

    page.route("**/v1/events", gate)
    page.goto(f"{stage.url}/jobs/{attempt.job}")
    expect(page.get_by_text("reconnecting since")).to_be_visible()
    attempt.train(2)
    held[0] = False
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    expect(accuracy(page)).to_have_attribute("data-points", str(7 * SERIES))


def test_zoom_and_cursor_survive_new_points(page: Page, stage: Stage, attempt: Attempt) -> None:
    attempt.train(15)
    page.goto(f"{stage.url}/jobs/{attempt.job}/charts")
    over = accuracy(page).locator(".u-over")
    box = over.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.05 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="Show all")).to_have_count(page.locator("figure").count())

    attempt.train(1)
    expect(accuracy(page)).to_have_attribute("data-last-step", "210")
    expect(page.get_by_role("button", name="Show all")).to_have_count(page.locator("figure").count())
    page.get_by_role("button", name="Show all").first.click()
    expect(page.get_by_role("button", name="Show all")).to_have_count(0)


def test_the_keyboard_moves_one_cursor_over_all_charts(page: Page, stage: Stage, attempt: Attempt) -> None:
    page.goto(f"{stage.url}/jobs/{attempt.job}/charts")
    plot = accuracy(page).locator(".plot")
    expect(accuracy(page).locator(".u-over")).to_be_visible()
    plot.focus()
    page.keyboard.press("Home")
    for figure in page.locator("figure").all():
        expect(figure.locator("figcaption")).to_contain_text("at epoch 1")
    page.keyboard.press("ArrowRight")
    expect(accuracy(page).locator("[aria-live]")).to_contain_text("epoch 2")
    page.keyboard.press("Escape")
    expect(accuracy(page).locator("figcaption")).not_to_contain_text("at epoch")


def test_a_job_that_ends_shows_its_verdict_and_its_files(page: Page, stage: Stage, attempt: Attempt) -> None:
    page.goto(f"{stage.url}/jobs/{attempt.job}")
    attempt.finish()
    expect(page.get_by_text("succeeded", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("medium leads with 96.3")
    files = page.get_by_role("region", name="Take them home")
    files.get_by_text("small", exact=True).click()
    with page.expect_download() as download:
        files.get_by_role("link", name="weights.safetensors").first.click()
    assert download.value.suggested_filename == "weights.safetensors"


def test_a_failure_is_told_with_its_way_out(page: Page, stage: Stage, attempt: Attempt) -> None:
    page.goto(f"{stage.url}/jobs/{attempt.job}")
    attempt.fail(Failure(code="disk_full", title="The disk is full", detail="No space left.", hint="Free some."))
    expect(page.get_by_role("alert")).to_contain_text("Free some.")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()


def test_actions_go_through_the_service(page: Page, stage: Stage, attempt: Attempt) -> None:
    page.goto(f"{stage.url}/jobs/{attempt.job}")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("pausing", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text("cancelling", exact=True)).to_be_visible()
