"""Which methods an address knows, over all routes: a router tells of one route alone."""

import re
from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException


class Addresses:
    """The addresses of the interface, with the methods of each."""

    def __init__(self, routers: Iterable[tuple[str, APIRouter]]) -> None:
        """`routers`: each with the prefix that it is included under."""
        self._methods: dict[str, set[str]] = {}
        for prefix, router in routers:
            for route in (one for one in router.routes if isinstance(one, APIRoute)):
                self._methods.setdefault(prefix + route.path, set()).update(route.methods or ())
        self._patterns = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), methods)
            for path, methods in self._methods.items()
            if "{" in path
        ]

    def written(self, path: str) -> set[str] | None:
        """The methods of an address without parameters."""
        return self._methods.get(path) if "{" not in path else None

    def methods(self, path: str) -> set[str]:
        """Of two addresses that match, the one that says it to the letter: `/v1/jobs/actions` is no job."""
        found = (methods for pattern, methods in self._patterns if pattern.fullmatch(path))
        return self.written(path) or next(found, set())


def allowed_methods(request: Request) -> set[str]:
    """What the address of this request knows; nothing where there is no such address."""
    return _of(request).methods(_path(request))


def refuse_method(request: Request) -> None:
    """405 where an address is written to the letter, and another route would take its last word for an id."""
    written = _of(request).written(_path(request))
    if written is not None and request.method not in written:
        raise HTTPException(405)


def _of(request: Request) -> Addresses:
    addresses: Addresses = request.app.state.addresses
    return addresses


def _path(request: Request) -> str:
    return request.url.path.removeprefix(request.scope.get("root_path", ""))
