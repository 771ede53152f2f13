"""What tools note about silences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "alerting_0007"
down_revision = "alerting_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add ``annotations`` to the table ``silences``."""
    op.add_column("silences", sa.Column("annotations", sa.JSON, nullable=False, server_default="{}"))
