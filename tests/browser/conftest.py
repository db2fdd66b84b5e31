"""A real Chromium in front of a real service. Nothing may leave the origin, and nothing may complain."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.stage import Stage, open_stage

PATIENCE = 150_000  # milliseconds: the machine may be busy with other tests


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, dashboard: None) -> Iterator[Stage]:
    """An empty service of its own for each module."""
    with open_stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


class Watch:
    """What a page asked for and said."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.foreign: list[str] = []
        self.complaints: list[str] = []

    def follow(self, page: Page) -> None:
        page.on("request", self._requested)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:")):
            self.foreign.append(request.url)


@pytest.fixture
def context(browser: Browser, stage: Stage) -> Iterator[BrowserContext]:
    """Signed in."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.set_default_timeout(PATIENCE)
    assert context.request.post(f"{stage.url}/v1/sessions", data={"key": stage.key}).status == 204
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, stage: Stage) -> Iterator[Page]:
    """A page that fails its test when it asks another origin for anything, or when its console complains."""
    expect.set_options(timeout=PATIENCE)
    page = context.new_page()
    watch = Watch(stage.url)
    watch.follow(page)
    yield page
    assert watch.foreign == []
    assert watch.complaints == []
