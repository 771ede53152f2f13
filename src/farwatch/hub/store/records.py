"""What must be remembered exactly: clusters, tokens, alerts, notifications sent.

An embedded hub keeps records in one SQLite file. It is in WAL mode with ``synchronous=NORMAL``: once a transaction
has been committed, its pages are in the operating system's hands, so that an acknowledged record survives ``kill -9``
of the hub at any moment. Only a power cut or a kernel crash may take back the last commits (since the last
checkpoint); the database itself stays whole even then.

Tables are declared in the feature packages on ``metadata``; what really creates and changes them are the migrations
in ``farwatch.hub.store.migrations``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self

from sqlalchemy import MetaData, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import RecordsError
from farwatch.hub.store.migrations.upgrade import upgrade_schema

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


class Records:
    """The records database, open and with the newest schema.

    SQLite has one writer at a time. All writing transactions share one connection, so that concurrent writers queue
    in the hub, in order, and never meet "database is locked"; readers have connections of their own and see the last
    commit. On PostgreSQL both sides share one pool.
    """

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self._writer = writer
        self._reader = reader

    @classmethod
    async def open(cls, where: DataDirectory | str) -> Self:
        """Open the database and bring its schema up to date.

        Args:
            where: A claimed data directory (SQLite), or a ``postgresql://`` URL.

        Raises:
            RecordsTooNewError: A newer Farwatch has changed the schema.
            RecordsError: It cannot be opened, is damaged, or cannot be migrated.
        """
        records = cls._embedded(where) if isinstance(where, DataDirectory) else cls._remote(where)
        try:
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
    def _embedded(cls, directory: DataDirectory) -> Self:
        url = URL.create("sqlite+aiosqlite", database=str(directory.records))
        # The pool of one is the writer's lock.
        writer = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=_WRITER_WAIT_SECONDS)
        reader = create_async_engine(
            url, pool_size=_READERS, max_overflow=0, pool_timeout=_WRITER_WAIT_SECONDS
        )
        _set_up_sqlite(writer, begin="BEGIN IMMEDIATE", pragmas=("journal_mode=WAL", "foreign_keys=ON"))
        _set_up_sqlite(reader, begin="BEGIN", pragmas=("query_only=ON",))
        return cls(writer, reader)

    @classmethod
    def _remote(cls, url: str) -> Self:
        try:
            parsed = make_url(url)
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+asyncpg")
            engine = create_async_engine(parsed, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise RecordsError(
                f"records database: the driver {error.name} is missing: install it, pip install {error.name}"
            ) from error
        except (ArgumentError, NoSuchModuleError) as error:
            raise RecordsError(
                "records database: the URL is not of the form postgresql://user@host/database"
            ) from error
        return cls(engine, engine)

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

    async def close(self) -> None:
        """Close every connection. Transactions that are open must have ended."""
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


def _cause(error: DBAPIError | OSError) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.DatabaseError) and "not a database" in str(original):
        return "the file is not a SQLite database: restore it from a backup, or move it away"
    return str(original)
