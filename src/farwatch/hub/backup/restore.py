"""A data directory made out of a backup, before a hub starts on it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from farwatch.hub.backup.errors import BackupError, NotEmptyError
from farwatch.hub.backup.folder import RECORDS, TELEMETRY, Backup, Folder
from farwatch.hub.store import DataDirectory, StoreError
from farwatch.hub.store.telemetry import restore_telemetry

_UNFINISHED = "restore.unfinished"


async def restore(folder: Folder, name: str, data: Path, *, records_elsewhere: bool = False) -> Backup:
    """Fill an empty data directory. A kill on the way leaves one that the next restore begins anew.

    Args:
        folder: Where backups are.
        name: Which, or ``latest``.
        data: The data directory; made when missing. No hub may run on it.
        records_elsewhere: Records are in PostgreSQL, and what the backup has of them is left alone.

    Raises:
        NotEmptyError: There are stores in it.
        BackupNotFoundError: There is no such backup.
        BackupError: The backup is damaged or lacks what it is asked for, or the directory cannot be written.
        StoreError: The directory cannot be claimed.
    """
    directory = DataDirectory.claim(data)
    try:
        if holds_stores(directory):
            raise NotEmptyError(
                f"data directory {data} holds stores already: name an empty one, or move away what is in it"
            )
        source, manifest = await asyncio.to_thread(folder.find, name)
        backup = manifest.backup
        if not (backup.records or records_elsewhere):
            raise BackupError(
                f"backup {backup.name} has no records: they were in PostgreSQL; restore those there, and name that "
                "database with --database"
            )
        if records_elsewhere and not backup.telemetry:
            raise BackupError(
                f"backup {backup.name} has no telemetry: that was on a ClickHouse server; restore it there"
            )
        try:
            await _fill(
                directory, source, with_records=not records_elsewhere, with_telemetry=backup.telemetry
            )
        except (StoreError, OSError) as error:
            raise BackupError(f"backup {backup.name} cannot be restored to {data}: {error}") from error
    finally:
        directory.release()
    return backup


def holds_stores(directory: DataDirectory) -> bool:
    """Whether a hub has worked on a data directory, or a restore into it was finished."""
    if directory.telemetry.exists():
        return True
    return directory.records.exists() and not (directory.path / _UNFINISHED).exists()


async def _fill(directory: DataDirectory, source: Path, *, with_records: bool, with_telemetry: bool) -> None:
    stage = directory.path / _UNFINISHED
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    if with_records:
        await asyncio.to_thread(shutil.copyfile, source / RECORDS, stage / RECORDS)
    if with_telemetry:
        await restore_telemetry(source / TELEMETRY, stage / TELEMETRY)
    if with_records:
        (stage / RECORDS).replace(directory.records)
    # By one of these, whichever comes, it is finished.
    if with_telemetry:
        (stage / TELEMETRY).rename(directory.telemetry)
    stage.rmdir()
