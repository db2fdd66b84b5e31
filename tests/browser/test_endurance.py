"""A page that stays open for long, beside others, in front of a service that comes and goes."""

import math

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from core.db import events, reports
from core.db.curves import Measured
from core.db.models import Job
from tests.browser.attempt import Attempt
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
HOUR = 3600  # seconds, and flushes of a worker
STEPS = 10  # in each flush
MIB = 2**20


@pytest.fixture
def attempt(stage: Stage) -> Attempt:
    """A job of one student and its control that runs."""
    dataset = stage.digits()
    stage.job(dataset, stage.teacher(dataset), students=[{"name": "small", "architecture": "resnet8", "seeds": [0]}])
    attempt = stage.attempt()
    attempt.epochs = HOUR * STEPS // 10
    attempt.begin()
    attempt.train(2)
    return attempt


def flushes(stage: Stage, attempt: Attempt, first: int, count: int) -> int:
    """So many seconds of a worker's reports from second `first` on, many in one transaction; returns the last step."""
    step = 20 + first * STEPS
    with stage.database.write() as work:
        job = work.get_one(Job, attempt.job)
        for _ in range(count):
            steps = range(step + 1, step + STEPS + 1)
            step += STEPS
            points: list[Measured] = [
                (at, student.id, name, math.sin(at / 700) ** 2)
                for student in job.students
                for name in ("loss/total", "loss/task", "train/top1", "lr")
                for at in steps
            ]
            reports.record_metrics(work, job.id, attempt.claim.attempt, points)
            told = {"percent": 100 * step / (HOUR * STEPS), "step": step, "epoch": 1 + step // 3600}
            told |= {"total_steps": HOUR * STEPS, "total_epochs": 10, "images_per_second": 4000.0, "eta_seconds": 60.0}
            reports.record_progress(work, job, attempt.claim.attempt, told)
            line = {"level": "info", "message": f"step {step}"}
            events.append(work, job.id, attempt.claim.attempt, [("log", line)])
    return step


def heap(network: CDPSession) -> int:
    """Bytes that the page's scripts hold after a collection."""
    network.send("HeapProfiler.enable")
    network.send("HeapProfiler.collectGarbage")
    return int(network.send("Runtime.getHeapUsage")["usedSize"])


def test_an_hour_of_a_job_leaves_the_tab_as_small_as_it_was(page: Page, stage: Stage, attempt: Attempt) -> None:
    page.goto(f"{stage.url}/jobs/{attempt.job}/charts")
    chart = page.locator("figure[data-metric='loss/total']")
    network = page.context.new_cdp_session(page)
    used = []
    burst = 120
    for minute in range(HOUR // burst):
        last = flushes(stage, attempt, minute * burst, burst)
        expect(chart).to_have_attribute("data-last-step", str(last))
        if minute % 5 == 4:
            used.append(heap(network))
    assert last == 20 + HOUR * STEPS
    # 36,000 steps of eight curves went by; a page that kept every point would hold some 10 MiB more.
    assert max(used[1:]) - used[0] < 4 * MIB, used


def test_what_one_tab_does_the_other_shows(context: BrowserContext, page: Page, stage: Stage, attempt: Attempt) -> None:
    other = context.new_page()
    other.goto(f"{stage.url}/jobs")
    row = other.get_by_role("row").filter(has=other.locator(f"a[href$='{attempt.job}']"))
    expect(row).to_contain_text("running")
    page.goto(f"{stage.url}/jobs/{attempt.job}")
    page.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("pausing")
    attempt.pause()
    expect(row).to_contain_text("paused")
    expect(page.locator(".job-heading")).to_contain_text("paused")
    other.close()
