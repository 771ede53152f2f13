"""How the hub is set up, and how much what it keeps takes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from farwatch import __version__
from farwatch.hub.options import HubOptions
from farwatch.hub.store import Records, Table, Telemetry, TelemetryError
from farwatch.hub.store.tables import SNAPSHOTS
from farwatch.hub.times import to_time

MEANINGS: Mapping[str, str] = {
    Table.CHANGES: "every change of every object, with the object as it was then",
    Table.ALERT_EVENTS: "every beginning and end of an alert, and each acknowledgement",
    Table.NOTIFICATIONS: "every notification with its receipt or error",
    Table.SILENCE_EVENTS: "every silence that was made, changed or ended",
    SNAPSHOTS: "a copy of all objects a day, from which the past is shown",
    "objects": "each object as it is now, to begin with after a restart; it does not age out",
}
"""What is in the tables of the telemetry store."""

_FILES_OF_SQLITE = ("", "-wal", "-shm")


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base of what is shown."""


class TableUse(_View, frozen=True):
    """A table of the telemetry store.

    Attributes:
        name: Its name.
        meaning: What is in it.
        rows: How many rows.
        disk_bytes: How much they take on disk, compressed.
        oldest: The day of the oldest row.
        retention_days: For how many days rows are kept; None: they do not age out.
    """

    name: str
    meaning: str
    rows: int
    disk_bytes: int
    oldest: date | None = None
    retention_days: int | None = None


class TelemetryUse(_View, frozen=True):
    """The telemetry store.

    Attributes:
        engine: ``chDB``, within the hub, or ``ClickHouse``, a server.
        tables: Its tables; the largest first.
        disk_bytes: How much they take together.
        pending_bytes: How much waits in memory to be written.
        problem: Why it could not be asked.
    """

    engine: str
    tables: list[TableUse] = []
    disk_bytes: int = 0
    pending_bytes: int = 0
    problem: str = ""


class RecordsUse(_View, frozen=True):
    """The records: what must be remembered exactly.

    Attributes:
        engine: ``SQLite``, in the data directory, or ``PostgreSQL``.
        address: Where they are, without a password.
        disk_bytes: How much they take.
        problem: Why they could not be asked.
    """

    engine: str
    address: str
    disk_bytes: int = 0
    problem: str = ""


class DirectoryUse(_View, frozen=True):
    """A directory, and how much room its file system has."""

    path: str
    free_bytes: int = 0
    total_bytes: int = 0
    problem: str = ""


class SettingsView(_View, frozen=True):
    """How the hub is set up. Times are UTC; nothing in it is secret.

    Attributes:
        version: The hub's.
        started_at: Since when it runs.
        external_url: Where people reach it.
        listen: What it listens on.
        alertmanager_listen: Where it serves Alertmanager's API alone; empty: nowhere.
        alerting_file: The file that the alerting configuration is from; empty: it is in the records.
        detectors_file: The file with the detectors' settings; empty: they are as built in.
        agent_grace_seconds: How long an agent may be away before it is called lost.
        evidence_wait_seconds: How long a notification waits for evidence.
        heartbeat: Whether somebody outside is told that the hub lives.
        standby: Whether it stands by for another hub.
        data: Its data directory.
        backups: Where backups are written to.
        records: What must be remembered exactly.
        telemetry: What happened.
    """

    version: str
    started_at: datetime
    external_url: str
    listen: str
    alertmanager_listen: str
    alerting_file: str
    detectors_file: str
    agent_grace_seconds: float
    evidence_wait_seconds: float
    heartbeat: bool
    standby: bool
    data: DirectoryUse
    backups: DirectoryUse
    records: RecordsUse
    telemetry: TelemetryUse


