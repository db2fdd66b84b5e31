"""What a student is judged by, as columns: lists of students are sorted by it."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FIGURES = ("top1", "control_difference", "gap_closed", "agreement", "latency_ms")


def upgrade() -> None:
    for name in FIGURES:
        op.add_column("students", sa.Column(name, sa.Double(), nullable=True))
    _measured_before()


def _measured_before() -> None:
    """On test where there is one, else on val."""
    connection = op.get_bind()
    rows = [
        {"id": id} | _figures(json.loads(metrics) if isinstance(metrics, str) else metrics)
        for id, metrics in connection.execute(sa.text("SELECT id, metrics FROM students"))
    ]
    if rows:
        values = ", ".join(f"{name} = :{name}" for name in FIGURES)
        connection.execute(sa.text(f"UPDATE students SET {values} WHERE id = :id"), rows)


def _figures(metrics: dict[str, Any]) -> dict[str, float | None]:
    judged = metrics.get("test") or metrics
    return {
        "top1": judged.get("top1"),
        "control_difference": (metrics.get("control_difference") or {}).get("value"),
        "gap_closed": metrics.get("gap_closed"),
        "agreement": judged.get("agreement"),
        "latency_ms": metrics.get("latency_ms"),
    }


def downgrade() -> None:
    for name in FIGURES:  # one by one: a rebuilt table would take its files along, by ON DELETE CASCADE
        op.drop_column("students", name)
