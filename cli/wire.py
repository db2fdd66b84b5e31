"""What both clients are made of and neither waits for: headers, problems, what is tried again, a stream's place."""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
from tenacity import retry_if_exception_type, stop_after_delay, wait_random_exponential

from core.errors import DistilleryError, Problem, Unavailable

Json = dict[str, Any]
LOOPBACK = ("127.0.0.1", "::1", "localhost")
PAGE = 100  # objects
CHUNK = 1 << 16  # bytes of a file at once
QUIET = 45.0  # seconds; a stream says something every 15
FOLLOW_PATIENCE = 600.0  # seconds without an answer after which following gives up


class ApiError(DistilleryError):
    """What the service answered instead: a problem+json document."""

    def __init__(self, status: int, code: str, detail: str, problems: list[Problem]) -> None:
        super().__init__(code, detail)
        self.status = status
        self.problems = problems


class Busy(ApiError):
    """429, 503, a proxy whose service is away, a key that a request of ours still holds: worth another try."""


class Unreachable(Unavailable):
    """No answer at all: nothing listens there, or the connection broke."""


def problem(response: httpx2.Response) -> ApiError:
    """The error of an answer whose body has been read."""
    try:
        body = json.loads(response.content)
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    detail = body.get("detail") or body.get("title") or f"The service answered {response.status_code}."
    problems = [Problem(e.get("pointer", ""), e.get("code", ""), e.get("detail", "")) for e in body.get("errors") or []]
    busy = response.status_code in (429, 502, 503, 504) or body.get("code") == "idempotency_in_flight"
    kind = Busy if busy else ApiError
    return kind(response.status_code, body.get("code", "error"), detail, problems)


@contextmanager
def told_as_ours(url: str, what: str = "does not answer") -> Iterator[None]:
    """The HTTP library's errors become `Unreachable`, or `ApiError` for an address that is none."""
    try:
        yield
    except httpx2.TransportError as error:
        detail = f"{url} {what} ({str(error) or type(error).__name__}). Is the service running?"
        raise Unreachable("unreachable", detail) from error
    except httpx2.InvalidURL as error:
        raise ApiError(0, "invalid_url", f"DISTILLERY_URL: {error}", []) from error


# --- requests -----------------------------------------------------------------------------------------------------


def connection(url: str, key: str, seconds: float) -> Json:
    """How to reach a service; `seconds` is how long an answer may take."""
    return {
        "base_url": url,
        "headers": {"Authorization": f"Bearer {key}"},
        "timeout": httpx2.Timeout(seconds, connect=min(seconds, 5.0)),
        "trust_env": urlsplit(url).hostname not in LOOPBACK,  # no proxy stands before this machine
    }


def tries(patience: float) -> Json:
    """What is worth another try, and for how many seconds."""
    return {
        "retry": retry_if_exception_type((Unreachable, Busy)),
        "stop": stop_after_delay(patience),
        "wait": wait_random_exponential(0.2, max=3),
        "reraise": True,
    }


def said(query: Json) -> Json:
    """The parameters that were given."""
    return {name: value for name, value in query.items() if value is not None}


def creating(key: str | None, seconds: float | None) -> Json:
    """A request whose answer got lost can be sent again under the same key; `seconds`: where it may take longer."""
    headers = {"Idempotency-Key": key or uuid4().hex}
    return {"headers": headers} | ({"timeout": seconds} if seconds else {})


def raw(length: int) -> dict[str, str]:
    return {"Content-Type": "application/octet-stream", "Content-Length": str(length)}


def rest_of(start: int, etag: str | None) -> dict[str, str]:
    """Asks for a file from byte `start` on, if it is still that of `etag`."""
    headers = {"Range": f"bytes={start}-"} if start else {}
    return headers | ({"If-Range": etag} if start and etag else {})


# --- what takes its time ------------------------------------------------------------------------------------------


def place_of(thing: Json) -> str:
    """The path of an object of the service."""
    return f"/v1/{thing['object']}s/{thing['id']}"


def ended(thing: Json) -> bool:
    """Whether a job is over, or a data set or teacher read; `ApiError` where that went wrong."""
    status = thing["status"]
    if status in ("failed", "cancelled", "rejected"):
        error = thing["error"] or {}
        detail = str(error.get("detail") or status)
        raise ApiError(0, str(error.get("code") or status), f"{place_of(thing)} {status}: {detail}", [])
    return status in ("succeeded", "ready")


Cut = Callable[[Exception], None]


def unmoved(_: Exception) -> None:
    """For those who need not know of a cut."""


class Following:
    """Where a stream of a job's events is: what is needed to go on after a cut, without a gap or a double."""

    def __init__(self, after: int, patience: float, cut: Cut) -> None:
        self.seq, self.over = after, False
        self._patience, self._heard, self._pause = patience, time.monotonic(), 2.0
        self._cut, self._is_cut = cut, False

    @property
    def request(self) -> Json:
        headers = {"Last-Event-ID": str(self.seq)}
        return {"headers": headers, "timeout": httpx2.Timeout(QUIET, connect=5.0)}

    def take(self, frame: httpx2.ServerSentEvent) -> Json | None:
        """The event, unless it was told before."""
        self._heard, self._is_cut = time.monotonic(), False
        if frame.retry is not None:
            self._pause = frame.retry / 1000
        if not frame.data:
            return None
        event: Json = json.loads(frame.data)
        self.over = event["type"] == "done"
        if event["seq"] <= self.seq:
            return None
        self.seq = event["seq"]
        return event

    def pause(self, error: Exception | None = None) -> float:
        """Seconds until the next try: the service's word, spread, so that not everyone is back at the same moment."""
        if error is not None and time.monotonic() - self._heard > self._patience:
            raise error
        if error is not None and not self._is_cut:
            self._is_cut = True
            self._cut(error)
        return self._pause * random.uniform(0.5, 1.0)
