"""The REST client that every command uses: JSON in, JSON out, problems as `ApiError`.

`cli.async_client` has the same names for coroutines. Creating requests carry an Idempotency-Key, so that a request
whose answer got lost can be sent again.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx2
from tenacity import Retrying, sleep_using_event, stop_when_event_set

from cli import transfer, wire
from cli.address import address_and_key
from cli.wire import FOLLOW_PATIENCE, ApiError, Json, Unreachable
from core.settings import Settings

__all__ = ["ApiError", "Client", "Unreachable", "connect"]


class Client:
    """`patience`: seconds for which a broken connection or a busy service is tried again before it is an error."""

    def __init__(self, url: str, key: str, *, patience: float = 0.0, seconds: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._http = httpx2.Client(**wire.connection(self.url, key, seconds))
        self._stopped = Event()
        policy = wire.tries(patience)
        policy["stop"] |= stop_when_event_set(self._stopped)
        self._tries = Retrying(**policy, sleep=sleep_using_event(self._stopped))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # --- for another thread that wants an end ---

    def stop(self) -> None:
        """What is going on here is not tried again, and nobody rests any longer."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def rest(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    # --- requests ---

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        with wire.told_as_ours(self.url):
            response = self._http.request(method, path, **options)
        if response.is_error:
            raise wire.problem(response)
        return response

    def _json(self, method: str, path: str, **options: Any) -> Json:
        answer: Json = self._tries(lambda: self._send(method, path, **options).json())
        return answer

    def get(self, path: str, **query: Any) -> Json:
        return self._json("GET", path, params=wire.said(query))

    def each(self, path: str, *, most: int | None = None, **query: Any) -> Iterator[Json]:
        """Every object of a list, page by page; at most `most`."""
        after, left = query.pop("after", None), most
        while left is None or left > 0:
            page = self.get(path, after=after, limit=min(wire.PAGE, left or wire.PAGE), **query)
            yield from page["data"]
            left = None if left is None else left - len(page["data"])
            if not page["has_more"]:
                return
            after = page["next"]

    def post(
        self, path: str, body: Json | None = None, *, key: str | None = None, timeout: float | None = None, **query: Any
    ) -> Json:
        """`key`: an Idempotency-Key that means the same wish in another process too."""
        options = wire.creating(key, timeout)
        return self._json("POST", path, json=body or {}, params=query, **options)

    def put(self, path: str, pieces: Callable[[], Iterator[bytes]], length: int) -> Json:
        """A raw body of `length` bytes; `pieces` begins it anew for every try."""
        headers = wire.raw(length)
        answer: Json = self._tries(lambda: self._send("PUT", path, content=pieces(), headers=headers).json())
        return answer

    def patch(self, path: str, body: Json) -> Json:
        return self._json("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        self._tries(lambda: self._send("DELETE", path))

    def stream(self, path: str, *, start: int = 0, etag: str | None = None) -> Iterator[tuple[int, bytes]]:
        """(offset, bytes) of a file from `start` on; begins at 0 again where the file is no longer that of `etag`.

        `path`: as the service gave it, a proxy's path prefix included.
        """
        address, headers = urljoin(self.url, path), wire.rest_of(start, etag)
        with wire.told_as_ours(self.url, "broke off"), self._http.stream("GET", address, headers=headers) as response:
            if response.is_error:
                response.read()
                raise wire.problem(response)
            offset = start if response.status_code == 206 else 0
            for chunk in response.iter_bytes(wire.CHUNK):
                yield offset, chunk
                offset += len(chunk)

    # --- the whole way, for scripts (docs/guides/python.md) ---

    def upload(self, path: str | Path, purpose: str, progress: transfer.Moved = transfer.nothing) -> Json:
        """The complete upload of a file: `purpose` teacher or dataset. The same bytes are sent once."""
        return transfer.send_file(self, Path(path), purpose, progress)

    def create_job(self, recipe: Json) -> Json:
        """Queue a recipe; `teacher` and `dataset` may be uploads' ids."""
        return self.post("/v1/jobs", recipe)

    def wait(self, thing: Json, seconds: float = 1.0) -> Json:
        """A job until it has ended, or a data set or teacher until it is read; `ApiError` where that went wrong."""
        while not wire.ended(now := self.get(wire.place_of(thing))):
            self.rest(seconds)
        return now

    def events(
        self, job: str, *, after: int = 0, patience: float = FOLLOW_PATIENCE, cut: wire.Cut = wire.unmoved
    ) -> Iterator[Json]:
        """What happens to a job (its id) as it happens, until it is over; a cut or a restart leaves no gap, no double.

        `after`: the `seq` of the last event known; `patience`: seconds without an answer before it is an error;
        `cut` is told once of each time that there is none.
        """
        place = wire.Following(after, patience, cut)
        while not place.over:
            lost: Exception | None = None
            try:
                with wire.told_as_ours(self.url), self._http.sse(f"/v1/jobs/{job}/events", **place.request) as source:
                    if source.response.is_error:
                        source.response.read()
                        raise wire.problem(source.response)
                    for frame in source:
                        if event := place.take(frame):
                            yield event
            except (Unreachable, wire.Busy) as error:
                lost = error
            if not place.over:
                self.rest(place.pause(lost))

    def download(self, student: str, folder: str | Path, progress: transfer.Moved = transfer.nothing) -> list[Path]:
        """All files of a student (its id), verified, in a folder."""
        return transfer.fetch_student(self, self.get(f"/v1/students/{student}"), Path(folder), progress)


def connect(settings: Settings | None = None, *, patience: float = 0.0) -> Client:
    """The service of DISTILLERY_URL, else the one that `up` runs on this machine."""
    return Client(*address_and_key(settings or Settings()), patience=patience)
