"""Whether something else than the hub, ``farwatch admin`` that is, has changed who may ask it for what."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.store.records import metadata

auth_generation = sa.Table(
    "auth_generation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
)
"""One row, whose number grows with each such change."""


async def read_generation(connection: AsyncConnection) -> int:
    """The number of the last change."""
    return int(await connection.scalar(sa.select(auth_generation.c.number)) or 0)


async def advance_generation(connection: AsyncConnection) -> None:
    """Make a running hub read everything again, as soon as it looks."""
    await connection.execute(sa.update(auth_generation).values(number=auth_generation.c.number + 1))
