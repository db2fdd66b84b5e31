"""Every error as `application/problem+json` (RFC 9457): what went wrong, where, and a code for programs."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from api.addresses import allowed_methods
from api.health.schemas import CheckRead
from api.ratelimit import TooOften
from core.db.session import UNREACHABLE
from core.errors import (
    Conflict,
    DistilleryError,
    IllegalMove,
    Invalid,
    NotFound,
    Problem,
    StorageUnavailable,
    TooLarge,
    Unauthorized,
    Unavailable,
    is_disk_full,
)
from core.problems import MOST_TOLD, problem_at

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
TOO_LARGE = "The body is larger than this request may be."

_HTTP_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 416: "bad_range"}


class ProblemPlace(BaseModel):
    """One thing that is wrong, at one place of the input."""

    pointer: str = Field(description="JSON Pointer into the body; other inputs as /query/…, /path/… or /header/….")
    code: str
    detail: str


class ProblemRead(BaseModel):
    """What every error answers with (RFC 9457)."""

    type: str = Field(description="The kind of problem, as a URI.")
    title: str
    status: int
    detail: str = Field(description="A sentence that says what to do next.")
    instance: str = Field(description="The path of the request.")
    code: str = Field(description="Stable, for programs.")
    request_id: str = Field(description="Also in the header X-Request-Id; quote it when you report a problem.")
    errors: list[ProblemPlace] | None = Field(None, description="For bad input: every place that is wrong.")
    available_actions: list[str] | None = Field(None, description="For invalid_transition: what can be asked instead.")
    checks: list[CheckRead] | None = Field(None, description="Of /readyz: everything that was looked at.")


class Forbidden(DistilleryError):
    """Not by that caller, or not from there: another site's request, a key without the scope, a machine elsewhere."""


class OtherKind(DistilleryError):
    """A body of another media type than this address takes."""

    def __init__(self, detail: str) -> None:
        super().__init__("other_media_type", detail)


_STATUS: dict[type[DistilleryError], int] = {
    NotFound: 404,
    Unauthorized: 401,
    Forbidden: 403,
    Conflict: 409,
    TooLarge: 413,
    OtherKind: 415,
    Unavailable: 503,
    Invalid: 422,
}


def _utf8(text: str) -> str:
    """Without the lone surrogates that JSON can smuggle in."""
    return text.encode("utf-8", "replace").decode()


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[Problem] | None = None,
    available_actions: list[str] | None = None,
    checks: list[CheckRead] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    request_id = getattr(request.state, "request_id", "")
    body: dict[str, Any] = {
        "type": f"urn:distillery:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _utf8(detail),
        "instance": _utf8(request.url.path),
        "code": code,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = [{"pointer": _utf8(e.pointer), "code": e.code, "detail": _utf8(e.detail)} for e in errors]
    if available_actions is not None:
        body["available_actions"] = available_actions
    if checks is not None:
        body["checks"] = [check.model_dump() for check in checks]
    more = {"X-Request-Id": request_id, "Cache-Control": "no-store", **(headers or {})}
    if status == 401:
        more.setdefault("WWW-Authenticate", "Bearer")
    if status in (429, 503):
        more.setdefault("Retry-After", str(RETRY_SECONDS))
    return JSONResponse(body, status, more, MEDIA_TYPE)


# --- from exceptions ----------------------------------------------------------------------------------------------


def on_distillery_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DistilleryError)
    if isinstance(error, TooOften):
        return problem(request, 429, error.code, error.detail, headers={"Retry-After": str(error.seconds)})
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
    found = error.problems if isinstance(error, Invalid) else None
    return problem(
        request,
        status,
        error.code,
        _in_words(found, len(found)) if found and len(found) >= MOST_TOLD else error.detail,
        errors=found[:MOST_TOLD] if found else None,
        available_actions=error.available_actions if isinstance(error, IllegalMove) else None,
    )


