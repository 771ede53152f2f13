"""Group commit: what is to be written while a transaction is under way shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from farwatch.hub.alerting.errors import AlertsNotKeptError
from farwatch.hub.alerting.tables import Write
from farwatch.hub.store.records import Records

MAX_CAUSE_LENGTH = 300

_OUT_OF_REACH = (OperationalError, InterfaceError, PoolTimeoutError, OSError)
"""The database as a whole is at fault, not what is to be written. The driver of PostgreSQL raises an OSError as it is."""


class Journal:
    """The only writer of alerting's tables; writes happen in the order in which they were asked for."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._waiting: list[tuple[tuple[Write, ...], asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def write(self, *writes: Write) -> None:
        """Return once these are durable, all or none of them.

        Raises:
            AlertsNotKeptError: The records cannot be written.
        """
        writes = tuple(write for write in writes if write.rows)
        if not writes:
            return
        durable = asyncio.get_running_loop().create_future()
        self._waiting.append((writes, durable))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit(), name="alerting journal")
        await durable

    async def ensure_held(self) -> None:
        """Return once it is sure that no other hub tells people as well; at once, unless that is in doubt."""
        await self._records.ensure_held()

    async def _commit(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            error = await self._attempt([write for writes, _ in batch for write in writes])
            if error is None or len(batch) == 1 or isinstance(error, _OUT_OF_REACH):
                errors = [error] * len(batch)
            else:  # one of them cannot be written: the others need not suffer for it
                errors = [await self._attempt(writes) for writes, _ in batch]
            for (_, durable), error in zip(batch, errors, strict=True):
                _tell(durable, error)

    async def _attempt(self, writes: Iterable[Write]) -> Exception | None:
        """Write all of it, or nothing; gives what keeps it from being written."""
        try:
            async with self._records.begin() as connection:
                for write in writes:
                    await write.execute(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it, or wait for ever
            return error
        return None


def _tell(durable: asyncio.Future[None], error: Exception | None) -> None:
    if durable.done():
        return  # whoever asked was cancelled meanwhile
    if error is None:
        durable.set_result(None)
        return
    failure = AlertsNotKeptError(
        f"the records cannot be written: {_cause(error)}: free the disk, or mend the database"
    )
    failure.__cause__ = error
    durable.set_exception(failure)


def _cause(error: Exception) -> str:
    """What the database says, without the statement and its values: they may be somebody else's."""
    cause = (error.orig or error) if isinstance(error, DBAPIError) else error
    lines = str(cause).splitlines() or [""]
    return lines[0][:MAX_CAUSE_LENGTH] or type(cause).__name__
