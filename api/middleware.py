"""Every response carries a request id, and says that browsers must not guess its type."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import MEDIA_TYPE, TOO_LARGE, problem
from core.ids import new_id

_GIVEN = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class Edge:
    """The outermost layer. A client's own X-Request-Id is kept when it is a plain word."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN.fullmatch(given) else new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id

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
                if scope["path"].startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if "\x00" in scope["path"]:
            nothing = problem(Request(scope), 404, "not_found", "There is nothing at this address.")
            await nothing(scope, receive, mark)
            return
        await self._app(scope, receive, mark)
