"""When the hub was last alive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "watchdog_0001"
down_revision = None
branch_labels = ("watchdog",)
depends_on = None


def upgrade() -> None:
    """Create the table ``hub_life``."""
    op.create_table(
        "hub_life",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("seen_at", sa.Float, nullable=False),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hub_life"),
    )
