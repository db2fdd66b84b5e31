"""What can be set, and the reference: themes, keys, storage, the audit, every operation of the service."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ids(stage: Stage) -> dict[str, str]:
    """A job that is over, and teachers that nobody uses."""
    dataset = stage.digits()
    teacher = stage.teacher(dataset)
    stage.job(dataset, teacher, name="over and done")
    attempt = stage.attempt()
    attempt.begin()
    attempt.train(60)
    attempt.finish()
    unused = {name: stage.teacher(dataset, name) for name in ("unused", "soon in use")}
    return {"dataset": dataset, "teacher": teacher, "job": attempt.job} | unused


def test_the_theme_is_chosen_and_kept(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/settings")
    page.get_by_role("radio", name="Dark").click(force=True)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    page.get_by_role("radio", name="As the system").click(force=True)
    assert page.locator("html").get_attribute("data-theme") is None


def test_single_keys_can_be_switched_off(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/settings")
    page.get_by_role("switch", name="Single keys are shortcuts").uncheck()
    page.locator("h1").click()
    page.keyboard.press("?")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_have_count(1)
    expect(page.get_by_role("dialog", name="Search or jump to")).to_be_visible()


def test_a_key_is_shown_once_works_is_replaced_and_revoked_under_its_name(
    page: Page, context: BrowserContext, stage: Stage, ids: dict[str, str]
) -> None:
    page.goto(f"{stage.url}/settings?section=keys")
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name").fill("nightly")
    page.get_by_role("radio", name="30 days").click(force=True)
    page.get_by_role("button", name="Make the key").click()
    dialog = page.get_by_role("dialog", name="Copy the key now")
    key = dialog.locator("code").inner_text()
    assert re.fullmatch(r"dkd_\S+", key)
    asked = {"Authorization": f"Bearer {key}"}
    assert context.request.get(f"{stage.url}/v1/jobs", headers=asked).status == 200
    dialog.get_by_role("button", name="I have it").click()
    assert key not in page.content()

    row = page.get_by_role("row").filter(has_text="nightly")
    row.get_by_role("button", name="Replace").click()
    page.get_by_role("radio", name="now").click(force=True)
    page.get_by_role("button", name="Replace it").click()
    later = page.get_by_role("dialog", name="Copy the new key now").locator("code").inner_text()
    page.get_by_role("button", name="I have it").click()
    for secret, status in ((key, 401), (later, 200)):
        asked = {"Authorization": f"Bearer {secret}"}
        assert context.request.get(f"{stage.url}/v1/jobs", headers=asked).status == status
    old = row.filter(has_text="expired")
    expect(old.get_by_role("button", name="Replace")).to_have_count(0)

    row = row.filter(has_not_text="expired")
    row.get_by_role("button", name="Revoke").click()
    sure = page.get_by_role("dialog").get_by_role("button", name="Revoke it")
    expect(sure).to_be_disabled()
    page.get_by_role("dialog").get_by_role("textbox").fill("nightly")
    sure.click()
    expect(page.get_by_role("row").filter(has_text="nightly").get_by_text("revoked")).to_be_visible()
    page.get_by_role("link", name="Audit log").click()
    actions = page.get_by_role("region", name="audit log").get_by_role("row")
    expect(actions.nth(1)).to_contain_text("api_key.")


def test_what_can_go_goes_and_what_cannot_says_why(context: BrowserContext, stage: Stage, ids: dict[str, str]) -> None:
    page = context.new_page()  # its console may speak of what is refused here
    page.goto(f"{stage.url}/settings?section=storage")
    expect(page.get_by_text("used by 1 job").first).to_be_visible()
    rows = page.get_by_role("region", name="Storage").get_by_role("row")
    expect(rows.filter(has_text="handwritten digits").get_by_role("checkbox")).to_have_count(0)
    for name in ("unused", "soon in use", "over and done"):
        page.get_by_label(f"Choose {name}", exact=True).check()
    expect(page.get_by_text("3 things chosen")).to_be_visible()
    page.get_by_role("button", name="Delete what is chosen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("over and done")
    stage.job(ids["dataset"], ids["soon in use"], name="came in between")
    dialog.get_by_role("textbox").fill("delete")
    dialog.get_by_role("button", name="Delete for good").click()
    told = page.get_by_role("dialog", name="1 thing could not go")
    expect(told).to_contain_text("2 things deleted")
    expect(told.get_by_role("note")).to_contain_text("soon in use")
    told.get_by_role("button", name="Close").click()
    expect(rows.filter(has_text="over and done")).to_have_count(0)
    expect(rows.filter(has_text="came in between")).to_have_count(1)
    expect(page.get_by_label("Choose soon in use", exact=True)).to_have_count(0)


def test_the_reference_is_searched_linked_and_copied(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/api#cancel_job")
    operation = page.locator("#cancel_job")
    expect(operation).to_have_attribute("open", "")
    expect(operation.locator("summary").first).to_be_in_viewport()
    expect(operation).to_contain_text(f'curl -X POST "{stage.url}/v1/jobs/JOB_ID/cancel"')
    page.keyboard.press("/")
    page.keyboard.type("post datasets")
    expect(page.get_by_role("status").filter(has_text="1 operation")).to_be_visible()
    assert "q=post" in page.url
    page.locator("#create_dataset > summary").click()
    expect(page).to_have_url(re.compile("#create_dataset$"))
    created = page.locator("#create_dataset")
    created.get_by_text("what is inside source").first.click()
    created.get_by_text("what is inside BuiltinImages").first.click()
    expect(created.get_by_text('"builtin"').first).to_be_visible()
