"""/v1/sessions: browsers sign in with a key, and carry a cookie that scripts cannot read."""

from typing import Literal

from fastapi import APIRouter, Request, Response

from api.audit.route import ChangingRoute
from api.deps import COOKIE, Reading, SignIn, TheCaller, TheSettings, Work, check_origin
from api.keys.schemas import KeyRead
from api.schemas import Read
from api.sessions.schemas import SessionCreate
from core.db import keys
from core.db.keys import Caller
from core.db.models import ApiKey
from core.errors import Unauthorized

router = APIRouter(prefix="/sessions", tags=["sessions"], route_class=ChangingRoute)


class SessionRead(Read):
    """Who is asking."""

    object: Literal["session"] = "session"
    project: str
    key: KeyRead


@router.post("", status_code=204)
def create_session(request: Request, wish: SessionCreate, work: SignIn, settings: TheSettings) -> Response:
    """Sign in: the answer sets the cookie."""
    check_origin(request)
    if wish.key is not None:
        key = keys.find(work, wish.key.get_secret_value())
    else:
        assert wish.code is not None  # the schema lets exactly one of them through
        key = keys.use_code(work, wish.code.get_secret_value())
    if key is None:
        raise Unauthorized("invalid_key", "This key or code is unknown, used up, revoked or expired.")
    request.state.caller = Caller(key.project_id, key.id, None, key.scope)
    token = keys.sign_in(work, key, hours=settings.session_hours)
    response = Response(status_code=204)
    secure = settings.secure_cookies == "always" or request.url.scheme == "https"
    age = int(settings.session_hours * 3600)
    response.set_cookie(
        COOKIE, token, max_age=age, httponly=True, samesite="lax", secure=secure, path=settings.root_path or "/"
    )
    return response


@router.get("/current")
def get_session(caller: TheCaller, session: Reading) -> SessionRead:
    """Who this key or browser is."""
    return SessionRead(project=caller.project_id, key=KeyRead.model_validate(session.get_one(ApiKey, caller.key_id)))


@router.delete("/current", status_code=204)
def delete_session(caller: TheCaller, work: Work, settings: TheSettings) -> Response:
    """Sign out."""
    if caller.session_id is not None:
        keys.sign_out(work, caller.session_id)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path=settings.root_path or "/", httponly=True, samesite="lax")
    return response
