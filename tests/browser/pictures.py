"""The pictures of the README: `python -m tests.browser.pictures http://127.0.0.1:8000 KEY`, of a service with a job.

The newest job and the overview, in both themes, into docs/images.
"""

import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from tests.browser.conftest import BROWSERS, FLAGS, ROOT

FOLDER = ROOT / "docs" / "images"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def take(url: str, key: str, folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = next(found for name in BROWSERS if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for theme in THEMES:
            context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme)
            assert context.request.post(f"{url}/v1/sessions", data={"key": key}).ok
            job = context.request.get(f"{url}/v1/jobs?limit=1").json()["data"][0]["id"]
            page = context.new_page()
            for name, address in (("overview", "/"), ("job", f"/jobs/{job}")):
                page.goto(url + address)
                page.locator("main h2").first.wait_for()
                page.wait_for_timeout(1500)  # fonts and the charts' first drawing
                page.screenshot(path=folder / f"{name}-{theme}.png", full_page=name == "job")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"), sys.argv[2])