def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400 and isinstance(error.__cause__, ValueError | RecursionError):  # a body was not read
        return problem(request, 400, "malformed_json", f"The body is not JSON that can be read: {_why(error)}.")
    allowed = allowed_methods(request) if error.status_code in (404, 405) else set()
    if allowed:  # the router knows the methods of one route, and the dashboard's answers GET anywhere
        error = HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
    code = _HTTP_CODES.get(error.status_code, HTTPStatus(error.status_code).name.lower())
    details = {
        404: "There is nothing at this address.",
        405: "This address does not know that method.",
        413: TOO_LARGE,
    }
    detail = details.get(error.status_code, str(error.detail))
    return problem(request, error.status_code, code, detail, headers=dict(error.headers or {}))


def _why(error: BaseException) -> str:
    if isinstance(cause := error.__cause__, UnicodeDecodeError):
        return f"it is not UTF-8 at byte {cause.start}"
    return "it is nested too deeply" if isinstance(cause, RecursionError) else "a number in it has too many digits"


def on_invalid_request(request: Request, error: Exception) -> Response:
    """What pydantic found, at the places where the client wrote it."""
    assert isinstance(error, RequestValidationError)
    body = getattr(request.scope.get("route"), "body_field", None)
    model = body.field_info.annotation if body is not None else None
    errors = error.errors()
    found = [_place(e, error.body, model) for e in errors[:MOST_TOLD]]
    if any(e["type"] == "json_invalid" for e in errors):
        return problem(request, 400, "malformed_json", f"The body is not JSON: {found[0].detail}", errors=found)
    return problem(request, 422, "invalid", _in_words(found, len(errors)), errors=found)


def _in_words(found: list[Problem], count: int) -> str:
    """The first few of so many problems."""
    some = "; ".join(f"{p.pointer or '/'}: {p.detail}" for p in found[:3])
    return some + (f"; and {count - 3} more" if count > 3 else "")


def _place(error: ErrorDetails, body: Any, model: Any) -> Problem:
    source, *path = error["loc"]
    if error["type"] == "json_invalid":
        return Problem("", "json_invalid", f"{error['ctx']['error']} at character {path[0]}")
    if source != "body":
        detail = error["msg"].removeprefix("Value error, ")
        return Problem("/".join(["", str(source), *map(str, path)]), error["type"], detail)
    return problem_at({**error, "loc": tuple(path)}, body, model)


def on_database_down(request: Request, error: Exception) -> Response:
    full = "disk is full" in str(error) or "No space left" in str(error)
    log.warning("database: %s", str(error).splitlines()[0])
    if full:
        return problem(request, 503, "disk_full", "The disk is full; nothing was stored. Free some space, then retry.")
    return problem(request, 503, "database_unavailable", "The database does not answer; nothing was stored. Try again.")


def on_unstorable(request: Request, error: Exception) -> Response:
    """The backstop for values that only the database can refuse."""
    log.info("refused by the database: %s", str(error).splitlines()[0])
    detail = "The input holds a value that cannot be stored: a number out of range, or a character that is not text."
    return problem(request, 422, "unstorable", detail)


def on_storage_down(request: Request, error: Exception) -> Response:
    assert isinstance(error, StorageUnavailable)
    log.warning("storage: %s", error.detail)  # where it is, and what it said, is nobody else's business
    return problem(request, 503, error.code, "The storage does not answer; nothing was stored. Try again.")


def on_os_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if is_disk_full(error):
        return problem(request, 503, "disk_full", "The disk is full; nothing was stored. Free some space, then retry.")
    return on_crash(request, error)


def on_gone(_: Request, __: Exception) -> Response:
    """The client cut its own request off: nobody hears the answer, and the log's line has it (499, as nginx says)."""
    return Response(status_code=499)


def on_crash(request: Request, error: Exception) -> Response:
    """Our fault: the log has the traceback, the client a number to quote."""
    log.error("the request failed", exc_info=error)
    return problem(request, 500, "internal", "Something broke on our side. The log has it under this request's id.")


def install(app: FastAPI) -> None:
    app.add_exception_handler(StorageUnavailable, on_storage_down)
    app.add_exception_handler(DistilleryError, on_distillery_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    for down in UNREACHABLE:
        app.add_exception_handler(down, on_database_down)
    app.add_exception_handler(DataError, on_unstorable)
    app.add_exception_handler(UnicodeEncodeError, on_unstorable)
    app.add_exception_handler(ClientDisconnect, on_gone)
    app.add_exception_handler(OSError, on_os_error)
    app.add_exception_handler(Exception, on_crash)
