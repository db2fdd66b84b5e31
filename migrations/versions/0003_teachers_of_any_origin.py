"""What kind of teacher it is, whether it knows the images of its data set alone, and what was asked for with it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("teachers", sa.Column("kind", sa.String(length=20), server_default="network", nullable=False))
    op.add_column("teachers", sa.Column("bound", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("teachers", sa.Column("asked", Json, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("teachers") as batch:
        batch.drop_column("asked")
        batch.drop_column("bound")
        batch.drop_column("kind")
