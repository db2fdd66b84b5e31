"""What is refused of any request, whichever endpoint it is for, before anybody reads it."""

import re
from email.message import Message

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from api.problems import OtherKind
from core.errors import Invalid, Problem
from core.problems import no_such, pointer

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
TOLD = 20  # unknown parameters that an answer names
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # a backslash behind another is no escape


def _is_json(request: Request) -> bool:
    """Whether the framework reads this body as JSON."""
    said = Message()
    said["content-type"] = request.headers.get("content-type", "")
    kind = said.get_content_subtype()
    return said.get_content_maintype() == "application" and (kind == "json" or kind.endswith("+json"))


async def refuse_nul(request: Request) -> None:
    """No name, id or text holds a NUL; databases differ in what they make of one."""
    query = any("\x00" in part for pair in request.query_params.multi_items() for part in pair)
    body = b""
    if request.method in ("POST", "PATCH") and _is_json(request):  # never a PUT: a part of an upload, to be streamed
        body = await request.body()
    if query or "\x00" in request.url.path or b"\x00" in body or _ESCAPED_NUL.search(body):
        where = "/query" if query else ""
        raise Invalid([Problem(where, "nul_character", "Text cannot hold the NUL character.")])


async def refuse_other_kinds(request: Request) -> None:
    """A body that is sent as something else: what reads it would complain of its content."""
    route: APIRoute = request.scope["route"]
    if route.body_field is None:
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind == "multipart/form-data":
            raise OtherKind("Send the file's bytes as they are, without a form around them: curl --upload-file FILE.")
    elif not _is_json(request) and await request.body():
        raise OtherKind("Send JSON, and say so: Content-Type: application/json.")


async def refuse_surrogates(request: Request) -> None:
    """Halves of a character that JSON can spell and no text can hold: databases and encoders trip over them."""
    if request.method in ("POST", "PATCH") and _SURROGATE.search(body := await request.body()):
        high = -1  # where one ends that waits for its other half
        for escape in _ESCAPE.finditer(body):
            code = int(escape[1] or b"0", 16)
            if 0xDC00 <= code <= 0xDFFF and high == escape.start():
                high = -1
            elif high >= 0 or 0xDC00 <= code <= 0xDFFF:
                break
            elif 0xD800 <= code <= 0xDBFF:
                high = escape.end()
        else:
            if high < 0:
                return
        raise Invalid(
            [Problem("", "lone_surrogate", "Text cannot hold half of a surrogate pair (\\ud800 to \\udfff).")]
        )


async def refuse_unknown(request: Request) -> None:
    """A filter whose name is misspelt would otherwise filter nothing."""
    if not request.query_params:
        return
    fields = get_flat_params(request.scope["route"].dependant)
    known = [field.alias for field in fields if isinstance(field.field_info, params.Query)]
    unknown = [name for name in dict(request.query_params) if name not in known]
    if unknown:
        found = ((pointer("query", name), no_such("parameter", name, known)) for name in unknown[:TOLD])
        raise Invalid([Problem(where, "unknown_parameter", detail) for where, detail in found])
