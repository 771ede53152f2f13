"""Every version of the configuration that was in force, in the records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from farwatch.hub.alerting.errors import AlertingError, AlertsNotKeptError
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.tables import alerting_versions as table
from farwatch.hub.store.records import Records

MOST_VERSIONS = 500
"""The newest are kept."""

MAX_NOTE_LENGTH = 2_000

LATEST_VERSION = 2**31 - 1
"""What a database keeps as a number."""


class VersionNotFoundError(AlertingError):
    """There is no such version."""


class VersionNoteError(AlertingError):
    """A note cannot be kept."""


class Cause(StrEnum):
    """How a version came to be in force."""

    START = "start"
    """The hub read it at its start."""
    SIGNAL = "signal"
    """The hub was told to read its file again, by SIGHUP."""
    CHANGED_FILE = "changed file"
    """The hub saw that its file had changed."""
    RELOAD = "reload"
    """The hub was told to read its file again, over HTTP."""
    SAVE = "save"
    """It was written in the editor."""
    ROLL_BACK = "roll back"
    """It is what an earlier version was."""

    @property
    def asked_for(self) -> bool:
        """Whether somebody asked for it over HTTP: that they did is in the audit log by their request."""
        return self in {Cause.RELOAD, Cause.SAVE, Cause.ROLL_BACK}


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the configuration.

    Attributes:
        id: Counts from 1.
        time: Since when it was in force, seconds since the epoch.
        author: Who made it; empty for nobody known.
        note: Why, in their words.
        cause: How it came to be.
        restored: The version that was rolled back to.
        digest: Of the text as it is shown: versions with the same differ in secrets at the most.
        directory: Where relative names of files begin.
        text: With its secrets; None where it was not asked for.
    """

    id: int
    time: float
    author: str
    note: str
    cause: Cause
    restored: int | None
    digest: str
    directory: str
    text: Secret | None = None


class Versions:
    """The versions in the records."""

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self._records = records
        self._clock = clock
        self._adding = asyncio.Lock()

    async def list(self, limit: int = MOST_VERSIONS, before: int | None = None) -> list[Version]:
        """Versions without their texts, the newest first; only those before one, if it is given."""
        columns = [column for column in table.c if column.name != "text"]
        wanted = sa.select(*columns).order_by(table.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(table.c.id < before)
        async with self._records.read() as connection:
            return [_to_version(row) for row in (await connection.execute(wanted)).mappings()]

    async def get(self, version: int) -> Version:
        """One version with its text.

        Raises:
            VersionNotFoundError: There is none of this number.
        """
        found = await self._find(table.c.id == version) if 0 < version <= LATEST_VERSION else None
        if found is None:
            raise VersionNotFoundError(
                f"the alerting configuration has no version {version}: the newest {MOST_VERSIONS} are kept"
            )
        return found

    async def newest(self) -> Version | None:
        """The newest version with its text; None if there is none."""
        return await self._find(table.c.id == sa.select(sa.func.max(table.c.id)).scalar_subquery())

    async def add(
        self,
        text: str,
        *,
        digest: str,
        directory: str,
        cause: Cause,
        author: str = "",
        note: str = "",
        restored: int | None = None,
    ) -> Version:
        """Keep a version; it is durable on return.

        Raises:
            VersionNoteError: The note is too long, or holds what cannot be kept.
            AlertsNotKeptError: It could not be written.
        """
        check_note(note)
        row: dict[str, Any] = {
            "time": self._clock(),
            "author": author,
            "note": note,
            "cause": cause.value,
            "restored": restored,
            "digest": digest,
            "directory": directory,
            "text": text,
        }
        async with self._adding:
            try:
                async with self._records.begin() as connection:
                    newest = await connection.scalar(sa.select(sa.func.max(table.c.id)))
                    row["id"] = (newest or 0) + 1
                    await connection.execute(sa.insert(table).values(row))
                    oldest = row["id"] - MOST_VERSIONS
                    await connection.execute(sa.delete(table).where(table.c.id <= oldest))
            except (SQLAlchemyError, OSError) as error:
                raise AlertsNotKeptError(
                    "the version of the alerting configuration could not be written into the records: the hub's log says why"
                ) from error
        return _to_version(row)

    async def _find(self, condition: sa.ColumnElement[bool]) -> Version | None:
        async with self._records.read() as connection:
            row = (await connection.execute(sa.select(table).where(condition))).mappings().first()
        return None if row is None else _to_version(row)


def check_note(note: str) -> None:
    """Whether a note can be kept.

    Raises:
        VersionNoteError: It cannot.
    """
    if len(note) > MAX_NOTE_LENGTH:
        raise VersionNoteError(f"the note has {len(note)} characters: {MAX_NOTE_LENGTH} are the most")
    if "\0" in note:  # PostgreSQL keeps none
        raise VersionNoteError("the note holds a NUL character: leave it out")


def _to_version(row: Mapping[Any, Any]) -> Version:
    text = row.get("text")
    return Version(
        id=row["id"],
        time=row["time"],
        author=row["author"],
        note=row["note"],
        cause=Cause(row["cause"]),
        restored=row["restored"],
        digest=row["digest"],
        directory=row["directory"],
        text=None if text is None else Secret(text),
    )
