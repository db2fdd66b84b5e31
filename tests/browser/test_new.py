"""A new distillation on one page: filled by keyboard, checked by the service, the same as its three commands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import PATIENCE, Watch
from tests.browser.stage import Stage
from tests.browser.test_pages import AXE, settled
from tests.fixtures.browser import ROOT

pytestmark = pytest.mark.browser
HOSTILE = """it's "three" sizes, $HOME `id` \\ 'ünïcödé' 🦜 #1: yes"""
REFUSED = "422"  # the browser itself reports what the service refuses while one fills a form


@pytest.fixture(scope="module")
def ids(stage: Stage) -> dict[str, str]:
    dataset = stage.digits()
    return {"dataset": dataset, "teacher": stage.teacher(dataset)}


@pytest.fixture
def page(context: BrowserContext, stage: Stage) -> Any:
    """As everywhere; but a page that asks whether a recipe would do may be told that it would not."""
    expect.set_options(timeout=PATIENCE)
    page = context.new_page()
    watch = Watch(stage.url)
    watch.follow(page)
    yield page
    assert watch.foreign == []
    assert [said for said in watch.complaints if REFUSED not in said] == []


def jobs_of(stage: Stage, context: BrowserContext) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = context.request.get(f"{stage.url}/v1/jobs?limit=100").json()["data"]
    return rows


def field(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def offered(page: Page) -> Locator:
    """What the list that is open offers."""
    return page.get_by_role("listbox").get_by_role("option")


def add_student(page: Page, name: str) -> None:
    field(page, "Add a student").fill(name)
    offered(page).filter(has=page.get_by_text(name, exact=True)).first.click()


def prefilled(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/jobs/new?teacher={ids['teacher']}&dataset={ids['dataset']}")
    expect(field(page, "Teacher")).to_have_value("digits teacher")
    expect(field(page, "Data set")).to_have_value("handwritten digits")


def test_the_form_is_filled_by_keyboard_and_a_refusal_stands_beside_its_field(
    page: Page, context: BrowserContext, stage: Stage, ids: dict[str, str]
) -> None:
    before = len(jobs_of(stage, context))
    page.goto(f"{stage.url}/jobs/new")
    status = page.locator(".to-do")
    expect(status).to_contain_text("3 things are left")

    for label, typed, shown in (("Teacher", "digits", "digits teacher"), ("Data set", "hand", "handwritten digits")):
        field(page, label).focus()
        page.keyboard.type(typed)
        expect(offered(page)).to_have_count(1)
        page.keyboard.press("Enter")
        expect(field(page, label)).to_have_value(shown)
    page.keyboard.press("Tab")
    field(page, "Add a student").focus()
    page.keyboard.type("resnet8")
    expect(offered(page).first).to_contain_text("resnet8")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="resnet8", exact=True)).to_be_visible()
    expect(status).to_contain_text("it can start")

    page.get_by_role("button", name="Change schedule").press("Enter")
    batch = field(page, "Batch size")
    batch.fill("2")
    told = page.locator(f"[id='{batch.get_attribute('id')}-said']")
    expect(told).to_contain_text("it needs a batch of 3 or more")  # the service's words, at /training/batch_size
    assert batch.get_attribute("aria-invalid") == "true"
    assert batch.get_attribute("aria-describedby") == told.get_attribute("id")

    page.get_by_role("button", name="Close schedule").press("Enter")
    page.get_by_role("button", name="Start distillation").press("Enter")
    expect(batch).to_be_focused()  # what is wrong is opened and visited; nothing was started
    assert len(jobs_of(stage, context)) == before

    batch.fill("")
    expect(told).to_contain_text("must not be empty")  # the page's own words, before the service is asked
    batch.fill("32")
    expect(status).to_contain_text("it can start")
    page.get_by_role("button", name="Start distillation").press("Enter")
    expect(page.get_by_role("heading", name="handwritten digits: resnet8")).to_be_visible()
    assert re.search(r"/jobs/job_\w+$", page.url)
    assert len(jobs_of(stage, context)) == before + 1


