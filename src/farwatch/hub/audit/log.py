"""The audit log: what people did, and that nobody can change it unseen."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch import __version__
from farwatch.hub.audit import chain
from farwatch.hub.audit.actions import Action, Result
from farwatch.hub.audit.chain import GENESIS, Head, Link, Verdict, Verifier
from farwatch.hub.audit.damper import Damper
from farwatch.hub.audit.entries import (
    ANONYMOUS,
    SYSTEM,
    Actor,
    AuditEntry,
    Event,
    Source,
    Target,
    milliseconds,
)
from farwatch.hub.audit.errors import AuditNotKeptError
from farwatch.hub.audit.tables import entries, intents
from farwatch.hub.store.errors import StoreError
from farwatch.hub.store.records import Records

BATCH = 500
MAX_WAITING = 1000
"""So many entries of acts that were done wait for records that cannot be written; each has its intent on the disk."""
TELL_SECONDS = 300.0
"""How often refusals that were only counted become an entry."""

_log = structlog.get_logger(__name__)

_OUT_OF_REACH = (SQLAlchemyError, OSError, StoreError)

_encode = msgspec.json.encode
_decode_event = msgspec.json.Decoder(Event).decode


class AuditCounters(msgspec.Struct):
    """What became of acts, since the start.

    Attributes:
        written: Entries, by result.
        counted: Refusals that were counted only.
        failures: How often the records could not be written.
    """

    written: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(map(str, Result), 0))
    counted: int = 0
    failures: int = 0


class Audit:
    """The log of one hub, in its records.

    An act that is admitted has its intent on the disk before it is begun, so that none can be done without a trace:
    a hub that is killed between the two writes an entry with the result ``unknown`` at its next start.

    Refusals and failures beyond a rate are counted, and told of in one entry every few minutes.

    Args:
        records: Where it is kept. There must be no other hub, as ``Records`` sees to.
        clock: Seconds since the epoch.
        sleep: Waits; tests hand in their own.
    """

    def __init__(
        self,
        records: Records,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._records = records
        self._clock = clock
        self._sleep = sleep
        self._damper = Damper(clock)
        self._appending = asyncio.Lock()
        self._verifying = asyncio.Lock()
        self._waiting: deque[tuple[Event, str]] = deque()
        self._telling: asyncio.Task[None] | None = None
        self.counters = AuditCounters()
        self.head = Head(0, GENESIS)
        """The last entry."""

    @property
    def waiting(self) -> int:
        """How many entries of acts that were done could not be written yet."""
        return len(self._waiting)

    async def start(self) -> None:
        """Begin the log, if it has no entry yet, and finish what a hub that was killed has left.

        Raises:
            AuditNotKeptError: The records cannot be written.
        """
        async with self._appending, self._writing() as connection:
            head = await _read_head(connection)
            if not head.sequence:
                # What nobody can guess makes all hashes this log's own.
                details = {"log": secrets.token_hex(16), "version": __version__}
                head = await self._insert(
                    connection, head, Event(action=Action.LOG_BEGIN, actor=SYSTEM, details=details)
                )
            left = await connection.execute(sa.select(intents).order_by(intents.c.begun_at))
            for row in left.mappings().all():
                event = _decode_event(row["body"])
                details = event.details | {"note": "the hub ended before it knew how this ended"}
                unknown = msgspec.structs.replace(event, result=Result.UNKNOWN, details=details)
                head = await self._insert(connection, head, unknown, row["id"])
        self.head = head
        _log.info("audit log", sequence=head.sequence, hash=head.hash)
        self._telling = asyncio.create_task(self._tell_regularly(), name="audit log")

    async def stop(self) -> None:
        """Write what is to be written still."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        with contextlib.suppress(AuditNotKeptError):
            await self.tell_unlisted()
        _log.info("audit log ends", sequence=self.head.sequence, hash=self.head.hash)

    async def record(
        self,
        action: Action,
        *,
        actor: Actor = SYSTEM,
        source: Source = Source(),  # noqa: B008 - it is frozen
        target: Target = Target(),  # noqa: B008 - likewise
        result: Result = Result.OK,
        **details: Any,
    ) -> None:
        """Write an entry of something that did not come as a request, or is to be told besides it.

        Details that are empty are left out.

        Not inside a transaction of the records: there is one writer.

        Raises:
            AuditNotKeptError: It cannot be written now; it will be when the records can be written again, if the
                hub lives until then.
        """
        told = {name: value for name, value in details.items() if value is not None and value != ""}
        event = Event(action=action, actor=actor, source=source, target=target, result=result, details=told)
        await self.settle(event)

    async def intend(self, event: Event) -> str:
        """Note what is about to be done; gives the id by which ``settle`` knows it.

        Raises:
            AuditNotKeptError: It cannot be written: it must not be done.
        """
        intent = secrets.token_hex(8)
        row = {"id": intent, "begun_at": self._clock(), "body": _encode(event.bounded()).decode()}
        async with self._writing() as connection:
            await connection.execute(sa.insert(intents).values(row))
        return intent

    async def settle(self, event: Event, intent: str = "") -> None:
        """Write how something ended.

        Args:
            event: What it was.
            intent: Its intent; empty if there was none.

        Raises:
            AuditNotKeptError: It cannot be written now. It will be with the next entry that can.
        """
        bounded = event.bounded()
        if bounded.result in {Result.OK, Result.UNKNOWN} or self._damper.admit(_key(bounded)):
            self._waiting.append((bounded, intent))
        else:
            self.counters.counted += 1
            if not intent:
                return
        try:
            await self._write_waiting("" if self._is_waiting(intent) else intent)
        except AuditNotKeptError:
            while len(self._waiting) > MAX_WAITING:
                lost, _ = self._waiting.popleft()
                _log.error("audit entry waits no longer", action=lost.action, result=lost.result)
            raise

    async def tell_unlisted(self) -> None:
        """Write entries of the refusals that were only counted.

        Raises:
            AuditNotKeptError: They cannot be written now; they will be with the next entry that can.
        """
        for (action, whose), counted in self._damper.collect().items():
            details = {
                "unlisted": counted.count,
                "since": milliseconds(counted.since).isoformat(),
                "until": milliseconds(counted.until).isoformat(),
                "note": "more of them than are listed one by one",
            }
            source = Source(address=whose)
            event = Event(
                action=action, actor=ANONYMOUS, result=Result.DENIED, source=source, details=details
            )
            self._waiting.append((event.bounded(), ""))
        await self._write_waiting()

    async def read(self, statement: sa.Select[Any]) -> Sequence[AuditEntry]:
        """The entries that a statement on the table ``entries`` selects; it gives ``body`` and ``hash``."""
        async with self._records.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [open_entry(body, hash_) for body, hash_ in rows]

    async def batches(
        self, where: Sequence[sa.ColumnElement[bool]] = ()
    ) -> AsyncIterator[Sequence[AuditEntry]]:
        """All entries that fulfil some conditions, the first one first, some at a time."""
        last = 0
        while True:
            statement = (
                sa.select(entries.c.body, entries.c.hash)
                .where(entries.c.sequence > last, *where)
                .order_by(entries.c.sequence)
                .limit(BATCH)
            )
            found = await self.read(statement)
            if not found:
                return
            last = found[-1].sequence
            yield found

    async def verify(self, anchor: str = "") -> Verdict:
        """Look at the whole log; one at a time, so that nobody can keep the hub busy with it.

        Args:
            anchor: A hash that was noted once; empty: none.
        """
        async with self._verifying:
            known = self.head
            return await verify_records(self._records, anchor, known)

    async def _write_waiting(self, dropped: str = "") -> None:
        """Write all entries that wait, in their order, and take away an intent that gets none."""
        async with self._appending:
            waiting = list(self._waiting)
            if not waiting and not dropped:
                return
            async with self._writing() as connection:
                # Never from memory: the chain goes on from what is there.
                head = await _read_head(connection)
                for event, intent in waiting:
                    head = await self._insert(connection, head, event, intent)
                if dropped:
                    await connection.execute(sa.delete(intents).where(intents.c.id == dropped))
            self.head = head
            for event, _ in waiting:
                self._waiting.popleft()
                self.counters.written[str(event.result)] += 1

    async def _insert(self, connection: AsyncConnection, head: Head, event: Event, intent: str = "") -> Head:
        body, entry = chain.link(event, head, milliseconds(self._clock()))
        await connection.execute(
            sa.insert(entries).values(
                body=body.decode(), hash=entry.hash, sequence=entry.sequence, **copies(entry)
            )
        )
        if intent:
            await connection.execute(sa.delete(intents).where(intents.c.id == intent))
        return Head(entry.sequence, entry.hash, entry.time)

    def _is_waiting(self, intent: str) -> bool:
        return any(intent == waiting for _, waiting in self._waiting)

    @contextlib.asynccontextmanager
    async def _writing(self) -> AsyncGenerator[AsyncConnection]:
        try:
            async with self._records.begin() as connection:
                yield connection
        except _OUT_OF_REACH as error:
            cause = (str(getattr(error, "orig", None) or error).splitlines() or [""])[0][:300]
            self.counters.failures += 1
            _log.error("audit entry not written", error=cause)
            raise AuditNotKeptError(
                f"the audit log cannot be written: {cause or type(error).__name__}: free the disk, or mend the database"
            ) from error

    async def _tell_regularly(self) -> None:
        while True:
            await self._sleep(TELL_SECONDS)
            with contextlib.suppress(AuditNotKeptError):
                await self.tell_unlisted()


