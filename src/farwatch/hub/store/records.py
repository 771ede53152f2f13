"""What must be remembered exactly: clusters, tokens, alerts, notifications sent.

An embedded hub keeps records in one SQLite file. It is in WAL mode with ``synchronous=NORMAL``: once a transaction
has been committed, its pages are in the operating system's hands, so that an acknowledged record survives ``kill -9``
of the hub at any moment. Only a power cut or a kernel crash may take back the last commits (since the last
checkpoint); the database itself stays whole even then.

They may be in a PostgreSQL database instead. A commit there has been written to its disk, unless it was set up otherwise.

Tables are declared in the feature packages on ``metadata``; what really creates and changes them are the migrations
in ``farwatch.hub.store.migrations``.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from sqlalchemy import MetaData, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import RecordsError
from farwatch.hub.store.lock import HubLock, Succession
from farwatch.hub.store.migrations.upgrade import is_current, upgrade_schema

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the hub. Constraints have names, so that migrations can speak of them on both databases."""

_BUSY_TIMEOUT_MS = 10_000
_WRITER_WAIT_SECONDS = 30.0
_READERS = 4

_REMOTE_SETTINGS = {
    "application_name": "farwatch-hub",
    # A hub whose node is gone must not keep the next one waiting: its connections end within half a minute.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    # The same where something was sent to it last, in milliseconds.
    "tcp_user_timeout": "25000",
}
_CONNECT_SECONDS = 15.0


