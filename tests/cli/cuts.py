"""A wire to a service that can be cut: real sockets, whatever is on them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Wire:
    """`url` leads to the service; `cut` breaks every connection that is open, `away` refuses new ones too.

    `limits`: so many bytes of an answer come through the next connections, one after the other.
    """

    def __init__(self, service: str) -> None:
        self.limits: list[int] = []
        self._target = (urlsplit(service).hostname, urlsplit(service).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.opened = 0
        self.asked = b""  # everything that was sent to the service
        self._away = False
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._away:
                    near.close()
                    continue
                self.opened += 1
                threading.Thread(target=self._carry_both, args=(near,), daemon=True).start()

    def _carry_both(self, near: socket.socket) -> None:
        limit = self.limits.pop(0) if self.limits else 1 << 40
        with near, socket.create_connection(self._target) as far:
            self._open += [near, far]
            back = threading.Thread(target=self._carry, args=(far, near, limit, False), daemon=True)
            back.start()
            self._carry(near, far, 1 << 40, True)
            back.join()

    def _carry(self, source: socket.socket, sink: socket.socket, left: int, asks: bool) -> None:
        with suppress(OSError):
            while left and (piece := source.recv(min(left, 1 << 16))):
                self.asked += piece if asks else b""
                sink.sendall(piece)
                left -= len(piece)
        for end in (source, sink):
            _end(end)

    def cut(self) -> None:
        for end in list(self._open):
            _end(end)

    @contextmanager
    def away(self) -> Iterator[None]:
        self._away = True
        self.cut()
        yield
        self._away = False

    def close(self) -> None:
        self.cut()
        self._listener.close()


def _end(socket_: socket.socket) -> None:
    with suppress(OSError):
        socket_.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(service: str) -> Iterator[Wire]:
    wire = Wire(service)
    try:
        yield wire
    finally:
        wire.close()
