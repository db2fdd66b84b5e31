"""HTTP as uvicorn speaks it, for clients that get on with it: one that trickles holds a connection for half a minute.

An application behind a server sees a request when its head is whole; what comes before that, only the protocol can end.
"""

from asyncio import TimerHandle, Transport
from collections import deque
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

LOOK_SECONDS = 10.0
LOOKS = 2  # in a row without getting on; then the connection ends
LEAST_BYTES = 10_240  # of a body between two looks
HEAD_BYTES = 65_536  # request line and headers; of all requests that wait for the answer to another, together
MOST_WAITING = 100  # such requests: the least of them takes 2 kB here
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Impatient(HttpToolsProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._received = 0  # bytes since the last look
        self._head = 0  # bytes of a head, or of trailers, that are not whole yet
        self._waiting: deque[int] = deque()  # bytes of each head in the pipeline
        self._answered: RequestResponseCycle | None = None  # the request that is being answered; `cycle` is the newest
        self._unread = 0  # bytes of the answer that the client has not taken
        self._stuck = 0  # looks in a row
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)
        if self._answered is not None and not self._answered.response_complete:  # uvicorn tells the newest alone
            self._answered.disconnected = True
            self._answered.message_event.set()
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        self._head += len(data)
        super().data_received(data)
        if self._head > HEAD_BYTES:
            self._refuse()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Not what comes behind a body: trailers would be taken for headers (RFC 9110, 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        size = self._head_size()
        self._head = self._stuck = 0
        if size > HEAD_BYTES:
            self._refuse()
        if self.transport.is_closing():
            return
        super().on_headers_complete()
        if len(self.pipeline) > len(self._waiting):
            self._waiting.append(size)
        if sum(self._waiting) > HEAD_BYTES or len(self._waiting) > MOST_WAITING:
            self._refuse()

    def on_body(self, body: bytes) -> None:
        self._head = 0
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.transport.is_closing():
            super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        if self._waiting:
            self._waiting.popleft()
        super()._start_asgi_task(cycle, app)

    def _head_size(self) -> int:
        """Bytes of the head that has become whole, without spaces that mean nothing."""
        line = len(self.parser.get_method()) + len(self.url) + len("  HTTP/1.1\r\n")
        return line + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers) + len("\r\n")

    def _refuse(self) -> None:
        """With an answer, where none is under way: in the midst of another one it would be taken for a part of it."""
        if self.transport.is_closing():
            return
        if self._between_requests:
            self.transport.write(TOO_LARGE)
            self.transport.close()
        else:
            self.transport.abort()

    @property
    def _between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._stuck = 0 if self._gets_on() else self._stuck + 1
        self._received = 0
        if self._stuck >= LOOKS:
            self.logger.info("a connection that does not get on is ended: %s", self.client)
            self.transport.abort()
        else:
            self._wait()

    def _gets_on(self) -> bool:
        """A whole head, enough of a body that we are reading, some of an answer that is too much for its buffer."""
        unread, self._unread = self._unread, self.transport.get_write_buffer_size()
        if self.transport.is_closing():  # when the client has taken the rest
            return self._unread != unread
        if self.cycle is None:
            return False
        if self.cycle.response_complete:  # the wait for another request has a timer of its own
            return self._head == 0 and not self.cycle.more_body
        if self.cycle.more_body and not self.flow.read_paused:
            return self._received >= LEAST_BYTES
        return not self.flow.write_paused or self._unread != unread
