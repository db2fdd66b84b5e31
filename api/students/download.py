"""Downloads: HTTP's own ways to resume, to check and to spare a transfer."""

from pathlib import Path
from typing import Self

from fastapi import Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from api.problems import problem
from core.db.models import File


def etag(sha256: str) -> str:
    return f'"sha256-{sha256}"'


def not_modified(request: Request, sha256: str) -> bool:
    """Whether If-None-Match names this very file (weak comparison, as RFC 9110 wants for it)."""
    wanted = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return "*" in wanted or etag(sha256) in wanted


class Download(FileResponse):
    """A stored file. Starlette does the ranges; what cannot be served answers as a problem."""

    @classmethod
    def of(cls, file: File, path: Path) -> Self:
        headers = {"ETag": etag(file.sha256), "Cache-Control": "private, no-cache"}
        return cls(path, headers=headers, media_type=file.media_type, filename=file.name, stat_result=path.stat())

    @staticmethod
    def unchanged(file: File) -> Response:
        return Response(status_code=304, headers={"ETag": etag(file.sha256), "Cache-Control": "private, no-cache"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = False

        async def judged(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in (400, 416):
                refused = True
                size = self.headers["content-length"]
                detail = f"The file has {size} bytes; the Range header asks for none of them, or cannot be read."
                headers = {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}
                await problem(Request(scope), 416, "bad_range", detail, headers=headers)(scope, receive, send)
            elif not refused:
                await send(message)

        await super().__call__(_without_foreign_range(scope), receive, judged)


def _without_foreign_range(scope: Scope) -> Scope:
    """RFC 9110, 14.2: a Range in another unit than bytes, or on anything but GET, is as if it were not there."""
    kept = [
        (name, value)
        for name, value in scope["headers"]
        if name != b"range" or (scope["method"] == "GET" and value.strip().lower().startswith(b"bytes"))
    ]
    return {**scope, "headers": kept}
