"""Backups of a hub that works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from farwatch.hub.backup.errors import BackupError, BackupRunningError
from farwatch.hub.backup.folder import RECORDS, TELEMETRY, Backup, Folder
from farwatch.hub.store import Records, StoreError, Telemetry

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Backups:
    """Writes backups, one at a time.

    Each holds all that was acknowledged before it was asked for. Its two stores are copied one after the other, telemetry
    first: what happens between is in the records and not in the telemetry.

    Args:
        folder: Where they are.
        records: Copied when they are in SQLite.
        telemetry: Copied when it is embedded.
        clock: Seconds since the epoch.

    Attributes:
        made: How many were written since the start.
        failed: How many were not.
        last_at: When the last one was begun that was written since the start, seconds since the epoch; None: none was.
    """

    def __init__(
        self, folder: Folder, records: Records, telemetry: Telemetry, clock: Callable[[], float]
    ) -> None:
        self.made = 0
        self.failed = 0
        self.last_at: float | None = None
        self._folder = folder
        self._records = records
        self._telemetry = telemetry
        self._clock = clock
        self._running: asyncio.Task[Backup] | None = None

    async def list(self) -> list[Backup]:
        """Every backup, the newest first.

        Raises:
            BackupError: They cannot be read.
        """
        return await asyncio.to_thread(self._folder.find_all)

    async def create(self, keep: int | None = None) -> Backup:
        """Write one. Who asked may go away: it is written all the same.

        Args:
            keep: How many to keep, this one included; None: all.

        Raises:
            BackupRunningError: One is being written.
            BackupError: It cannot be written; nothing of it stays.
        """
        if self._running is not None:
            raise BackupRunningError("a backup is being written: ask again when it is done")
        running = self._running = asyncio.create_task(self._create(keep), name="backup")
        running.add_done_callback(self._end)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if not running.cancelled():  # it is the caller who goes
                raise
            raise BackupError("the hub stops, and the backup with it: ask again when it is back") from None

    async def stop(self) -> None:
        """Give up the one that is being written."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def _end(self, task: asyncio.Task[Backup]) -> None:
        self._running = None
        if task.cancelled() or task.exception() is not None:
            self.failed += 1

    async def _create(self, keep: int | None) -> Backup:
        with_records, with_telemetry = self._records.file is not None, self._telemetry.embedded
        if not with_records and not with_telemetry:
            raise BackupError(
                "this hub keeps nothing itself: back up its PostgreSQL and its ClickHouse with their own tools"
            )
        started = self._clock()
        made = self._folder.place(started)
        try:
            await _to_the_end(asyncio.to_thread(self._folder.begin, made))
            if with_telemetry:
                await self._telemetry.backup(made / TELEMETRY)
            if with_records:
                await _to_the_end(self._records.copy(made / RECORDS))
            finishing = asyncio.to_thread(
                self._folder.finish, made, records=with_records, telemetry=with_telemetry
            )
            backup = await _to_the_end(finishing)
        except StoreError as error:
            _log.error("backup not written", detail=str(error))
            raise BackupError(f"the backup cannot be written to {self._folder.path}: {error}") from error
        finally:
            await asyncio.to_thread(self._folder.give_up, made)
        self.made += 1
        self.last_at = started
        removed = [] if keep is None else await asyncio.to_thread(self._folder.keep, keep)
        seconds = round(self._clock() - started, 1)
        _log.info("backup written", name=backup.name, bytes=backup.bytes, seconds=seconds, removed=removed)
        return backup


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """What runs in a thread goes on when its task is cancelled: be told of the cancelling when it has ended."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
