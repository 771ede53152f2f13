"""When an alert was last put."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "alerting_0006"
down_revision = "alerting_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add ``updated_at`` to the table ``alerts``; 0: not known."""
    op.add_column("alerts", sa.Column("updated_at", sa.Float, nullable=False, server_default="0"))
