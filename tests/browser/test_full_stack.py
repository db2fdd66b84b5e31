"""The whole way of a user, in a real browser in front of the real stack: nothing here is told, everything happens.

Own images and an own teacher are uploaded in the page, each with a cut in between; the job is asked for in the form,
paused, resumed; its student is downloaded through the browser and proved by the hash that the page shows.
"""

import hashlib
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Response, expect

from tests.browser.conftest import PATIENCE
from tests.cli.stack import Stack, distillery, running
from tests.fixtures.digits import digit_splits

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
PART = 32 * 1024
SLOW = 80 * 1024  # bytes per second of the browser's line while a file is cut in two
LONG = 180_000  # milliseconds: training takes its time


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, dashboard: None) -> Iterator[Stack]:
    more = {"DISTILLERY_UPLOAD_PART_BYTES": str(PART), "DISTILLERY_HEARTBEAT_SECONDS": "0.5"}
    with running(tmp_path_factory.mktemp("stack") / "data", **more) as stack:
        yield stack


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real digits, as somebody would zip them: a folder of PNG files for each class."""
    classes, splits = digit_splits(tmp_path_factory.mktemp("digits"))
    path = tmp_path_factory.mktemp("images") / "my digits.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for split, packed in splits.items():
            for i, (pixels, label) in enumerate(zip(packed.pixels(), packed.labels, strict=True)):
                file = io.BytesIO()
                Image.fromarray(pixels).save(file, "PNG")
                archive.writestr(f"my digits/{split}/{classes[int(label)]}/{i:04}.png", file.getvalue())
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher that somebody has trained elsewhere."""
    folder = tmp_path_factory.mktemp("teacher")
    job = {
        "name": "teacher",
        "dataset": "builtin:digits",
        "students": [{"name": "teacher", "architecture": "resnet14"}],
        "loss": {"kind": "task"},
        "control": False,
        "training": {"epochs": 20, "augment": {"kind": "crop_flip", "flip": False}},
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(job))
    done = distillery("train", str(folder / "job.yaml"), "--out", str(folder / "out"))
    assert done.returncode == 0, done.stderr
    return Path(shutil.copy(folder / "out" / "teacher" / "weights.pt", folder / "my teacher.pt"))


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """Signed in. Its console may speak of the connections that are cut here."""
    expect.set_options(timeout=PATIENCE)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    key = (stack.data_dir / "admin.key").read_text().strip()
    assert context.request.post(f"{stack.url}/v1/sessions", data={"key": key}).status == 204
    yield context.new_page()
    context.close()


class Line:
    """The browser's line to the service: how fast, and which parts of a file went over it."""

    def __init__(self, page: Page) -> None:
        self._network = page.context.new_cdp_session(page)
        self._network.send("Network.enable")
        self.arrived: list[int] = []
        page.on("response", self._note)

    def _note(self, response: Response) -> None:
        part = re.search(r"/v1/uploads/\w+/parts/(\d+)$", response.url)
        if part and response.request.method == "PUT" and response.status == 200:
            self.arrived.append(int(part[1]))

    def speed(self, upload: int, *, offline: bool = False) -> None:
        """Bytes per second upwards; -1: as fast as it goes."""
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
        self._network.send("Network.emulateNetworkConditions", conditions)


def kill_service(stack: Stack) -> None:
    """The process that answers; `up` starts another."""
    for process in stack.descendants():
        if "api.serve" in process.cmdline():
            process.kill()


def underway(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=f"Upload of {name}")


def some_have_arrived(page: Page, line: Line) -> None:
    for _ in range(600):
        if len(line.arrived) >= 3:
            return
        page.wait_for_timeout(50)
    raise AssertionError("no part of the file has arrived")


