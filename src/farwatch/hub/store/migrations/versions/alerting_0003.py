"""Notifications move to the telemetry store, where history is."""

from __future__ import annotations

from alembic import op

revision = "alerting_0003"
down_revision = "alerting_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the table ``notifications``."""
    op.drop_table("notifications")
