"""Sends what webhooks are to be told: at least once, signed, to public addresses, in no promised order.

Every API process has one. What is due is claimed in a transaction, sent outside of any, and settled in another; a
process that dies in between leaves a claim that runs out. A slow receiver holds one of a few places, and no others up.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ParamSpec, TypeVar

import anyio
import httpcore2
import httpx2
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from api.webhooks.outbound import Network, PublicBackend
from api.webhooks.signing import secret_of, signature
from core import VERSION
from core.db import deliveries
from core.db.deliveries import Answer, Claimed
from core.db.models import now
from core.db.session import Database

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
TRY_SECONDS = 15.0  # from the connection to the answer's status
PLACES = 32  # messages on their way at once
DROP_EVERY = timedelta(hours=1)
P = ParamSpec("P")
T = TypeVar("T")


class Courier:
    """`permitted`: networks that may be reached beside the public internet."""

    def __init__(self, database: Database, key: bytes, permitted: Sequence[Network] = ()) -> None:
        self._database, self._key = database, key
        backend = PublicBackend(permitted)
        # No proxy, no cookie, no redirect is followed, no connection is kept: each try is judged anew.
        self._pool = httpcore2.AsyncConnectionPool(
            network_backend=backend, max_connections=PLACES, max_keepalive_connections=0
        )
        self._under_way: set[asyncio.Task[None]] = set()
        self._more = False  # whether the last look found as much as there were places
        self._drop_at = now()

    async def run(self) -> None:
        """Until cancelled; what is on its way then is cut off, and tried again later."""
        try:
            async with self._pool:
                while True:
                    await self._look()
                    await self._rest()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _rest(self) -> None:
        """A second; less where as much was due as there were places, and half of them are free again."""
        if not self._more:
            await asyncio.sleep(LOOK_SECONDS)
            return
        with anyio.move_on_after(LOOK_SECONDS):
            while len(self._under_way) > PLACES // 2:
                await asyncio.wait([*self._under_way], return_when=asyncio.FIRST_COMPLETED)

    async def _look(self) -> None:
        try:
            free, self._more = PLACES - len(self._under_way), False
            found = await _to_its_end(self._claim, free)
            self._more = 0 < len(found) == free
            for claimed in found:
                task = asyncio.create_task(self._deliver(claimed))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
        except SQLAlchemyError as error:
            log.warning("webhooks wait for the database: %s", str(error).splitlines()[0])

    def _claim(self, most: int) -> list[Claimed]:
        at = now()
        if at >= self._drop_at:
            self._drop_at = at + DROP_EVERY
            with self._database.write() as work:
                deliveries.drop_old(work, at)
        with self._database.read() as session:
            if most < 1 or not deliveries.is_due(session, at):
                return []
        with self._database.write() as work:
            return deliveries.claim(work, at, most)

    async def _deliver(self, claimed: Claimed) -> None:
        answer = await self._try(claimed)
        log.info("webhook %s, message %s, try %d: %s", claimed.webhook_id, claimed.message_id, claimed.n, answer)
        try:
            await _to_its_end(self._settle, claimed, answer)
        except SQLAlchemyError as error:
            log.warning("what webhook %s answered is not noted: %s", claimed.webhook_id, str(error).splitlines()[0])

    def _settle(self, claimed: Claimed, answer: Answer) -> None:
        with self._database.write() as work:
            deliveries.settle(work, claimed, answer, now())

    async def _try(self, claimed: Claimed) -> Answer:
        begun = time.monotonic()
        status, error = None, None
        try:
            with anyio.fail_after(TRY_SECONDS):
                status = await self._post(claimed)
        except TimeoutError:
            error = f"no answer within {TRY_SECONDS:.0f} seconds"
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError) as failed:
            error = (str(failed) or type(failed).__name__)[:300]
        except Exception as failed:
            log.exception("webhook %s, message %s: not sent", claimed.webhook_id, claimed.message_id)
            error = f"{type(failed).__name__}: {failed}"[:300]
        return Answer(status, error, time.monotonic() - begun)

    async def _post(self, claimed: Claimed) -> int:
        """The status; the body of the answer is nobody's business."""
        timestamp = int(time.time())
        secrets = [secret_of(self._key, claimed.webhook_id, generation) for generation in claimed.generations]
        signatures = [signature(secret, claimed.message_id, timestamp, claimed.body) for secret in secrets]
        url = httpx2.URL(claimed.url)
        body = claimed.body.encode()
        headers: dict[bytes | str, bytes | str] = {
            "Host": url.netloc.decode(),
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "User-Agent": f"Distillery/{VERSION}",
            "webhook-id": claimed.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signatures),
        }
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        async with self._pool.stream("POST", target, headers=headers, content=body) as response:
            return int(response.status)


async def _to_its_end(do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """In a thread. Who cancels, however often, waits for it: the database is closed next."""
    going, cancelled = asyncio.ensure_future(run_in_threadpool(do, *args, **kwargs)), False
    while not going.done():
        try:
            await asyncio.wait([going])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
    return going.result()
