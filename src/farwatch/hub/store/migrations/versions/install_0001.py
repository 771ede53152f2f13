"""Install links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "install_0001"
down_revision = None
branch_labels = ("install",)
depends_on = "fleet_0001"


def upgrade() -> None:
    """Create the table ``install_links``."""
    op.create_table(
        "install_links",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("cluster", sa.String(63), nullable=False),
        sa.Column("token_id", sa.String(16), nullable=False),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("masked", sa.Text),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("used_at", sa.Float),
        sa.Column("used_from", sa.String(100), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_install_links"),
        sa.UniqueConstraint("digest", name="uq_install_links_digest"),
        sa.ForeignKeyConstraint(
            ["cluster"], ["clusters.name"], name="fk_install_links_cluster_clusters", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_install_links_cluster", "install_links", ["cluster"])
