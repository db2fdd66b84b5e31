"""/v1/datasets: register images, see what became of them."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi import Path as PathParameter

from api.datasets import service
from api.datasets.schemas import BuiltinRead, DatasetCreate, DatasetRead, SampleClass, SampleRead, SamplesRead
from api.deps import (
    Reading,
    RootPath,
    TheCaller,
    TheDatabase,
    ThePart,
    TheQueue,
    TheSettings,
    TheStorage,
    Work,
    authenticate,
)
from api.idempotency import Creates, CreatingRoute
from api.schemas import Listing
from api.shelf import TheShelf
from core.db import datasets, projects
from core.db.models import Dataset
from core.db.session import Database
from core.errors import Conflict, NotFound
from core.storage import Storage
from core.storage import keys as storage_keys

router = APIRouter(prefix="/datasets", tags=["datasets"], route_class=CreatingRoute)
Split = Literal["train", "val", "test"]
PathSplit = Annotated[Split, PathParameter(description="Which part of the data set.")]


@router.post("", status_code=201, dependencies=[Creates])
def create_dataset(
    wish: DatasetCreate, caller: TheCaller, work: Work, queue: TheQueue, settings: TheSettings
) -> DatasetRead:
    """Register a data set; a worker reads and validates it."""
    projects.check_storage(work, caller.project_id, settings)
    service.check_source(work, caller.project_id, wish.source, settings)
    dataset = datasets.create(work, caller.project_id, name=wish.name, source=wish.source.model_dump(mode="json"))
    work.after_commit(queue.nudge)
    return DatasetRead.model_validate(dataset)


@router.get("")
def list_datasets(
    caller: TheCaller,
    session: Reading,
    window: ThePart,
    status: Annotated[
        Literal["validating", "ready", "rejected"] | None, Query(description="What became of the reading.")
    ] = None,
    name: Annotated[str | None, Query(max_length=200, description="Part of the name.")] = None,
    upload: Annotated[str | None, Query(max_length=100, description="Made of this upload.")] = None,
    source_sha256: Annotated[str | None, Query(max_length=64, description="Made of a file with this hash.")] = None,
) -> Listing[DatasetRead]:
    """The project's data sets, newest first."""
    filters = {"status": status, "name": name, "upload": upload, "source_sha256": source_sha256}
    page = datasets.listing(session, caller.project_id, window, **filters)
    data = [DatasetRead.model_validate(row) for row in page.rows]
    return Listing(data=data, has_more=page.next is not None, next=page.next)


@router.get("/builtin", dependencies=[Depends(authenticate)])
def list_builtin_datasets(settings: TheSettings, shelf: TheShelf) -> Listing[BuiltinRead]:
    """Data sets that are known by name, and whether their files are in place."""
    return shelf.cut(service.builtin_datasets(settings))


@router.get("/{dataset_id}")
def get_dataset(dataset_id: str, caller: TheCaller, session: Reading) -> DatasetRead:
    """One data set."""
    return DatasetRead.model_validate(datasets.get(session, caller.project_id, dataset_id))


@router.delete("/{dataset_id}", status_code=204)
def delete_dataset(dataset_id: str, caller: TheCaller, work: Work, storage: TheStorage) -> None:
    """Delete a data set that no job and no teacher uses."""
    datasets.remove(work, datasets.get(work, caller.project_id, dataset_id))
    work.after_commit(partial(storage.delete_prefix, storage_keys.dataset_folder(dataset_id)))


@router.get("/{dataset_id}/samples", responses={409: {}})
def list_samples(
    dataset_id: str,
    caller: TheCaller,
    database: TheDatabase,
    storage: TheStorage,
    root_path: RootPath,
    split: Annotated[Split, Query(description="Which part of the data set.")] = "train",
    per_class: Annotated[int, Query(ge=1, le=100, description="Images per class.")] = 6,
    limit: Annotated[int, Query(ge=1, le=100, description="Classes per page.")] = 20,
    after: Annotated[int, Query(ge=-1, lt=2**31, description="Index of the last class seen.")] = -1,
    label: Annotated[int | None, Query(ge=-1, lt=2**31, description="This class alone; -1: without a label.")] = None,
) -> SamplesRead:
    """Small previews of every class, or of one."""
    dataset, path = _packed(database, storage, caller.project_id, dataset_id)
    names = [str(name) for name in dataset.classes or []]
    shown = range(min(after + 1, len(names)), min(after + 1 + limit, len(names)))
    if label is not None:
        if label >= len(names):
            raise NotFound("class", str(label))
        shown = range(label, label + 1)
    base = f"{root_path}/v1/datasets/{dataset_id}/samples/{split}"
    classes = [
        SampleClass(
            index=at,
            name=names[at] if at >= 0 else "",
            images=[SampleRead(name=name, url=f"{base}/{index}.png") for index, name in images],
        )
        for at, images in service.sample_indices(path, split, shown, per_class).items()
    ]
    more = label is None and shown.stop < len(names)
    return SamplesRead(split=split, classes=classes, has_more=more, next=str(shown.stop - 1) if more else None)


@router.get(
    "/{dataset_id}/names/{split}",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, 409: {}},
)
def list_names(
    dataset_id: str, split: PathSplit, caller: TheCaller, database: TheDatabase, storage: TheStorage
) -> Response:
    """The names of a split's images, one a line, in their order: what a table of logits goes by."""
    _, path = _packed(database, storage, caller.project_id, dataset_id)
    return Response(service.names(path, split), media_type="text/plain; charset=utf-8")


@router.get(
    "/{dataset_id}/samples/{split}/{index}.png",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
        304: {"description": "It is the one that If-None-Match names."},
        409: {},
    },
)
def get_sample(
    dataset_id: str,
    split: PathSplit,
    index: Annotated[int, PathParameter(ge=0, lt=2**31, description="From 0, in the split.")],
    caller: TheCaller,
    database: TheDatabase,
    storage: TheStorage,
    side: Annotated[int, Query(ge=16, le=512, description="Pixels, at most.")] = service.PREVIEW_SIDE,
    if_none_match: Annotated[str | None, Header(description="The ETag of the image you have.")] = None,
) -> Response:
    """One image as a small PNG."""
    dataset, path = _packed(database, storage, caller.project_id, dataset_id)
    tag = f'"{dataset.id}-{split}-{index}-{side}"'  # a data set never changes
    headers = {"Cache-Control": "private, max-age=86400, immutable", "ETag": tag}
    if if_none_match is not None and tag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(service.preview(path, split, index, side), media_type="image/png", headers=headers)


def _packed(database: Database, storage: Storage, project_id: str, dataset_id: str) -> tuple[Dataset, Path]:
    """Outside any transaction: a large file takes its time to come out of a bucket."""
    with database.read() as session:
        dataset = datasets.get(session, project_id, dataset_id)
    if dataset.status != "ready":
        raise Conflict("not_ready", f"Data set {dataset_id} is {dataset.status}; only a ready one has samples.")
    return dataset, storage.fetch(storage_keys.dataset(dataset_id))
