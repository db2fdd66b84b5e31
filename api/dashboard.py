"""The dashboard, as built. Its pages are one document; what they show comes from /v1.

The build knows no address: the document names its files relative to itself (`./assets/…`), and here they get the path
prefix under which this service is reached, which a meta tag tells the scripts too.
"""

import re
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

# In a wheel it lies beside this file, in a checkout where the build leaves it.
_PACKED = Path(__file__).parent / "dist"
DIST = _PACKED if _PACKED.is_dir() else Path(__file__).parent.parent / "frontend" / "dist"

_ID = r"[^/]+"
_PAGES = re.compile(
    "/|/jobs|/jobs/new|/compare|/explore|/students|/teachers|/datasets|/workers|/settings|/login|/api"
    f"|/jobs/{_ID}(/(charts|distillation|checkpoints|log|system|configuration))?"
    f"|/(students|teachers|datasets)/{_ID}"
)
_SERVICE = re.compile(r"/(v1|healthz|readyz|version|metrics|openapi\.json)(/.*)?")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_UNBUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Distillery</title>
<h1>The dashboard has not been built</h1>
<p>The service runs; its interface is described at <a href="./openapi.json">openapi.json</a>.
To build the dashboard, run this where Distillery lies, then reload the page:</p>
<pre>cd frontend &amp;&amp; npm ci &amp;&amp; npm run build</pre>
</html>
"""

router = APIRouter(include_in_schema=False)


@router.api_route("/docs", methods=["GET", "HEAD"])
@router.api_route("/redoc", methods=["GET", "HEAD"])
def lead_to_the_reference(request: Request) -> Response:
    """Where other services of this kind have it."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/api")


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def serve_dashboard(request: Request, path: str) -> Response:
    """A built file, or the app: with status 200 for the pages it has, 404 for others."""
    asked = f"/{path}"
    root = request.scope.get("root_path", "")
    if _SERVICE.fullmatch(asked):
        raise HTTPException(404)
    file = _built(path)
    if file is not None and path != "index.html":
        hashed = path.startswith("assets/")
        cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return FileResponse(file, headers={**_HEADERS, "Cache-Control": cache})
    if path.startswith("assets/"):
        raise HTTPException(404)
    status = 200 if _PAGES.fullmatch(asked.rstrip("/") or "/") else 404
    headers = {**_HEADERS, "Cache-Control": "no-cache"}
    index = _built("index.html")
    return HTMLResponse(_placed(_UNBUILT if index is None else index.read_text(), root), status, headers)


def _placed(document: str, root: str) -> str:
    """The document as one that is served below the prefix, at whatever depth."""
    document = re.sub(r'(src|href)="\./', rf'\1="{root}/', document)
    return document.replace('<meta name="root-path" content="" />', f'<meta name="root-path" content="{root}" />')


def _built(path: str) -> Path | None:
    """The file of the build at this path; None where there is none, or where the path leads out of the build."""
    if not path or len(path) > 500:
        return None
    file = (DIST / path).resolve()
    return file if file.is_relative_to(DIST.resolve()) and file.is_file() else None
