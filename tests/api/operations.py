"""Every operation of the interface, from its own description: a new route is tested without being listed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

BODIES: dict[str, dict[str, Any]] = {
    "create_job": {"dataset": "dst_x", "students": [{"name": "a", "architecture": "resnet8"}]},
    "change_job": {"name": "b"},
    "change_jobs": {"action": "cancel", "jobs": ["job_x"]},
    "create_dataset": {"name": "d", "source": {"kind": "builtin", "name": "digits"}},
    "create_teacher": {"name": "t", "source": {"kind": "upload", "upload": "upl_x"}},
    "create_upload": {"filename": "f", "bytes": 10, "purpose": "dataset"},
    "complete_upload": {"sha256": "0" * 64},
    "create_api_key": {"name": "k"},
    "create_session": {"key": "dkd_x"},
    "create_webhook": {"url": "https://example.com/hook"},
    "change_webhook": {"enabled": False},
}
OPEN = {"get_health", "get_readiness", "get_version", "scrape_metrics", "create_session"}  # asked without a key


@dataclass(frozen=True)
class Operation:
    """`path` has the parameters in braces, `id` is the operation's name."""

    id: str
    method: str
    path: str
    query: list[str] = field(default_factory=list)
    endless: bool = False  # a stream, which no client reads to its end

    def fill(self, values: dict[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: values[m[1]], self.path)

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def body(self) -> dict[str, Any] | None:
        return BODIES.get(self.id)


def operations(app: FastAPI) -> Iterator[Operation]:
    return described(app.openapi())


def described(document: dict[str, Any]) -> Iterator[Operation]:
    """Those that a service's own `/openapi.json` tells of."""
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            query = [p["name"] for p in said.get("parameters", []) if p["in"] == "query"]
            endless = list(said["responses"].get("200", {}).get("content", {})) == ["text/event-stream"]
            yield Operation(said["operationId"], method.upper(), path, query, endless)
