"""What a data set and a teacher report about themselves; when an upload expires."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("datasets", sa.Column("form", sa.String(length=20), nullable=True))
    op.add_column("datasets", sa.Column("unlabelled", sa.Integer(), nullable=True))
    op.add_column("datasets", sa.Column("progress", sa.String(length=200), nullable=True))
    op.add_column("datasets", sa.Column("report", Json, nullable=True))
    op.add_column("teachers", sa.Column("image_size", sa.Integer(), nullable=True))
    op.add_column("teachers", sa.Column("interpolation", sa.String(length=20), nullable=True))
    op.add_column("teachers", sa.Column("warnings", Json, nullable=True))
    op.add_column("teachers", sa.Column("report", Json, nullable=True))
    op.add_column("runs", sa.Column("waits_for", sa.String(length=40), nullable=True))
    op.add_column("uploads", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table, columns in {
        "uploads": ["expires_at"],
        "runs": ["waits_for"],
        "teachers": ["report", "warnings", "interpolation", "image_size"],
        "datasets": ["report", "progress", "unlabelled", "form"],
    }.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
