"""The charts of a job: hidden, smoothed, logarithmic, over time, taken away, found again by a link; however many
points there are."""

import csv
import io
import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.attempt import Attempt
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
EPOCHS = 20
EVERY = {"small", "small control", "medium", "medium control"}


@pytest.fixture(scope="module")
def attempt(stage: Stage) -> Attempt:
    """Two students with a control each."""
    dataset = stage.digits()
    small = {"name": "small", "architecture": "resnet8", "seeds": [0]}
    medium = {"name": "medium", "architecture": "resnet14", "seeds": [0]}
    stage.job(dataset, stage.teacher(dataset), name="small and medium", students=[small, medium])
    attempt = stage.attempt()
    attempt.begin()
    attempt.train(EPOCHS)
    return attempt


@pytest.fixture
def charts(page: Page, stage: Stage, attempt: Attempt) -> Page:
    page.goto(f"{stage.url}/jobs/{attempt.job}/charts")
    expect(drawn(page)).to_be_visible()
    return page


def figure(page: Page, metric: str = "val/top1") -> Locator:
    return page.locator(f"figure[data-metric='{metric}']")


def drawn(page: Page, metric: str = "val/top1") -> Locator:
    return figure(page, metric).locator(".u-over")


def names(page: Page) -> Locator:
    return page.get_by_role("group", name="Shown in the charts")


def test_series_are_hidden_on_every_chart_and_the_address_remembers(charts: Page) -> None:
    control = names(charts).get_by_role("button", name="small control")
    expect(control).to_have_attribute("aria-pressed", "true")
    control.focus()
    charts.keyboard.press("Enter")
    for metric in ("val/top1", "loss/total"):
        expect(figure(charts, metric)).to_have_attribute("data-points", str(3 * EPOCHS))
    expect(charts).to_have_url(re.compile("hide="))
    expect(figure(charts).locator(".ends")).not_to_contain_text("small control")
    charts.reload()
    expect(control).to_have_attribute("aria-pressed", "false")
    expect(figure(charts)).to_have_attribute("data-points", str(3 * EPOCHS))
    names(charts).get_by_role("button", name="teacher").click()
    expect(figure(charts).locator(".ends")).not_to_contain_text("teacher")
    charts.get_by_role("button", name="Show all series").click()
    expect(figure(charts)).to_have_attribute("data-points", str(4 * EPOCHS))
    expect(charts).not_to_have_url(re.compile("hide="))


def test_smoothing_and_the_logarithm_are_told_and_leave_the_figures_alone(charts: Page) -> None:
    ends = figure(charts).locator(".ends")
    measured = ends.inner_text()
    slider = charts.get_by_label("Smooth")
    slider.focus()
    for _ in range(3):
        charts.keyboard.press("PageUp")
    expect(figure(charts).locator("figcaption")).to_contain_text("smoothed 0.")
    expect(charts).to_have_url(re.compile("smooth=0"))
    # Where the labels stand follows the smoothed line; what they tell does not.
    assert sorted(ends.inner_text().split("\n")) == sorted(measured.split("\n"))
    charts.get_by_role("button", name="Log scale").click()
    expect(figure(charts, "loss/total").locator("figcaption")).to_contain_text("logarithmic")
    expect(figure(charts).locator("figcaption")).not_to_contain_text("logarithmic")  # a share


def test_steps_and_time_take_the_place_of_epochs(charts: Page) -> None:
    caption = figure(charts).locator("figcaption")
    expect(caption).to_contain_text("over epochs")
    charts.get_by_role("button", name="step", exact=True).click()
    expect(caption).to_contain_text("over steps")
    charts.get_by_role("button", name="time", exact=True).click()
    expect(caption).to_contain_text("over time")
    expect(charts).to_have_url(re.compile("x=time"))
    figure(charts).locator(".plot").focus()
    charts.keyboard.press("End")
    expect(caption).to_contain_text(re.compile(rf"at \d+\ss, step {10 * EPOCHS}"))


def test_charts_are_found_by_what_they_ask(charts: Page) -> None:
    charts.get_by_label("Search the charts").fill("learning RATE")
    expect(charts.locator("figure")).to_have_count(1)
    expect(figure(charts, "lr")).to_be_visible()
    charts.get_by_label("Search the charts").fill("nothing like it")
    expect(charts.get_by_text("No chart is called")).to_be_visible()


def taken(page: Page, what: str) -> Path:
    figure(page).get_by_role("button", name="Take away").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=what).click()
    assert download.value.suggested_filename == f"small-and-medium-val-top1.{what.split()[-1].lower()}"
    return download.value.path()


def test_a_chart_is_taken_away_as_a_picture_as_vectors_and_as_a_table(charts: Page) -> None:
    names(charts).get_by_role("button", name="medium control").click()
    expect(figure(charts)).to_have_attribute("data-points", str(3 * EPOCHS))

    png = taken(charts, "Download PNG").read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (1920, 960)
    assert len(png) > 20_000  # there is something on it

    drawing = ElementTree.fromstring(taken(charts, "Download SVG").read_text())
    svg = "{http://www.w3.org/2000/svg}"
    texts = [text.text or "" for text in drawing.iter(f"{svg}text")]
    assert "Does it get as good as its teacher?" in texts
    assert any(re.fullmatch(r"medium \d\d\.\d", text) for text in texts)
    assert not any(text.startswith("medium control") for text in texts)  # what is hidden stays hidden
    curves = [path for path in drawing.iter(f"{svg}path") if path.get("d", "").count("L") == EPOCHS - 1]
    assert len(curves) == 3
    assert all(re.fullmatch("#[0-9a-f]{6}", path.get("stroke", "")) for path in curves)

    rows = list(csv.DictReader(io.StringIO(taken(charts, "Download CSV").read_text())))
    assert len(rows) == EPOCHS
    assert set(rows[0]) == {"step", "epoch", "teacher"} | EVERY  # a table has everything
    assert (rows[-1]["step"], rows[-1]["epoch"]) == (str(10 * EPOCHS), str(EPOCHS))


