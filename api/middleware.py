"""The outermost layer: the address below a proxy's prefix, a request id, no foreign names, no guessing of types."""

import re
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import MEDIA_TYPE, TOO_LARGE, problem
from core import logs
from core.ids import new_id

_GIVEN = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_HOST = re.compile(r"([\w-]+(?:\.[\w-]+)*\.?|\[[0-9a-f:.]+\])(?::\d{0,5})?", re.ASCII)
_BY_ADDRESS = ("/healthz", "/readyz")  # machines that watch it know no names


class Edge:
    """A client's own X-Request-Id is kept when it is a plain word.

    `root_path`: the prefix under which a proxy serves this. Every request is seen with it, whether the proxy passes it
    on or strips it, so that paths in answers are those a browser can follow; health checks on the machine need none.
    `hosts`: the names by which it may be asked (`*.name`: all below); none: any. A stranger's name that leads here
    would make a stranger's page one of ours, in the eyes of a browser.
    """

    def __init__(self, app: ASGIApp, root_path: str = "", hosts: Collection[str] = ()) -> None:
        self._app = app
        self._root = root_path
        self._hosts = hosts

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
        if self._hosts and below not in _BY_ADDRESS and not _is_known(Headers(scope=scope), self._hosts):
            detail = "This service is not asked by that name. If it is one of its own: DISTILLERY_ALLOWED_HOSTS there."
            foreign = problem(Request(scope), 421, "unknown_host", detail)
            await foreign(scope, receive, mark)
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


def _is_known(headers: Headers, hosts: Collection[str]) -> bool:
    if len(named := headers.getlist("host")) != 1:
        return False
    if (host := _HOST.fullmatch(named[0].lower())) is None:
        return False
    name = host[1].strip("[]").removesuffix(".")
    return name in hosts or any(host.startswith("*.") and name.endswith(host[1:]) for host in hosts)
