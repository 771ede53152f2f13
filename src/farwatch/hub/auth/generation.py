"""Whether something else than the hub, ``farwatch admin`` that is, has changed who may ask it for what."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.store.records import metadata

auth_generation = sa.Table(
    "auth_generation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("noted", sa.BigInteger, nullable=False, server_default="0"),
)
"""One row, whose number grows with each such change."""


class Generation(NamedTuple):
    """How many such changes there were, and how many of them the audit log tells of."""

    number: int
    noted: int


async def read_generation(connection: AsyncConnection) -> Generation:
    """What there has been up to now."""
    columns = auth_generation.c
    row = (await connection.execute(sa.select(columns.number, columns.noted))).one()
    return Generation(*row)


async def advance_generation(connection: AsyncConnection) -> None:
    """Make a running hub read everything again, as soon as it looks."""
    await connection.execute(sa.update(auth_generation).values(number=auth_generation.c.number + 1))


async def note_generation(connection: AsyncConnection, number: int) -> None:
    """The audit log tells of the changes up to this one."""
    await connection.execute(sa.update(auth_generation).values(noted=number))
