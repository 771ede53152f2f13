"""The tables of the audit log."""

from __future__ import annotations

import sqlalchemy as sa

from farwatch.hub.store.records import metadata

entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    # The entry as it was sealed; the columns after it are copies of its parts, to search by.
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Column("time", sa.Float, nullable=False),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("actor_name", sa.Text, nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("cluster", sa.Text, nullable=False),
    sa.Column("target_id", sa.Text, nullable=False),
    sa.Column("target_name", sa.Text, nullable=False),
    sa.Column("result", sa.String(16), nullable=False),
    sa.Index(None, "time"),
    sa.Index(None, "action"),
    sa.Index(None, "actor_name"),
)
"""What was done, one row per act. Rows are only ever added."""

intents = sa.Table(
    "audit_intents",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("begun_at", sa.Float, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
"""What is being done: each row is gone when its entry is written. What a killed hub leaves here becomes entries."""