def parts_of(file: Path) -> list[int]:
    return list(range(1, -(-file.stat().st_size // PART) + 1))


def test_from_own_files_to_a_proved_student(
    page: Page, stack: Stack, images: Path, checkpoint: Path, tmp_path: Path
) -> None:
    page.goto(f"{stack.url}/jobs/new")
    bring_images(page, stack, images)
    bring_teacher(page, stack, checkpoint)
    start(page)
    watch_pause_and_resume(page, stack)
    job = page.url
    download_and_prove(page, tmp_path)
    run_again_and_cancel(page, job)
    compare(page, stack)


def bring_images(page: Page, stack: Stack, images: Path) -> None:
    """While the archive is being sent the service is killed; the page goes on by itself when it is back."""
    line = Line(page)
    page.get_by_role("button", name="or drop an archive of images here").click()
    dialog = page.get_by_role("dialog", name="New data set")
    line.speed(SLOW)
    dialog.locator("input[type=file]").set_input_files(images)
    some_have_arrived(page, line)
    kill_service(stack)
    line.speed(SLOW, offline=True)  # it is back within a second, which nobody would see
    expect(underway(page, images.name)).to_have_attribute("data-phase", "waiting")
    expect(underway(page, images.name)).to_contain_text("goes on by itself")
    line.speed(-1)
    dialog.get_by_role("button", name="Add data set").click()  # at once: it is added as soon as it is there
    expect(dialog.get_by_text("ready", exact=True)).to_be_visible(timeout=LONG)
    expect(dialog).to_contain_text("10 classes, 1,797 images")
    assert sorted(set(line.arrived)) == parts_of(images)
    dialog.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_label("Data set", exact=True)).to_have_value("my digits")


def bring_teacher(page: Page, stack: Stack, checkpoint: Path) -> None:
    """While the checkpoint is being sent the page is closed; the same file chosen again goes on where it stopped."""
    line = Line(page)
    page.get_by_role("button", name="or drop a checkpoint here").click()
    line.speed(SLOW)
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(checkpoint)
    some_have_arrived(page, line)
    page.on("dialog", lambda question: question.accept())  # "leave the page?"
    page.goto(f"{stack.url}/teachers")
    before = set(line.arrived)
    assert before < set(parts_of(checkpoint))

    line.arrived.clear()
    line.speed(-1)
    page.get_by_role("button", name="New teacher").click()
    expect(page.get_by_text("Choose the same file again")).to_contain_text(checkpoint.name)
    page.locator("input[type=file]").set_input_files(checkpoint)
    form = page.get_by_role("form", name="New teacher")
    form.get_by_label("Measure it on").select_option(label="my digits, 10 classes")
    form.get_by_role("button", name="Add teacher").click()
    outcome = page.get_by_role("region", name="What became of my teacher")
    expect(outcome.get_by_text("ready", exact=True)).to_be_visible(timeout=LONG)
    expect(outcome).to_contain_text("cifar/resnet14")
    # What had arrived before is not sent again, but for those whose answers the closing of the page cut off.
    assert before.isdisjoint(line.arrived)
    assert before | set(line.arrived) <= set(parts_of(checkpoint))

    outcome.get_by_role("link", name="See what was found").click()
    expect(page.get_by_role("heading", name="my teacher")).to_be_visible()
    page.get_by_role("link", name="Distil from it").click()
    expect(page.get_by_label("Teacher", exact=True)).to_have_value("my teacher")


def start(page: Page) -> None:
    """The form, for one small student with its control."""
    choose = page.get_by_label("Data set", exact=True)
    if choose.input_value() != "my digits":
        choose.click()
        page.get_by_role("option").filter(has_text="my digits").first.click()
    page.get_by_label("Add a student", exact=True).fill("resnet8")
    page.get_by_role("option").filter(has=page.get_by_text("cifar/resnet8", exact=True)).or_(
        page.get_by_role("option").filter(has=page.get_by_text("resnet8", exact=True))
    ).first.click()
    page.get_by_role("button", name="Change schedule").click()
    page.get_by_label("Epochs", exact=True).fill("40")
    expect(page.locator(".to-do")).to_contain_text("it can start")
    page.get_by_role("button", name="Start distillation").click()
    expect(page).to_have_url(re.compile(r"/jobs/job_\w+$"))


def last_step(page: Page) -> int:
    told = page.locator("figure[data-metric='val/top1']").first.get_attribute("data-last-step")
    return int(told or 0)


def grows_beyond(page: Page, step: int) -> int:
    for _ in range(1800):
        if (now := last_step(page)) > step:
            return now
        page.wait_for_timeout(100)
    raise AssertionError(f"the curve stays at step {step}")


def watch_pause_and_resume(page: Page, stack: Stack) -> None:
    """The service is killed meanwhile: the page says so, and goes on where it was without a reload."""
    page.locator("figure[data-metric='val/top1']").first.wait_for(timeout=LONG)
    first = grows_beyond(page, 0)
    kill_service(stack)
    second = grows_beyond(page, first)
    page.get_by_role("button", name="Pause").click()
    heading = page.locator(".job-heading")
    expect(heading.get_by_text("paused", exact=True)).to_be_visible(timeout=LONG)
    rest = last_step(page)
    assert rest >= second
    page.get_by_role("button", name="Resume").click()
    grows_beyond(page, rest)
    expect(heading.get_by_text("succeeded", exact=True)).to_be_visible(timeout=LONG)


def download_and_prove(page: Page, folder: Path) -> None:
    page.get_by_role("link", name="files and figures").first.click()
    files = page.get_by_role("region", name="Files")
    row = files.get_by_role("listitem").filter(has_text="weights.safetensors")
    told = (row.locator(".hash").text_content() or "").strip()
    with page.expect_download() as download:
        row.get_by_role("link", name="weights.safetensors").click()
    kept = folder / "weights.safetensors"
    download.value.save_as(kept)
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == told
    expect(page.get_by_role("region", name="How good it is")).to_contain_text("the teacher")
    expect(page.get_by_role("region", name="Where it comes from")).to_contain_text("my teacher")
    page.get_by_role("radio", name="hardest").click(force=True)
    expect(page.get_by_role("region", name="Top-1 of each class").get_by_role("listitem")).to_have_count(10)
    differ = page.get_by_role("region", name=re.compile("^Teacher right, "))
    differ.scroll_into_view_if_needed()
    expect(differ.get_by_text("largest disagreement first")).to_be_visible()
    expect(differ.get_by_role("listitem").or_(differ.get_by_text("There is no such image")).first).to_be_visible()


def run_again_and_cancel(page: Page, job: str) -> None:
    page.goto(f"{job}/configuration")
    page.get_by_role("link", name="Run this again").click()
    expect(page.locator(".to-do")).to_contain_text("it can start")
    page.get_by_role("button", name="Start distillation").click()
    expect(page).to_have_url(re.compile(r"/jobs/job_\w+$"))
    assert page.url != job
    heading = page.locator(".job-heading")
    expect(heading.get_by_text("running", exact=True)).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    expect(heading.get_by_text("cancelled", exact=True)).to_be_visible(timeout=LONG)


def compare(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/jobs")
    boxes = page.get_by_role("row").get_by_role("checkbox")
    for n in (1, 2):  # the first one chooses all
        boxes.nth(n).check()
    page.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile(r"/compare\?jobs=job_"))
    expect(page.get_by_role("region", name="What came out of each")).to_be_visible()
