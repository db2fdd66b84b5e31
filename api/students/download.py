"""Downloads: HTTP's own ways to resume, to check and to spare a transfer."""

import logging
import re
from collections.abc import Iterator
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.problems import problem
from core.db.models import File
from core.errors import NotFound, StorageUnavailable
from core.storage import Storage

log = logging.getLogger(__name__)
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})")


def etag(sha256: str) -> str:
    return f'"sha256-{sha256}"'


def not_modified(request: Request, sha256: str) -> bool:
    """Whether If-None-Match names this very file (weak comparison, as RFC 9110 wants for it)."""
    wanted = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return "*" in wanted or etag(sha256) in wanted


class Download(StreamingResponse):
    """A stored file, or the part of it that was asked for, piece by piece out of a folder or a bucket."""

    @classmethod
    def of(cls, request: Request, file: File, storage: Storage) -> Response:
        """`NotFound` where the storage does not have it."""
        if not storage.exists(file.key):
            raise NotFound("file", file.name)
        wanted = _wanted(request, file)
        asked = range(file.bytes) if wanted is None else _part(wanted, file.bytes)
        if wanted is not None and not asked:
            detail = f"The file has {file.bytes} bytes; the Range header asks for none of them, or cannot be read."
            headers = {"Content-Range": f"bytes */{file.bytes}", "Accept-Ranges": "bytes"}
            return problem(request, 416, "bad_range", detail, headers=headers)
        quoted = quote(file.name)
        name = f'filename="{file.name}"' if quoted == file.name else f"filename*=utf-8''{quoted}"
        headers = _headers(file) | {
            "Accept-Ranges": "bytes",
            "Content-Disposition": f"attachment; {name}",
            "Content-Length": str(len(asked)),
        }
        if wanted is not None:
            headers["Content-Range"] = f"bytes {asked.start}-{asked.stop - 1}/{file.bytes}"
        if request.method == "HEAD" or not asked:
            return Response(headers=headers, media_type=file.media_type)
        status = 200 if wanted is None else 206
        return cls(_pieces(storage, file.key, asked), status, headers, file.media_type)

    @staticmethod
    def unchanged(file: File) -> Response:
        return Response(status_code=304, headers=_headers(file))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except StorageUnavailable as error:  # the connection ends short; the client knows how to resume
            log.warning("a download was cut off: %s", error.detail)


def _headers(file: File) -> dict[str, str]:
    return {"ETag": etag(file.sha256), "Cache-Control": "private, no-cache"}


def _pieces(storage: Storage, key: str, asked: range) -> Iterator[bytes]:
    with storage.reading(key, asked.start, asked.stop) as pieces:
        yield from pieces


def _wanted(request: Request, file: File) -> str | None:
    """The Range header, where it counts.

    RFC 9110, 14.2: in another unit than bytes, on anything but GET, or for another file (If-Range), it is as if it were
    not there. Several ranges at once may be answered with the whole.
    """
    header = request.headers.get("range", "").strip().lower()
    same = request.headers.get("if-range", etag(file.sha256)) == etag(file.sha256)
    return header if request.method == "GET" and header.startswith("bytes") and "," not in header and same else None


def _part(wanted: str, size: int) -> range:
    """Empty where it is none of the file."""
    found = _RANGE.fullmatch(wanted)
    first, last = found.groups() if found else ("", "")
    if first:
        return range(int(first), min(int(last) + 1, size) if last else size)
    return range(max(0, size - int(last or 0)), size)
