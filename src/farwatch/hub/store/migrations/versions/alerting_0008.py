"""Every version of the alerting configuration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "alerting_0008"
down_revision = "alerting_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table ``alerting_versions``."""
    op.create_table(
        "alerting_versions",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("restored", sa.Integer, nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("directory", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerting_versions"),
    )