def fill_everything(page: Page) -> None:
    """A job whose every part differs from the default somewhere."""
    field(page, "Name").fill(HOSTILE)
    add_student(page, "resnet8")
    add_student(page, "resnet20")
    field(page, "resnet8: seeds").fill("3")
    page.get_by_role("button", name="Edit resnet20").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("it's big")
    dialog.get_by_label("Seeds", exact=True).fill("7, 11")
    dialog.get_by_label("Learning rate", exact=True).fill("0.0000005")
    dialog.get_by_label("a loss of its own").check()
    dialog.get_by_label("KD", exact=True).check()
    dialog.get_by_label("Temperature τ").fill("2.5")
    dialog.get_by_role("button", name="Done").click()
    field(page, "Temperature τ").fill("4")
    page.get_by_role("button", name="Change schedule").click()
    field(page, "Epochs").fill("3")
    field(page, "Learning rate's course: kind").select_option("multistep")
    field(page, "Milestones").fill("1, 2")
    field(page, "Augmentation: kind").select_option("crop_flip")
    field(page, "Flip").uncheck()
    page.get_by_role("button", name="Change run and files").click()
    page.get_by_label("torch", exact=True).uncheck()
    page.get_by_role("button", name="Add a label").click()
    field(page, "Labels of your own: name 1").fill("who's")
    field(page, "Labels of your own: text 1").fill("no")
    expect(page.locator(".to-do")).to_contain_text("it can start")


