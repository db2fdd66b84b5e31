"""Quotas of a project's own."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projects", sa.Column("running_jobs", sa.Integer(), nullable=True))
    op.add_column("projects", sa.Column("storage_bytes", sa.BigInteger(), nullable=True))
    op.add_column("projects", sa.Column("upload_bytes", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in ("upload_bytes", "storage_bytes", "running_jobs"):
        op.drop_column("projects", name)
