"""The whole schema on one page. Every row but the machinery's belongs to a project.

Ids are prefixed and sort by creation time; times are UTC. What is only shown is JSON; what is searched is a column.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    case,
    false,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from core.ids import new_id
from core.lifecycle import JobStatus


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in and out, also on SQLite, which forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """As a time stands in JSON, here and in answers: RFC 3339, in UTC."""
    return at.isoformat().replace("+00:00", "Z")


Id = String(40)
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Names = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=Names)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: Json, list[Any]: Json}


class _Row:
    """What every object of the API has."""

    created_at: Mapped[datetime] = mapped_column(default=now)


def _id(prefix: str) -> Mapped[str]:
    return mapped_column(Id, primary_key=True, default=lambda: new_id(prefix), info={"prefix": prefix})


def _project() -> Mapped[str]:
    return mapped_column(Id, ForeignKey("projects.id"), index=True)


# --- who --------------------------------------------------------------------------------------------------------


class Project(_Row, Base):
    """The tenant."""

    __tablename__ = "projects"
    id: Mapped[str] = _id("prj")
    name: Mapped[str] = mapped_column(String(200))
    running_jobs: Mapped[int | None]  # this and what follows: quotas of its own, where the settings' do not hold
    storage_bytes: Mapped[int | None] = mapped_column(BigInteger)
    upload_bytes: Mapped[int | None] = mapped_column(BigInteger)


class ApiKey(_Row, Base):
    """A key is shown once; only its hash is kept."""

    __tablename__ = "api_keys"
    id: Mapped[str] = _id("key")
    project_id: Mapped[str] = _project()
    name: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(20), default="admin", server_default="admin")  # core/db/keys.py: SCOPES
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Session(_Row, Base):
    """A browser that signed in with a key."""

    __tablename__ = "sessions"
    id: Mapped[str] = _id("ses")
    key_id: Mapped[str] = mapped_column(Id, ForeignKey("api_keys.id"))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]


class SignInCode(_Row, Base):
    """A one-time code that `up` prints in its address."""

    __tablename__ = "sign_in_codes"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(Id, ForeignKey("api_keys.id"))
    expires_at: Mapped[datetime]


class IdempotencyKey(_Row, Base):
    """The stored answer to a creating POST; status is null while it is in flight."""

    __tablename__ = "idempotency_keys"
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)


class AuditEntry(_Row, Base):
    """A change that somebody asked for and got, told in the transaction of the change (api/audit).

    Bounded by age: a worker drops what is older than a year.
    """

    __tablename__ = "audit_entries"
    id: Mapped[str] = _id("aud")
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    action: Mapped[str] = mapped_column(String(60))  # noun.verb
    subject: Mapped[str | None] = mapped_column(Id)  # what was changed; it may be gone
    key_id: Mapped[str | None] = mapped_column(Id, ForeignKey("api_keys.id"))
    address: Mapped[str | None] = mapped_column(String(100))
    request_id: Mapped[str | None] = mapped_column(String(100))

    __table_args__ = (Index("ix_audit_entries_of_project", "project_id", "id"),)


# --- what goes in -------------------------------------------------------------------------------------------------


class Upload(_Row, Base):
    """A file on its way: open for parts, or arriving whole in one request; then complete."""

    __tablename__ = "uploads"
    id: Mapped[str] = _id("upl")
    project_id: Mapped[str] = _project()
    filename: Mapped[str] = mapped_column(String(500))
    purpose: Mapped[str] = mapped_column(String(20))
    bytes: Mapped[int] = mapped_column(BigInteger)
    part_size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(20), default="open")
    completed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    parts: Mapped[list["UploadPart"]] = relationship(order_by="UploadPart.n", cascade="all, delete-orphan")


class UploadPart(Base):
    __tablename__ = "upload_parts"
    upload_id: Mapped[str] = mapped_column(Id, ForeignKey("uploads.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))


class _Validated(_Row):
    """What a run reads before it can be used: validating, then ready or rejected."""

    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20), default="validating", index=True)
    source: Mapped[dict[str, Any]]
    error: Mapped[dict[str, Any] | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    bytes: Mapped[int | None] = mapped_column(BigInteger)


class Dataset(_Validated, Base):
    """An immutable, validated set of images with classes and splits."""

    __tablename__ = "datasets"
    id: Mapped[str] = _id("dst")
    project_id: Mapped[str] = _project()
    classes: Mapped[list[Any] | None]
    counts: Mapped[dict[str, Any] | None]
    image_size: Mapped[int | None]
    mean: Mapped[list[Any] | None]
    std: Mapped[list[Any] | None]
    form: Mapped[str | None] = mapped_column(String(20))
    unlabelled: Mapped[int | None]
    progress: Mapped[str | None] = mapped_column(String(200))  # what the run that reads it is doing
    ignored: Mapped[list[Any] | None]
    warnings: Mapped[list[Any] | None]
    report: Mapped[dict[str, Any] | None]


class Teacher(_Validated, Base):
    """Whatever answers with logits: a network with its normalisation, an ONNX model, a table, a mean of others."""

    __tablename__ = "teachers"
    id: Mapped[str] = _id("tch")
    project_id: Mapped[str] = _project()
    dataset_id: Mapped[str | None] = mapped_column(Id, ForeignKey("datasets.id"))
    kind: Mapped[str] = mapped_column(String(20), default="network", server_default="network")
    bound: Mapped[bool] = mapped_column(default=False, server_default=false())  # to the images of its data set
    asked: Mapped[dict[str, Any] | None]  # for beside the source: architecture, normalization, image_size
    architecture: Mapped[str | None] = mapped_column(String(200))
    classes: Mapped[int | None]
    class_names: Mapped[list[Any] | None]
    parameters: Mapped[int | None] = mapped_column(BigInteger)
    normalization: Mapped[dict[str, Any] | None]
    image_size: Mapped[int | None]
    interpolation: Mapped[str | None] = mapped_column(String(20))
    top1: Mapped[float | None]
    warnings: Mapped[list[Any] | None]
    report: Mapped[dict[str, Any] | None]


# --- the work -----------------------------------------------------------------------------------------------------


class Job(_Row, Base):
    """One teacher (or none), one data set, one or more students, one training schedule."""

    __tablename__ = "jobs"
    id: Mapped[str] = _id("job")
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[JobStatus] = mapped_column(String(20), default=JobStatus.QUEUED, index=True)
    phase: Mapped[str | None] = mapped_column(String(40))
    phase_history: Mapped[list[Any]] = mapped_column(default=list)
    teacher_id: Mapped[str | None] = mapped_column(Id, ForeignKey("teachers.id"), index=True)
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id"), index=True)
    recipe: Mapped[dict[str, Any]]
    decided: Mapped[dict[str, Any] | None]  # precision, device, threads: fixed by the first attempt
    progress: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]  # the teacher's figures; at the end also groups over seeds and the verdict
    top1: Mapped[float | None]  # of the student that leads, the mean over its seeds (core/db/standing.py)
    error: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[Any]] = mapped_column(default=list)  # what core.fit had to say when the job was made
    priority: Mapped[int] = mapped_column(default=0)
    labels: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    last_seq: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    students: Mapped[list["Student"]] = relationship(
        order_by="Student.position", cascade="all, delete-orphan", back_populates="job"
    )

    __table_args__ = (  # what lists are sorted by, and what is counted
        Index("ix_jobs_of_project", "project_id", "id"),
        Index("ix_jobs_by_status", "project_id", "status", "id"),
        Index("ix_jobs_by_finished_at", "project_id", "finished_at", "id"),
        Index("ix_jobs_by_top1", "project_id", "top1", "id"),
    )


# Orders that no column has. Written with literals: an index helps only a query of the same words.
_LIFE = ("running", "pausing", "cancelling", "queued", "paused", "failed", "cancelled", "succeeded")
_jobs = Job.__table__.c
JOB_NAME = func.lower(_jobs.name)  # whatever its case
JOB_LIFE = case(  # what is going on, what waits, what is over
    {literal_column(f"'{status}'"): literal_column(str(rank)) for rank, status in enumerate(_LIFE)},
    value=_jobs.status,
)
Index("ix_jobs_by_lower_name", _jobs.project_id, JOB_NAME, _jobs.id)
Index("ix_jobs_by_life", _jobs.project_id, JOB_LIFE, _jobs.id)


class Student(_Row, Base):
    """One candidate of a job with one seed; once trained: weights, figures, files."""

    __tablename__ = "students"
    id: Mapped[str] = _id("stu")
    project_id: Mapped[str] = _project()
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(220))
    seed: Mapped[int] = mapped_column(BigInteger)
    role: Mapped[str] = mapped_column(String(20))
    architecture: Mapped[str] = mapped_column(String(200))
    parameters: Mapped[int | None] = mapped_column(BigInteger)
    plan: Mapped[dict[str, Any]]  # StudentPlan: loss, optimizer, init
    status: Mapped[str] = mapped_column(String(20), default="waiting")  # waiting, training, trained, failed
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    top1: Mapped[float | None]  # this and what follows: from the metrics, what lists are sorted by
    control_difference: Mapped[float | None]
    gap_closed: Mapped[float | None]
    agreement: Mapped[float | None]
    latency_ms: Mapped[float | None]
    error: Mapped[dict[str, Any] | None]
    tensors_sha256: Mapped[str | None] = mapped_column(String(64))
    job: Mapped[Job] = relationship(back_populates="students")
    files: Mapped[list["File"]] = relationship(order_by="File.name", cascade="all, delete-orphan")

    __table_args__ = (Index("ix_students_by_role", "project_id", "role"),)


class File(_Row, Base):
    """A file of a student that can be downloaded."""

    __tablename__ = "files"
    student_id: Mapped[str] = mapped_column(Id, ForeignKey("students.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(500))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(100))


class Checkpoint(_Row, Base):
    """What a job can be resumed from; durable in storage before this row exists."""

    __tablename__ = "checkpoints"
    id: Mapped[str] = _id("ckp")
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    attempt: Mapped[int]
    step: Mapped[int]
    epoch: Mapped[int]
    key: Mapped[str] = mapped_column(String(500))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))


class Metric(Base):
    """What is measured, step by step, of a student; '' is the teacher or the job itself."""

    __tablename__ = "metrics"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    student_id: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(60))
    __table_args__ = (UniqueConstraint("job_id", "student_id", "name"),)


class Point(Base):
    """A metric's value at a step."""

    __tablename__ = "points"
    metric_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("metrics.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    value: Mapped[float]
    attempt: Mapped[int]
    __table_args__ = {"sqlite_with_rowid": False}


class Event(_Row, Base):
    """What happened to a job, numbered without gaps. Log lines are events of type `log`."""

    __tablename__ = "events"
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(20))
    data: Mapped[dict[str, Any]]
    attempt: Mapped[int]


