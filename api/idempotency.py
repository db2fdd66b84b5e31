"""`Idempotency-Key` on creating requests: the same key and body get the same answer, and one object.

`Creates` reserves the key before the endpoint's transaction begins; `CreatingRoute` stores the answer in that very
transaction, so that there is never an object without its answer, or the other way round.
"""

import hashlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from api.audit.route import ChangingRoute
from api.deps import TheCaller, TheDatabase
from core.db import idempotency
from core.db.idempotency import Answer, Reservation

_BOOL = TypeAdapter(bool)


class Replay(Exception):
    """This request has been answered before; carries that answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("replayed")
        self.answer = answer


def on_replay(_: Request, error: Exception) -> Response:
    assert isinstance(error, Replay)
    headers = {"Idempotent-Replayed": "true"}
    return Response(error.answer.body, error.answer.status, headers, "application/json")


async def _raw_body(request: Request) -> bytes:
    return await request.body()


def _reserved(
    request: Request,
    caller: TheCaller,
    database: TheDatabase,
    body: Annotated[bytes, Depends(_raw_body)],
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=r"^[ -~]+$",
            description="Makes the request safe to repeat for 24 hours.",
        ),
    ] = None,
) -> Iterator[None]:
    if idempotency_key is None or _stores_nothing(request):
        yield
        return
    said = b"\n".join([request.method.encode(), str(request.url.path).encode(), request.url.query.encode(), body])
    got = idempotency.reserve(database, caller.project_id, idempotency_key, hashlib.sha256(said).hexdigest())
    if isinstance(got, Answer):
        raise Replay(got)
    request.state.reservation = got
    try:
        yield
    except BaseException:
        idempotency.release(database, got)
        raise


def _stores_nothing(request: Request) -> bool:
    """Whether the endpoint will take `validate_only` for true."""
    try:
        return _BOOL.validate_python(request.query_params.get("validate_only", False))
    except ValidationError:
        return False


Creates = Depends(_reserved, scope="function")


class CreatingRoute(ChangingRoute):
    """Stores the answer of a reserved request in the request's own transaction, which is still open here.

    An endpoint whose answer holds a secret sets `request.state.stored_answer` to what may be kept of it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            response = await handle(request)
            reservation: Reservation | None = getattr(request.state, "reservation", None)
            if reservation is not None:
                body: str = getattr(request.state, "stored_answer", None) or bytes(response.body).decode()
                stored = Answer(response.status_code, body)
                await run_in_threadpool(idempotency.store, request.state.work, reservation, stored)
            return response

        return answer
