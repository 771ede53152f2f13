from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import RecordsError, RecordsTooNewError
from farwatch.hub.store.records import Records

ADD = sa.text("INSERT INTO clusters (name, created_at) VALUES (:name, 0)")
COUNT = sa.text("SELECT count(*) FROM clusters")

WRITE = """
import asyncio
from pathlib import Path
import sqlalchemy as sa
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.records import Records

async def main():
    records = await Records.open(DataDirectory.claim(Path({path!r})))
    for number in range(100_000):
        async with records.begin() as connection:
            await connection.execute(sa.text("INSERT INTO clusters (name, created_at) VALUES (:n, 0)"), {{"n": str(number)}})
        print(number, flush=True)

asyncio.run(main())
"""


async def test_concurrent_writers_queue_and_none_finds_the_database_locked(records: Records) -> None:
    async def write(number: int) -> None:
        async with records.begin() as connection:
            await connection.execute(ADD, {"name": f"a{number}"})
            await asyncio.sleep(0)
            await connection.execute(ADD, {"name": f"b{number}"})

    await asyncio.gather(*(write(number) for number in range(40)))
    async with records.read() as connection:
        assert await connection.scalar(COUNT) == 80


async def test_a_transaction_that_fails_leaves_nothing_behind(records: Records) -> None:
    async def write_and_fail() -> None:
        async with records.begin() as connection:
            await connection.execute(ADD, {"name": "a"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    async with records.read() as connection:
        assert await connection.scalar(COUNT) == 0


async def test_a_reader_sees_the_last_commit_and_waits_for_no_writer(records: Records) -> None:
    async with records.begin() as writing:
        await writing.execute(ADD, {"name": "a"})
        async with records.read() as reading:
            assert await reading.scalar(COUNT) == 0
    async with records.read() as reading:
        assert await reading.scalar(COUNT) == 1


async def test_foreign_keys_are_enforced(records: Records) -> None:
    orphan = sa.text(
        "INSERT INTO cluster_tokens (id, cluster, digest, created_at) VALUES ('a', 'none', 'd', 0)"
    )
    with pytest.raises(IntegrityError):
        async with records.begin() as connection:
            await connection.execute(orphan)


async def test_a_killed_process_loses_no_committed_transaction(
    directory: DataDirectory, run_script: Any
) -> None:
    directory.release()
    writer = run_script(WRITE.format(path=str(directory.path)))
    acknowledged = [writer.stdout.readline() for _ in range(200)]
    writer.kill()
    # What it still said before it died was committed too.
    acknowledged += writer.communicate()[0].splitlines(keepends=True)
    names = {line.strip() for line in acknowledged if line.endswith("\n")}
    again = DataDirectory.claim(directory.path)
    records = await Records.open(again)
    async with records.read() as connection:
        found = set((await connection.execute(sa.text("SELECT name FROM clusters"))).scalars())
    await records.close()
    again.release()
    assert names <= found


async def test_a_database_of_a_newer_version_is_refused_by_name(directory: DataDirectory) -> None:
    await (await Records.open(directory)).close()
    with sqlite3.connect(directory.records) as connection:
        connection.execute(
            "UPDATE alembic_version SET version_num = 'fleet_9999' WHERE version_num LIKE 'fleet%'"
        )
    connection.close()
    with pytest.raises(RecordsTooNewError, match=r"newer Farwatch \(schema fleet_9999\): start that version"):
        await Records.open(directory)


async def test_a_file_that_is_no_database_is_named_with_the_way_out(directory: DataDirectory) -> None:
    directory.records.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(
        RecordsError, match=r"records\.db cannot be opened: the file is not a SQLite database: restore"
    ):
        await Records.open(directory)


@pytest.mark.parametrize("url", ["nonsense", "oracle9://here/there"])
async def test_a_url_of_another_form_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(RecordsError, match="postgresql://user@host/database"):
        await Records.open(url)


async def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "asyncpg", None)
    with pytest.raises(RecordsError, match="the driver asyncpg is missing: install it"):
        await Records.open("postgresql://farwatch:secret@db/farwatch")
