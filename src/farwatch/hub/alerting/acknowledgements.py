"""Who has taken on which alert: while somebody sees to it, people are not told of it again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Self

import msgspec
import sqlalchemy as sa
import structlog

from farwatch.hub.alerting.alerts import Alert, AlertEvent, KnownAlert, Transition
from farwatch.hub.alerting.errors import AlertingError, AlertsNotKeptError
from farwatch.hub.alerting.journal import Journal
from farwatch.hub.alerting.tables import removed, replaced
from farwatch.hub.store.records import Records, metadata

MAX_NOTE_LENGTH = 10_000

table = sa.Table(
    "acknowledgements",
    metadata,
    sa.Column("fingerprint", sa.String(16), primary_key=True),
    sa.Column("time", sa.Float, nullable=False, doc="seconds since the epoch"),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)

_log = structlog.get_logger(__name__)


class AlertNotFiringError(AlertingError):
    """Nobody can take on an alert that does not fire."""

    @classmethod
    def of(cls, fingerprint: str) -> Self:
        """The error about an alert, by its fingerprint."""
        return cls(f"no alert of the fingerprint {fingerprint[:100]!r} fires: there is nothing to take on")


class NotAcknowledgedError(AlertingError):
    """An acknowledgement that is to be taken back is not there."""

    @classmethod
    def of(cls, fingerprint: str) -> Self:
        """The error about an alert, by its fingerprint."""
        return cls(f"nobody has acknowledged the alert {fingerprint[:100]!r}")


class NoteError(AlertingError):
    """A note that cannot be kept."""


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody has taken on an alert.

    Attributes:
        fingerprint: Which.
        time: When; seconds since the epoch.
        author: Who.
        note: What they said; may be empty.
    """

    fingerprint: str
    time: float
    author: str
    note: str


class AcknowledgementChange(StrEnum):
    """What happened to an acknowledgement."""

    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"


class AcknowledgementEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An alert was taken on, or that was taken back.

    Attributes:
        change: Which of them.
        time: When; seconds since the epoch.
        fingerprint: Of the alert.
        alert: As it is.
        author: Who did it.
        note: What they said.
    """

    change: AcknowledgementChange
    time: float
    fingerprint: str
    alert: Alert
    author: str
    note: str = ""


AcknowledgementSink = Callable[[Sequence[AcknowledgementEvent]], None]
"""What is told of each, after it has been written down. It must not block."""


class Acknowledgements:
    """The alerts that somebody has taken on. An acknowledgement ends with the firing in which it was made.

    Args:
        records: Where they are kept.
        get: Gives an alert that is known by its fingerprint.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, records: Records, get: Callable[[str], KnownAlert | None], clock: Callable[[], float]
    ) -> None:
        self._records = records
        self._get = get
        self._clock = clock
        self._journal = Journal(records)
        self._by_fingerprint: dict[str, Acknowledgement] = {}
        self._subscribers: list[AcknowledgementSink] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._by_fingerprint)

    def subscribe(self, subscriber: AcknowledgementSink) -> None:
        """Have a callable told of each acknowledgement, and of each that is taken back."""
        self._subscribers.append(subscriber)

    async def load(self) -> None:
        """Read what was written before; once, before the first alert is dispatched."""
        async with self._records.read() as connection:
            rows = (await connection.execute(sa.select(table))).mappings()
            self._by_fingerprint = {row["fingerprint"]: Acknowledgement(**row) for row in rows}

    def settle(self) -> None:
        """Let go of those whose firing ended just before the last process did; once, when the alerts are known."""
        gone = [
            key
            for key, found in self._by_fingerprint.items()
            if (known := self._get(key)) is None or known.resolved or known.received_at > found.time
        ]
        self._forget(gone)

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def get(self, fingerprint: str) -> Acknowledgement | None:
        """Who has taken on an alert."""
        return self._by_fingerprint.get(fingerprint)

    def acknowledged(self, fingerprint: str) -> bool:
        """Whether somebody has taken on an alert."""
        return fingerprint in self._by_fingerprint

    async def acknowledge(self, fingerprint: str, *, author: str, note: str = "") -> Acknowledgement:
        """Take on an alert that fires; it takes the place of an earlier acknowledgement. It is durable on return.

        Raises:
            AlertNotFiringError: It does not fire, or there is no such alert.
            NoteError: The note cannot be kept.
            AlertsNotKeptError: It could not be written down, and does not hold.
        """
        if len(note) > MAX_NOTE_LENGTH:
            raise NoteError(f"the note has {len(note)} characters: {MAX_NOTE_LENGTH} are the most")
        if "\0" in note:  # PostgreSQL keeps none
            raise NoteError("the note holds a NUL character: leave it out")
        known = self._firing(fingerprint)
        made = Acknowledgement(fingerprint=fingerprint, time=self._clock(), author=author, note=note)
        await self._journal.write(*replaced(table, [msgspec.structs.asdict(made)]))
        now = self._get(fingerprint)
        if now is None or now.resolved or now.received_at != known.received_at:
            if not self.acknowledged(fingerprint):  # by somebody else, since it fires again
                self._forget([fingerprint])
            raise AlertNotFiringError(
                f"the alert {fingerprint[:100]!r} ended while it was being acknowledged: if it fires again, do so again"
            )
        self._by_fingerprint[fingerprint] = made
        self._publish(
            AcknowledgementEvent(
                change=AcknowledgementChange.ACKNOWLEDGED,
                time=made.time,
                fingerprint=fingerprint,
                alert=known.alert,
                author=author,
                note=note,
            )
        )
        return made

    async def withdraw(self, fingerprint: str, *, author: str) -> None:
        """Take an acknowledgement back: people are told of the alert again as if it had not been there.

        Raises:
            NotAcknowledgedError: Nobody has taken on this alert.
            AlertsNotKeptError: It could not be written down; the acknowledgement stays.
        """
        known = self._get(fingerprint)
        if fingerprint not in self._by_fingerprint or known is None:
            raise NotAcknowledgedError.of(fingerprint)
        await self._journal.write(removed(table, [{"fingerprint": fingerprint}]))
        self._by_fingerprint.pop(fingerprint, None)
        self._publish(
            AcknowledgementEvent(
                change=AcknowledgementChange.UNACKNOWLEDGED,
                time=self._clock(),
                fingerprint=fingerprint,
                alert=known.alert,
                author=author,
            )
        )

    def observe(self, events: Sequence[AlertEvent]) -> None:
        """Let acknowledgements end with the firings in which they were made. To be subscribed to alerting."""
        ended = {Transition.FIRED, Transition.RESOLVED}
        self._forget(
            [
                event.fingerprint
                for event in events
                if event.transition in ended and event.fingerprint in self._by_fingerprint
            ]
        )

    def _firing(self, fingerprint: str) -> KnownAlert:
        known = self._get(fingerprint)
        if known is None or known.resolved:
            raise AlertNotFiringError.of(fingerprint)
        return known

    def _forget(self, fingerprints: Iterable[str]) -> None:
        """At once in memory, and soon in the records: what a kill leaves there, ``settle`` finds."""
        keys = list(fingerprints)
        for key in keys:
            self._by_fingerprint.pop(key, None)
        if keys:
            task = asyncio.create_task(self._delete(keys), name="alerting acknowledgements")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _delete(self, fingerprints: Sequence[str]) -> None:
        try:
            await self._journal.write(removed(table, [{"fingerprint": key} for key in fingerprints]))
        except AlertsNotKeptError as error:
            _log.error("acknowledgements not removed", detail=str(error))

    def _publish(self, event: AcknowledgementEvent) -> None:
        for subscriber in self._subscribers:
            subscriber([event])
