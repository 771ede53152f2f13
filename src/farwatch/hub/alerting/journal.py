"""Group commit: what is to be written while a transaction is under way shares the next one."""

from __future__ import annotations

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from farwatch.hub.alerting.errors import AlertsNotKeptError
from farwatch.hub.alerting.tables import Write
from farwatch.hub.store.records import Records


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

    async def _commit(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            failure: AlertsNotKeptError | None = None
            try:
                async with self._records.begin() as connection:
                    for writes, _ in batch:
                        for write in writes:
                            await write.execute(connection)
            except SQLAlchemyError as error:
                failure = AlertsNotKeptError(
                    f"the records cannot be written: {error}: free the disk, or mend the database"
                )
            for _, durable in batch:
                if durable.done():
                    continue  # whoever asked was cancelled meanwhile
                if failure is None:
                    durable.set_result(None)
                else:
                    durable.set_exception(failure)
