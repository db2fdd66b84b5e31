"""Data sets, teachers and students in the page: brought, read, looked at, taken away."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core.db.keys import DEFAULT_PROJECT
from core.db.models import Dataset
from core.storage import keys
from tests.browser.stage import Stage
from tests.browser.test_pages import AXE

pytestmark = pytest.mark.browser
FORMS = ("/datasets", "New data set"), ("/teachers", "New teacher")


@pytest.fixture(scope="module", autouse=True)
def ids(stage: Stage) -> dict[str, str]:
    """Before any test: what a test registers would be claimed in place of the job."""
    dataset = stage.digits()
    teacher = stage.teacher(dataset)
    stage.job(dataset, teacher, name="uses both")
    attempt = stage.attempt()
    attempt.begin()
    attempt.train(60)
    attempt.finish()
    return {"dataset": dataset, "teacher": teacher, "student": attempt.students[0]}


def small_archive(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train/a/1.png", b"no image " * 5000)
    return path


def uploads(context: BrowserContext, stage: Stage) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = context.request.get(f"{stage.url}/v1/uploads?limit=100").json()["data"]
    return rows


def test_an_archive_is_hashed_sent_and_found_again(
    page: Page, context: BrowserContext, stage: Stage, tmp_path: Path
) -> None:
    file = small_archive(tmp_path / "holiday photos.zip")
    page.goto(f"{stage.url}/datasets")
    page.get_by_role("button", name="New data set").click()
    box = page.get_by_role("region", name=f"Upload of {file.name}")
    page.locator("input[type=file]").set_input_files(file)
    expect(box).to_have_attribute("data-phase", "complete")
    expect(page.get_by_label("Name", exact=True)).to_have_value("holiday photos")
    (sent,) = uploads(context, stage)
    assert sent["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert sent["status"] == "complete"

    page.get_by_role("link", name="Workers").click()  # going elsewhere in the page loses nothing
    page.get_by_role("link", name="Data sets").click()
    expect(box).to_have_attribute("data-phase", "complete")
    page.get_by_role("button", name="Another file").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(box).to_contain_text("had these very bytes already")
    assert len(uploads(context, stage)) == 1

    page.get_by_label("Share for validation").fill("1.5")
    expect(page.get_by_text("This must be less than 1.")).to_be_visible()
    expect(page.get_by_role("button", name="Add data set")).to_be_disabled()
    page.get_by_label("Share for validation").fill("0.2")
    page.get_by_role("button", name="Add data set").click()
    expect(page.get_by_role("region", name="What became of holiday photos")).to_contain_text("validating")
    made = context.request.get(f"{stage.url}/v1/datasets?name=holiday").json()["data"][0]
    assert made["source"]["val_fraction"] == 0.2


def test_what_the_service_refuses_stands_beside_its_field(context: BrowserContext, stage: Stage) -> None:
    page = context.new_page()  # its console tells of the refusal
    page.goto(f"{stage.url}/datasets")
    page.get_by_role("button", name="New data set").click()
    page.get_by_label("A known set").check()
    page.locator(".known-set").filter(has_text="digits").first.click()
    page.get_by_text("More options").click()
    side = page.get_by_label("Side of prepared images")
    side.fill("3")
    expect(page.get_by_text("This must be at least 4.")).to_be_visible()  # the page's own words
    side.fill("8")
    # The service itself is made to refuse: what the page sends is changed on its way.
    wish = {"name": "x", "source": {"kind": "builtin", "name": "digits", "image_size": 2000}}
    page.route("**/v1/datasets", lambda route: route.continue_(post_data=json.dumps(wish)))
    page.get_by_role("button", name="Add data set").click()
    told = page.locator(f"[id='{side.get_attribute('id')}-said']")
    expect(told).to_contain_text("1024")
    expect(side).to_have_attribute("aria-invalid", "true")


def test_a_known_set_names_the_files_it_needs(page: Page, stage: Stage) -> None:
    page.goto(f"{stage.url}/datasets")
    page.get_by_role("button", name="New data set").click()
    page.get_by_label("A known set").check()
    cifar = page.locator(".known-set").filter(has_text="cifar100")
    expect(cifar).to_contain_text("Needs")
    expect(cifar.get_by_role("link").first).to_have_attribute(
        "href", "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"
    )
    expect(cifar.get_by_role("radio")).to_be_disabled()


def test_a_class_is_found_and_its_images_are_real(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/datasets/{ids['dataset']}")
    page.get_by_label("Search a class by name").fill("7")
    expect(page.locator(".samples > li")).to_have_count(1)
    page.locator(".class-name").click()
    images = page.get_by_role("dialog").locator("img")
    expect(images).to_have_count(60)
    images.first.evaluate("image => image.decode()")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("list", name="Images of each class").get_by_role("listitem")).to_have_count(10)


def test_twenty_thousand_classes_are_a_page_at_a_time(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    many = 20_000
    with stage.database.write() as work:
        digits = work.get_one(Dataset, ids["dataset"])
        names = ("name", "status", "source", "counts", "form", "image_size", "mean", "std", "sha256", "bytes")
        same = {name: getattr(digits, name) for name in names}
        counts = [max(1, 600 - i) for i in range(many)]
        report = (digits.report or {}) | {"per_class": {"train": counts}}
        row = Dataset(project_id=DEFAULT_PROJECT, classes=[f"class {i}" for i in range(many)], report=report, **same)
        work.add(row)
    stage.storage.put(keys.dataset(row.id), stage.storage.fetch(keys.dataset(ids["dataset"])))
    page.goto(f"{stage.url}/datasets/{row.id}")
    classes = page.locator(".samples > li")
    expect(classes).to_have_count(24)
    expect(page.get_by_role("list", name="The smallest classes").get_by_role("listitem")).to_have_count(8)
    page.get_by_label("Search a class by name").fill("class 1999")
    expect(classes).to_have_count(11)  # 1999, and 19990 to 19999
    expect(classes.last).to_contain_text("class 19999")
    assert page.evaluate("document.querySelectorAll('*').length") < 2000


def test_what_is_used_is_not_deleted_and_says_why(context: BrowserContext, stage: Stage, ids: dict[str, str]) -> None:
    page = context.new_page()  # its console tells of the refusal
    page.goto(f"{stage.url}/teachers/{ids['teacher']}")
    expect(page.get_by_role("region", name="Used in")).to_contain_text("uses both")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    gone = dialog.get_by_role("button", name="Delete for good")
    expect(gone).to_be_disabled()
    dialog.get_by_role("textbox").fill("digits teacher")
    gone.click()
    expect(dialog.get_by_role("alert")).to_contain_text("use")


def test_a_student_becomes_a_teacher(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/students/{ids['student']}")
    expect(page.get_by_role("region", name="Files")).to_contain_text("curl -C - -fL")
    page.get_by_role("button", name="Use it as a teacher").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Student", exact=True)).to_have_value(ids["student"])
    dialog.get_by_role("button", name="Add teacher").click()
    expect(dialog.get_by_text("validating", exact=True)).to_be_visible()


def test_several_teachers_become_one(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    other = stage.teacher(ids["dataset"], "the second one")
    page.goto(f"{stage.url}/teachers")
    page.get_by_role("button", name="New teacher").click()
    form = page.get_by_role("form", name="New teacher")
    form.get_by_role("radio", name="Several teachers").check()
    form.get_by_role("checkbox", name="the second one").check()
    expect(form.get_by_role("button", name="Add teacher")).to_be_disabled()
    form.get_by_role("checkbox", name="digits teacher").check()
    form.get_by_label("Weight of digits teacher").fill("nothing")
    expect(form.get_by_role("button", name="Add teacher")).to_be_disabled()
    form.get_by_label("Weight of digits teacher").fill("2,5")
    form.get_by_role("button", name="Add teacher").click()
    expect(page.get_by_role("region", name="What became of mean of 2")).to_contain_text("validating")
    page.reload()
    page.get_by_role("link", name="mean of 2").click()
    facts = page.get_by_role("region", name="What it is")
    expect(facts.get_by_role("listitem")).to_have_text(["the second one, weight 1", "digits teacher, weight 2.5"])
    expect(facts.get_by_role("link", name="the second one")).to_have_attribute("href", f"/teachers/{other}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_forms_are_accessible_on_a_phone(browser: Browser, stage: Stage, theme: Any) -> None:
    # Without the policy, because axe itself is injected.
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=theme, bypass_csp=True)
    context.request.post(f"{stage.url}/v1/sessions", data={"key": stage.key})
    page = context.new_page()
    found = [problem for path, word in FORMS for problem in audit(page, stage.url + path, word)]
    context.close()
    assert found == []


def audit(page: Page, address: str, word: str) -> list[str]:
    page.goto(address)
    page.get_by_role("button", name=word).click()
    page.get_by_text("More options").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.add_script_tag(content=AXE.read_text())
    results = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{word}: {violation['id']} at {node['target'][0]}: {node['failureSummary']}"
        for violation in results["violations"]
        for node in violation["nodes"]
        if violation["impact"] in ("serious", "critical")
    ]
