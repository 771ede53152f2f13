"""Labels of clusters, and organisation keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "fleet_0002"
down_revision = "fleet_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add ``labels`` and ``registered_by`` to the table ``clusters``; create the table ``organisation_keys``."""
    op.add_column("clusters", sa.Column("labels", sa.Text, nullable=False, server_default="{}"))
    op.add_column("clusters", sa.Column("registered_by", sa.String(16)))
    op.create_table(
        "organisation_keys",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("cluster_names", sa.String(63), nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("revoked_at", sa.Float),
        sa.Column("last_used_at", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_organisation_keys"),
    )
