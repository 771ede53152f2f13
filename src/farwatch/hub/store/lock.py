"""Who works on a PostgreSQL database: one hub at a time, by an advisory lock of the session that writes.

A hub that stands by asks for the lock until it is free. The one that holds it makes sure of it every two seconds, and
does nothing that others see while it cannot. PostgreSQL ends the session, and with it the lock, of a hub that is gone,
cut off or frozen; by then that hub has given up by itself, because it waits less long than PostgreSQL does.

A broken connection is made anew. Whether another hub has worked meanwhile shows the term: a number that grows by one
whenever a hub takes the lock up, so that one with an old view of things can never go on with it.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from farwatch.hub.store.errors import RecordsTakenError

SURE_SECONDS = 10.0
"""For that long a hub goes on without having heard of its session: less than PostgreSQL waits, which is 20 seconds."""
PING_SECONDS = 2.0
RETRY_SECONDS = 0.3
TRY_SECONDS = 3.0
TRIES = 20
STANDBY_TRY_SECONDS = 1.0

_KEY = 0x6661727761746368
""""farwatch" in ASCII."""
_TRY = f"SELECT pg_try_advisory_lock({_KEY})"
_MAKE_TERMS = "CREATE SEQUENCE IF NOT EXISTS farwatch_hub_terms"
# setval, unlike nextval, is exact across a crash of the server.
_NEXT_TERM = "SELECT setval('farwatch_hub_terms', (SELECT last_value + 1 FROM farwatch_hub_terms))"
_TERM = "SELECT last_value FROM farwatch_hub_terms"
# Releases before 14 do not have the first one: then only what TCP notices ends the session.
_LIMIT_SILENCE = (
    "SELECT set_config(name, '20s', false) FROM pg_settings "
    "WHERE name IN ('idle_session_timeout', 'idle_in_transaction_session_timeout')"
)
_PASSING_STATES = ("08", "25006", "53", "57")
"""SQLSTATEs that speak of the server's moment, not of the URL: no connection, a read-only copy, no room, a stop."""

_log = structlog.get_logger(__name__)


def _ignore(_reason: str) -> None:
    pass


@dataclass(frozen=True)
class Succession:
    """How a hub gets along with others on its database.

    Attributes:
        stand_by: Wait for the lock as long as it takes, and expect others to do so.
        waiting: Told what it waits for, whenever that changes.
        lost: Told, at once, that another hub works or may work. It should end the process.
    """

    stand_by: bool = False
    waiting: Callable[[str], None] = _ignore
    lost: Callable[[str], None] = _ignore


class HubLock:
    """The lock, held by the one connection of an engine.

    Args:
        engine: What writes. Its pool has one connection.
        monotonic: Seconds that never go back.
    """

    def __init__(self, engine: AsyncEngine, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._succession = Succession()
        self._term: int | None = None
        self._heard_at = -math.inf
        self._asked_at = -math.inf
        self._broken = False
        self._heard = asyncio.Event()
        self._in_doubt = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        event.listen(engine.sync_engine, "connect", self._prepare)
        event.listen(engine.sync_engine, "before_cursor_execute", self._ask)
        event.listen(engine.sync_engine, "after_cursor_execute", self._hear)

    async def take(self, succession: Succession) -> None:
        """Return once the lock is held.

        Raises:
            RecordsTakenError: Another hub holds it after a minute, and nobody said to stand by.
            DBAPIError: The database refuses.
            OSError: It cannot be reached.
        """
        self._succession = succession
        said = ""
        for number in itertools.count(1):
            obstacle = await self._try()
            if not obstacle:
                break
            if number == TRIES and not succession.stand_by:
                raise _taken()
            if obstacle != said:
                _log.warning("waiting for the records database", reason=obstacle)
                succession.waiting(obstacle)
                said = obstacle
            await asyncio.sleep(STANDBY_TRY_SECONDS if succession.stand_by else TRY_SECONDS)
        if succession.stand_by:
            self._watching = asyncio.create_task(self._watch(), name="hub lock")

    async def ensure_held(self) -> None:
        """Return once it is sure that no other hub works: at once, unless that is in doubt.

        It is after a break of the connection, or when this process was stopped for a while.
        """
        while self._watching is not None and (self._broken or self._silence() > SURE_SECONDS):
            self._heard.clear()
            self._in_doubt.set()
            await self._heard.wait()

    async def close(self) -> None:
        """Watch it no longer: what happens to the connection now is meant to."""
        self._succession = Succession()
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.wait([watching])

    async def _try(self) -> str:
        """Take the lock if it is free; gives what is in the way."""
        try:
            async with self._engine.connect() as connection:
                if not await connection.scalar(text(_TRY)):
                    await connection.commit()
                    return "another hub holds the database"
                self._term = await _begin_term(connection)
                await connection.commit()
        except (DBAPIError, OSError) as error:
            if self._succession.stand_by and _is_passing(error):
                await self._engine.dispose()
                return "the database cannot be reached"
            raise
        return ""

    async def _watch(self) -> None:
        while True:
            await _wait(self._in_doubt, PING_SECONDS)
            self._in_doubt.clear()
            try:
                async with asyncio.timeout(SURE_SECONDS), self._engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))
            except (DBAPIError, PoolTimeoutError, OSError) as error:
                _log.warning("the lock on the records database is in doubt", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                self._in_doubt.set()
            except RecordsTakenError:
                return
            if self._silence() > SURE_SECONDS:
                self._succession.lost("nothing is heard of the records database")
                return

    def _silence(self) -> float:
        return self._monotonic() - self._heard_at

    def _prepare(self, connection: Any, _record: object) -> None:
        """A connection has been made: the first one, or one in place of one that broke."""
        cursor = connection.cursor()
        if self._succession.stand_by:
            cursor.execute(_LIMIT_SILENCE)
            connection.driver_connection.add_termination_listener(self._doubt)
        if self._term is not None and not self._resume(cursor):
            connection.commit()
            connection.close()
            self._succession.lost("another hub has taken the records database")
            raise _taken()
        connection.commit()

    def _resume(self, cursor: Any) -> bool:
        """Take the lock anew, if nobody else has had it."""
        for statement, wanted in ((_TRY, True), (_TERM, self._term)):
            cursor.execute(statement)
            (found,) = cursor.fetchone()
            if found != wanted:
                return False
        return True

    def _doubt(self, _connection: object) -> None:
        """The connection is gone, and with it the lock."""
        self._broken = True
        self._in_doubt.set()

    def _ask(self, *_: object) -> None:
        self._asked_at = self._monotonic()

    def _hear(self, *_: object) -> None:
        self._broken = False
        self._heard_at = self._asked_at
        self._heard.set()


async def _begin_term(connection: AsyncConnection) -> int:
    await connection.execute(text(_MAKE_TERMS))
    return int(await connection.scalar(text(_NEXT_TERM)) or 0)


async def _wait(flag: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await flag.wait()
    except TimeoutError:
        pass


def _is_passing(error: DBAPIError | OSError) -> bool:
    if isinstance(error, OSError):
        return True
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_PASSING_STATES)


def _taken() -> RecordsTakenError:
    return RecordsTakenError(
        "the records database is in use by another hub: stop that one, or name another database"
    )
