"""A backup holds all that was acknowledged before it was asked for, and has its name only when it is whole."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from farwatch.hub.backup import (
    BackupError,
    BackupNotFoundError,
    BackupRunningError,
    Backups,
    Folder,
    NotEmptyError,
    restore,
)
from farwatch.hub.backup.folder import TELEMETRY
from farwatch.hub.store import (
    ChangeRow,
    DataDirectory,
    Records,
    Table,
    Telemetry,
    TelemetryError,
    TelemetrySettings,
)

NOW = 1_795_000_000.0
ADD = sa.text("INSERT INTO clusters (name, created_at) VALUES (:name, 0)")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def change(number: int) -> ChangeRow:
    return ChangeRow(
        sequence=number,
        time=NOW,
        cluster="dev",
        kind="Pod",
        namespace="shop",
        name=f"cart-{number}",
        uid=f"uid-{number}",
        operation="created",
        after_gap=False,
        resource_version="1",
        document='{"a": 1}',
    )


class Stores:
    """The stores of a hub, and its backups beside them."""

    def __init__(
        self, directory: DataDirectory, records: Records, telemetry: Telemetry, folder: Path
    ) -> None:
        self.directory = directory
        self.records = records
        self.telemetry = telemetry
        self.clock = Clock()
        self.folder = Folder(folder)
        self.backups = Backups(self.folder, records, telemetry, self.clock)

    async def write(self, *numbers: int) -> None:
        """One cluster and one change for each number; durable when this returns."""
        async with self.records.begin() as connection:
            await connection.execute(ADD, [{"name": f"c{number}"} for number in numbers])
        written = self.telemetry.insert(Table.CHANGES, [change(number) for number in numbers])
        await self.telemetry.flush()
        await written

    async def close(self) -> None:
        await self.telemetry.close()
        await self.records.close()
        self.directory.release()


async def open_stores(data: Path, folder: Path) -> Stores:
    directory = DataDirectory.claim(data)
    records = await Records.open(directory)
    telemetry = await Telemetry.open(directory, TelemetrySettings(batch_seconds=0.01, backups=folder))
    return Stores(directory, records, telemetry, folder)


async def read(stores: Stores) -> tuple[list[str], list[str], list[str]]:
    """What is in both stores: clusters, changes, objects."""
    async with stores.records.read() as connection:
        clusters = (
            (await connection.execute(sa.text("SELECT name FROM clusters ORDER BY name"))).scalars().all()
        )
    changes = await stores.telemetry.query("SELECT name FROM changes ORDER BY name")
    objects = await stores.telemetry.query("SELECT name FROM objects FINAL ORDER BY name")
    return list(clusters), [row["name"] for row in changes], [row["name"] for row in objects]


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    opened = await open_stores(tmp_path / "data", tmp_path / "backups")
    yield opened
    await opened.backups.stop()
    await opened.close()


async def until(check: Callable[[], object]) -> None:
    """Let the others work until this holds; the test's own time limit ends it."""
    while not check():  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(0)


def visible(folder: Folder) -> list[str]:
    return sorted(each.name for each in folder.path.iterdir())


async def test_what_was_written_comes_back(stores: Stores, tmp_path: Path) -> None:
    await stores.write(1, 2, 3)
    expected = await read(stores)
    backup = await stores.backups.create()
    await stores.write(4)
    assert (backup.name, backup.records, backup.bytes > 10_000) == ("20261118T110640Z", True, True)
    await stores.close()
    assert (await restore(stores.folder, backup.name, tmp_path / "new")).name == backup.name
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == [
        "hub.lock",
        "records.db",
        "telemetry",
    ]
    again = await open_stores(tmp_path / "new", tmp_path / "backups")
    assert await read(again) == expected
    await again.write(5)
    await again.close()
    once_more = await open_stores(tmp_path / "new", tmp_path / "backups")
    assert (await read(once_more))[1] == ["cart-1", "cart-2", "cart-3", "cart-5"]
    await once_more.close()


