"""A file server that breaks off, as networks do: real sockets, and a Range header that is honoured."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FlakyServer(ThreadingHTTPServer):
    def __init__(self, content: bytes, etag: str, cut_after: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.etag, self.cut_after = content, etag, cut_after
        self.starts: list[int] = []  # where each answer began

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FlakyServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        start = 0
        if (wanted := self.headers.get("Range")) and self.headers.get("If-Range") in (None, self.server.etag):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        body = self.server.content[start:]
        self.server.starts.append(start)
        self.send_response(206 if start else 200)
        self.send_header("ETag", self.server.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.cut_after:
            self.wfile.write(body[: self.server.cut_after.pop(0)])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def flaky(content: bytes, etag: str, cut_after: list[int]) -> Iterator[FlakyServer]:
    with FlakyServer(content, etag, cut_after) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
