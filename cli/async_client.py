"""`cli.client` for coroutines: the same names, the same answers, the same patience.

Files go the way of `cli.client` too, in a thread: reading, writing and hashing them would hold the loop up, and what
resumes and verifies them is there once.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urljoin

import httpx2
from tenacity import AsyncRetrying

from cli import transfer, wire
from cli.address import address_and_key
from cli.client import Client
from cli.wire import FOLLOW_PATIENCE, ApiError, Json, Unreachable
from core.settings import Settings

__all__ = ["ApiError", "AsyncClient", "Unreachable", "connect_async"]
T = TypeVar("T")


class AsyncClient:
    """`patience`: seconds for which a broken connection or a busy service is tried again before it is an error."""

    def __init__(self, url: str, key: str, *, patience: float = 0.0, seconds: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._http = httpx2.AsyncClient(**wire.connection(self.url, key, seconds))
        self._tries = AsyncRetrying(**wire.tries(patience))
        self._beside = partial(Client, url, key, patience=patience, seconds=seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        with wire.told_as_ours(self.url):
            response = await self._http.request(method, path, **options)
        if response.is_error:
            raise wire.problem(response)
        return response

    async def _json(self, method: str, path: str, **options: Any) -> Json:
        answer: Json = (await self._tries.copy()(self._send, method, path, **options)).json()
        return answer

    async def get(self, path: str, **query: Any) -> Json:
        return await self._json("GET", path, params=wire.said(query))

    async def each(self, path: str, *, most: int | None = None, **query: Any) -> AsyncGenerator[Json, None]:
        """Every object of a list, page by page; at most `most`."""
        after, left = query.pop("after", None), most
        while left is None or left > 0:
            page = await self.get(path, after=after, limit=min(wire.PAGE, left or wire.PAGE), **query)
            for row in page["data"]:
                yield row
            left = None if left is None else left - len(page["data"])
            if not page["has_more"]:
                return
            after = page["next"]

    async def post(
        self, path: str, body: Json | None = None, *, key: str | None = None, timeout: float | None = None, **query: Any
    ) -> Json:
        """`key`: an Idempotency-Key that means the same wish in another process too."""
        options = wire.creating(key, timeout)
        return await self._json("POST", path, json=body or {}, params=query, **options)

    async def put(self, path: str, pieces: Callable[[], AsyncIterator[bytes]], length: int) -> Json:
        """A raw body of `length` bytes; `pieces` begins it anew for every try."""

        async def send() -> httpx2.Response:
            return await self._send("PUT", path, content=pieces(), headers=wire.raw(length))

        answer: Json = (await self._tries.copy()(send)).json()
        return answer

    async def patch(self, path: str, body: Json) -> Json:
        return await self._json("PATCH", path, json=body)

    async def delete(self, path: str) -> None:
        await self._tries.copy()(self._send, "DELETE", path)

    async def stream(
        self, path: str, *, start: int = 0, etag: str | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        """(offset, bytes) of a file from `start` on; begins at 0 again where the file is no longer that of `etag`.

        `path`: as the service gave it, a proxy's path prefix included.
        """
        address, headers = urljoin(self.url, path), wire.rest_of(start, etag)
        with wire.told_as_ours(self.url, "broke off"):
            async with self._http.stream("GET", address, headers=headers) as response:
                if response.is_error:
                    await response.aread()
                    raise wire.problem(response)
                offset = start if response.status_code == 206 else 0
                async for chunk in response.aiter_bytes(wire.CHUNK):
                    yield offset, chunk
                    offset += len(chunk)

    # --- the whole way, for scripts (docs/guides/python.md) ---

    async def create_job(self, recipe: Json) -> Json:
        """Queue a recipe; `teacher` and `dataset` may be uploads' ids."""
        return await self.post("/v1/jobs", recipe)

    async def wait(self, thing: Json, seconds: float = 1.0) -> Json:
        """A job until it has ended, or a data set or teacher until it is read; `ApiError` where that went wrong."""
        while not wire.ended(now := await self.get(wire.place_of(thing))):
            await asyncio.sleep(seconds)
        return now

    async def events(
        self, job: str, *, after: int = 0, patience: float = FOLLOW_PATIENCE, cut: wire.Cut = wire.unmoved
    ) -> AsyncGenerator[Json, None]:
        """What happens to a job (its id) as it happens, until it is over; a cut or a restart leaves no gap, no double.

        `after`: the `seq` of the last event known; `patience`: seconds without an answer before it is an error;
        `cut` is told once of each time that there is none.
        """
        place = wire.Following(after, patience, cut)
        while not place.over:
            lost: Exception | None = None
            try:
                with wire.told_as_ours(self.url):
                    async with self._http.sse(f"/v1/jobs/{job}/events", **place.request) as source:
                        if source.response.is_error:
                            await source.response.aread()
                            raise wire.problem(source.response)
                        async for frame in source:
                            if event := place.take(frame):
                                yield event
            except (Unreachable, wire.Busy) as error:
                lost = error
            if not place.over:
                await asyncio.sleep(place.pause(lost))

    async def upload(self, path: str | Path, purpose: str, progress: transfer.Moved = transfer.nothing) -> Json:
        """The complete upload of a file: `purpose` teacher or dataset. The same bytes are sent once."""
        return await self._in_thread(lambda client, moved: client.upload(path, purpose, moved), progress)

    async def download(
        self, student: str, folder: str | Path, progress: transfer.Moved = transfer.nothing
    ) -> list[Path]:
        """All files of a student (its id), verified, in a folder."""
        return await self._in_thread(lambda client, moved: client.download(student, folder, moved), progress)

    async def _in_thread(self, work: Callable[[Client, transfer.Moved], T], progress: transfer.Moved) -> T:
        """`progress` is called in the loop's thread. Who is cancelled waits until the files are left alone."""
        loop, client = asyncio.get_running_loop(), self._beside()

        def moved(what: str, done: int, total: int) -> None:
            if client.stopped:
                raise transfer.Abandoned
            loop.call_soon_threadsafe(progress, what, done, total)

        with client:
            thread = loop.run_in_executor(None, work, client, moved)
            try:
                return await asyncio.shield(thread)
            finally:
                client.stop()
                while not thread.done():
                    with suppress(asyncio.CancelledError):
                        await asyncio.wait([thread])
                thread.exception()  # whoever was cancelled hears of nothing else


def connect_async(settings: Settings | None = None, *, patience: float = 0.0) -> AsyncClient:
    """The service of DISTILLERY_URL, else the one that `up` runs on this machine."""
    return AsyncClient(*address_and_key(settings or Settings()), patience=patience)
