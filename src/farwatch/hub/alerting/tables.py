"""What alerting remembers exactly. Times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.store.records import metadata

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("fingerprint", sa.String(16), primary_key=True),
    sa.Column("document", sa.Text, nullable=False, doc="the alert in JSON"),
    sa.Column("received_at", sa.Float, nullable=False),
    sa.Column("updated_at", sa.Float, nullable=False, server_default="0"),
    sa.Column("resolved", sa.Boolean, nullable=False),
    sa.Column("settled", sa.Boolean, nullable=False),
)

alert_groups = sa.Table(
    "alert_groups",
    metadata,
    sa.Column("route", sa.Text, primary_key=True, doc="the id of its route"),
    sa.Column("group_key", sa.Text, primary_key=True),
    sa.Column("next_flush", sa.Float, nullable=False),
)

notification_log = sa.Table(
    "notification_log",
    metadata,
    sa.Column("receiver", sa.Text, primary_key=True),
    sa.Column("integration", sa.String(32), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("group_key", sa.Text, primary_key=True),
    sa.Column("firing", sa.Text, nullable=False, doc="fingerprints, separated by blanks"),
    sa.Column("resolved", sa.Text, nullable=False, doc="likewise"),
    sa.Column("time", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
)


silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("matchers", sa.JSON, nullable=False, doc="lists of name, operator and value"),
    sa.Column("starts_at", sa.Float, nullable=False),
    sa.Column("ends_at", sa.Float, nullable=False),
    sa.Column("updated_at", sa.Float, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("annotations", sa.JSON, nullable=False, server_default="{}", doc="texts by name"),
    sa.Column("over", sa.Boolean, nullable=False, doc="its end has been told"),
)

alerting_versions = sa.Table(
    "alerting_versions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False, doc="counts from 1"),
    sa.Column("time", sa.Float, nullable=False, doc="since when it was in force"),
    sa.Column("author", sa.Text, nullable=False, doc="who; empty for nobody known"),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("cause", sa.String(32), nullable=False),
    sa.Column("restored", sa.Integer, nullable=True, doc="the version that was rolled back to"),
    sa.Column("digest", sa.String(64), nullable=False, doc="of the text as it is shown"),
    sa.Column("directory", sa.Text, nullable=False, doc="where relative names of files begin"),
    sa.Column("text", sa.Text, nullable=False, doc="with its secrets"),
)


class Write(NamedTuple):
    """A statement, and the rows it is executed for."""

    statement: sa.Executable
    rows: Sequence[Mapping[str, Any]]

    async def execute(self, connection: AsyncConnection) -> None:
        """Have it done within the connection's transaction."""
        if isinstance(self.statement, sa.TextClause):
            # Its values need no translation, and there are many rows: the driver takes them as they are.
            compiled = self.statement.compile(dialect=connection.dialect)
            names = compiled.positiontup or ()
            await connection.exec_driver_sql(str(compiled), list(map(itemgetter(*names), self.rows)))
        else:
            await connection.execute(self.statement, self.rows)


def added(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> Write:
    """Rows to insert."""
    return Write(sa.insert(table), rows)


def removed(table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> Write:
    """Rows to delete, named by their primary key; other columns are ignored."""
    names, statement = _removal(table)
    return Write(statement, [{f"key_{name}": row[name] for name in names} for row in rows])


@cache
def _removal(table: sa.Table) -> tuple[tuple[str, ...], sa.Delete]:
    # Built once for each table: every notification is written by it.
    names = tuple(column.name for column in table.primary_key)
    return names, sa.delete(table).where(*(table.c[name] == sa.bindparam(f"key_{name}") for name in names))


def replaced(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> tuple[Write, Write]:
    """Rows to insert, or to write over those of the same primary key; in words that every database understands."""
    return removed(table, rows), added(table, rows)


# Both databases know it, in the same words; as one statement it takes half the time of `replaced`.
_KEEP_ALERT = sa.text(
    "INSERT INTO alerts (fingerprint, document, received_at, updated_at, resolved, settled) "
    "VALUES (:fingerprint, :document, :received_at, :updated_at, :resolved, :settled) "
    "ON CONFLICT (fingerprint) DO UPDATE SET document = excluded.document, received_at = excluded.received_at, "
    "updated_at = excluded.updated_at, resolved = excluded.resolved, settled = excluded.settled"
)


def kept_alerts(rows: Iterable[Mapping[str, Any]]) -> Write:
    """Rows of ``alerts``, new or known."""
    return Write(_KEEP_ALERT, list(rows))


def settled(fingerprints: Iterable[str]) -> Write:
    """Alerts whose resolution everyone has been told of; one that has fired anew meanwhile is left alone."""
    statement = (
        sa.update(alerts)
        .where(alerts.c.fingerprint == sa.bindparam("key"), alerts.c.resolved)
        .values(settled=sa.true())
    )
    return Write(statement, [{"key": fingerprint} for fingerprint in fingerprints])


def silences_over(ids: Iterable[str]) -> Write:
    """Silences whose end has been told."""
    statement = sa.update(silences).where(silences.c.id == sa.bindparam("key")).values(over=sa.true())
    return Write(statement, [{"key": key} for key in ids])