# --- what is told to the outside ----------------------------------------------------------------------------------


class Webhook(_Row, Base):
    """An address that is told what happens in its project. Its secret is derived, not stored (api/webhooks/signing)."""

    __tablename__ = "webhooks"
    id: Mapped[str] = _id("whk")
    project_id: Mapped[str] = _project()
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[Any]]  # types; "*" is all of them
    enabled: Mapped[bool] = mapped_column(default=True)
    disabled_reason: Mapped[str | None] = mapped_column(String(200))  # where the service did it
    generation: Mapped[int] = mapped_column(default=1)  # of its secret
    old_secret_until: Mapped[datetime | None]  # the one before signs too


class Delivery(_Row, Base):
    """One message to one webhook, written in the transaction of what it tells; its row is the outbox and the log."""

    __tablename__ = "deliveries"
    id: Mapped[str] = _id("dlv")
    webhook_id: Mapped[str] = mapped_column(Id, ForeignKey("webhooks.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(Id)  # the same at every try, and for every webhook
    type: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20), default="pending")  # pending, delivered, failed
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(default=now)  # of the next try, while pending
    log: Mapped[list[Any]] = mapped_column(default=list)  # at, status or error, and seconds of the last tries
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_deliveries_due", "status", "due_at"),
        Index("ix_deliveries_of_webhook", "webhook_id", "id"),
    )