class SettingsReader:
    """Reads how the hub is set up.

    Args:
        options: What it was started with.
        records: Its records.
        telemetry: Its telemetry store.
        external_url: Where people reach it.
        started_at: Since when it runs, seconds since the epoch.
    """

    def __init__(
        self,
        options: HubOptions,
        records: Records,
        telemetry: Telemetry,
        *,
        external_url: str,
        started_at: float,
    ) -> None:
        self._options = options
        self._records = records
        self._telemetry = telemetry
        self._external_url = external_url
        self._started_at = started_at

    async def read(self) -> SettingsView:
        """As it is now. What cannot be had is told as a problem of its part."""
        options = self._options
        return SettingsView(
            version=__version__,
            started_at=to_time(self._started_at),
            external_url=self._external_url,
            listen=options.listen,
            alertmanager_listen=options.alertmanager_listen,
            alerting_file=str(options.alerting or ""),
            detectors_file=str(options.detectors or ""),
            agent_grace_seconds=options.agent_grace_seconds,
            evidence_wait_seconds=options.evidence_wait_seconds,
            heartbeat=bool(options.heartbeat_url),
            standby=options.standby,
            data=await asyncio.to_thread(_directory, options.data.absolute()),
            backups=await asyncio.to_thread(_directory, options.backup_directory),
            records=await self._read_records(),
            telemetry=await self._read_telemetry(),
        )

    async def _read_records(self) -> RecordsUse:
        file = self._records.file
        if file is not None:
            size = await asyncio.to_thread(_size_of_sqlite, file)
            return RecordsUse(engine="SQLite", address=str(file), disk_bytes=size)
        address = self._records.name
        try:
            async with self._records.read() as connection:
                size = await connection.scalar(sa.text("SELECT pg_database_size(current_database())"))
        except (SQLAlchemyError, OSError):
            problem = (
                "the database does not say how much it takes: its user may not ask, or it does not answer"
            )
            return RecordsUse(engine="PostgreSQL", address=address, problem=problem)
        return RecordsUse(engine="PostgreSQL", address=address, disk_bytes=int(size or 0))

    async def _read_telemetry(self) -> TelemetryUse:
        engine = "chDB" if self._telemetry.embedded else "ClickHouse"
        pending = self._telemetry.pending_bytes
        try:
            rows = await self._telemetry.query(
                # A partition is a day; min_date knows columns of type Date alone.
                "SELECT table, sum(rows) AS row_count, sum(bytes_on_disk) AS size, min(partition) AS oldest "
                "FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table"
            )
        except TelemetryError as error:
            return TelemetryUse(engine=engine, pending_bytes=pending, problem=str(error))
        found = {str(row["table"]): row for row in rows}
        tables = [self._table(name, found.get(name)) for name in MEANINGS]
        tables.sort(key=lambda table: (-table.disk_bytes, table.name))
        return TelemetryUse(
            engine=engine,
            tables=tables,
            disk_bytes=sum(table.disk_bytes for table in tables),
            pending_bytes=pending,
        )

    def _table(self, name: str, row: Mapping[str, Any] | None) -> TableUse:
        # A snapshot lasts as long as the changes that are told from it on.
        ages = Table.CHANGES if name == SNAPSHOTS else Table(name) if name in set(Table) else None
        return TableUse(
            name=name,
            meaning=MEANINGS[name],
            rows=int(row["row_count"]) if row else 0,
            disk_bytes=int(row["size"]) if row else 0,
            oldest=date.fromisoformat(row["oldest"]) if row and ages else None,
            retention_days=self._options.retention_days[ages] if ages else None,
        )


def _size_of_sqlite(file: Path) -> int:
    parts = (file.with_name(file.name + suffix) for suffix in _FILES_OF_SQLITE)
    return sum(part.stat().st_size for part in parts if part.exists())


def _directory(path: Path) -> DirectoryUse:
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent  # it is made when it is needed
    try:
        use = shutil.disk_usage(there)
    except OSError as error:
        return DirectoryUse(path=str(path), problem=f"cannot be looked at: {error.strerror}")
    return DirectoryUse(path=str(path), free_bytes=use.free, total_bytes=use.total)