class Records:
    """The records database, open and with the newest schema.

    All writing transactions share one connection, so that concurrent writers queue in the hub, in order, and SQLite's
    "database is locked" is never met; readers have connections of their own and see the last commit. On PostgreSQL
    the writer's connection also holds the lock by which a second hub is kept out: one that lost it cannot write.

    Attributes:
        file: The SQLite file; None on PostgreSQL.
    """

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, file: Path | None = None) -> None:
        self._writer = writer
        self._reader = reader
        self._lock = HubLock(writer) if file is None else None
        self.file = file

    @classmethod
    async def open(cls, where: DataDirectory | str, succession: Succession | None = None) -> Self:
        """Open the database and bring its schema up to date.

        Where another hub works on the same PostgreSQL database, wait for it to be gone: a minute, or as ``succession`` says.

        Args:
            where: A claimed data directory (SQLite), or a ``postgresql://`` URL.
            succession: How to get along with other hubs on the same PostgreSQL database.

        Raises:
            RecordsTooNewError: A newer Farwatch has changed the schema.
            RecordsTakenError: Another hub works on the same PostgreSQL database, and goes on doing so.
            RecordsError: It cannot be opened, is damaged, or cannot be migrated.
        """
        records = cls._embedded(where) if isinstance(where, DataDirectory) else cls._remote(where)
        try:
            await records.take_over(succession or Succession())
            async with records.begin() as connection:
                await connection.run_sync(upgrade_schema)
        except (DBAPIError, OSError) as error:
            await records.close()
            raise RecordsError(
                f"records database {records.name} cannot be opened: {_cause(error)}"
            ) from error
        except BaseException:
            await records.close()
            raise
        return records

    @classmethod
    def inspect(cls, where: Path | str) -> Self:
        """A database to look into, whether or not a hub works on it: nothing is locked, changed or brought up to date.

        Args:
            where: A data directory, or a ``postgresql://`` URL.

        Raises:
            RecordsError: There is no database, or the URL is none.
        """
        if isinstance(where, str):
            return cls._remote(where)
        file = (where / "records.db").absolute()
        if not file.is_file():
            raise RecordsError(f"there are no records at {file}: is {where} a hub's data directory?")
        url = URL.create(
            "sqlite+aiosqlite", database=f"file:{quote(str(file))}", query={"mode": "ro", "uri": "true"}
        )
        engine = create_async_engine(url, pool_size=1, max_overflow=0)
        _set_up_sqlite(engine, begin="BEGIN", pragmas=("query_only=ON",))
        return cls(engine, engine, file)

    @classmethod
    async def attach(cls, where: DataDirectory | str) -> Self:
        """Open the database beside a hub that may be working on it: without its lock, and with its schema as it is.

        What is written here, that hub does not know of until it reads it.

        Args:
            where: A data directory, which need not be claimed, or a ``postgresql://`` URL.

        Raises:
            RecordsError: It is not there, cannot be opened, or its schema is another one than this code's.
        """
        if isinstance(where, DataDirectory) and not where.records.exists():
            raise RecordsError(f"no hub has kept records in {where.path}: name its data directory")
        records = cls._embedded(where) if isinstance(where, DataDirectory) else cls._remote(where)
        try:
            async with records.read() as connection:
                current = await connection.run_sync(is_current)
        except (DBAPIError, OSError) as error:
            await records.close()
            raise RecordsError(
                f"records database {records.name} cannot be opened: {_cause(error)}"
            ) from error
        if not current:
            await records.close()
            raise RecordsError(
                f"records database {records.name} is of another version of Farwatch: start a hub of this one on it first"
            )
        return records

    @classmethod
    def _embedded(cls, directory: DataDirectory) -> Self:
        url = URL.create("sqlite+aiosqlite", database=str(directory.records))
        # The pool of one is the writer's lock.
        writer = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=_WRITER_WAIT_SECONDS)
        reader = create_async_engine(
            url, pool_size=_READERS, max_overflow=0, pool_timeout=_WRITER_WAIT_SECONDS
        )
        _set_up_sqlite(writer, begin="BEGIN IMMEDIATE", pragmas=("journal_mode=WAL", "foreign_keys=ON"))
        _set_up_sqlite(reader, begin="BEGIN", pragmas=("query_only=ON",))
        return cls(writer, reader, directory.records)

    @classmethod
    def _remote(cls, url: str) -> Self:
        try:
            parsed = _read_url(url)
            how = {"server_settings": _REMOTE_SETTINGS, "timeout": _CONNECT_SECONDS}
            engines = [
                create_async_engine(
                    parsed,
                    pool_pre_ping=True,
                    pool_size=size,
                    max_overflow=0,
                    pool_timeout=_WRITER_WAIT_SECONDS,
                    connect_args=how,
                )
                for size in (1, _READERS)
            ]
        except ModuleNotFoundError as error:
            raise RecordsError(
                f"records database: the driver {error.name} is missing: install it, pip install {error.name}"
            ) from error
        except (ArgumentError, NoSuchModuleError) as error:
            raise RecordsError(
                "records database: the URL is not of the form postgresql://user@host/database"
            ) from error
        writer, reader = engines
        return cls(writer, reader)

    async def take_over(self, succession: Succession) -> None:
        """Wait for the hub before to be gone from a PostgreSQL database.

        Raises:
            RecordsTakenError: It is still there after a minute, and ``succession`` does not say to stand by.
        """
        if self._lock is not None:
            await self._lock.take(succession)

    async def ensure_held(self) -> None:
        """Return once it is sure that no other hub works on the database; at once, unless that is in doubt."""
        if self._lock is not None:
            await self._lock.ensure_held()

    @property
    def name(self) -> str:
        """Which database this is, for messages, without its password."""
        return self._writer.url.render_as_string(hide_password=True)

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that may write: committed at the end, rolled back on an exception.

        Keep it short, and do not begin another one inside: on SQLite the inner one would wait for the outer.
        """
        async with self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """A consistent view for reading; it never waits for a writer."""
        async with self._reader.connect() as connection:
            yield connection

    async def copy(self, to: Path) -> None:
        """Write a consistent copy of the SQLite file while it is in use; nobody waits for it.

        Raises:
            RecordsError: The records are in PostgreSQL, or the copy cannot be written.
        """
        if self.file is None:
            raise RecordsError(f"records are in {self.name}: back that database up with its own tools")
        await asyncio.to_thread(_copy, self.file, to)

    async def close(self) -> None:
        """Close every connection. Transactions that are open must have ended. On PostgreSQL another hub may work then."""
        if self._lock is not None:
            await self._lock.close()
        await self._reader.dispose()
        await self._writer.dispose()


def _set_up_sqlite(engine: AsyncEngine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver's own transaction handling begins too late (at the first write): we say BEGIN ourselves.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={_BUSY_TIMEOUT_MS}", "synchronous=NORMAL", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def _read_url(url: str) -> URL:
    """A URL as people have it, also as libpq takes it (``postgres://``, ``sslmode=``), for our driver."""
    parsed = make_url(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+asyncpg")
    if parsed.drivername != "postgresql+asyncpg":
        raise ArgumentError(parsed.drivername)
    unknown = sorted(parsed.query.keys() - {"ssl", "sslmode"})
    if unknown:
        raise RecordsError(
            f"records database: the URL's parameter {unknown[0][:50]!r} is not known: only sslmode is"
        )
    if "sslmode" in parsed.query:
        mode = parsed.query["sslmode"]
        parsed = parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return parsed


def _copy(source: Path, to: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(to)) as writing:
            # All pages at once, in one view: in WAL mode writers do not wait for it.
            reading.backup(writing, pages=-1)
    except sqlite3.Error as error:
        raise RecordsError(f"records cannot be copied to {to}: {error}") from error


def _cause(error: DBAPIError | OSError) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.DatabaseError) and "not a database" in str(original):
        return "the file is not a SQLite database: restore it from a backup, or move it away"
    # What stands below the first line may be somebody's data.
    return (str(original).splitlines() or [type(original).__name__])[0]
