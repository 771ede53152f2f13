"""Alerts, the timers of their groups, and what was notified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "alerting_0001"
down_revision = None
branch_labels = ("alerting",)
depends_on = None


def upgrade() -> None:
    """Create the tables ``alerts``, ``alert_groups``, ``notification_log`` and ``notifications``."""
    op.create_table(
        "alerts",
        sa.Column("fingerprint", sa.String(16), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("resolved", sa.Boolean, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_alerts"),
    )
    op.create_table(
        "alert_groups",
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("next_flush", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("group_key", name="pk_alert_groups"),
    )
    op.create_table(
        "notification_log",
        sa.Column("receiver", sa.Text, nullable=False),
        sa.Column("integration", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("firing", sa.Text, nullable=False),
        sa.Column("resolved", sa.Text, nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint(
            "receiver", "integration", "position", "group_key", name="pk_notification_log"
        ),
    )
    op.create_index("ix_notification_log_expires_at", "notification_log", ["expires_at"])
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("receiver", sa.Text, nullable=False),
        sa.Column("integration", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("firing", sa.Integer, nullable=False),
        sa.Column("resolved", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
    )
    op.create_index("ix_notifications_time", "notifications", ["time"])
