"""Jobs as rows, for the tests of the data layer."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from core.db import runs
from core.db.models import Dataset, Job, Project, Student
from core.db.session import Database

MakeJob = Callable[..., str]


@pytest.fixture
def make_job(database: Database) -> MakeJob:
    """A queued job with one student; returns its id."""

    def make(priority: int = 0) -> str:
        with database.write() as work:
            project = work.scalars(select(Project)).first() or Project(name="default")
            work.add(project)
            work.flush()
            dataset = Dataset(project_id=project.id, name="digits", source={"kind": "builtin", "name": "digits"})
            work.add(dataset)
            work.flush()
            job = Job(project_id=project.id, name="a job", dataset_id=dataset.id, recipe={}, priority=priority)
            work.add(job)
            work.flush()
            student = Student(
                project_id=project.id, job_id=job.id, position=0, label="small", name="small", seed=0,
                role="student", architecture="cifar/resnet8", plan={},
            )  # fmt: skip
            work.add(student)
            runs.enqueue(work, kind="train", subject=job.id, project_id=project.id, priority=priority)
            return job.id

    return make
