"""Webhooks by the browser alone: made, tried, watched, given a new secret, switched off, deleted."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from standardwebhooks.webhooks import Webhook as Verifier

from tests.api.receiver import receiving
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser


def test_the_life_of_a_webhook(page: Page, stage: Stage) -> None:
    with receiving() as receiver:
        page.goto(f"{stage.url}/settings?section=webhooks")
        expect(page.get_by_text("Nobody is told yet.")).to_be_visible()
        page.get_by_role("button", name="New webhook").click()
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_label("Name").fill("our chat")
        page.get_by_role("radio", name="everything").click(force=True)
        page.get_by_role("button", name="Make the webhook").click()
        dialog = page.get_by_role("dialog", name="Copy the secret now")
        secret = dialog.locator("code").inner_text()
        dialog.get_by_role("button", name="I have it").click()
        page.get_by_role("link", name="our chat").click()
        expect(page.get_by_text("Nothing has been told yet.")).to_be_visible()

        page.get_by_role("button", name="Send a test").click()
        row = page.get_by_role("region", name="deliveries").get_by_role("row").filter(has_text="webhook.test")
        expect(row.get_by_text("delivered")).to_be_visible(timeout=30_000)
        expect(row).to_contain_text("204")
        assert Verifier(secret).verify(receiver.got[0].body, receiver.got[0].headers)
        row.get_by_role("button", name="Send again").click()
        expect(row.get_by_text("delivered")).to_be_visible(timeout=30_000)
        assert {got.headers["webhook-id"] for got in receiver.got} == {receiver.got[0].headers["webhook-id"]}

    page.get_by_role("button", name="New secret").click()
    dialog = page.get_by_role("dialog", name="Copy the new secret now")
    assert dialog.locator("code").inner_text() != secret
    dialog.get_by_role("button", name="I have it").click()
    expect(page.get_by_text("The old secret signs too until")).to_be_visible()
    page.get_by_role("switch", name="On").uncheck()
    page.reload()
    expect(page.get_by_role("switch", name="On")).not_to_be_checked()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("our chat")
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(page).to_have_url(re.compile(r"section=webhooks$"))
    expect(page.get_by_text("Nobody is told yet.")).to_be_visible()


def test_an_address_that_leads_inside_is_told_at_its_field(context: BrowserContext, stage: Stage) -> None:
    page = context.new_page()  # its console may speak of what is refused here
    page.goto(f"{stage.url}/settings?section=webhooks")
    page.get_by_role("button", name="New webhook").click()
    page.get_by_label("Address").fill("http://169.254.169.254/latest/meta-data")
    page.get_by_role("button", name="Make the webhook").click()
    expect(page.get_by_text("169.254.169.254 is not a public address.")).to_be_visible()
