"""Five hundred connections that trickle, and one client who asks what anybody asks."""

import asyncio
import time
from collections.abc import Iterator

import httpx2

from benchmarks.load.place import Finding, Place, Size, milliseconds, place

CROWD, GOAL, PATIENCE = 500, 0.200, 30.0
BYTE_SECONDS = 1.0
SETTLED = 40.0  # seconds that the other client goes on asking


def findings(size: Size) -> Iterator[Finding]:
    with place(size.engine) as here:
        lives, others = asyncio.run(_all(here, size.of(CROWD)))
    ended = [life for life in lives if life is not None]
    yield milliseconds(f"GET /v1/jobs beside {len(lives)} that trickle", others, GOAL)
    most = f"{len(ended)} of {len(lives)}, the last after {max(ended, default=0):.1f} s"
    good = len(ended) == len(lives) and max(ended) <= PATIENCE
    yield Finding("ended", most, f"all within {PATIENCE:.0f} s", good)


async def _all(here: Place, count: int) -> tuple[list[float | None], list[float]]:
    """(seconds that each connection lived, None where it still does; seconds of each request of the other client)."""
    starts = (b"", b"GET /v1/jobs HTTP/1.1\r\nHost: x\r\nX-Long: ", _upload(here.key))
    slow = [asyncio.create_task(_trickle(here.port, starts[n % len(starts)])) for n in range(count)]
    others = await _ask(here)
    return await asyncio.gather(*slow), others


def _upload(key: str) -> bytes:
    lines = ["PUT /v1/uploads/upl_x/parts/1 HTTP/1.1", "Host: x", f"Authorization: Bearer {key}"]
    return "\r\n".join([*lines, "Content-Length: 100000", "", ""]).encode()


async def _trickle(port: int, start: bytes) -> float | None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.monotonic()
    writer.write(start)
    ended = asyncio.ensure_future(reader.read())
    try:
        while time.monotonic() - begun < SETTLED:
            if (await asyncio.wait([ended], timeout=BYTE_SECONDS))[0]:
                ended.exception()
                return time.monotonic() - begun
            if start:
                writer.write(b"x")
        return None
    except ConnectionError:
        return time.monotonic() - begun
    finally:
        ended.cancel()
        writer.close()


async def _ask(here: Place) -> list[float]:
    times = []
    headers = {"Authorization": f"Bearer {here.key}"}
    deadline = time.monotonic() + SETTLED
    async with httpx2.AsyncClient(
        base_url=here.service.stack.url, headers=headers, trust_env=False, timeout=30
    ) as client:
        while time.monotonic() < deadline:
            begun = time.perf_counter()
            (await client.get("/v1/jobs")).raise_for_status()
            times.append(time.perf_counter() - begun)
            await asyncio.sleep(0.05)
    return times
