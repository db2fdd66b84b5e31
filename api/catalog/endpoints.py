"""/v1/architectures, /losses, /presets, /limits: what exists. Forms are made from it."""

import inspect
from functools import cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from api.catalog.schemas import ArchitectureRead, LimitRead, LimitsRead, LossRead, PresetRead
from api.catalog.search import Wanted, search
from api.deps import Reading, TheCaller, TheSettings, authenticate
from api.events.endpoints import MAX_POINTS
from api.schemas import Listing
from api.shelf import TheShelf
from core.catalog import BUILTIN_DATASETS
from core.db.projects import quotas
from core.intake.limits import describe
from core.losses import LOSSES
from core.presets import PRESETS
from core.recipe import Recipe

router = APIRouter(tags=["catalog"], dependencies=[Depends(authenticate)])
MAX_BODY_BYTES = 2**20


@router.get("/architectures")
def list_architectures(
    q: Annotated[str | None, Query(max_length=200, description="Words of the name, family or description.")] = None,
    library: Annotated[Literal["cifar", "torchvision", "timm"] | None, Query(description="Who wrote them.")] = None,
    max_parameters: Annotated[int | None, Query(ge=0, lt=2**63, description="With `classes` outputs, at most.")] = None,
    max_image_size: Annotated[int | None, Query(ge=4, le=1024, description="Takes images of this side.")] = None,
    pretrained: Annotated[bool | None, Query(description="Whether there are published weights.")] = None,
    classes: Annotated[int, Query(ge=1, le=20_000, description="Outputs that `parameters` is counted with.")] = 10,
    limit: Annotated[int, Query(ge=1, le=100, description="Networks per page.")] = 100,
    after: Annotated[str | None, Query(max_length=200, description="The last name seen.")] = None,
) -> Listing[ArchitectureRead]:
    """The networks that can be trained and read: what is called like `q` first, then smallest first."""
    wanted = Wanted(q or "", library, max_parameters, max_image_size, pretrained, classes)
    found, more = search(wanted, after, limit)
    data = [ArchitectureRead.of(network, classes) for network in found]
    return Listing(data=data, has_more=more, next=data[-1].name if more else None)


@router.get("/losses")
def list_losses(shelf: TheShelf) -> Listing[LossRead]:
    """The losses with the JSON Schema of their options."""
    data = [
        LossRead(
            id=kind,
            kind=kind,
            description=inspect.cleandoc(part.__doc__ or ""),
            needs_teacher=part.needs_teacher,
            schema=part.model_json_schema(),
        )
        for kind, part in LOSSES.items()
    ]
    return shelf.cut(data)


@router.get("/presets")
def list_presets(shelf: TheShelf) -> Listing[PresetRead]:
    """Named recipes, resolved; teacher and data set are yours to give."""
    data = [
        PresetRead(
            id=name,
            name=name,
            description=preset.description,
            recipe=preset.make().model_dump(mode="json", exclude={"teacher", "dataset", "preset"}) | {"preset": name},
        )
        for name, preset in PRESETS.items()
    ]
    return shelf.cut(data)


@cache
def _recipe_schema() -> dict[str, Any]:
    return Recipe.model_json_schema()


@router.get("/limits")
def get_limits(caller: TheCaller, session: Reading, settings: TheSettings) -> LimitsRead:
    """What this server allows, and of quotas what the project may use."""
    return LimitsRead(
        max_upload_bytes=settings.max_upload_bytes,
        upload_quota_bytes=quotas(session, caller.project_id, settings).upload_bytes,
        upload_part_bytes=settings.upload_part_bytes,
        max_students=64,
        max_page=100,
        max_metric_points=MAX_POINTS,
        max_body_bytes=MAX_BODY_BYTES,
        rate_limit=settings.rate_limit or None,
        max_attempts=settings.max_crashes,
        lease_seconds=settings.lease_seconds,
        heartbeat_seconds=settings.heartbeat_seconds,
        builtin_datasets=list(BUILTIN_DATASETS),
        folder_datasets=bool(settings.dataset_roots),
        dataset={name: LimitRead(**limit) for name, limit in describe().items()},
        recipe_schema=_recipe_schema(),
    )
