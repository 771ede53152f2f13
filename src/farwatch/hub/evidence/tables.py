"""What is kept of evidence. Times are seconds since the epoch."""

from __future__ import annotations

import sqlalchemy as sa

from farwatch.hub.store.records import metadata

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("fingerprint", sa.String(16), primary_key=True),
    sa.Column("starts_at", sa.Float, primary_key=True),
    sa.Column("gathered_at", sa.Float, nullable=False, index=True),
    sa.Column("digest", sa.Text, nullable=False, doc="its short form in JSON"),
    sa.Column("document", sa.Text, nullable=False, doc="all of it in JSON"),
)