# --- the machinery ------------------------------------------------------------------------------------------------


class Run(_Row, Base):
    """A piece of leased work: train, read_dataset, read_teacher. Claim, lease, fence and sweep know only these."""

    __tablename__ = "runs"
    id: Mapped[str] = _id("run")
    project_id: Mapped[str] = _project()
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(Id, index=True)  # the job, data set or teacher
    status: Mapped[JobStatus] = mapped_column(String(20), default=JobStatus.QUEUED)
    priority: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int] = mapped_column(default=0)  # the fencing token: + 1 at each claim
    failures: Mapped[int] = mapped_column(default=0)  # crashes since the last new checkpoint
    waits_for: Mapped[str | None] = mapped_column(Id)  # the part that must be read first (core/db/waiting.py)
    worker_id: Mapped[str | None] = mapped_column(Id)
    beat: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # the holder's sign of life
    needs_bytes: Mapped[int | None] = mapped_column(BigInteger)  # paused until storage has so much room
    attempts: Mapped[list["Attempt"]] = relationship(order_by="Attempt.n", cascade="all, delete-orphan")

    __table_args__ = (Index("ix_runs_claimable", "status", "priority", "id"),)


class Attempt(Base):
    """Who tried, when, and how it ended: succeeded, failed, cancelled, paused, yielded, lost, crashed."""

    __tablename__ = "attempts"
    run_id: Mapped[str] = mapped_column(Id, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    worker_id: Mapped[str] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    exit_code: Mapped[int | None]
    signal: Mapped[int | None]
    peak_memory: Mapped[int | None] = mapped_column(BigInteger)
    log_tail: Mapped[str | None] = mapped_column(Text)
    batches: Mapped[int] = mapped_column(default=0, server_default="0")  # of its reports, those that are written
    gpus: Mapped[int] = mapped_column(default=0, server_default="0")  # how many it used
    teacher_forwards: Mapped[int | None] = mapped_column(BigInteger)  # images shown to the teacher while training


class Worker(_Row, Base):
    """A process with slots and a heartbeat."""

    __tablename__ = "workers"
    id: Mapped[str] = _id("wrk")
    hostname: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    slots: Mapped[int]
    busy: Mapped[int] = mapped_column(default=0)
    version: Mapped[str] = mapped_column(String(40))
    devices: Mapped[list[Any]] = mapped_column(default=list)
    heartbeat_at: Mapped[datetime] = mapped_column(default=now)
    stopped_at: Mapped[datetime | None]
