"""Every page, in both themes and on three widths: reachable, accessible, whole; and the door in front of them."""

import gzip
import re

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from core.db import keys, webhooks
from core.db.keys import DEFAULT_PROJECT
from core.errors import Failure
from tests.browser.conftest import Watch
from tests.browser.stage import Stage
from tests.fixtures.browser import FRONTEND

pytestmark = pytest.mark.browser
AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
HOSTILE = "Ünïcödé <script>alert(1)</script> " + "endless" * 20
COLUMNS = "status,dataset,progress,curve,best,gap,agreement,below,size,duration,created,finished"
PAGES = {
    "overview": "/",
    "jobs": "/jobs",
    "jobs, all columns": f"/jobs?columns={COLUMNS}",
    "no such job list": "/jobs?status=cancelled",
    "nothing to compare": "/compare",
    "comparison": "/compare?jobs={finished},{running},{failed}&all=true",
    "new distillation": "/jobs/new",
    "running job": "/jobs/{running}",
    "finished job": "/jobs/{finished}",
    "failed job": "/jobs/{failed}",
    "charts": "/jobs/{finished}/charts",
    "charts, otherwise": "/jobs/{running}/charts?smooth=0.6&log=true&x=time",
    "no such chart": "/jobs/{running}/charts?find=nothing",
    "distillation": "/jobs/{finished}/distillation",
    "distillation so far": "/jobs/{running}/distillation",
    "distillation of labels alone": "/jobs/{failed}/distillation",
    "checkpoints": "/jobs/{running}/checkpoints",
    "log": "/jobs/{running}/log",
    "searched log": "/jobs/{running}/log?text=epoch&nowrap=true",
    "system": "/jobs/{running}/system",
    "system of a failure": "/jobs/{failed}/system",
    "configuration": "/jobs/{finished}/configuration",
    "explore": "/explore",
    "explore nothing": "/explore?dataset={unused}",
    "students": "/students",
    "students, sorted": "/students?sort=top1&role=control",
    "student": "/students/{student}",
    "teachers": "/teachers",
    "teacher": "/teachers/{teacher}",
    "data sets": "/datasets",
    "data set": "/datasets/{dataset}",
    "workers": "/workers",
    "settings": "/settings",
    "notifications": "/settings?section=notifications",
    "keys": "/settings?section=keys",
    "webhooks": "/settings?section=webhooks",
    "webhook": "/settings?section=webhooks&webhook={webhook}",
    "storage": "/settings?section=storage",
    "audit": "/settings?section=audit",
    "reference": "/api#create_job",
}


@pytest.fixture(scope="module")
def ids(stage: Stage) -> dict[str, str]:
    """A service in full life, with names that nobody would choose."""
    stage.worker(busy=1)
    dataset = stage.digits()
    teacher = stage.teacher(dataset, HOSTILE)
    stage.job(dataset, None, name="from labels", students=[{"name": "alone", "architecture": "resnet20"}])
    failed = stage.attempt()
    failed.begin(teacher=None)
    failed.train(3)
    failed.fail(Failure(code="disk_full", title="The disk is full", detail="No space left.", hint="Free some."))
    stage.job(dataset, teacher, name="two sizes, three seeds")
    finished = stage.attempt()
    finished.begin()
    finished.train(60)
    finished.finish()
    students = [{"name": f"{HOSTILE}{i}", "architecture": "resnet8", "loss": {"kind": "kd"}} for i in range(6)]
    stage.job(dataset, teacher, name=HOSTILE, students=students)
    running = stage.attempt()
    running.begin()
    running.train(20)
    running.checkpoint()
    running.log("error", HOSTILE)
    stage.job(dataset, teacher, name="waits")
    with stage.database.write() as work:
        hook = webhooks.create(
            work, DEFAULT_PROJECT, name=HOSTILE, url=f"https://hook.invalid/{'x' * 300}", events=["*"]
        )
        for _ in range(3):
            webhooks.tell_test(work, hook)
    return {
        "webhook": hook.id,
        "running": running.job,
        "finished": finished.job,
        "failed": failed.job,
        "student": finished.students[0],
        "teacher": teacher,
        "dataset": dataset,
        "unused": stage.digits("digits of nobody"),
    }


def settled(page: Page) -> None:
    """Everything that was asked for is there."""
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("[aria-label^='Loading']")).to_have_count(0)
    page.evaluate("document.fonts.ready")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_an_accessibility_problem(browser: Browser, stage: Stage, ids: dict[str, str], theme: str) -> None:
    # Without the policy, because axe itself is injected; the other tests run under it.
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        bypass_csp=True,
    )
    page = context.new_page()
    found = audit(page, f"{stage.url}/login", "door")
    context.request.post(f"{stage.url}/v1/sessions", data={"key": stage.key})
    for name, path in PAGES.items():
        found += audit(page, stage.url + path.format(**ids), name)
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("overview", "jobs", "finished job", "comparison"):
        found += audit(page, stage.url + PAGES[name].format(**ids), f"{name} on a phone")
    context.close()
    assert found == []


