"""HTTP as uvicorn speaks it, for clients that get on with it: one that trickles holds a connection for half a minute.

An application behind a server sees a request when its head is whole; what comes before that, only the protocol can end.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LOOK_SECONDS = 10.0
LOOKS = 2  # in a row without getting on; then the connection ends
LEAST_BYTES = 10_240  # of a body between two looks
HEAD_BYTES = 65_536  # request line and headers
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Impatient(HttpToolsProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._received = 0  # bytes since the last look
        self._head = 0  # bytes of a head that is not whole yet
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

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        self._head += len(data)
        super().data_received(data)
        if self._head > HEAD_BYTES and self._between_requests and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._head = self._stuck = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head = 0
        super().on_body(body)

    @property
    def _between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        transport: BaseTransport | None = self.transport
        if transport is None or transport.is_closing():
            return
        self._stuck = 0 if self._gets_on() else self._stuck + 1
        self._received = 0
        if self._stuck >= LOOKS:
            self.logger.info("a connection that does not get on is ended: %s", self.client)
            self.transport.abort()
        else:
            self._wait()

    def _gets_on(self) -> bool:
        """A whole head, enough of a body that we are reading, some of an answer that is too much for its buffer."""
        if self.cycle is None:
            return False
        if self.cycle.response_complete:  # the wait for another request has a timer of its own
            return self._head == 0 and not self.cycle.more_body
        if self.cycle.more_body and not self.flow.read_paused:
            return self._received >= LEAST_BYTES
        unread, self._unread = self._unread, self.transport.get_write_buffer_size()
        return not self.flow.write_paused or self._unread != unread
