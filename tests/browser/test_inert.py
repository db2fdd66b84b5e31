"""Names made of HTML, in front of a browser that would run it: they are read, and nothing else.

The content security policy is off here: it is the pages themselves that are tried. All other tests run under it.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.db import webhooks
from core.db.keys import DEFAULT_PROJECT, create
from core.db.models import Dataset, Job, Student, Teacher
from core.errors import Failure
from tests.browser.conftest import PATIENCE
from tests.browser.stage import Stage
from tests.browser.test_pages import PAGES, settled

pytestmark = pytest.mark.browser
# Each does `window.hit`, in an element, an attribute it would break out of, an address, a template.
HTML = "<img src=/x onerror=window.hit=1>"
BROKEN_OUT = "\"'><img src=/y onerror=window.hit=1>"
SCRIPT = "</title></textarea></script><script>window.hit=1</script>"
EVERY = HTML + BROKEN_OUT + SCRIPT
FOUND = "document.querySelectorAll('[onerror], [onload], a[href^=\"javascript:\" i]').length"


@pytest.fixture(scope="module")
def ids(stage: Stage) -> dict[str, str]:
    """Every name that a user or an uploaded file can choose."""
    stage.worker()
    dataset, unused = stage.digits(EVERY), stage.digits(f"other {EVERY}")
    classes = [f"{number}{EVERY}" for number in range(10)]
    teacher = stage.teacher(dataset, EVERY)
    failed = stage.job(dataset, teacher, name=f"failed {EVERY}")
    attempt = stage.attempt()
    attempt.begin()
    attempt.log("error", EVERY)
    attempt.fail(Failure(code="disk_full", title=EVERY, detail=EVERY, hint=EVERY))
    stage.job(dataset, teacher, name=EVERY, metadata={"team": EVERY[:100]})
    finished = stage.attempt()
    finished.begin()
    finished.train(20)
    finished.finish()
    stage.job(dataset, teacher, name=f"runs {EVERY}")
    running = stage.attempt()
    running.begin()
    running.train(5)
    running.log("warning", EVERY)
    with stage.database.write() as work:
        for id in (dataset, unused):
            row = work.get_one(Dataset, id)
            row.classes, row.warnings, row.progress = classes, [EVERY], EVERY[:200]
            row.ignored = [{"name": EVERY, "reason": EVERY}]
        work.get_one(Teacher, teacher).class_names = classes
        for student in work.query(Student):
            student.name = EVERY
        create(work, DEFAULT_PROJECT, EVERY)
        hook = webhooks.create(work, DEFAULT_PROJECT, name=EVERY, url="https://hook.invalid/%3Cimg%3E", events=["*"])
        webhooks.tell_test(work, hook)
        assert work.get_one(Job, failed).name == f"failed {EVERY}"
    return {
        "webhook": hook.id,
        "running": running.job,
        "finished": finished.job,
        "failed": failed,
        "student": finished.students[0],
        "teacher": teacher,
        "dataset": dataset,
        "unused": unused,
    }


@pytest.fixture
def bare(browser: Browser, stage: Stage) -> Iterator[Page]:
    """Signed in, without the policy."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    assert context.request.post(f"{stage.url}/v1/sessions", data={"key": stage.key}).status == 204
    yield context.new_page()
    context.close()


def test_every_page_shows_names_of_html_as_they_are(bare: Page, stage: Stage, ids: dict[str, str]) -> None:
    shown = set()
    for name, path in PAGES.items():
        bare.goto(stage.url + path.format(**ids))
        settled(bare)
        assert (bare.evaluate(FOUND), bare.evaluate("window.hit")) == (0, None), name
        if "<img src=/x" in bare.locator("body").inner_text():
            shown.add(name)
    assert len(shown) >= 20, shown
    assert {"jobs", "teachers", "data sets", "data set", "student", "keys", "webhooks", "log"} <= shown


@pytest.mark.parametrize("html", [HTML, BROKEN_OUT])
def test_a_page_that_did_not_escape_would_be_noticed(bare: Page, stage: Stage, ids: dict[str, str], html: str) -> None:
    bare.goto(f"{stage.url}/jobs")
    settled(bare)
    bare.evaluate("html => document.querySelector('h1').insertAdjacentHTML('beforeend', html)", html)
    bare.wait_for_function("window.hit === 1")
    assert bare.evaluate(FOUND) == 1


@pytest.mark.parametrize(("bypass", "hit"), [(False, None), (True, 1)])
def test_the_policy_alone_would_hold_too(browser: Browser, stage: Stage, bypass: bool, hit: int | None) -> None:
    """The second wall: what slipped through is not run by a page as it is served."""
    context = browser.new_context(bypass_csp=bypass)
    page = context.new_page()
    page.goto(f"{stage.url}/login")
    html = "<img id=slipped src='data:,' onerror=window.hit=1>"
    page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", html)
    page.evaluate("document.getElementById('slipped').decode().catch(() => 0)")
    assert page.evaluate("window.hit") == hit
    context.close()
