"""The description of the interface, true to what it does. `python -m api.openapi > frontend/openapi.json`

Routes say what is their own (`responses={409: {}}` where a state can forbid it); what follows for every route of a kind
is written here, once: which errors it may answer with, and which headers come with every answer.
"""

import json
import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.deps import ADMIN, ANYBODY, READING, ULID
from api.problems import MEDIA_TYPE, RETRY_SECONDS

Json = dict[str, Any]

DESCRIPTION = (
    "Send a key with every request, `Authorization: Bearer dkd_…`; a list comes in pages, and `next` of one page is "
    "`after` of the following. An error is `application/problem+json`: `code` is for programs, `detail` for people, "
    "and `errors` names every place of bad input."
)
REFUSALS = {
    400: "The body is not JSON.",
    401: "No key, or one that is unknown, revoked or expired.",
    403: "The key's scope is not enough, or the request comes from another site.",
    404: "There is no such object in this project.",
    409: "Not in its present state, or not while an equal request is on its way.",
    413: "The body, or what it announces, is larger than allowed.",
    415: "The body is sent as something else than is wanted: JSON, or a file's bytes as they are.",
    416: "The file has none of the bytes that are asked for.",
    422: "The input is not what is described here, or its parts do not fit; `errors` names every place.",
    429: "More requests than this key may make; `Retry-After` says when to come back.",
    503: "A part of the service is away, or the disk is full; nothing was stored.",
}
# Of bodies; the tests send each of them.
EXAMPLES: Json = {
    "create_job": {
        "name": "digits, two sizes",
        "dataset": "builtin:digits",
        "students": [
            {"name": "small", "architecture": "resnet8", "seeds": [0, 1]},
            {"name": "medium", "architecture": "resnet20", "optimizer": {"lr": 0.01}},
        ],
        "training": {"epochs": 30, "batch_size": 64},
    },
    "change_job": {"name": "digits, again", "priority": 10, "metadata": {"team": "vision"}},
    "change_jobs": {"action": "cancel", "jobs": ["job_01jd0000000000000000000000"]},
    "create_upload": {"filename": "flowers.zip", "bytes": 344862509, "purpose": "dataset"},
    "complete_upload": {"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    "create_dataset": {"name": "digits", "source": {"kind": "builtin", "name": "digits"}},
    "create_teacher": {
        "name": "ResNet-50",
        "source": {"kind": "pretrained", "library": "timm", "name": "resnet50", "weights": "a1_in1k"},
    },
    "create_api_key": {"name": "nightly", "scope": "submit"},
    "rotate_api_key": {"overlap_hours": 24},
    "create_session": {"key": "dkd_…"},
    "create_webhook": {"url": "https://example.com/hook", "events": ["job.succeeded", "job.failed"]},
    "change_webhook": {"enabled": False},
}
PROBLEM: Json = {
    "type": "urn:distillery:problem:unknown_architecture",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "/students/0/architecture: There is no architecture 'resnet9'.",
    "instance": "/v1/jobs",
    "code": "unknown_architecture",
    "request_id": "req_01jd0000000000000000000000",
    "errors": [
        {
            "pointer": "/students/0/architecture",
            "code": "unknown_architecture",
            "detail": "There is no architecture 'resnet9'.",
        }
    ],
}
HEADERS: Json = {
    "X-Request-Id": {
        "description": "Names this request in the logs: the client's own where that is a plain word.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,100}$"},
    },
    "Retry-After": {
        "description": "Seconds to wait.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "examples": [RETRY_SECONDS]},
    },
    "WWW-Authenticate": {
        "description": "What is wanted: a key.",
        "required": True,
        "schema": {"type": "string", "const": "Bearer"},
    },
    "Idempotent-Replayed": {
        "description": "There where this is the stored answer of an earlier request.",
        "schema": {"type": "string", "const": "true"},
    },
}
_WITH: dict[int, str] = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
# parameter -> (how its value begins, whose id it is)
_IDS = {
    "job_id": ("job", "job"),
    "student_id": ("stu", "student"),
    "dataset_id": ("dst", "data set"),
    "teacher_id": ("tch", "teacher"),
    "upload_id": ("upl", "upload"),
    "webhook_id": ("whk", "webhook"),
    "delivery_id": ("dlv", "delivery"),
    "key_id": ("key", "key"),
}


