"""How long the dashboard lets one wait, in a real Chromium before a real service: each figure beside its budget.

Points are drawn anew when their answer has come: from its last byte to the frame in which the canvas shows it.
"""

import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measure import Row, Scale
from core.db import reports
from core.db.models import Job
from tests.browser.attempt import Attempt
from tests.browser.stage import Stage, open_stage
from tests.fixtures.browser import BROWSERS, FLAGS, FRONTEND

SERIES, POINTS = 8, 3_000
UPDATE = 0.050  # seconds
INTERACTIVE = 1.5
PATIENCE = 120_000  # milliseconds

# Stamps the answer that brings the point, and the frame after the page has taken it in.
WATCH = """() => {
  const figure = document.querySelector("figure[data-metric='loss/total']");
  window.took = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      observer.disconnect();
      const answers = performance.getEntriesByType("resource").filter((one) => /\\/events\\?/.test(one.name));
      const told = answers.at(-1).responseEnd;
      requestAnimationFrame(() => requestAnimationFrame((now) => resolve(now - told)));
    });
    observer.observe(figure, { attributeFilter: ["data-last-step"] });
  });
  performance.clearResourceTimings();
}"""


def rows(scale: Scale) -> Iterator[Row]:
    if not (FRONTEND / "dist" / "index.html").is_file():
        yield Row("the dashboard is not built", "make setup")
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="distillery-bench-")))
        stage = stack.enter_context(open_stage(folder))
        attempt = _many(stage)
        playwright = stack.enter_context(sync_playwright())
        path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        stack.callback(browser.close)
        times = [_interactive(browser, stage) for _ in range(scale.pairs(7))]
        yield _row("first page interactive, cold cache", times, INTERACTIVE, "{:.2f} s", 1)
        times = _updates(browser, stage, attempt, scale.pairs(11))
        yield _row(f"new points on {SERIES} curves of {POINTS}", times, UPDATE, "{:.0f} ms", 1000)


def _row(what: str, seconds: list[float], budget: float, form: str, unit: float) -> Row:
    median, low, high = (unit * value for value in (statistics.median(seconds), min(seconds), max(seconds)))
    measured = f"{form.format(median)} ({form.format(low).split()[0]}\N{EN DASH}{form.format(high).split()[0]})"
    share = budget / statistics.median(seconds)
    return Row(what, measured, "its budget", form.format(unit * budget), f"{share:.2f}")


def _many(stage: Stage) -> Attempt:
    """A job of several students that has trained for a while."""
    dataset = stage.digits()
    students = [{"name": f"student {i}", "architecture": "resnet8", "seeds": [0]} for i in range(SERIES)]
    stage.job(dataset, None, name="many points", students=students)
    attempt = stage.attempt()
    attempt.begin(teacher=None)
    stage.curves(attempt.job, ["loss/total"], POINTS)
    return attempt


def _page(browser: Browser, stage: Stage) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    context.request.post(f"{stage.url}/v1/sessions", data={"key": stage.key})
    return context.new_page()


def _interactive(browser: Browser, stage: Stage) -> float:
    """Until the overview shows its jobs and has time for a click: nothing has been loaded before."""
    page = _page(browser, stage)
    page.goto(stage.url, wait_until="commit")
    page.get_by_role("link", name="many points").first.wait_for()
    seconds: float = page.evaluate("new Promise(done => requestIdleCallback(() => done(performance.now() / 1000)))")
    page.context.close()
    return seconds


def _updates(browser: Browser, stage: Stage, attempt: Attempt, times: int) -> list[float]:
    page = _page(browser, stage)
    # Every point: what the page asks for is sampled long before.
    page.route("**/metrics?*", lambda route: route.continue_(url=f"{route.request.url.split('?')[0]}?max_points=10000"))
    page.goto(f"{stage.url}/jobs/{attempt.job}/charts")
    page.locator("figure[data-metric='loss/total'] canvas").wait_for()
    page.get_by_text("live", exact=True).wait_for()
    measured = []
    for n in range(times + 1):
        page.evaluate(WATCH)
        with stage.database.write() as work:
            students = work.get_one(Job, attempt.job).students
            points = [(POINTS + 1 + n, student.id, "loss/total", 0.2) for student in students]
            reports.record_metrics(work, attempt.job, attempt.claim.attempt, points)
        measured.append(page.evaluate("window.took") / 1000)
    page.context.close()
    return measured[1:]  # the first one warms up
