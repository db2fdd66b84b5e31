"""After a job a reader knows whether distillation helped, where the student is still behind, and which one to ship."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ids(stage: Stage) -> dict[str, str]:
    dataset = stage.digits()
    teacher = stage.teacher(dataset)
    stage.job(dataset, teacher, name="finished", control=True)
    finished = stage.attempt()
    finished.begin()
    finished.train(60)
    finished.finish()
    stage.job(dataset, teacher, name="running", control=True)
    running = stage.attempt()
    running.begin()
    running.train(20)
    stage.job(dataset, None, name="alone", students=[{"name": "alone", "architecture": "resnet20"}])
    alone = stage.attempt()
    alone.begin(teacher=None)
    alone.train(60)
    return {"finished": finished.job, "running": running.job, "alone": alone.job}


def job(page: Page, stage: Stage, id: str) -> Any:
    return page.request.get(f"{stage.url}/v1/jobs/{id}").json()


def leader(page: Page, stage: Stage, id: str) -> str:
    groups = job(page, stage, id)["result"]["groups"]
    return str(max(groups, key=lambda group: group["top1"])["name"])


def test_the_verdict_comes_first_with_the_weights_beside_it(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/jobs/{ids['finished']}")
    page.get_by_role("navigation", name="Job").get_by_role("link", name="Distillation").click()
    verdict = page.get_by_role("region", name="Verdict")
    best = leader(page, stage, ids["finished"])
    expect(verdict).to_contain_text(f"{best} leads")
    expect(verdict).to_contain_text("To ship:")
    with page.expect_download() as download:
        verdict.get_by_role("link", name="Download the best").click()
    assert download.value.suggested_filename == "weights.safetensors"
    expect(page.get_by_role("heading", name=f"Where is {best} still behind?")).to_be_visible()


def test_another_student_is_chosen_without_losing_the_place(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/jobs/{ids['finished']}/distillation")
    names = list(
        dict.fromkeys(s["name"] for s in job(page, stage, ids["finished"])["students"] if s["role"] == "student")
    )
    other = next(name for name in names if name != leader(page, stage, ids["finished"]))
    differ = page.get_by_role("region", name=re.compile("^Teacher right, "))
    differ.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 0
    page.get_by_role("radio", name=other, exact=True).click(force=True)
    expect(page.get_by_role("heading", name=f"Teacher right, {other} wrong")).to_be_visible()
    assert page.evaluate("scrollY") == before
    assert "student=stu_" in page.url
    page.reload()
    expect(page.get_by_role("heading", name=f"Where is {other} still behind?")).to_be_visible()


def test_classes_are_sorted_by_gap_found_and_turned_round(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/jobs/{ids['finished']}/distillation")
    rows = page.get_by_role("region", name="Top-1 of each class").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    gaps = [float(text.split("\n")[0].replace("\u2212", "-")) for text in rows.locator(".n").all_inner_texts()]
    assert gaps == sorted(gaps) and gaps[0] < 0
    page.get_by_label("ahead", exact=True).click(force=True)
    expect(page.get_by_role("heading", name=re.compile("ahead of its teacher"))).to_be_visible()
    page.get_by_label("hardest", exact=True).click(force=True)
    expect(rows).to_have_count(10)


def test_who_is_right_filters_the_images(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/jobs/{ids['finished']}/distillation")
    best = leader(page, stage, ids["finished"])
    for label, heading in (("student right", f"{best} right, teacher wrong"), ("both wrong", "Both wrong")):
        choice = page.get_by_role("radio", name=re.compile(f"^{label} \\d"))
        there = int(choice.locator("..").inner_text().rsplit(" ", 1)[1])
        choice.click(force=True)
        shown = page.get_by_role("region", name=heading).get_by_role("listitem")
        expect(shown).to_have_count(min(16, there))
    assert "differ=neither" in page.url


def test_while_training_there_is_what_exists_and_a_sentence_for_the_rest(
    page: Page, stage: Stage, ids: dict[str, str]
) -> None:
    page.goto(f"{stage.url}/jobs/{ids['running']}/distillation")
    expect(page.get_by_text("are measured when the training ends")).to_be_visible()
    for metric in (
        "val/top1",
        *(f"distillation/{name}" for name in ("agreement", "gradient", "gap", "inter", "intra")),
    ):
        figure = page.locator(f"figure[data-metric='{metric}']")
        expect(figure).to_have_attribute("data-last-step", "200")


def test_a_job_without_a_teacher_says_so(page: Page, stage: Stage, ids: dict[str, str]) -> None:
    page.goto(f"{stage.url}/jobs/{ids['alone']}/distillation")
    expect(page.get_by_text("Nothing is distilled here")).to_be_visible()
    expect(page.locator("figure[data-metric='val/top1']")).to_be_visible()
