"""/v1/uploads: files arriving in parts, to be resumed at any of them."""

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from api.deps import Reading, TheCaller, TheDatabase, ThePart, TheSettings, TheStorage, Work
from api.idempotency import Creates, CreatingRoute
from api.schemas import Listing
from api.uploads import service
from api.uploads.schemas import PartRead, Purpose, UploadComplete, UploadCreate, UploadRead
from core.db import datasets, uploads
from core.db.models import Upload
from core.errors import Conflict, Invalid, NotFound, Problem, TooLarge
from core.storage import keys as storage_keys

router = APIRouter(prefix="/uploads", tags=["uploads"], route_class=CreatingRoute)


@router.post("", status_code=201, dependencies=[Creates])
def create_upload(wish: UploadCreate, caller: TheCaller, work: Work, settings: TheSettings) -> UploadRead:
    """Announce a file. Its parts of `part_size` bytes follow, in any order."""
    if wish.bytes > settings.max_upload_bytes:
        detail = f"An upload may have up to {settings.max_upload_bytes} bytes; this one has {wish.bytes}."
        raise TooLarge("upload_too_large", detail)
    service.check_space(settings, wish.bytes)
    upload = uploads.create(
        work,
        caller.project_id,
        filename=wish.filename,
        bytes=wish.bytes,
        purpose=wish.purpose,
        sha256=wish.sha256,
        part_size=settings.upload_part_bytes,
        quota=settings.upload_quota_bytes,
    )
    return UploadRead.of(upload)


@router.get("")
def list_uploads(
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    status: Annotated[Literal["open", "complete"] | None, Query()] = None,
    purpose: Annotated[Purpose | None, Query()] = None,
    sha256: Annotated[str | None, Query(max_length=64, description="Of the whole file.")] = None,
) -> Listing[UploadRead]:
    """The project's uploads, newest first. By `sha256` a client finds what it has sent before."""
    page = uploads.listing(session, caller.project_id, window, status=status, purpose=purpose, sha256=sha256)
    return Listing(data=[UploadRead.of(row) for row in page.rows], has_more=page.next is not None, next=page.next)


@router.get("/{upload_id}")
def get_upload(upload_id: str, caller: TheCaller, session: Reading) -> UploadRead:
    """One upload with the parts that have arrived: what a client needs to resume."""
    return UploadRead.of(uploads.get(session, caller.project_id, upload_id))


@router.put(
    "/{upload_id}/parts/{n}",
    max_body_size=2**62,  # the part's own size is checked while it arrives
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def put_part(
    request: Request,
    upload_id: str,
    n: Annotated[int, Path(ge=1, lt=2**31, description="From 1.")],
    caller: TheCaller,
    database: TheDatabase,
    storage: TheStorage,
    settings: TheSettings,
) -> PartRead:
    """Send one part as the raw body. Sending it again replaces it."""

    def expected() -> int:
        with database.read() as session:
            upload = uploads.get(session, caller.project_id, upload_id)
        uploads.check_open(upload)
        wanted = uploads.part_bytes(upload, n)
        told = request.headers.get("content-length", "")
        if told.isascii() and told.isdigit() and int(told[:20]) != wanted:
            detail = f"Part {n} must have {wanted} bytes; Content-Length says {told[:20]}."
            raise Invalid([Problem("", "upload_mismatch", detail)])
        return wanted

    def keep(part: service.Received) -> PartRead:
        storage.put(storage_keys.upload_part(upload_id, n), part.path)
        with service.tidy(storage, upload_id), database.write() as work:
            row = uploads.record_part(work, upload_id, n, bytes=part.bytes, sha256=part.sha256)
            return PartRead.model_validate(row)

    wanted = await run_in_threadpool(expected)
    with service.scratch(settings) as file:
        part = await service.receive(request.stream(), file, wanted)
        return await run_in_threadpool(keep, part)


@router.post("/{upload_id}/complete")
def complete_upload(
    upload_id: str,
    wish: UploadComplete,
    caller: TheCaller,
    database: TheDatabase,
    storage: TheStorage,
    settings: TheSettings,
) -> UploadRead:
    """Put the parts together. Repeating it answers the same; another hash is a 422 and changes nothing."""

    def read() -> Upload:
        with database.read() as session:
            return uploads.get(session, caller.project_id, upload_id)

    def answer(upload: Upload) -> UploadRead:
        if upload.sha256 != wish.sha256:
            raise Invalid([Problem("/sha256", "upload_mismatch", "The upload is complete, with another hash.")])
        return UploadRead.of(upload)

    upload = read()
    if upload.status == "complete":
        return answer(upload)
    try:
        service.assemble(upload, wish.sha256, storage, settings)  # long: outside any transaction
    except NotFound:  # its parts are gone: another request was faster
        upload = read()
        if upload.status == "complete":
            return answer(upload)
        raise
    with service.tidy(storage, upload_id), database.write() as work:
        upload = uploads.get(work, caller.project_id, upload_id)
        if upload.status == "open":
            uploads.finish(work, upload, wish.sha256)
        work.after_commit(partial(storage.delete_prefix, storage_keys.upload_parts(upload_id)))
        return UploadRead.of(upload)


@router.delete("/{upload_id}", status_code=204)
def delete_upload(upload_id: str, caller: TheCaller, work: Work, storage: TheStorage) -> None:
    """Delete an upload, finished or not. Data sets and teachers that were made of it stay."""
    upload = uploads.get(work, caller.project_id, upload_id)
    if reader := datasets.uses_upload(work, upload_id):
        raise Conflict("in_use", f"{reader} is still being read from this upload; try again when it is done.")
    uploads.remove(work, upload)
    work.after_commit(partial(storage.delete_prefix, storage_keys.upload_folder(upload_id)))
