"""What is special about records in PostgreSQL. The database comes from FARWATCH_TEST_DATABASE (see ``..conftest``)."""

from __future__ import annotations

import asyncio
import importlib
import os

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError, IntegrityError

from farwatch.hub.store import lock as module
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import RecordsError, RecordsTakenError, RecordsTooNewError
from farwatch.hub.store.lock import Succession
from farwatch.hub.store.records import Records, metadata

from .test_migrations import TABLES

pytestmark = pytest.mark.skipif(
    "FARWATCH_TEST_DATABASE" not in os.environ,
    reason="FARWATCH_TEST_DATABASE is not set; tests/integration/test_postgresql.py runs these on a server of its own",
)

ADD = sa.text("INSERT INTO clusters (name, created_at) VALUES (:name, 0)")
COUNT = sa.text("SELECT count(*) FROM clusters")


async def test_a_new_database_has_exactly_the_tables_that_the_code_declares(records: Records) -> None:
    def difference(connection: sa.Connection) -> list[object]:
        for name in TABLES:
            importlib.import_module(name)
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert records.file is None
    async with records.begin() as connection:
        assert await connection.run_sync(difference) == []


async def test_writers_queue_and_readers_wait_for_none(records: Records) -> None:
    async def write(number: int) -> None:
        async with records.begin() as connection:
            found = await connection.scalar(COUNT)
            await asyncio.sleep(0)
            await connection.execute(ADD, {"name": f"c{number}-{found}"})

    await asyncio.gather(*(write(number) for number in range(20)))
    async with records.begin() as writing:
        await writing.execute(ADD, {"name": "x"})
        async with records.read() as reading:
            names = (await reading.execute(sa.text("SELECT name FROM clusters"))).scalars().all()
    assert sorted(int(name.split("-")[1]) for name in names) == list(range(20)), "each saw those before it"


async def test_a_transaction_that_fails_leaves_nothing_behind(records: Records) -> None:
    async def write_twice() -> None:
        async with records.begin() as connection:
            await connection.execute(ADD, {"name": "a"})
            await connection.execute(ADD, {"name": "a"})

    with pytest.raises(IntegrityError):
        await write_twice()
    async with records.read() as connection:
        assert await connection.scalar(COUNT) == 0


async def test_a_second_hub_is_kept_out_until_the_first_is_gone(
    records: Records, directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRY_SECONDS", 0.01)
    with pytest.raises(RecordsTakenError, match="in use by another hub: stop that one"):
        await Records.open(directory)
    waiting = asyncio.create_task(Records.open(directory))
    await asyncio.sleep(0)
    monkeypatch.setattr(module, "TRIES", 1000)
    await records.close()
    await (await waiting).close()


CUT = sa.text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")


@pytest.mark.parametrize("other_stays", [True, False])
async def test_a_hub_whose_lock_another_took_never_writes_again(
    directory: DataDirectory, other_stays: bool
) -> None:
    """Its connection was cut, and the other was faster. What it knows is old by then, even when the other has gone."""
    lost: list[str] = []
    records = await Records.open(directory, Succession(lost=lost.append))
    async with records.read() as connection:
        await connection.execute(CUT)
    other = await Records.open(directory)
    async with other.begin() as connection:
        await connection.execute(ADD, {"name": "b"})
    if not other_stays:
        await other.close()
    with pytest.raises(RecordsTakenError):
        async with records.begin() as connection:
            await connection.execute(ADD, {"name": "a"})
    assert lost == ["another hub has taken the records database"]
    async with records.read() as connection:
        assert await connection.scalar(COUNT) == 1
    await other.close()
    await records.close()


async def test_one_that_stands_by_waits_and_says_for_what(
    records: Records, directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STANDBY_TRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "TRIES", 1)
    said: asyncio.Queue[str] = asyncio.Queue()
    succession = Succession(stand_by=True, waiting=said.put_nowait)
    waiting = asyncio.create_task(Records.open(directory, succession))
    assert await said.get() == "another hub holds the database"
    await records.close()
    await (await waiting).close()
    assert said.empty()


async def test_a_lock_whose_connection_broke_is_taken_anew_before_anybody_is_told_anything(
    directory: DataDirectory,
) -> None:
    lost: list[str] = []
    records = await Records.open(directory, Succession(stand_by=True, lost=lost.append))
    async with records.read() as connection:
        await connection.execute(CUT)
    await records.ensure_held()
    async with records.begin() as connection:
        await connection.execute(ADD, {"name": "a"})
    assert lost == []
    await records.close()


async def test_one_that_was_frozen_makes_sure_that_nobody_has_taken_over(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is frozen hears of nothing.
    monkeypatch.setattr(module.HubLock, "_doubt", lambda *_: None)
    monkeypatch.setattr(module, "PING_SECONDS", 3600.0)
    lost = asyncio.Event()
    succession = Succession(stand_by=True, lost=lambda _: lost.set())
    records = await Records.open(directory, succession)
    async with records.read() as connection:
        await connection.execute(CUT)
    other = await Records.open(directory)
    monkeypatch.setattr(module, "SURE_SECONDS", -1.0)
    held = asyncio.create_task(records.ensure_held())
    await lost.wait()
    assert not held.done(), "nobody is told anything"
    held.cancel()
    await records.close()
    await other.close()


async def test_its_session_ends_soon_when_it_is_silent(directory: DataDirectory) -> None:
    records = await Records.open(directory, Succession(stand_by=True))
    async with records.begin() as connection:
        for name, wanted in (
            ("idle_session_timeout", "20s"),
            ("idle_in_transaction_session_timeout", "20s"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
            ("tcp_user_timeout", "25000"),
        ):
            shown = str(await connection.scalar(sa.text(f"SHOW {name}")))
            assert shown.replace("25s", "25000") == wanted, name
    await records.close()


async def test_a_connection_that_broke_is_made_anew(records: Records) -> None:
    async with records.read() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        await connection.execute(sa.text(others))
    async with records.begin() as connection:
        await connection.execute(ADD, {"name": "a"})


async def test_a_database_of_a_newer_version_is_refused_by_name(
    records: Records, directory: DataDirectory
) -> None:
    async with records.begin() as connection:
        newer = "UPDATE alembic_version SET version_num = 'fleet_9999' WHERE version_num LIKE 'fleet%'"
        await connection.execute(sa.text(newer))
    await records.close()
    with pytest.raises(RecordsTooNewError, match=r"newer Farwatch \(schema fleet_9999\): start that version"):
        await Records.open(directory)


@pytest.mark.parametrize(
    ("ending", "words"),
    [("/none", "does not exist"), ("/postgres?ssl=perhaps", "ssl"), ("/postgres?nonsense=1", "nonsense")],
)
async def test_what_cannot_be_opened_is_said_in_one_line(ending: str, words: str) -> None:
    server = os.environ["FARWATCH_TEST_DATABASE"].rpartition("/")[0].replace("farwatch@", "farwatch:hunter2@")
    with pytest.raises(RecordsError, match=words) as refused:
        await Records.open(server + ending)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_no_copy_is_made_of_it(records: Records, directory: DataDirectory) -> None:
    with pytest.raises(RecordsError, match="back that database up with its own tools"):
        await records.copy(directory.path / "copy.db")


async def test_an_error_of_the_driver_is_one_of_sqlalchemys(records: Records) -> None:
    """What callers catch is the same on both databases."""
    with pytest.raises(DBAPIError):
        async with records.begin() as connection:
            await connection.execute(sa.text("SELECT 1 / 0"))
