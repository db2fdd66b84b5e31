"""A run's holder shows a beat; no deadline on anybody's clock. What is paused until the disk has room says so."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # column by column: a rebuilt table would take its attempts along, which hang on it by ON DELETE CASCADE
    op.add_column("runs", sa.Column("beat", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("attempts", sa.Column("batches", sa.Integer(), server_default="0", nullable=False))
    op.add_column("runs", sa.Column("needs_bytes", sa.BigInteger(), nullable=True))
    op.drop_column("runs", "lease_clock")
    op.drop_column("runs", "lease_until")


def downgrade() -> None:
    op.add_column("runs", sa.Column("lease_until", sa.Double(), nullable=True))
    op.add_column("runs", sa.Column("lease_clock", sa.String(length=60), nullable=True))
    op.drop_column("runs", "needs_bytes")
    op.drop_column("attempts", "batches")
    op.drop_column("runs", "beat")
