"""The REST client that every command uses: JSON in, JSON out, problems as `ApiError`.

Creating requests carry an Idempotency-Key, so that a request whose answer got lost can be sent again.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import httpx2
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from cli import transfer
from core.errors import DistilleryError, Problem, Unavailable
from core.settings import Settings

Json = dict[str, Any]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ApiError(DistilleryError):
    """What the service answered instead: a problem+json document."""

    def __init__(self, status: int, code: str, detail: str, problems: list[Problem]) -> None:
        super().__init__(code, detail)
        self.status = status
        self.problems = problems


class _Busy(ApiError):
    """429, 503, a proxy whose service is away, a key that a request of ours still holds: worth another try."""


class Unreachable(Unavailable):
    """No answer at all: nothing listens there, or the connection broke."""


def _problem(response: httpx2.Response) -> ApiError:
    try:
        body = json.loads(response.read())
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    detail = body.get("detail") or body.get("title") or f"The service answered {response.status_code}."
    problems = [Problem(e.get("pointer", ""), e.get("code", ""), e.get("detail", "")) for e in body.get("errors") or []]
    busy = response.status_code in (429, 502, 503, 504) or body.get("code") == "idempotency_in_flight"
    kind = _Busy if busy else ApiError
    return kind(response.status_code, body.get("code", "error"), detail, problems)


class Client:
    """`patience`: seconds for which a broken connection or a busy service is tried again before it is an error."""

    def __init__(self, url: str, key: str, *, patience: float = 0.0) -> None:
        self.url = url.rstrip("/")
        self._http = httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx2.Timeout(60.0, connect=5.0),
            trust_env=urlsplit(self.url).hostname not in LOOPBACK,  # no proxy stands before this machine
        )
        self._tries = Retrying(
            retry=retry_if_exception_type((Unreachable, _Busy)),
            stop=stop_after_delay(patience),
            wait=wait_random_exponential(0.2, max=3),
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx2.TransportError as error:
            raise Unreachable(
                "unreachable", f"{self.url} does not answer ({error}). Is the service running?"
            ) from error
        except httpx2.InvalidURL as error:
            raise ApiError(0, "invalid_url", f"DISTILLERY_URL: {error}", []) from error
        if response.is_error:
            raise _problem(response)
        return response

    def _json(self, method: str, path: str, **options: Any) -> Any:
        return self._tries(lambda: self._send(method, path, **options).json())

    def get(self, path: str, **query: Any) -> Json:
        answer: Json = self._json("GET", path, params={k: v for k, v in query.items() if v is not None})
        return answer

    def each(self, path: str, *, most: int | None = None, **query: Any) -> Iterator[Json]:
        """Every object of a list, page by page; at most `most`."""
        after, left = None, most
        while left is None or left > 0:
            page = self.get(path, after=after, limit=min(100, left or 100), **query)
            yield from page["data"]
            left = None if left is None else left - len(page["data"])
            if not page["has_more"]:
                return
            after = page["next"]

    def post(
        self, path: str, body: Json | None = None, *, key: str | None = None, timeout: float = 60.0, **query: Any
    ) -> Json:
        """`key`: an Idempotency-Key that means the same wish in another process too."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        answer: Json = self._json("POST", path, json=body or {}, params=query, headers=headers, timeout=timeout)
        return answer

    def put(self, path: str, pieces: Callable[[], Iterator[bytes]], length: int) -> Json:
        """A raw body of `length` bytes; `pieces` begins it anew for every try."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(length)}
        answer: Json = self._tries(lambda: self._send("PUT", path, content=pieces(), headers=headers).json())
        return answer

    def delete(self, path: str) -> None:
        self._tries(lambda: self._send("DELETE", path))

    def stream(self, path: str, *, start: int = 0, etag: str | None = None) -> Iterator[tuple[int, bytes]]:
        """(offset, bytes) of a file from `start` on; begins at 0 again where the file is no longer that of `etag`.

        `path`: as the service gave it, a proxy's path prefix included.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and etag:
            headers["If-Range"] = etag
        try:
            with self._http.stream("GET", urljoin(self.url, path), headers=headers) as response:
                if response.is_error:
                    raise _problem(response)
                offset = start if response.status_code == 206 else 0
                for chunk in response.iter_bytes(1 << 16):
                    yield offset, chunk
                    offset += len(chunk)
        except httpx2.TransportError as error:
            raise Unreachable("unreachable", f"{self.url} broke off ({error}).") from error

    # --- the whole way, for scripts (docs/guides/python.md) ---

    def upload(self, path: str | Path, purpose: str, progress: transfer.Moved = transfer.nothing) -> Json:
        """The complete upload of a file: `purpose` teacher or dataset. The same bytes are sent once."""
        return transfer.send_file(self, Path(path), purpose, progress)

    def create_job(self, recipe: Json) -> Json:
        """Queue a recipe; `teacher` and `dataset` may be uploads' ids."""
        return self.post("/v1/jobs", recipe)

    def wait(self, thing: Json, seconds: float = 1.0) -> Json:
        """A job until it has ended, or a data set or teacher until it is read; `ApiError` where that went wrong."""
        path = f"/v1/{thing['object']}s/{thing['id']}"
        while (now := self.get(path))["status"] not in ("succeeded", "ready", "failed", "cancelled", "rejected"):
            time.sleep(seconds)
        if now["status"] in ("failed", "cancelled", "rejected"):
            error = now["error"] or {}
            detail = str(error.get("detail") or now["status"])
            raise ApiError(0, str(error.get("code") or now["status"]), f"{path} {now['status']}: {detail}", [])
        return now

    def download(self, student: str, folder: str | Path, progress: transfer.Moved = transfer.nothing) -> list[Path]:
        """All files of a student (its id), verified, in a folder."""
        return transfer.fetch_student(self, self.get(f"/v1/students/{student}"), Path(folder), progress)


# --- which service ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunningStack:
    """What `up` leaves in its data dir while it runs, so that the other commands find it."""

    url: str
    pid: int

    @staticmethod
    def file(data_dir: Path) -> Path:
        return data_dir / "up.json"


def running_stack(data_dir: Path) -> RunningStack | None:
    try:
        return RunningStack(**json.loads(RunningStack.file(data_dir).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def connect(settings: Settings | None = None, *, patience: float = 0.0) -> Client:
    """The service of DISTILLERY_URL, else the one that `up` runs on this machine."""
    settings = settings or Settings()
    stack = running_stack(settings.data_dir)
    url = settings.url or (stack.url if stack else None)
    if url is None:
        where = "set DISTILLERY_URL and DISTILLERY_API_KEY, or start one here: distillery up"
        raise Unavailable("no_service", f"No service found in {settings.data_dir}: {where}")
    key = settings.api_key.get_secret_value() if settings.api_key else None
    if key is None and stack and stack.url == url:
        try:
            key = settings.admin_key_file.read_text().strip()
        except OSError as error:
            raise Unavailable("no_key", f"Cannot read {settings.admin_key_file} ({error.strerror}).") from error
    if not key:
        raise Unavailable("no_key", f"Set DISTILLERY_API_KEY to a key of {url}.")
    return Client(url, key, patience=patience)
