"""When the hub was last alive: a note that it renews while it runs, and finds again when it comes back."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from farwatch.hub.store.records import Records, metadata

hub_life = sa.Table(
    "hub_life",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False, doc="1: there is one row"),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Column("stopped", sa.Boolean, nullable=False),
)


class LastRun(NamedTuple):
    """The end of the run before this one.

    Attributes:
        seen_at: Its last sign of life; seconds since the epoch.
        stopped: It was told to stop; otherwise it was killed, or its machine was.
    """

    seen_at: float
    stopped: bool


class Life:
    """The note. Times are seconds since the epoch."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def begin(self, now: float) -> LastRun | None:
        """Note the beginning of this run; gives the end of the last one, if there was one."""
        async with self._records.begin() as connection:
            row = (await connection.execute(sa.select(hub_life.c.seen_at, hub_life.c.stopped))).one_or_none()
            if row is None:
                await connection.execute(sa.insert(hub_life).values(id=1, seen_at=now, stopped=False))
                return None
            await connection.execute(sa.update(hub_life).values(seen_at=now, stopped=False))
        return LastRun(row.seen_at, row.stopped)

    async def renew(self, now: float) -> None:
        """Note that it lives."""
        await self._write(now, stopped=False)

    async def end(self, now: float) -> None:
        """Note that it was told to stop."""
        await self._write(now, stopped=True)

    async def _write(self, now: float, *, stopped: bool) -> None:
        async with self._records.begin() as connection:
            await connection.execute(sa.update(hub_life).values(seen_at=now, stopped=stopped))
