"""Rows on their way to the engine: gathered, sent in order, sent again until they are in.

The engine wants few large inserts. Whoever adds rows gets a future that is done when the batch with them is durable.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog

from farwatch.hub.store.errors import RowsRejectedError, TelemetryClosedError, TelemetryError
from farwatch.hub.store.tables import Row, Table

MAX_BATCH_ROWS = 65_536
MAX_BATCH_BYTES = 4 * 1024 * 1024
"""Handing an insert to the engine holds the interpreter's lock for 1-2 ms per MiB."""

FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 30.0

log = structlog.get_logger(__name__)


class Insert(msgspec.Struct, frozen=True):
    """One insert to be made.

    Attributes:
        table: Where to.
        rows: JSON arrays, one a line.
        token: Names this insert, so that the engine counts it once however often it is sent.
    """

    table: Table
    rows: bytes
    token: str


@dataclass(slots=True)
class BatchCounters:
    """What became of rows, since the start."""

    rows_inserted: int = 0
    inserts: int = 0
    retries: int = 0
    rows_rejected: int = 0
    rows_refused_full: int = 0


@dataclass(slots=True)
class _Batch:
    table: Table
    token: str
    durable: asyncio.Future[None]
    lines: list[bytes] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0
    sent: bool = False

    @property
    def full(self) -> bool:
        return self.rows >= MAX_BATCH_ROWS or self.bytes >= MAX_BATCH_BYTES


class Batches:
    """Gathers rows by table and inserts them, one batch at a time.

    A batch is sent when ``delay_seconds`` have passed since its first row, when it is full, or at a ``flush``. An
    insert that fails is repeated with growing pauses until it succeeds; meanwhile rows gather up to
    ``max_pending_bytes``, and beyond that are refused and counted.

    Args:
        send: Makes one insert; raises ``RowsRejectedError`` when the rows are at fault, ``TelemetryError`` when it
            may succeed later.
        delay_seconds: How long rows may wait for company, and thus how late an acknowledgement may be.
        max_pending_bytes: How much may wait in memory.
        sleep: Waits; tests hand in their own.
    """

    def __init__(
        self,
        send: Callable[[Insert], Awaitable[None]],
        *,
        delay_seconds: float,
        max_pending_bytes: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.counters = BatchCounters()
        self.pending_bytes = 0
        self.last_error = ""
        self._send = send
        self._delay = delay_seconds
        self._max_pending = max_pending_bytes
        self._sleep = sleep
        self._encoder = msgspec.json.Encoder()
        self._waiting: deque[_Batch] = deque()
        self._run = uuid.uuid4().hex
        self._number = 0
        self._arrived = asyncio.Event()
        self._hurry = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False
        self._task = asyncio.create_task(self._insert_forever(), name="telemetry-batches")

    @property
    def full(self) -> bool:
        """Whether rows would be refused now."""
        return self.pending_bytes >= self._max_pending

    def add(self, table: Table, rows: Sequence[Row]) -> asyncio.Future[None]:
        """Add rows; the future is done when they are durable.

        The future fails with ``RowsRejectedError`` if the engine will never take them, and with ``TelemetryError`` if
        they were refused because too much waits already or the store is closing.
        """
        if self._closed:
            return _failed(TelemetryClosedError("the telemetry store is closing"))
        if self.full:
            self.counters.rows_refused_full += len(rows)
            return _failed(
                TelemetryError(f"too much waits to be written to the telemetry store: {self.last_error}")
            )
        batch = self._open_batch(table)
        lines = self._encoder.encode_lines(rows)
        batch.lines.append(lines)
        batch.rows += len(rows)
        batch.bytes += len(lines)
        self.pending_bytes += len(lines)
        if self.pending_bytes >= self._max_pending:
            self._room.clear()
        self._arrived.set()
        if batch.full:
            self._hurry.set()
        return batch.durable

    async def wait_for_room(self) -> None:
        """Return when rows are no longer refused."""
        await self._room.wait()

    async def flush(self) -> None:
        """Send what waits now, and return when it is durable.

        Raises:
            TelemetryError: Some of it will never be.
        """
        waiting = [batch.durable for batch in self._waiting]
        self._hurry.set()
        if waiting:
            # Not gathered: to be cancelled while waiting must not cancel what others wait for.
            await asyncio.wait(waiting)
        for durable in waiting:
            durable.result()

    async def close(self, timeout_seconds: float) -> None:
        """Take no more rows, and send what waits; what is not in by then is given up, and its futures fail."""
        self._closed = True
        self._hurry.set()
        waiting = [batch.durable for batch in self._waiting]
        if waiting:
            await asyncio.wait(waiting, timeout=timeout_seconds)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for batch in self._waiting:
            _fail(
                batch.durable, TelemetryClosedError(f"the telemetry store closed before: {self.last_error}")
            )

    def _open_batch(self, table: Table) -> _Batch:
        # The first one may be under way; an earlier one of this table is never passed by a later one.
        for batch in reversed(self._waiting):
            if batch.table is table:
                if not batch.full and not batch.sent:
                    return batch
                break
        self._number += 1
        batch = _Batch(table, f"{self._run}-{self._number}", asyncio.get_running_loop().create_future())
        self._waiting.append(batch)
        return batch

    async def _insert_forever(self) -> None:
        while True:
            await self._arrived.wait()
            await self._gather()
            self._arrived.clear()
            self._hurry.clear()
            for _ in range(len(self._waiting)):
                await self._insert(self._waiting[0])
                self._waiting.popleft()

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(self._delay):
                await self._hurry.wait()
        except TimeoutError:
            return

    async def _insert(self, batch: _Batch) -> None:
        batch.sent = True
        insert = Insert(batch.table, b"".join(batch.lines), batch.token)
        pause = FIRST_RETRY_SECONDS
        while not await self._try(batch, insert, pause):
            self.counters.retries += 1
            await self._sleep(pause)
            pause = min(2 * pause, LAST_RETRY_SECONDS)
        self.pending_bytes -= batch.bytes
        if not self.full:
            self._room.set()

    async def _try(self, batch: _Batch, insert: Insert, pause: float) -> bool:
        """Whether the batch is done with, for better or worse."""
        try:
            await self._send(insert)
        except RowsRejectedError as error:
            self.counters.rows_rejected += batch.rows
            log.warning(
                "the telemetry store rejects rows", table=batch.table, rows=batch.rows, error=str(error)
            )
            _fail(batch.durable, error)
            return True
        except TelemetryError as error:
            self.last_error = str(error)
            log.warning(
                "the telemetry store takes no rows, will retry", error=str(error), pause_seconds=pause
            )
            return False
        except Exception as error:
            # Whatever it is, it must not end the only task that writes.
            self.last_error = repr(error)
            log.exception("writing to the telemetry store failed, will retry", pause_seconds=pause)
            return False
        self.counters.rows_inserted += batch.rows
        self.counters.inserts += 1
        _settle(batch.durable)
        return True


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: asyncio.Future[None], error: TelemetryError) -> None:
    if not future.done():
        future.set_exception(error)
        # Not everybody who adds rows waits for them.
        future.exception()


def _failed(error: TelemetryError) -> asyncio.Future[None]:
    future = asyncio.get_running_loop().create_future()
    _fail(future, error)
    return future
