"""The outermost layer: the address below a proxy's path prefix, a request id, and no guessing of types by browsers."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import MEDIA_TYPE, TOO_LARGE, problem
from core import logs
from core.ids import new_id

_GIVEN = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class Edge:
    """A client's own X-Request-Id is kept when it is a plain word.

    `root_path`: the prefix under which a proxy serves this. Every request is seen with it, whether the proxy passes it
    on or strips it, so that paths in answers are those a browser can follow; health checks on the machine need none.
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app = app
        self._root = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._place(scope)
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN.fullmatch(given) else new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id
        logs.bind(request_id=request_id)  # never taken back: crashes are told further out, in the same task

        below = scope["path"].removeprefix(self._root)
        replaced = False

        async def mark(message: Message) -> None:
            nonlocal replaced
            if replaced:
                return
            if message["type"] == "http.response.start":
                if message["status"] == 413 and MEDIA_TYPE.encode() not in dict(message["headers"]).values():
                    large = problem(Request(scope), 413, "too_large", TOO_LARGE)  # the framework's own is plain text
                    await large(scope, receive, mark)
                    replaced = True
                    return
                headers = MutableHeaders(raw=message["headers"])
                headers["X-Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                if below.startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if "\x00" in scope["path"]:
            nothing = problem(Request(scope), 404, "not_found", "There is nothing at this address.")
            await nothing(scope, receive, mark)
            return
        await self._app(scope, receive, mark)

    def _place(self, scope: Scope) -> None:
        """ASGI's way: `path` is the whole one, `root_path` the part of it that is not ours."""
        if not self._root:
            return
        path = scope["path"]
        if path == self._root:
            scope["path"] = path + "/"
        elif not path.startswith(self._root + "/"):
            scope["path"] = self._root + path
        scope["root_path"] = self._root
