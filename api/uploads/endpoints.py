"""/v1/uploads: files arriving in parts, to be resumed at any of them."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AfterValidator

from api.audit.route import TheAudit
from api.deps import Reading, TheCaller, TheDatabase, ThePart, TheSettings, TheStorage, Work, turn_of
from api.idempotency import Creates, CreatingRoute
from api.schemas import Listing, Sha256
from api.uploads import service
from api.uploads.schemas import PartRead, Purpose, Status, UploadComplete, UploadCreate, UploadRead
from api.uploads.whole import Arrival, Whole, lifespan
from core.db import datasets, uploads
from core.db.models import Upload
from core.errors import Conflict, Invalid, NotFound, Problem, TooLarge
from core.recipe import check_name
from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys

router = APIRouter(prefix="/uploads", tags=["uploads"], route_class=CreatingRoute, lifespan=lifespan)

RAW_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
UNBOUNDED = 2**62  # a raw body's own size is checked while it arrives


def _check_size(bytes: int, settings: Settings, storage: Storage) -> None:
    if bytes > settings.max_upload_bytes:
        detail = f"An upload may have up to {settings.max_upload_bytes} bytes; this one has {bytes}."
        raise TooLarge("upload_too_large", detail)
    service.check_space(storage, bytes)


@router.post("", status_code=201, dependencies=[Creates])
def create_upload(
    wish: UploadCreate, caller: TheCaller, work: Work, settings: TheSettings, storage: TheStorage
) -> UploadRead:
    """Announce a file. Its parts of `part_size` bytes follow, in any order, several at once."""
    _check_size(wish.bytes, settings, storage)
    upload = uploads.create(
        work,
        caller.project_id,
        settings,
        filename=wish.filename,
        bytes=wish.bytes,
        purpose=wish.purpose,
        sha256=wish.sha256,
        part_size=settings.upload_part_bytes,
        expires_at=service.expiry(settings),
    )
    return UploadRead.of(upload)


@router.put(
    "",
    status_code=201,
    response_model=UploadRead,
    responses={200: {"model": UploadRead, "description": "These bytes were here already: their upload."}},
    max_body_size=UNBOUNDED,
    openapi_extra=RAW_BODY,
)
async def send_upload(
    request: Request,
    caller: TheCaller,
    database: TheDatabase,
    storage: TheStorage,
    settings: TheSettings,
    audit: TheAudit,
    filename: Annotated[
        str, Query(min_length=1, max_length=200, description="What the file is called."), AfterValidator(check_name)
    ],
    purpose: Annotated[Purpose, Query(description="What the file is for.")],
    sha256: Annotated[Sha256 | None, Query(description="Of the file: refused where something else arrives.")] = None,
) -> Response:
    """A whole file as the raw body, in one request. Cut off, it leaves nothing; files worth resuming come in parts."""
    length = service.told_length(request.headers.get("content-length"))
    if not length:
        detail = "The file must not be empty, and its size must be told beforehand: send a Content-Length."
        raise Invalid([Problem("", "length_required", detail)])
    await run_in_threadpool(_check_size, length, settings, storage)
    wish = Whole(caller.project_id, filename, purpose, length, sha256)
    turn = turn_of(request, caller)
    upload, new = await Arrival(wish, database, storage, settings, audit, turn).receive(request.stream())
    body = UploadRead.of(upload).model_dump_json()
    return Response(body, 201 if new else 200, media_type="application/json")


@router.get("")
def list_uploads(
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    status: Annotated[Status | None, Query(description="An open one waits for parts.")] = None,
    purpose: Annotated[Purpose | None, Query(description="What the file is for.")] = None,
    sha256: Annotated[str | None, Query(max_length=64, description="Of the whole file.")] = None,
) -> Listing[UploadRead]:
    """The project's uploads, newest first. By `sha256` a client finds what it has sent before."""
    page = uploads.listing(session, caller.project_id, window, status=status, purpose=purpose, sha256=sha256)
    return Listing(data=[UploadRead.of(row) for row in page.rows], has_more=page.next is not None, next=page.next)


@router.get("/{upload_id}")
def get_upload(upload_id: str, caller: TheCaller, session: Reading) -> UploadRead:
    """One upload with the parts that have arrived: what a client needs to resume."""
    return UploadRead.of(uploads.get(session, caller.project_id, upload_id))


@router.put("/{upload_id}/parts/{n}", max_body_size=UNBOUNDED, openapi_extra=RAW_BODY)
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
        told = service.told_length(request.headers.get("content-length"))
        if told is not None and told != wanted:
            detail = f"Part {n} must have {wanted} bytes; Content-Length says {told}."
            raise Invalid([Problem("", "upload_mismatch", detail)])
        return wanted

    def keep(part: service.Received) -> PartRead:
        expires_at = service.expiry(settings)
        with service.tidy(storage, upload_id), database.write() as work:
            row = uploads.record_part(work, upload_id, n, bytes=part.bytes, sha256=part.sha256, expires_at=expires_at)
            return PartRead.model_validate(row)

    wanted = await run_in_threadpool(expected)
    try:
        key = storage_keys.upload_part(upload_id, n)
        part = await service.store(storage, key, request.stream(), wanted, "This part")
    except FileNotFoundError:  # its folder is gone: deleted or completed meanwhile
        await run_in_threadpool(expected)
        raise
    return await run_in_threadpool(keep, part)


@router.post("/{upload_id}/complete")
def complete_upload(
    upload_id: str,
    wish: UploadComplete,
    caller: TheCaller,
    database: TheDatabase,
    storage: TheStorage,
    settings: TheSettings,
    audit: TheAudit,
) -> UploadRead:
    """Put the parts together. Repeating it answers the same; another hash is a 422 and changes nothing.

    Every byte is read once more here: a large file takes its time (about 4 s per GiB). A request whose answer got lost
    goes on all the same; asking again waits for it.
    """

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
    uploads.check_open(upload)
    try:
        service.assemble(upload, wish.sha256, storage)  # long: outside any transaction
    except (NotFound, FileNotFoundError):  # its parts are gone: another request has completed or deleted it
        upload = read()
        if upload.status == "complete":
            return answer(upload)
        raise
    with service.tidy(storage, upload_id), database.write() as work:
        upload = uploads.hold(work, caller.project_id, upload_id)
        if upload.status == "open":
            uploads.finish(work, upload, wish.sha256, expires_at=service.expiry(settings))
            audit(work, upload_id)
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