async def verify_records(records: Records, anchor: str = "", known: Head | None = None) -> Verdict:
    """Look at all entries in a records database, whether or not a hub works on it.

    Args:
        records: It; only read.
        anchor: A hash that was noted once; empty: none.
        known: The last entry that there must be.
    """
    verifier = Verifier(anchor)
    last = -(2**63)
    while True:
        statement = (
            sa.select(entries).where(entries.c.sequence > last).order_by(entries.c.sequence).limit(BATCH)
        )
        async with records.read() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        if not rows:
            return verifier.conclude(known)
        last = rows[-1]["sequence"]
        # Others get a turn, also while hashes are made.
        verifier.add(await asyncio.to_thread(lambda found: [_read_row(row) for row in found], rows))


def _read_row(row: Any) -> Link:
    body = str(row["body"]).encode()
    found = chain.read_link(body, row["hash"])
    if found.fault:
        return found
    expected = copies(open_entry(row["body"], row["hash"]))
    wrong = [name for name, value in expected.items() if row[name] != value]
    if wrong:
        return msgspec.structs.replace(
            found, fault=f"its column {wrong[0]} says something else than the entry"
        )
    return found


def copies(entry: AuditEntry) -> dict[str, Any]:
    """The columns by which an entry is searched for."""
    return {
        "time": entry.time.timestamp(),
        "actor_id": entry.actor.id,
        "actor_name": entry.actor.name,
        "action": str(entry.action),
        "cluster": entry.target.cluster,
        "target_id": entry.target.id,
        "target_name": entry.target.name,
        "result": str(entry.result),
    }


def open_entry(body: str, hash_: str) -> AuditEntry:
    """An entry out of its columns.

    Raises:
        msgspec.MsgspecError: It is none any more.
    """
    return msgspec.json.decode(f'{body[:-1]},"hash":"{hash_}"}}', type=AuditEntry)


async def _read_head(connection: AsyncConnection) -> Head:
    statement = sa.select(entries.c.sequence, entries.c.hash).order_by(entries.c.sequence.desc()).limit(1)
    row = (await connection.execute(statement)).first()
    return Head(row.sequence, row.hash) if row else Head(0, GENESIS)


def _key(event: Event) -> tuple[str, str]:
    """Whose refusals are counted together."""
    return str(event.action), event.source.address or event.actor.id
