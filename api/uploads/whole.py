"""A file in one request: room for it is reserved before its first byte, and given back where the last does not come."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.audit.route import Audit
from api.uploads import service
from core.db import uploads
from core.db.models import Upload, now
from core.db.session import Database
from core.errors import Conflict, Invalid, Problem, TooLarge
from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys

log = logging.getLogger(__name__)

KEPT = timedelta(hours=1)  # a reservation whose request was killed with the service ends after so long;
KEEP_SECONDS = 300.0  # so often a request that lives puts that off
END_SECONDS = 10.0  # a service that stops waits so long for requests that give their room back

_under_way: set[asyncio.Future[Any]] = set()


def _track(future: asyncio.Future[Any]) -> None:
    _under_way.add(future)
    future.add_done_callback(_under_way.discard)


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """At its end, the requests that the server has cancelled have ended: the process does right after."""
    yield
    loop = asyncio.get_running_loop()
    if mine := [future for future in _under_way if future.get_loop() is loop]:
        await asyncio.wait(mine, timeout=END_SECONDS)


@dataclass(frozen=True)
class Whole:
    """A file that comes in one request: who sends it, and what it says about itself."""

    project_id: str
    filename: str
    purpose: str
    bytes: int
    sha256: str | None


@dataclass(frozen=True)
class Arrival:
    """Such a file on its way in."""

    wish: Whole
    database: Database
    storage: Storage
    settings: Settings
    audit: Audit
    turn: asyncio.Lock  # of those who change the project

    async def receive(self, body: AsyncIterator[bytes]) -> tuple[Upload, bool]:
        """The complete upload, and whether it is new: the same bytes for the same purpose are the upload they were.

        Where the project has no room for it, it may still be one of those: then it is read, and kept nowhere.
        """
        if task := asyncio.current_task():
            _track(task)
        try:
            async with self.turn:
                id = await run_in_threadpool(self._announce)
        except (Conflict, TooLarge):
            if not await run_in_threadpool(self._may_be_there):
                raise
            known = await self._recognize(body)
            if known is None:
                raise
            return known, False
        try:
            got = await self._store(id, body)
            self._check(got)
            return await run_in_threadpool(self._settle, id, got)
        except BaseException:  # also where the service stops: then this task is cancelled, perhaps again and again,
            forgetting = asyncio.get_running_loop().run_in_executor(None, self._forget, id)
            _track(forgetting)
            await asyncio.shield(forgetting)  # but a thread that has its work ends it, and the service waits for it
            raise

    def _announce(self) -> str:
        with self.database.write() as work:
            upload = uploads.create(
                work,
                self.wish.project_id,
                self.settings,
                filename=self.wish.filename,
                bytes=self.wish.bytes,
                purpose=self.wish.purpose,
                sha256=self.wish.sha256,
                part_size=self.wish.bytes,
                expires_at=_soon(),
                whole=True,
            )
            return upload.id

    async def _store(self, id: str, body: AsyncIterator[bytes]) -> service.Received:
        key = storage_keys.upload_file(id)
        try:
            return await service.store(self.storage, key, self._keeping(id, body), self.wish.bytes, "The file")
        except FileNotFoundError:  # its folder is gone: deleted meanwhile
            await run_in_threadpool(self._keep, id)
            raise

    async def _keeping(self, id: str, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The body; while it comes, its reservation lasts."""
        due = monotonic() + KEEP_SECONDS
        async for chunk in body:
            if monotonic() >= due:
                due = monotonic() + KEEP_SECONDS
                try:
                    await run_in_threadpool(self._keep, id)
                except SQLAlchemyError as error:  # there is time to try again
                    log.warning("upload %s, which is arriving, was not kept on: %s", id, error)
            yield chunk

    def _keep(self, id: str) -> None:
        with self.database.write() as work:
            uploads.still_arriving(work, id, expires_at=_soon())

    def _check(self, got: service.Received) -> None:
        if self.wish.sha256 is not None and got.sha256 != self.wish.sha256:
            detail = f"What arrived has the SHA-256 {got.sha256}."
            raise Invalid([Problem("/query/sha256", "upload_mismatch", detail)])

    def _settle(self, id: str, got: service.Received) -> tuple[Upload, bool]:
        with self.database.write() as work:
            if known := self._known(work, got):
                uploads.give_up(work, id)
                work.after_commit(partial(self.storage.delete_prefix, storage_keys.upload_folder(id)))
                return known, False
            uploads.arrived(work, id, got.sha256, expires_at=service.expiry(self.settings))
            self.audit(work, id)
            return uploads.get(work, self.wish.project_id, id), True

    def _forget(self, id: str) -> None:
        """Nothing of it is kept, neither its row nor its bytes, unless it had arrived when its request was cut."""
        with self.database.write() as work:
            if uploads.give_up(work, id):
                work.after_commit(partial(self.storage.delete_prefix, storage_keys.upload_folder(id)))

    # --- bytes that are here already ----------------------------------------------------------------------------

    def _may_be_there(self) -> bool:
        wish = self.wish
        with self.database.read() as session:
            return uploads.may_be_there(session, wish.project_id, wish.purpose, wish.bytes, wish.sha256)

    async def _recognize(self, body: AsyncIterator[bytes]) -> Upload | None:
        with Path(os.devnull).open("wb") as nowhere:
            got = await service.receive(body, nowhere, self.wish.bytes, "The file")
        self._check(got)

        def find() -> Upload | None:
            with self.database.write() as work:
                return self._known(work, got)

        return await run_in_threadpool(find)

    def _known(self, work: Session, got: service.Received) -> Upload | None:
        """The upload of these bytes, kept on."""
        known = uploads.same_bytes(work, self.wish.project_id, self.wish.purpose, got.sha256)
        if known is None:
            return None
        known.expires_at = service.expiry(self.settings)
        self.audit(work, known.id)
        return uploads.get(work, self.wish.project_id, known.id)


def _soon() -> datetime:
    return now() + KEPT
