"""The two clients behind the same calls, for tests that hold for either."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from cli.async_client import AsyncClient
from cli.client import Client
from tests.fixtures import loops


class Blocking:
    """A `Client` for each call, closed behind it."""

    def __init__(self, url: str, key: str, **options: Any) -> None:
        self._made = lambda: Client(url, key, **options)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with self._made() as client:
                made = getattr(client, name)(*arguments, **options)
                return list(made) if inspect.isgenerator(made) else made

        return call


class Awaited:
    """An `AsyncClient` for each call, in a loop of its own."""

    def __init__(self, url: str, key: str, **options: Any) -> None:
        self._made = lambda: AsyncClient(url, key, **options)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            async def run() -> Any:
                async with self._made() as client:
                    made = getattr(client, name)(*arguments, **options)
                    return [one async for one in made] if inspect.isasyncgen(made) else await made

            return loops.run(run())

        return call


BOTH = pytest.mark.parametrize("kind", [Blocking, Awaited], ids=["sync", "async"])
Kind = Callable[..., Any]