def describe(app: FastAPI) -> None:
    """Let `app.openapi()` tell all of it."""

    def openapi() -> Json:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
            )
            _complete(made)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(made: Json) -> None:
    components = made["components"]
    components["headers"] = HEADERS
    components["responses"] = {_name(status): _refusal(status) for status in REFUSALS}
    _require_kinds(components["schemas"])
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            if not path.startswith("/v1/"):
                answers.pop("422", None)
            for status in _refusals(path, method.upper(), operation):
                answers[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
            for answer in (one for one in answers.values() if "$ref" not in one):
                _complete_answer(answer, _is_replayable(operation))
            operation["responses"] = dict(sorted(answers.items()))
            if operation["operationId"] in EXAMPLES:
                body = operation["requestBody"]["content"]["application/json"]
                body["example"] = EXAMPLES[operation["operationId"]]
            for parameter in operation.get("parameters", []):
                if parameter["name"] in _IDS:
                    prefix, owner = _IDS[parameter["name"]]
                    parameter["schema"]["pattern"] = f"^{prefix}_{ULID}$"
                    parameter["description"] = f"The {owner}'s id."


def _require_kinds(schema: Any) -> None:
    """What tells the ways of a union apart must be there, but for the way that is meant where nothing is said; each way
    alone, as a default, can do without.
    """
    if isinstance(schema, dict):
        if "discriminator" in schema:
            told, unless = schema["discriminator"], schema.pop("x-unless-said", None)
            named = {"required": [told["propertyName"]]}
            if unless is None:
                schema |= named
            else:
                meant = {"$ref": told["mapping"][unless]}
                schema["oneOf"] = [way if way == meant else {"allOf": [way], **named} for way in schema["oneOf"]]
        for inner in schema.values():
            _require_kinds(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _require_kinds(inner)


def _complete_answer(answer: Json, replayable: bool) -> None:
    headers = answer.setdefault("headers", {})
    for name in ("X-Request-Id", *(("Idempotent-Replayed",) if replayable else ())):
        headers[name] = {"$ref": f"#/components/headers/{name}"}
    for content in answer.get("content", {}).values():
        if "itemSchema" in content:
            content.pop("schema", None)  # a stream is no single text


def _is_replayable(operation: Json) -> bool:
    return any(one["name"].lower() == "idempotency-key" for one in operation.get("parameters", []))


def _refusals(path: str, method: str, operation: Json) -> Iterator[int]:
    """Every error that such an operation may answer with."""
    yield from [int(status) for status in operation["responses"] if int(status) in REFUSALS]
    if not path.startswith("/v1/"):
        return
    body = operation.get("requestBody", {}).get("content", {})
    changes = method not in READING
    yield from (401, 422, 429, 503)
    if (changes and operation["operationId"] not in ANYBODY) or ADMIN.intersection(operation["tags"]):
        yield 403
    if "{" in path:
        yield 404
    if changes and ("{" in path or _is_replayable(operation)):
        yield 409
    if "application/json" in body:
        yield 400
    if body:
        yield from (413, 415)


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.title().replace(" ", "")


def _refusal(status: int) -> Json:
    """An answer as `api.problems` gives it."""
    content: Json = {"schema": {"$ref": "#/components/schemas/ProblemRead"}}
    if status == PROBLEM["status"]:
        content["example"] = PROBLEM
    headers = ["X-Request-Id", *([_WITH[status]] if status in _WITH else [])]
    return {
        "description": REFUSALS[status],
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {MEDIA_TYPE: content},
    }


def text() -> str:
    """The same bytes for the same code, wherever it runs."""
    from api.app import create_app
    from core.db.session import Database
    from core.queue import PollingQueue
    from core.settings import Settings
    from core.storage import Storage

    class _Nowhere:
        pass

    nowhere: Any = _Nowhere()
    storage: Storage = nowhere
    app = create_app(Settings(), Database("sqlite://"), storage, PollingQueue())
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
