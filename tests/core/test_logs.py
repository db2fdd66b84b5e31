"""Lines of the log: one for each message whatever is in it, with what it belongs to, without secrets."""

import json
import logging
import threading
from contextvars import copy_context

import pytest

from core import logs
from core.redaction import redact
from tests.fixtures.logs import Ear

log = logging.getLogger("tests")
CANARY = "c4n4ry-0123456789abcdef"
HOSTILE = [
    "a\n2026-01-01T00:00:00Z ERROR root: forged",
    "a\r\nb",
    "\x1b[2J\x1b[31mred\x07",
    "\x00\x08\x7f\x85\x9b",
    "line\u2028para\u2029",
    "left\u202eright\u2066\u200f",
    "half \ud83d of a pair",
    '"]} [status=200',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_message_is_one_line_of_what_prints(ear: Ear, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "propagate", False)  # pytest's own report could not be sent with half a pair in it
    monkeypatch.setattr(log, "handlers", [ear])
    log.warning("file %s", text, extra={"fields": {"path": text}})
    (line,), (shown,) = ear.lines, ear.text
    assert line["message"] == f"file {text}" and line["path"] == text, "JSON loses nothing"
    assert shown.isprintable(), "text shows it all, on one line"
    assert json.dumps(text) in shown, "a value that is no plain word is quoted: it cannot look like another field"
    assert shown.split()[1:3] == ["WARNING", "tests:"]
    assert line["time"].endswith("Z") and line["time"] == shown.split()[0]


def test_a_traceback_is_indented_so_that_none_of_its_lines_looks_like_a_message(ear: Ear) -> None:
    try:
        raise ValueError("no\n2026-01-01T00:00:00Z ERROR root: forged\x1b[0m")
    except ValueError:
        log.exception("it failed")
    first, *rest = ear.text[0].splitlines()
    assert first.endswith("ERROR tests: it failed")
    assert rest and all(line.startswith("    ") and line.isprintable() for line in rest)
    assert ear.lines[0]["exception"].startswith("Traceback") and "forged" in ear.lines[0]["exception"]


def test_a_line_tells_what_it_belongs_to(ear: Ear) -> None:
    with logs.bound(run="run_1", attempt=2):
        log.info("begins")
        threads = [
            threading.Thread(target=copy_context().run, args=(log.info, "with a copy")),
            threading.Thread(target=log.info, args=("without",)),
        ]
        for thread in threads:
            thread.start()
            thread.join()
        with logs.bound(job="job_1"):
            log.info("deeper")
    log.info("outside")
    belongs = {line["message"]: {k: line[k] for k in ("run", "attempt", "job") if k in line} for line in ear.lines}
    ours = {"run": "run_1", "attempt": 2}
    assert belongs == {
        "begins": ours,
        "with a copy": ours,
        "without": {},
        "deeper": ours | {"job": "job_1"},
        "outside": {},
    }
    assert ear.text[0].endswith("begins [run=run_1 attempt=2]") and ear.text[-1].endswith("outside")


@pytest.mark.parametrize(
    "text",
    [
        f"key dkd_{CANARY} is unknown",
        f"whsec_{CANARY}",
        f"Authorization: Bearer {CANARY}",
        f"{{'authorization': 'Basic {CANARY}', 'accept': '*/*'}}",
        f"[(b'authorization', b'Bearer {CANARY}')]",
        f'{{"Cookie": "distillery_session={CANARY}; other=1"}}',
        f"Set-Cookie: distillery_session={CANARY}; HttpOnly",
        f"bearer {CANARY}",
        f"postgresql://me:{CANARY}@db:5432/name does not answer",
        f"redis://:{CANARY}@db:6379/0",
        f"redis://:a:@{CANARY}@db:6379/0",
        f"host=db password={CANARY} user=me",
        f"{{'password': '{CANARY} and more'}}",
        f"DISTILLERY_METRICS_TOKEN={CANARY}",
        f"api_key: {CANARY}",
    ],
)
def test_no_secret_gets_into_a_line(ear: Ear, text: str) -> None:
    try:
        raise RuntimeError(text)
    except RuntimeError:
        log.exception("%s", text, extra={"fields": {"path": f"/a/{text}"}})
    assert CANARY not in ear.text[0] + json.dumps(ear.lines[0])
    assert "***" in ear.lines[0]["message"]


def test_what_is_no_secret_stays() -> None:
    for text in (
        "GET http://127.0.0.1:8000/v1/jobs",
        "password authentication failed for user me",
        "run run_1 (train job_1), attempt 1: begins",
        "Nothing at redis://db:6379/0 and mail@example.org",
    ):
        assert redact(text) == text


def test_a_strangers_long_word_costs_no_more_than_its_length() -> None:
    """Were any pattern to look again and again at what it has seen, this would not end."""
    for word in ("a", "://", "password", "cookie", "authorization", "bearer ", 'token="', "://a:", "api_key "):
        redact(word * (300_000 // len(word)))
