"""Silences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "alerting_0004"
down_revision = "alerting_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table ``silences``."""
    op.create_table(
        "silences",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("matchers", sa.JSON, nullable=False),
        sa.Column("starts_at", sa.Float, nullable=False),
        sa.Column("ends_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("over", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_silences"),
    )
