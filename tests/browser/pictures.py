"""The pictures of the README: `python -m tests.browser.pictures http://127.0.0.1:8000 KEY`, of a service with a job.

The newest job with a teacher, and what it was made of, in both themes, into docs/images.
"""

import shutil
import sys
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, sync_playwright

from tests.fixtures.browser import BROWSERS, FLAGS, ROOT

FOLDER = ROOT / "docs" / "images"
LOADED = (
    "[...document.images].every(i => i.getBoundingClientRect().top >= innerHeight || (i.complete && i.naturalWidth))"
)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WHOLE = (
    "job",
    "distillation",
    "explore",
    "new",
)  # pages that are shown to their end; of the others, what a screen shows
TALLEST = 2400  # pixels


def addresses(context: BrowserContext, url: str) -> dict[str, str]:
    """Picture -> address of its page."""
    found: list[dict[str, Any]] = context.request.get(f"{url}/v1/jobs?limit=100").json()["data"]
    job = next((job for job in found if job["teacher"]), found[0])
    taught = {"teacher": f"/teachers/{job['teacher']['id']}"} if job["teacher"] else {}
    return {
        "overview": "/",
        "job": f"/jobs/{job['id']}",
        "distillation": f"/jobs/{job['id']}/distillation",
        "explore": f"/explore?dataset={job['dataset']['id']}",
        "new": f"/jobs/new?from={job['id']}",
        "dataset": f"/datasets/{job['dataset']['id']}",
    } | taught


def take(url: str, key: str, folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = next(found for name in BROWSERS if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for theme in THEMES:
            context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme)
            assert context.request.post(f"{url}/v1/sessions", data={"key": key}).ok
            page = context.new_page()
            for name, address in addresses(context, url).items():
                page.set_viewport_size({"width": 1440, "height": 900})
                page.goto(url + address)
                page.locator("main h2").first.wait_for()
                page.wait_for_timeout(1500)  # fonts and the charts' first drawing
                if name in WHOLE:
                    height = page.evaluate("document.documentElement.scrollHeight")
                    page.set_viewport_size({"width": 1440, "height": min(int(height), TALLEST)})
                    page.wait_for_timeout(500)
                while not page.evaluate(LOADED):  # wait_for_function would need eval, which our policy forbids
                    page.wait_for_timeout(200)
                page.screenshot(path=folder / f"{name}-{theme}.png")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"), sys.argv[2], *(Path(folder) for folder in sys.argv[3:4]))
