"""Points name their metric by a number: job, student and name are written once for a curve and not once for a point."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _set_aside()
    op.create_table(
        "metrics",
        sa.Column("id", Number, nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("student_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_metrics_job_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_metrics"),
        sa.UniqueConstraint("job_id", "student_id", "name", name="uq_metrics_job_id_student_id_name"),
    )
    op.create_table(
        "points",
        sa.Column("metric_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["metric_id"], ["metrics.id"], name="fk_points_metric_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("metric_id", "step", name="pk_points"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO metrics (job_id, student_id, name)"
        " SELECT DISTINCT job_id, student_id, name FROM metrics_before ORDER BY job_id, student_id, name"
    )
    op.execute(
        "INSERT INTO points (metric_id, step, value, attempt)"
        " SELECT metrics.id, before.step, before.value, before.attempt FROM metrics_before AS before"
        " JOIN metrics USING (job_id, student_id, name)"
    )
    op.drop_table("metrics_before")


def downgrade() -> None:
    _set_aside()
    op.create_table(
        "metrics",
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("student_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_metrics_job_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "student_id", "name", "step", name="pk_metrics"),
    )
    op.execute(
        "INSERT INTO metrics (job_id, student_id, name, step, value, attempt)"
        " SELECT job_id, student_id, name, step, value, attempt FROM points"
        " JOIN metrics_before AS before ON before.id = points.metric_id"
    )
    op.drop_table("points")
    op.drop_table("metrics_before")


def _set_aside() -> None:
    """The new table of this name is filled from the old one. On PostgreSQL names of keys are the whole schema's."""
    op.rename_table("metrics", "metrics_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_metrics RENAME TO pk_metrics_before")
        op.execute("ALTER INDEX IF EXISTS uq_metrics_job_id_student_id_name RENAME TO uq_metrics_before")
        op.execute("ALTER SEQUENCE IF EXISTS metrics_id_seq RENAME TO metrics_before_id_seq")
