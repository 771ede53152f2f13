"""Clusters and their agents' tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "fleet_0001"
down_revision = None
branch_labels = ("fleet",)
depends_on = None


def upgrade() -> None:
    """Create the tables ``clusters`` and ``tokens``."""
    op.create_table(
        "clusters",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("uid", sa.String(64)),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_seen", sa.Float),
        sa.Column("agent_version", sa.String(64), nullable=False, server_default=""),
        sa.Column("kubernetes_version", sa.String(64), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name", name="pk_clusters"),
    )
    op.create_table(
        "cluster_tokens",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("cluster", sa.String(63), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float),
        sa.Column("revoked_at", sa.Float),
        sa.Column("last_used_at", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_cluster_tokens"),
        sa.ForeignKeyConstraint(
            ["cluster"], ["clusters.name"], name="fk_cluster_tokens_cluster_clusters", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_cluster_tokens_cluster", "cluster_tokens", ["cluster"])
