"""How many resets of the admin are in the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "auth_0003"
down_revision = "auth_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add ``noted`` to the table ``auth_generation``."""
    op.add_column("auth_generation", sa.Column("noted", sa.BigInteger, nullable=False, server_default="0"))
