"""Every change that succeeds leaves an entry in the audit, in its own transaction: both are kept, or neither.

The one place that names actions: `cancel_job` is job.cancel. Where the request's transaction is still open when its
answer is ready, `ChangingRoute` writes the entry; an endpoint that opens transactions of its own does by `TheAudit`.
A request that changed nothing (it was only asked what would be, or answered again) leaves none; nor does the arrival of
one part of an upload: that it was announced and became whole is told.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.deps import READING
from core.db import audit
from core.db.keys import Caller
from core.db.session import UnitOfWork


def action(operation: str) -> str:
    """`create_api_key` -> `api_key.create`"""
    verb, _, noun = operation.partition("_")
    return f"{noun}.{verb}"


class Audit:
    """Enters what this request changes."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def __call__(self, work: Session, subject: str | None, what: str | None = None) -> None:
        """`what`: the action, where the operation's name is not it."""
        state = self._request.state
        caller: Caller = state.caller
        client = self._request.client
        asked = audit.Asked(
            project_id=caller.project_id,
            key_id=caller.key_id,
            action=what or action(self._request.scope["route"].name),
            address=client.host[:100] if client else None,
            request_id=state.request_id,
        )
        audit.enter(work, asked, subject)


TheAudit = Annotated[Audit, Depends(Audit)]


class ChangingRoute(APIRoute):
    """Enters a change into the request's own transaction, which is still open here."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if not (self.methods or set()) - READING:
            return handle

        async def answer(request: Request) -> Response:
            response = await handle(request)
            work: UnitOfWork | None = getattr(request.state, "work", None)
            if work is not None and work.in_transaction():
                await run_in_threadpool(Audit(request), work, _subject(request, response))
            return response

        return answer


def _subject(request: Request, response: Response) -> str | None:
    """What the address names, or else what was made: the answer shows it."""
    for value in request.path_params.values():
        return str(value)
    found = json.loads(bytes(response.body)) if response.body else {}
    return found.get("id") if isinstance(found, dict) else None
