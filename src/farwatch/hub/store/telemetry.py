"""What happened: every change of every object, every transition of every alert.

An acknowledged row is in the files of the engine, embedded or on a server, and survives ``kill -9`` of the hub; a power
cut may take the last seconds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from farwatch.hub.store.address import ServerAddress
from farwatch.hub.store.batches import BatchCounters, Batches, Insert
from farwatch.hub.store.copies import check_copy
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.engine import Engine, Parameter
from farwatch.hub.store.errors import TelemetryError
from farwatch.hub.store.server import ServerEngine
from farwatch.hub.store.tables import COLUMNS, SCHEMA, SNAPSHOTS, Row, Table

DEFAULT_RETENTION_DAYS = 14

MAX_RETENTION_DAYS = 20_000
"""The engine's times to live end in 2106 and wrap: a row kept beyond that would be dropped at once."""

_MIB = 1024 * 1024
_OURS_BYTES = 350 * _MIB
_LEAST_ENGINE_BYTES = 256 * _MIB
_FLUSH_SECONDS = 10.0

T = TypeVar("T")


class TelemetrySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the telemetry store works.

    Attributes:
        retention_days: How long each table's rows are kept; tables that are not named, 14 days.
        memory_limit_bytes: What the engine may use; None takes the container's or machine's memory less 350 MiB.
        batch_seconds: How long rows wait for company before they are written.
        max_pending_bytes: How much may wait in memory while the engine does not take rows.
        query_seconds: When a query that still runs is given up.
        close_seconds: How long closing waits for the last rows to be written.
        backups: The directory below which backups may be written; None: nowhere.
    """

    retention_days: Mapping[Table, int] = {}
    memory_limit_bytes: int | None = None
    batch_seconds: float = 1.0
    max_pending_bytes: int = 128 * _MIB
    query_seconds: int = 30
    close_seconds: float = 5.0
    backups: Path | None = None


class Telemetry:
    """The telemetry store. At most one with an embedded engine is open in a process, because that engine is one.

    Attributes:
        embedded: Whether its rows are in the hub's own directory.
    """

    def __init__(self, engine: Engine, settings: TelemetrySettings, *, embedded: bool) -> None:
        self.embedded = embedded
        self._engine = engine
        self._settings = settings
        self._batches = Batches(
            self._send, delay_seconds=settings.batch_seconds, max_pending_bytes=settings.max_pending_bytes
        )

    @classmethod
    async def open(
        cls, where: DataDirectory | ServerAddress, settings: TelemetrySettings | None = None
    ) -> Self:
        """Start the engine or reach its server, create what is missing and apply the retention.

        Args:
            where: A claimed data directory (chDB), or a ClickHouse server.
            settings: How to work.

        Raises:
            TelemetryError: The engine does not start or cannot be reached, or a table cannot be made.
        """
        settings = settings or TelemetrySettings()
        telemetry = cls(
            await _open_engine(where, settings), settings, embedded=isinstance(where, DataDirectory)
        )
        try:
            await telemetry._create()
        except BaseException:
            await telemetry.close()
            raise
        return telemetry

    @property
    def counters(self) -> BatchCounters:
        """What became of rows, since the start."""
        return self._batches.counters

    @property
    def full(self) -> bool:
        """Whether the engine has refused rows for so long that new ones are refused."""
        return self._batches.full

    @property
    def pending_bytes(self) -> int:
        """How much waits in memory to be written."""
        return self._batches.pending_bytes

    def insert(self, table: Table, rows: Sequence[Row]) -> asyncio.Future[None]:
        """Add rows; the future is done when they are durable, which takes about ``batch_seconds``.

        The future fails with a ``TelemetryError`` when the rows are rejected, too much waits already, or the store
        closes. Nobody needs to await it.
        """
        return self._batches.add(table, rows)

    async def wait_for_room(self) -> None:
        """Return when rows are no longer refused."""
        await self._batches.wait_for_room()

    async def flush(self) -> None:
        """Write what waits, without waiting for more; return when it is durable."""
        await self._batches.flush()

    async def query(
        self, sql: str, parameters: Mapping[str, Parameter] | None = None
    ) -> list[dict[str, Any]]:
        """Ask, and get each row by column name.

        Args:
            sql: One SELECT, its values as ``{name:Type}``; the tables are in ``farwatch.hub.store.tables``.
            parameters: The values by name.

        Raises:
            QueryError: It failed or took too long.
        """
        answer = await self._engine.query(sql, parameters, "JSONEachRow")
        return [msgspec.json.decode(line) for line in answer.splitlines()]

    async def select(
        self, row_type: type[T], sql: str, parameters: Mapping[str, Parameter] | None = None
    ) -> list[T]:
        """Ask, and get each row as a struct with ``array_like=True`` whose fields are the columns in their order.

        Raises:
            QueryError: It failed or took too long.
        """
        answer = await self._engine.query(sql, parameters, "JSONCompactEachRow")
        return msgspec.json.Decoder(row_type).decode_lines(answer)

    async def forget_objects(self, cluster: str) -> None:
        """Remove a cluster's objects; the history of their changes stays until its time is over.

        Raises:
            TelemetryError: They cannot be removed now, or what came before cannot be written in time.
        """
        await self._flush_soon()
        await self._engine.execute(
            "ALTER TABLE objects DELETE WHERE cluster = {cluster:String} SETTINGS mutations_sync = 1",
            {"cluster": cluster},
        )

    async def snapshot_objects(self, time: float) -> None:
        """Note down how all objects are now.

        Args:
            time: Now, seconds since the epoch.

        Raises:
            TelemetryError: They cannot be noted down now, or what came before cannot be written in time.
        """
        await self._flush_soon()
        await self._engine.execute(
            "INSERT INTO snapshots SELECT fromUnixTimestamp64Milli({time:Int64}), time, sequence, cluster, kind, namespace, "
            "name, uid, document FROM objects FINAL",
            {"time": int(time * 1000)},
        )

    async def backup(self, to: Path) -> None:
        """Write all rows that are durable, and what waits now, into a directory; rows are taken in meanwhile.

        Args:
            to: Below the directory for backups; it must not be there.

        Raises:
            TelemetryError: The engine takes no rows now, or the directory cannot be written.
        """
        await self._flush_soon()
        await self._engine.backup(to)
        await asyncio.to_thread(check_copy, to)

    async def close(self) -> None:
        """Write what waits, end every query, and stop the engine."""
        await self._batches.close(self._settings.close_seconds)
        await self._engine.close()

    async def _flush_soon(self) -> None:
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                await self.flush()
        except TimeoutError:
            raise TelemetryError(
                "the telemetry store takes no rows now: the hub's log says why; is the disk full?"
            ) from None

    async def _send(self, insert: Insert) -> None:
        await self._engine.insert(insert.table, COLUMNS[insert.table], insert.rows, insert.token)

    async def _create(self) -> None:
        for statement in SCHEMA:
            await self._engine.execute(statement)
        for table in Table:
            await self._retain(table, self._settings.retention_days.get(table, DEFAULT_RETENTION_DAYS))
        changes = self._settings.retention_days.get(Table.CHANGES, DEFAULT_RETENTION_DAYS)
        await self._retain(SNAPSHOTS, changes)

    async def _retain(self, table: str, days: int) -> None:
        """Setting a TTL makes the engine look at every part again, so it is set only when it differs."""
        if not 1 <= days <= MAX_RETENTION_DAYS:
            raise TelemetryError(
                f"retention of {table} is {days} days: it must be from 1 to {MAX_RETENTION_DAYS}"
            )
        ttl = f"toDateTime(time) + toIntervalDay({days})"
        as_set = await self.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND name = {table:String}"
            " AND position(create_table_query, {ttl:String}) > 0",
            {"table": str(table), "ttl": ttl},
        )
        if not as_set:
            await self._engine.execute(f"ALTER TABLE {table} MODIFY TTL {ttl}")


async def restore_telemetry(backup: Path, to: Path) -> None:
    """Make an engine's directory out of a backup's.

    Args:
        backup: What ``Telemetry.backup`` wrote.
        to: A directory that is not there.

    Raises:
        TelemetryError: The backup is damaged, or the directory cannot be written.
    """
    from farwatch.hub.store.embedded import EmbeddedEngine  # noqa: PLC0415 - as below

    engine = EmbeddedEngine(to, _memory_for_engine(), 0, backup)
    try:
        await engine.restore(backup)
    finally:
        await engine.close()


async def _open_engine(where: DataDirectory | ServerAddress, settings: TelemetrySettings) -> Engine:
    if isinstance(where, ServerAddress):
        return await ServerEngine.open(where, settings.query_seconds)
    # Where the engine is elsewhere, its 260 MiB are not loaded.
    from farwatch.hub.store.embedded import EmbeddedEngine  # noqa: PLC0415 - see above

    memory = settings.memory_limit_bytes or _memory_for_engine()
    return EmbeddedEngine(where.telemetry, memory, settings.query_seconds, settings.backups)


def _memory_for_engine() -> int:
    """The container's or machine's memory, whichever is less, without what the rest of the hub needs."""
    total = _physical_memory()
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists():
        text = limit.read_text().strip()
        total = min(total, int(text)) if text.isdigit() else total
    return max(total - _OURS_BYTES, _LEAST_ENGINE_BYTES)


def _physical_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
