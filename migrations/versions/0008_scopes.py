"""What a key may do. Keys that are there keep all they could."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("scope", sa.String(20), nullable=False, server_default="admin"))


def downgrade() -> None:
    op.drop_column("api_keys", "scope")