def test_kept_checkpoints_stand_in_the_chart_of_their_tab(page: Page, stage: Stage, attempt: Attempt) -> None:
    attempt.checkpoint()
    page.goto(f"{stage.url}/jobs/{attempt.job}/checkpoints")
    expect(figure(page).locator("figcaption")).to_contain_text("upright: 1 kept checkpoint")
    drawing = ElementTree.fromstring(taken(page, "Download SVG").read_text())
    dashes = [path.get("stroke-dasharray") for path in drawing.iter("{http://www.w3.org/2000/svg}path")]
    assert dashes.count("3 3") == 1


def test_a_job_leads_to_its_comparison(page: Page, stage: Stage, attempt: Attempt) -> None:
    page.goto(f"{stage.url}/jobs/{attempt.job}")
    page.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile(f"/compare\\?jobs={attempt.job}$"))
    expect(page.get_by_role("link", name="small and medium")).to_be_visible()
    expect(page.get_by_label("Add a job")).to_be_visible()


def test_a_link_shows_the_same_chart(charts: Page, context: BrowserContext, stage: Stage) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=stage.url)
    box = drawn(charts).bounding_box()
    assert box is not None
    charts.mouse.move(box["x"] + 0.05 * box["width"], box["y"] + 40)
    charts.mouse.down()
    charts.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 40, steps=4)
    charts.mouse.up()
    expect(charts).to_have_url(re.compile("zoom="))
    names(charts).get_by_role("button", name="small control").click()
    expect(charts).to_have_url(re.compile("hide="))
    figure(charts, "lr").get_by_role("button", name="Take away").click()
    charts.get_by_role("menuitem", name="Copy link").click()
    expect(charts.get_by_role("menuitem", name="Link copied")).to_be_visible()
    link = charts.evaluate("navigator.clipboard.readText()")

    other = context.new_page()
    other.goto(link)
    expect(figure(other, "lr")).to_be_in_viewport()
    expect(other.get_by_role("button", name="Show all", exact=True)).to_have_count(other.locator("figure").count())
    expect(figure(other)).to_have_attribute("data-points", str(3 * EPOCHS))
    assert other.url.split("#")[0] == charts.url.split("#")[0]


def test_a_menu_is_left_by_escape_and_walked_by_arrows(charts: Page) -> None:
    button = figure(charts).get_by_role("button", name="Take away")
    button.press("Enter")
    expect(charts.get_by_role("menuitem", name="Download PNG")).to_be_focused()
    charts.keyboard.press("ArrowUp")
    expect(charts.get_by_role("menuitem", name="Copy link")).to_be_focused()
    charts.keyboard.press("Escape")
    expect(charts.get_by_role("menu")).to_have_count(0)
    expect(button).to_be_focused()


def test_only_charts_near_the_window_are_drawn(charts: Page) -> None:
    far = charts.locator("figure").last
    expect(far.locator("canvas")).to_have_count(0)
    far.scroll_into_view_if_needed()
    expect(far.locator("canvas")).to_have_count(1)
    charts.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(figure(charts).locator("canvas")).to_have_count(0)


def test_on_paper_every_chart_is_drawn_as_vectors_in_the_colours_of_day(charts: Page) -> None:
    charts.emulate_media(media="print", color_scheme="dark")
    charts.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(charts.locator("figure .paper svg")).to_have_count(charts.locator("figure").count())
    background = charts.locator("figure .paper svg rect[fill]").first.get_attribute("fill")
    assert background == "rgb(255, 255, 255)"
    for hidden in (".sidebar", ".chart-tools", ".tabs"):
        expect(charts.locator(hidden)).to_be_hidden()
    charts.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(charts.locator("figure .paper")).to_have_count(0)
    assert charts.pdf(format="A4").startswith(b"%PDF")


def test_a_million_points_are_sampled_and_say_so(page: Page, stage: Stage, attempt: Attempt) -> None:
    students = [{"name": f"student {i}", "architecture": "resnet8", "seeds": [0]} for i in range(8)]
    dataset = stage.digits("digits once more")
    stage.job(dataset, stage.teacher(dataset), name="a million points", students=students, control=False)
    many = stage.attempt()
    many.begin()
    assert stage.curves(many.job, ["loss/total", "loss/task", "loss/inter", "loss/intra", "grad_norm"], 25_000) == 10**6
    page.goto(f"{stage.url}/jobs/{many.job}/charts?log=true")
    chart = figure(page, "loss/total")
    expect(chart.locator("canvas")).to_have_count(1)
    expect(chart).to_have_attribute("data-last-step", "25000")
    expect(chart).to_contain_text("of 200,000 points")
    expect(chart.locator("figcaption")).to_contain_text("band: least to greatest")
    assert int(chart.get_attribute("data-points") or 0) <= 8 * 1000
    names(page).get_by_role("button", name="student 7").click()
    expect(chart.locator(".ends")).not_to_contain_text("student 7")
