"""Server-sent events over one response."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

from starlette.responses import StreamingResponse
from starlette.types import Send

from api.events.streams import Frame
from api.schemas import Read

SEND_SECONDS = 20.0  # a reader that takes nothing for so long is cut off
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def frames_of(*kinds: type[Read]) -> dict[str, Any]:
    """How OpenAPI tells of a stream: what each of its frames is, with one of these in its data."""
    told = [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in kinds]
    data = {"type": "string", "contentMediaType": "application/json"}
    fields = {
        "event": {"type": "string"},
        "id": {"type": "string"},
        "data": data | {"contentSchema": told[0] if len(told) == 1 else {"anyOf": told}},
    }
    return {
        EventStream.media_type: {"itemSchema": {"type": "object", "required": ["event", "data"], "properties": fields}}
    }


class EventStream(StreamingResponse):
    """Frames as they come; the browser is told to come back after two seconds if the connection breaks."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncIterator[Frame]) -> None:
        self._frames = cast(AsyncGenerator[Frame], frames)
        super().__init__(iter(()), headers=_HEADERS)

    async def stream_response(self, send: Send) -> None:
        async def say(text: bytes, more: bool = True) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": text, "more_body": more})

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with contextlib.aclosing(self._frames) as frames:
            try:
                await say(b"retry: 2000\n\n")
                async for frame in frames:
                    await say(frame.text)
                await say(b"", more=False)
            except TimeoutError:
                return
