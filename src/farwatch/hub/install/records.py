"""Install links in the records."""

from __future__ import annotations

import sqlalchemy as sa

from farwatch.hub.store.records import metadata

install_links = sa.Table(
    "install_links",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("cluster", sa.ForeignKey("clusters.name", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("token_id", sa.String(16), nullable=False),
    sa.Column("author", sa.String(100), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("masked", sa.Text),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
    sa.Column("used_at", sa.Float),
    sa.Column("used_from", sa.String(100), nullable=False, server_default=""),
)
