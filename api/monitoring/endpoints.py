"""/metrics: how the service fares, for Prometheus. It tells of all projects: no project's key is good for it."""

from ipaddress import ip_address
from secrets import compare_digest
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from prometheus_client.exposition import choose_encoder

from api.deps import TheSettings
from api.problems import Forbidden
from core.errors import Unauthorized

router = APIRouter(tags=["monitoring"])
_token = HTTPBearer(auto_error=False, scheme_name="scrape", description="The service's DISTILLERY_METRICS_TOKEN.")
# A proxy on this machine comes from loopback too, and brings strangers: these give it away.
_BETWEEN = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


def may_scrape(
    request: Request,
    settings: TheSettings,
    sent: Annotated[HTTPAuthorizationCredentials | None, Security(_token)] = None,
) -> None:
    """`Unauthorized` without the token; where none is set, `Forbidden` from anywhere but this machine."""
    if settings.metrics_token is None:
        if not _is_local(request):
            raise Forbidden(
                "metrics_are_local",
                "Only the service's own machine may ask. For others set DISTILLERY_METRICS_TOKEN there, and send it as "
                "Authorization: Bearer …",
            )
    elif sent is None:
        raise Unauthorized("missing_token", "Send DISTILLERY_METRICS_TOKEN as Authorization: Bearer …")
    elif not compare_digest(sent.credentials.encode(), settings.metrics_token.get_secret_value().encode()):
        raise Unauthorized("invalid_token", "This is not the service's DISTILLERY_METRICS_TOKEN.")


@router.get(
    "/metrics",
    dependencies=[Depends(may_scrape)],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, 401: {}, 403: {}},
    openapi_extra={"security": [{}]},  # none where no token is set
)
def scrape_metrics(request: Request) -> Response:
    """In Prometheus' text format (or OpenMetrics, where that is accepted)."""
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(request.app.state.registry), media_type=media_type, headers={"Cache-Control": "no-store"})


def _is_local(request: Request) -> bool:
    """From this machine, to this machine by name (a page of a stranger's may lead a browser here), through nobody."""
    try:
        named = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    there = request.client.host if request.client else None
    return _is_loopback(there) and _is_loopback(named) and not any(name in request.headers for name in _BETWEEN)


def _is_loopback(host: str | None) -> bool:
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host or "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
