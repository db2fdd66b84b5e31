"""How far a job's best student is, what an attempt has cost, who changed what; indexes for sorted lists."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SORTED_BY = ("name", "status", "finished_at", "top1")

def upgrade() -> None:
    op.add_column("jobs", sa.Column("top1", sa.Double(), nullable=True))
    op.add_column("attempts", sa.Column("gpus", sa.Integer(), server_default="0", nullable=False))
    op.add_column("attempts", sa.Column("teacher_forwards", sa.BigInteger(), nullable=True))
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=True),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=100), nullable=True),
        sa.Column("request_id", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name="fk_audit_entries_key_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_audit_entries_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_of_project", "audit_entries", ["project_id", "id"])
    op.drop_index("ix_jobs_project_id", "jobs")
    op.create_index("ix_jobs_of_project", "jobs", ["project_id", "id"])
    for column in SORTED_BY:
        op.create_index(f"ix_jobs_by_{column}", "jobs", ["project_id", column, "id"])
    op.create_index("ix_students_by_role", "students", ["project_id", "role"])
    _measured_before()


def _measured_before() -> None:
    """The figure of jobs that have been trained: from their result, else from what their students last stored."""
    connection = op.get_bind()
    best: dict[str, float] = {}
    seeds: dict[tuple[str, str], list[float]] = {}
    students = sa.text("SELECT job_id, name, metrics FROM students WHERE role = 'student' AND status <> 'failed'")
    for job, name, metrics in connection.execute(students):
        top1 = _read(metrics).get("top1")
        if top1 is not None:
            seeds.setdefault((job, name), []).append(top1)
    for (job, _), values in seeds.items():
        best[job] = max(best.get(job, 0.0), sum(values) / len(values))
    for job, result in connection.execute(sa.text("SELECT id, result FROM jobs WHERE result IS NOT NULL")):
        groups = [group["top1"] for group in _read(result).get("groups") or [] if group["role"] == "student"]
        if groups:
            best[job] = max(groups)
    if best:
        rows = [{"job": job, "top1": top1} for job, top1 in best.items()]
        connection.execute(sa.text("UPDATE jobs SET top1 = :top1 WHERE id = :job"), rows)


def _read(stored: Any) -> dict[str, Any]:
    """JSON as the driver hands it over: text on SQLite, already read on PostgreSQL."""
    return dict(json.loads(stored) if isinstance(stored, str) else stored or {})


def downgrade() -> None:
    op.drop_index("ix_students_by_role", "students")
    for column in SORTED_BY:
        op.drop_index(f"ix_jobs_by_{column}", "jobs")
    op.drop_index("ix_jobs_of_project", "jobs")
    op.create_index("ix_jobs_project_id", "jobs", ["project_id"])
    op.drop_table("audit_entries")
    for table, columns in {"attempts": ["teacher_forwards", "gpus"], "jobs": ["top1"]}.items():
        for column in columns:  # one by one: a rebuilt table would take along what hangs on it by ON DELETE CASCADE
            op.drop_column(table, column)
