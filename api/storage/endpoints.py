"""/v1/storage: what takes how much room, and what could go."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Reading, TheCaller, TheSettings
from api.storage.schemas import QuotaRead, StorageItem, StorageKind, StorageRead
from core.db import projects, usage

router = APIRouter(prefix="/storage", tags=["storage"])


@router.get("")
def get_storage_use(
    caller: TheCaller,
    session: Reading,
    settings: TheSettings,
    limit: Annotated[int, Query(ge=1, le=500, description="How many of the largest objects are listed.")] = 100,
) -> StorageRead:
    """What the project's jobs, data sets, teachers and uploads take, and which of the largest could be deleted."""
    used = usage.of_project(session, caller.project_id, limit)
    quota = projects.quotas(session, caller.project_id, settings)
    return StorageRead(
        quota=QuotaRead.model_validate(quota),
        bytes=sum(kind.bytes for kind in used.kinds),
        kinds=[StorageKind.model_validate(kind) for kind in used.kinds],
        data=[StorageItem.model_validate(item) for item in used.items],
    )