def test_the_three_commands_make_the_very_job_of_the_form(
    page: Page, context: BrowserContext, stage: Stage, ids: dict[str, str], tmp_path: Path
) -> None:
    prefilled(page, stage, ids)
    fill_everything(page)
    texts = {}
    for way in ("curl", "Python", "YAML"):
        page.get_by_role("tab", name=way).click()
        texts[way] = page.get_by_role("tabpanel").text_content() or ""
        for default in ("weight_decay", "precision", "label_smoothing", "priority", '"control"'):
            assert default not in texts[way]

    clean = {name: value for name, value in os.environ.items() if not name.startswith("DISTILLERY_")}
    given = {"DISTILLERY_URL": stage.url, "DISTILLERY_API_KEY": stage.key, "NO_PROXY": "127.0.0.1", "PYTHONUTF8": "1"}

    def run(*command: str) -> str:
        done = subprocess.run(
            command, env=clean | given | {"PYTHONPATH": str(ROOT)}, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    (tmp_path / "job.yaml").write_text(texts["YAML"], encoding="utf-8")
    submitted = run(sys.executable, "-m", "cli.main", "submit", "job.yaml", "--json")
    made = {
        "curl": json.loads(run("bash", "-c", texts["curl"]))["id"],
        "Python": run(sys.executable, "-c", texts["Python"]).strip(),
        "YAML": json.loads(submitted)["id"],
    }
    page.get_by_role("button", name="Start distillation").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("sizes")
    recipes = {job["id"]: job["recipe"] for job in jobs_of(stage, context)}
    own = recipes[page.url.rsplit("/", 1)[1]]
    assert own["name"] == HOSTILE
    assert own["metadata"] == {"who's": "no"}
    assert own["students"][1]["optimizer"]["lr"] == 5e-7
    assert own["training"]["schedule"]["milestones"] == [1, 2]
    for way, id in made.items():
        assert recipes[id] == own, way


def test_a_reload_loses_nothing_and_a_job_can_be_run_again(
    page: Page, context: BrowserContext, stage: Stage, ids: dict[str, str]
) -> None:
    wish = {"preset": "digits", "name": "once", "control": False, "priority": 3} | ids
    first = context.request.post(f"{stage.url}/v1/jobs", data=wish).json()["id"]
    page.goto(f"{stage.url}/jobs/{first}/configuration")
    page.get_by_role("link", name="Run this again").click()
    expect(field(page, "Name")).to_have_value("once")
    expect(page).to_have_url(f"{stage.url}/jobs/new")  # what was asked for is in the form now
    page.get_by_role("button", name="Change schedule").click()
    field(page, "Epochs").fill("7")
    page.reload()
    expect(field(page, "Name")).to_have_value("once")
    expect(page.get_by_text("7 epochs ·")).to_be_visible()
    button = page.get_by_role("button", name="Start distillation")
    expect(page.locator(".to-do")).to_contain_text("it can start")
    before = len(jobs_of(stage, context))
    button.dblclick()
    expect(page.get_by_role("heading", name="once")).to_be_visible()
    rows = jobs_of(stage, context)
    assert len(rows) == before + 1  # two clicks, one job
    again, old = rows[0]["recipe"], next(row["recipe"] for row in rows if row["id"] == first)
    assert again["training"].pop("epochs") == 7
    old["training"].pop("epochs")
    assert again == old
    page.go_back()
    expect(field(page, "Name")).to_have_value("once")


def test_a_job_that_is_gone_leaves_the_form_as_it_is(
    context: BrowserContext, stage: Stage, ids: dict[str, str]
) -> None:
    page = context.new_page()  # its console speaks of the missing one
    page.goto(f"{stage.url}/jobs/new?from=job_gone")
    expect(page.get_by_text("The job to run again is not there")).to_be_visible()
    expect(field(page, "Name")).to_have_value("")
    page.reload()
    expect(field(page, "Name")).to_be_visible()
    expect(page.get_by_text("The job to run again is not there")).to_have_count(0)


def test_a_network_of_one_size_can_be_chosen_for_smaller_images(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    """As the service takes it: its images are resized."""
    prefilled(page, stage, ids)
    add_student(page, "vit_b_16")
    expect(page.locator(".to-do")).to_contain_text("it can start")
    expect(page.get_by_role("note").first).to_contain_text("enlarged from the data set's 8")


def test_a_service_without_images_says_how_to_begin(
    page: Page, context: BrowserContext, stage: Stage, ids: dict[str, str]
) -> None:
    """The digits in one click; while they are read the page says so."""

    def nothing(route: Any) -> None:
        route.fulfill(json={"object": "list", "data": [], "has_more": False, "next": None})

    page.route("**/v1/datasets?*", nothing)
    page.goto(f"{stage.url}/jobs/new")
    page.get_by_role("button", name="Begin with the digits").click()
    expect(field(page, "Data set")).to_have_value("handwritten digits")
    expect(page.locator(".parts .status")).to_have_text("validating")
    field(page, "Teacher").click()
    offered(page).filter(has_text="no teacher").click()
    add_student(page, "resnet8")
    expect(page.get_by_role("note")).to_contain_text("have been read")  # the service's own words


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_form_is_accessible_in_every_state(
    browser: Browser, stage: Stage, ids: dict[str, str], theme: str, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        bypass_csp=True,
    )
    context.request.post(f"{stage.url}/v1/sessions", data={"key": stage.key})
    page = context.new_page()
    found: list[str] = []

    def audit(state: str) -> None:
        settled(page)
        if not page.evaluate("'axe' in window"):
            page.add_script_tag(content=AXE.read_text())
        for problem in page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]:
            found.extend(f"{state}: {problem['id']} {node['failureSummary']}" for node in problem["nodes"])
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{state}: wider than the window")

    prefilled(page, stage, ids)
    audit("empty")
    fill_everything(page)
    audit("filled")
    field(page, "Epochs").fill("none")
    page.get_by_role("button", name="Edit it's big").click()
    page.get_by_role("dialog").get_by_label("Seeds", exact=True).fill("0, 0.5")
    audit("a dialog, and something wrong")
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".student-wrong")).to_contain_text("Must be a whole number")
    field(page, "Add a student").fill("resnet")
    expect(offered(page).first).to_be_visible()
    audit("a list is open")
    context.close()
    assert found == []
