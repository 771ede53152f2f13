from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.alerting import AlertsNotKeptError, tables
from farwatch.hub.alerting.journal import Journal
from farwatch.hub.alerting.tables import Write
from farwatch.hub.store.records import Records


def group(key: str, time: float = 0) -> Write:
    return tables.added(tables.alert_groups, [{"route": "{}", "group_key": key, "next_flush": time}])


async def keys(records: Records) -> list[str]:
    async with records.read() as connection:
        return list((await connection.execute(sa.select(tables.alert_groups.c.group_key))).scalars())


class Counted:
    """Records that count their transactions."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.transactions = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        self.transactions += 1
        async with self._records.begin() as connection:
            yield connection


@pytest.fixture
def counted(records: Records) -> Any:
    return Counted(records)


async def test_a_write_is_durable_when_it_returns(records: Records) -> None:
    await Journal(records).write(group("a"), group("b"))
    assert await keys(records) == ["a", "b"]


async def test_writes_asked_for_together_share_a_transaction(counted: Any, records: Records) -> None:
    journal = Journal(counted)
    await asyncio.gather(*(journal.write(group(str(number))) for number in range(50)))
    assert len(await keys(records)) == 50
    assert counted.transactions <= 2


async def test_nothing_to_write_is_no_transaction(counted: Any) -> None:
    await Journal(counted).write(tables.removed(tables.alerts, []))
    await Journal(counted).write()
    assert counted.transactions == 0


async def test_what_cannot_be_written_takes_nobody_elses_write_along(records: Records) -> None:
    journal = Journal(records)
    await journal.write(group("a"))
    outcomes = await asyncio.gather(
        journal.write(group("a")), journal.write(group("b")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [AlertsNotKeptError, type(None)]
    await journal.write(group("c"))
    assert await keys(records) == ["a", "b", "c"]


class Unreachable(Counted):
    """Records of a database that nobody listens for."""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        self.transactions += 1
        raise ConnectionRefusedError("[Errno 111] Connect call failed")
        yield  # what makes it a generator


async def test_a_database_that_cannot_be_reached_is_told_to_all_who_wait_and_tried_once(
    records: Records,
) -> None:
    unreachable: Any = Unreachable(records)
    journal = Journal(unreachable)
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(
            journal.write(group("a")), journal.write(group("b")), return_exceptions=True
        )
    assert [type(outcome) for outcome in outcomes] == [AlertsNotKeptError] * 2
    assert "Connect call failed: free the disk, or mend the database" in str(outcomes[0])
    assert unreachable.transactions == 1


async def test_a_failure_tells_nothing_of_what_was_to_be_written(records: Records) -> None:
    journal = Journal(records)
    await journal.write(group("somebody's group"))
    with pytest.raises(AlertsNotKeptError) as raised:
        await journal.write(group("somebody's group"))
    assert "unique constraint" in str(raised.value).lower()
    assert "somebody's group" not in str(raised.value)
    assert "INSERT" not in str(raised.value)


async def test_one_who_goes_away_takes_nobodys_write_along(records: Records) -> None:
    journal = Journal(records)
    leaving = asyncio.create_task(journal.write(group("a")))
    staying = asyncio.create_task(journal.write(group("b")))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    assert await keys(records) == ["a", "b"]
