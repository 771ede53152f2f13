"""People take on alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "alerting_0005"
down_revision = "alerting_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table ``acknowledgements``."""
    op.create_table(
        "acknowledgements",
        sa.Column("fingerprint", sa.String(16), primary_key=True),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