async def test_it_is_consistent_while_others_write(stores: Stores, tmp_path: Path) -> None:
    acknowledged: list[int] = []

    async def write_on() -> None:
        for number in range(1000, 10_000):
            await stores.write(number)
            acknowledged.append(number)

    writing = asyncio.create_task(write_on())
    await until(lambda: len(acknowledged) >= 20)
    before = set(acknowledged)
    backup = await stores.backups.create()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await stores.close()
    await restore(stores.folder, backup.name, tmp_path / "new")
    again = await open_stores(tmp_path / "new", tmp_path / "backups")
    clusters, changes, objects = await read(again)
    assert {f"c{number}" for number in before} <= set(clusters)
    assert {f"cart-{number}" for number in before} <= set(changes)
    assert {f"cart-{number}" for number in before} <= set(objects)
    async with again.records.read() as connection:
        assert await connection.scalar(sa.text("PRAGMA integrity_check")) == "ok"
    await again.close()


async def test_only_the_newest_are_kept(stores: Stores) -> None:
    names = []
    for _ in range(4):
        names.append((await stores.backups.create(keep=2)).name)
        stores.clock.now += 60
    assert [backup.name for backup in await stores.backups.list()] == [names[3], names[2]]
    assert visible(stores.folder) == sorted(names[2:])


async def test_one_is_written_at_a_time_and_goes_on_when_who_asked_goes_away(stores: Stores) -> None:
    asking = asyncio.create_task(stores.backups.create())
    await asyncio.sleep(0)
    with pytest.raises(BackupRunningError, match="ask again when it is done"):
        await stores.backups.create()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: stores.backups.made)
    assert len(await stores.backups.list()) == 1


async def test_a_hub_that_stops_leaves_no_half_backup(stores: Stores) -> None:
    await stores.write(1)
    asking = asyncio.create_task(stores.backups.create())
    await until(stores.folder.path.exists)
    await stores.backups.stop()
    with pytest.raises(BackupError, match="the hub stops"):
        await asking
    assert visible(stores.folder) == []
    assert stores.backups.failed == 1


async def test_what_a_kill_left_is_no_backup_and_is_cleared_away(stores: Stores) -> None:
    (stores.folder.path / ".20261118T090000Z" / TELEMETRY).mkdir(parents=True)
    (stores.folder.path / "lost+found").mkdir()
    assert await stores.backups.list() == []
    backup = await stores.backups.create()
    assert visible(stores.folder) == [backup.name, "lost+found"]


