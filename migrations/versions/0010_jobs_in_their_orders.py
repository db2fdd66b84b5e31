"""The orders of jobs by name and by status, each with an index that the query can use."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LIFE = (
    "CASE status WHEN 'running' THEN 0 WHEN 'pausing' THEN 1 WHEN 'cancelling' THEN 2 WHEN 'queued' THEN 3"
    " WHEN 'paused' THEN 4 WHEN 'failed' THEN 5 WHEN 'cancelled' THEN 6 WHEN 'succeeded' THEN 7 END"
)


def upgrade() -> None:
    op.drop_index("ix_jobs_by_name", "jobs")
    op.create_index("ix_jobs_by_lower_name", "jobs", ["project_id", sa.text("lower(name)"), "id"])
    op.create_index("ix_jobs_by_life", "jobs", ["project_id", sa.text(f"({LIFE})"), "id"])


def downgrade() -> None:
    op.drop_index("ix_jobs_by_life", "jobs")
    op.drop_index("ix_jobs_by_lower_name", "jobs")
    op.create_index("ix_jobs_by_name", "jobs", ["project_id", "name", "id"])
