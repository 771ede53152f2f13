"""Evidence of alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "evidence_0001"
down_revision = None
branch_labels = ("evidence",)
depends_on = None


def upgrade() -> None:
    """Create the table ``evidence``."""
    op.create_table(
        "evidence",
        sa.Column("fingerprint", sa.String(16), nullable=False),
        sa.Column("starts_at", sa.Float, nullable=False),
        sa.Column("gathered_at", sa.Float, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "starts_at", name="pk_evidence"),
    )
    op.create_index("ix_evidence_gathered_at", "evidence", ["gathered_at"])