async def test_a_failure_of_a_store_leaves_nothing_and_is_told(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(to: Path) -> None:
        (to / "half").mkdir(parents=True)
        raise TelemetryError("the disk is full")

    monkeypatch.setattr(stores.telemetry, "backup", fail)
    with pytest.raises(BackupError, match=r"cannot be written to .*backups: the disk is full"):
        await stores.backups.create()
    assert visible(stores.folder) == []
    monkeypatch.undo()
    stores.clock.now += 1
    await stores.backups.create()
    assert (stores.backups.made, stores.backups.failed) == (1, 1)


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("mount"), reason="only root makes a disk of its own")
@pytest.mark.parametrize(
    ("size", "words"),
    [("4k", "was not written whole: is the disk for backups full"), ("400k", "database or disk is full")],
    ids=["telemetry", "records"],
)
async def test_a_full_disk_is_told_and_nothing_stays_on_it(
    stores: Stores, tmp_path: Path, size: str, words: str
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        await stores.write(*range(8000))
        await stores.close()
        small = await open_stores(tmp_path / "data", disk)
        try:
            with pytest.raises(BackupError, match=words):
                await small.backups.create()
            assert visible(small.folder) == []
        finally:
            await small.close()
    finally:
        subprocess.run(["umount", disk], check=True)


async def test_a_backup_of_the_same_second_is_refused(stores: Stores) -> None:
    await stores.backups.create()
    with pytest.raises(BackupRunningError, match="is there already: ask again in a second"):
        await stores.backups.create()


async def test_a_directory_that_cannot_be_made_is_named(stores: Stores, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    backups = Backups(Folder(tmp_path / "file"), stores.records, stores.telemetry, stores.clock)
    with pytest.raises(BackupError, match=r"backups cannot be written to .*/file: "):
        await backups.create()


# --- restoring ------------------------------------------------------------------------------------------------


async def test_stores_that_are_there_are_left_alone(stores: Stores, tmp_path: Path) -> None:
    await stores.write(1)
    backup = await stores.backups.create()
    await stores.close()
    with pytest.raises(NotEmptyError, match="holds stores already: name an empty one"):
        await restore(stores.folder, backup.name, tmp_path / "data")


async def test_the_latest_is_found_by_that_word(stores: Stores, tmp_path: Path) -> None:
    with pytest.raises(BackupNotFoundError, match="there is no backup in"):
        await restore(stores.folder, "latest", tmp_path / "new")
    await stores.backups.create()
    stores.clock.now += 60
    newest = await stores.backups.create()
    await stores.close()
    assert (await restore(stores.folder, "latest", tmp_path / "new")).name == newest.name


@pytest.mark.parametrize("name", ["20000101T000000Z", "..", "../data", "", ".20261118T090000Z"])
async def test_a_backup_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "backups").mkdir()
    with pytest.raises(BackupNotFoundError, match="farwatch backup list"):
        await restore(Folder(tmp_path / "backups"), name, tmp_path / "new")


async def test_a_damaged_backup_is_refused_before_anything_is_made(stores: Stores, tmp_path: Path) -> None:
    await stores.write(1)
    backup = await stores.backups.create()
    await stores.close()
    made = stores.folder.path / backup.name
    with (made / "records.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"?")
    with pytest.raises(BackupError, match=r"damaged: records\.db is not what was written: take another"):
        await restore(stores.folder, backup.name, tmp_path / "new")
    (made / "records.db").unlink()
    with pytest.raises(BackupError, match=r"damaged: records\.db"):
        await restore(stores.folder, backup.name, tmp_path / "new")
    (made / "manifest.json").write_text("{")
    with pytest.raises(BackupError, match="its manifest cannot be read"):
        await restore(stores.folder, backup.name, tmp_path / "new")
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["hub.lock"]


async def test_a_restore_that_was_killed_is_begun_anew(stores: Stores, tmp_path: Path) -> None:
    await stores.write(1, 2)
    expected = await read(stores)
    backup = await stores.backups.create()
    await stores.close()
    unfinished = tmp_path / "new" / "restore.unfinished" / "telemetry"
    unfinished.mkdir(parents=True)
    (unfinished / "half").write_text("")
    # It had come as far as this.
    (tmp_path / "new" / "records.db").write_text("")
    await restore(stores.folder, backup.name, tmp_path / "new")
    again = await open_stores(tmp_path / "new", tmp_path / "backups")
    assert await read(again) == expected
    await again.close()


async def test_without_telemetry_a_backup_is_of_the_records_alone(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stores.write(1)
    monkeypatch.setattr(stores.telemetry, "embedded", False)
    backup = await stores.backups.create()
    assert (backup.records, backup.telemetry) == (True, False)
    await stores.close()
    with pytest.raises(BackupError, match="has no telemetry: that was on a ClickHouse server"):
        await restore(stores.folder, backup.name, tmp_path / "elsewhere", records_elsewhere=True)
    await restore(stores.folder, backup.name, tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["hub.lock", "records.db"]
    with pytest.raises(NotEmptyError):
        await restore(stores.folder, backup.name, tmp_path / "new")


async def test_a_hub_that_keeps_nothing_has_nothing_to_back_up(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores.telemetry, "embedded", False)
    monkeypatch.setattr(stores.records, "file", None)
    with pytest.raises(BackupError, match="keeps nothing itself: back up its PostgreSQL and its ClickHouse"):
        await stores.backups.create()
    assert await stores.backups.list() == []


async def test_without_records_a_backup_needs_their_database(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stores.write(1)
    monkeypatch.setattr(stores.records, "file", None)
    backup = await stores.backups.create()
    assert not backup.records
    await stores.close()
    with pytest.raises(BackupError, match="has no records: they were in PostgreSQL"):
        await restore(stores.folder, backup.name, tmp_path / "new")
    await restore(stores.folder, backup.name, tmp_path / "new", records_elsewhere=True)
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == ["hub.lock", "telemetry"]
