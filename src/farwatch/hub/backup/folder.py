"""The directory that holds backups, each a directory of its own under the time it was begun.

A backup has its name once all of it is on the disk, and a manifest with the sum of each of its files. What is being written
or removed has a name that begins with a dot: after a kill it is cleared away by the next backup.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from farwatch import __version__
from farwatch.hub.backup.errors import BackupError, BackupNotFoundError, BackupRunningError
from farwatch.hub.times import to_time

LATEST = "latest"
FORMAT = 1
RECORDS = "records.db"
TELEMETRY = "telemetry"

_MANIFEST = "manifest.json"
_NAME = re.compile(r"\d{8}T\d{6}Z")
_NAME_FORMAT = "%Y%m%dT%H%M%SZ"
_MODE_PRIVATE = 0o700


class Backup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A backup.

    Attributes:
        name: The time it was begun, ``20261121T021700Z``.
        created_at: The same, in UTC.
        version: The Farwatch that wrote it.
        bytes: How large it is.
        records: Whether the records are in it; those in PostgreSQL are not.
        telemetry: Whether what happened is in it; what is on a ClickHouse server is not.
    """

    name: str
    created_at: datetime
    version: str
    bytes: int
    records: bool
    telemetry: bool = True


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself.

    Attributes:
        backup: What is told of it.
        files: The SHA-256 of each file, in hex, by its path inside.
        format: How it is laid out.
    """

    backup: Backup
    files: dict[str, str]
    format: int = FORMAT


class Folder:
    """Backups on a disk. Its calls block: not for the event loop."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find_all(self) -> list[Backup]:
        """Every backup, the newest first.

        Raises:
            BackupError: The directory cannot be read.
        """
        try:
            names = (
                sorted((each.name for each in self.path.iterdir()), reverse=True)
                if self.path.exists()
                else []
            )
        except OSError as error:
            raise BackupError(f"backups in {self.path} cannot be listed: {error.strerror}") from error
        return [self._read(name).backup for name in names if self._is_backup(name)]

    def find(self, name: str) -> tuple[Path, Manifest]:
        """One backup, by its name or as ``latest``; every file is what it was when it was written.

        Raises:
            BackupNotFoundError: There is no such backup.
            BackupError: It is damaged, or of a newer version.
        """
        if name == LATEST:
            all_of_them = self.find_all()
            if not all_of_them:
                raise BackupNotFoundError(
                    f"there is no backup in {self.path}: name another directory with --backups"
                )
            name = all_of_them[0].name
        if not _NAME.fullmatch(name) or not self._is_backup(name):
            raise BackupNotFoundError(
                f"there is no backup {name[:50]!r} in {self.path}: `farwatch backup list` shows them"
            )
        manifest = self._read(name)
        if manifest.format > FORMAT:
            raise BackupError(
                f"backup {name} was written by Farwatch {manifest.backup.version}: restore it with that one"
            )
        _check(self.path / name, manifest)
        return self.path / name, manifest

    def place(self, now: float) -> Path:
        """The directory that a backup which is begun now is written into."""
        return self.path / f".{to_time(now).strftime(_NAME_FORMAT)}"

    def begin(self, place: Path) -> None:
        """Clear away what a kill left, and make a backup's directory.

        Raises:
            BackupRunningError: There is one of this second.
            BackupError: It cannot be made.
        """
        name = place.name.removeprefix(".")
        try:
            self.path.mkdir(mode=_MODE_PRIVATE, parents=True, exist_ok=True)
            for each in self.path.iterdir():
                if each.name.startswith(".") and _NAME.fullmatch(each.name[1:]):
                    shutil.rmtree(each)
            if (self.path / name).exists():
                raise BackupRunningError(f"backup {name} is there already: ask again in a second")
            place.mkdir(mode=_MODE_PRIVATE)
        except OSError as error:
            raise BackupError(f"backups cannot be written to {self.path}: {error.strerror}") from error

    def finish(self, made: Path, *, records: bool, telemetry: bool) -> Backup:
        """Have all of it on the disk, and give it its name.

        Raises:
            BackupError: The disk is full, or broken.
        """
        name = made.name.removeprefix(".")
        try:
            files = {path.relative_to(made).as_posix(): path for path in _files(made)}
            backup = Backup(
                name=name,
                created_at=datetime.strptime(name, _NAME_FORMAT).replace(tzinfo=UTC),
                version=__version__,
                bytes=sum(path.stat().st_size for path in files.values()),
                records=records,
                telemetry=telemetry,
            )
            manifest = Manifest(backup=backup, files={key: _digest(path) for key, path in files.items()})
            (made / _MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
            _sync(made)
            made.rename(self.path / name)
            _sync_one(self.path)
        except OSError as error:
            raise BackupError(f"backup {name} cannot be written to {self.path}: {error.strerror}") from error
        return backup

    def give_up(self, made: Path) -> None:
        """Remove what was begun."""
        shutil.rmtree(made, ignore_errors=True)

    def keep(self, count: int) -> list[str]:
        """Remove all but the newest; the names of those removed.

        Raises:
            BackupError: One cannot be removed.
        """
        removed = [backup.name for backup in self.find_all()[count:]]
        for name in removed:
            # Never half a backup under its name.
            hidden = self.path / f".{name}"
            try:
                (self.path / name).rename(hidden)
                shutil.rmtree(hidden)
            except OSError as error:
                raise BackupError(f"backup {name} cannot be removed: {error.strerror}") from error
        return removed

    def _is_backup(self, name: str) -> bool:
        return bool(_NAME.fullmatch(name)) and (self.path / name / _MANIFEST).is_file()

    def _read(self, name: str) -> Manifest:
        try:
            return msgspec.json.decode((self.path / name / _MANIFEST).read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError) as error:
            raise BackupError(
                f"backup {name} is damaged: its manifest cannot be read: take another"
            ) from error


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _check(folder: Path, manifest: Manifest) -> None:
    for name, digest in manifest.files.items():
        path = folder / name
        try:
            whole = path.is_relative_to(folder) and ".." not in path.parts and _digest(path) == digest
        except OSError:
            whole = False
        if not whole:
            raise BackupError(
                f"backup {folder.name} is damaged: {name} is not what was written: take another"
            )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    """Have the disk hold every file, and every name."""
    for path in folder.rglob("*"):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
