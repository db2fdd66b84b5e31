"""A client of a running stack, as thin as can be: what it costs is not what is measured."""

import time
from collections.abc import Callable
from typing import Any, Self

import httpx2

from tests.cli.stack import Stack

PATIENCE = 120.0


class Service:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        key = (stack.data_dir / "admin.key").read_text().strip()
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx2.Client(base_url=stack.url, headers=headers, trust_env=False, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        return self._http.get(path).raise_for_status().json()

    def raw(self, path: str) -> bytes:
        """Not taken apart."""
        return self._http.get(path).raise_for_status().content

    def post(self, path: str, body: Any = None) -> Any:
        return self._http.post(path, json=body).raise_for_status().json()

    def wait(self, check: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not check():
            if time.monotonic() > deadline:
                raise TimeoutError("the service did not get there")
            time.sleep(0.01)

    def digits(self) -> str:
        """The builtin data set, ready."""
        dataset = self.post("/v1/datasets", {"name": "digits", "source": {"kind": "builtin", "name": "digits"}})["id"]
        self.wait(lambda: self.get(f"/v1/datasets/{dataset}")["status"] == "ready")
        return str(dataset)
