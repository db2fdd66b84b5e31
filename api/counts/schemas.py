"""How many there are of each noun."""

from typing import Literal

from pydantic import Field

from api.schemas import Read
from core.lifecycle import JobStatus


class CountsRead(Read):
    """What a project holds."""

    object: Literal["counts"] = "counts"
    jobs: dict[JobStatus, int] = Field(description="By status; every status is there.")
    students: int = Field(description="Without the controls.")
    teachers: int
    datasets: int
    workers: int = Field(description="Those that have not stopped; they serve every project.")