def audit(page: Page, address: str, name: str) -> list[str]:
    page.goto(address)
    settled(page)
    page.add_script_tag(content=AXE.read_text())
    results = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{name}: {violation['id']} at {node['target'][0]}: {node['failureSummary']}"
        for violation in results["violations"]
        for node in violation["nodes"]
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("width", [1440, 1000, 390, 360])
def test_no_page_is_wider_than_the_window(page: Page, stage: Stage, ids: dict[str, str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    wide = []
    for name, path in PAGES.items():
        page.goto(stage.url + path.format(**ids))
        settled(page)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(name)
    assert wide == []


def test_charts_tell_their_points(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/jobs/{ids['finished']}/charts")
    for metric, curves in (("val/top1", 12), ("val/agreement", 6), ("images_per_second", 1)):
        figure = page.locator(f"figure[data-metric='{metric}']")
        # Six curves of seeds, two means of students, two of controls; no control agrees with a teacher.
        drawn = {12: 6 + 2 + 2, 6: 6 + 2, 1: 1}[curves]
        expect(figure).to_have_attribute("data-points", str(60 * drawn))
        expect(figure).to_have_attribute("data-last-step", "600")
    table = page.locator("figure[data-metric='val/top1'] details")
    table.locator("summary").click()
    expect(table.get_by_role("row")).to_have_count(13)


def test_a_student_shows_what_it_gets_wrong(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/students/{ids['student']}")
    hard = page.get_by_role("region", name="Top-1 of each class").get_by_role("listitem")
    expect(hard.first).to_be_visible()
    page.get_by_role("radio", name="hardest").click(force=True)
    expect(hard).to_have_count(10)
    shares = [float(text.split(": ")[1].split("%")[0]) for text in hard.evaluate_all("all => all.map(li => li.title)")]
    assert shares == sorted(shares), "the hardest class first"
    assert "order=hardest" in page.url
    matrix = page.get_by_role("region", name="Confusion matrix").get_by_role("row")
    expect(matrix).to_have_count(11)
    differ = page.get_by_role("region", name="Teacher right, ")
    shown = differ.get_by_role("listitem")
    expect(shown).to_have_count(16)
    shown.first.locator("img").scroll_into_view_if_needed()
    expect(shown.first.locator("img")).to_have_js_property("complete", True)
    assert shown.first.locator("img").evaluate("image => image.naturalWidth") > 0
    told = page.request.get(f"{stage.url}/v1/students/{ids['student']}/disagreements?limit=100").json()["data"]
    differ.get_by_role("button", name="More of them").click()
    expect(shown).to_have_count(sum(one["teacher"] == one["label"] for one in told))


def test_the_theme_follows_the_system_until_one_is_chosen(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    background = "getComputedStyle(document.documentElement).backgroundColor"
    page.goto(stage.url)
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(background)
    assert dark != light
    page.get_by_role("button", name="Switch to light").click()
    assert page.locator("html").get_attribute("data-theme") == "light"
    assert page.evaluate(background) == light
    page.reload()
    assert page.evaluate(background) == light
    page.get_by_role("button", name="Switch to dark").click()
    assert page.locator("html").get_attribute("data-theme") is None


def test_the_list_filters_searches_and_leads_to_a_job(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/jobs")
    rows = page.locator("tr.job-row")
    expect(rows).to_have_count(4)
    page.get_by_role("button", name=re.compile("^succeeded")).click()
    expect(rows).to_have_count(1)
    assert page.url.endswith("/jobs?status=succeeded")
    page.get_by_role("button", name=re.compile("^succeeded")).click()
    page.get_by_label("Search jobs by name").fill("THREE")
    expect(rows).to_have_count(1)
    rows.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="two sizes, three seeds")).to_be_visible()


def test_samples_are_real_images(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/datasets/{ids['dataset']}")
    images = page.locator(".samples img")
    expect(images).to_have_count(40)
    images.evaluate_all("all => Promise.all(all.map(image => image.decode()))")  # throws for one that is broken


def test_the_door(browser: Browser, stage: Stage, ids: dict[str, str]) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{stage.url}/jobs/{ids['finished']}/log?level=error")
    page.get_by_label("Key").fill("dkd_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("unknown")
    page.get_by_label("Key").fill(stage.key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="two sizes, three seeds")).to_be_visible()
    assert page.url.endswith(f"/jobs/{ids['finished']}/log?level=error")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    context.close()


def test_a_one_time_code_signs_in_and_leaves_the_address(browser: Browser, stage: Stage, ids: dict[str, str]) -> None:
    with stage.database.write() as work:
        key = keys.find(work, stage.key)
        assert key is not None
        code = keys.create_code(work, key.id)
    context = browser.new_context()
    page = context.new_page()
    watch = Watch(stage.url)
    watch.follow(page)
    page.goto(f"{stage.url}/#code={code}")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert page.url == f"{stage.url}/"
    assert watch.complaints == []
    context.close()


def test_an_unknown_address_is_a_404_with_a_way_back(browser: Browser, stage: Stage) -> None:
    context = browser.new_context()
    context.request.post(f"{stage.url}/v1/sessions", data={"key": stage.key})
    page = context.new_page()
    answer = page.goto(f"{stage.url}/no/such/page")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="No such page")).to_be_visible()
    page.get_by_role("link", name="To the overview").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    context.close()


@pytest.mark.parametrize("page_name", ["overview", "jobs", "finished job", "distillation", "new distillation"])
def test_the_first_screen_is_small(page: Page, stage: Stage, ids: dict[str, str], page_name: str) -> None:
    """All scripts that a first visit fetches, whichever page it is to."""
    fetched: dict[str, int] = {}

    def note(response: Response) -> None:
        if response.request.resource_type == "script":
            fetched[response.url] = len(gzip.compress(response.body()))

    page.on("response", note)
    page.goto(stage.url + PAGES[page_name].format(**ids))
    settled(page)
    assert 50 * 1024 < sum(fetched.values()) <= 200 * 1024, fetched
