"""Silences as people set and end them: what is decided is written down first, and happens then."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Sequence

import msgspec
import sqlalchemy as sa

from farwatch.hub.alerting import tables
from farwatch.hub.alerting.clock import Clock
from farwatch.hub.alerting.journal import Journal
from farwatch.hub.alerting.matchers import Matcher, Matchers, Operator
from farwatch.hub.alerting.silences import Silence, SilenceChange, SilenceEvent, Silences, SilenceSink
from farwatch.hub.alerting.tables import Write


class Silencer:
    """Sets and ends silences, one change after the other.

    Args:
        journal: Where they are written down.
        clock: Time.

    Attributes:
        silences: All that are, will be, or were a short while ago.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.silences = Silences()
        self._journal = journal
        self._clock = clock
        self._changing = asyncio.Lock()
        self._subscribers: list[SilenceSink] = []

    def subscribe(self, subscriber: SilenceSink) -> None:
        """Have a callable told of what happens to silences, after it has been written down. It must not block."""
        self._subscribers.append(subscriber)

    def resume(self, rows: Iterable[sa.RowMapping]) -> None:
        """Take up what was written down before."""
        for row in rows:
            self.silences.remember(_silence(row), over=row["over"])

    async def set(self, wanted: Silence, author: str) -> Silence:
        """Make a silence, or change the one of its id; durable when this returns. Gives the one that there is then.

        Args:
            wanted: The silence.
            author: Who does it, for the record.

        Raises:
            SilenceNotFoundError: There is none of this id.
            SilenceError: It cannot be as it is wanted.
            AlertsNotKeptError: It could not be written down, and nothing was done.
        """
        events = await self._change(lambda now: self.silences.planned(wanted, now, str(uuid.uuid4())), author)
        return events[-1].silence

    async def expire(self, id: str, author: str) -> None:  # noqa: A002 - the field's word
        """End a silence now, in somebody's name; durable when this returns.

        Raises:
            SilenceNotFoundError: There is none of this id.
            AlertsNotKeptError: It could not be written down, and nothing was done.
        """
        await self._change(lambda now: self.silences.expiring(id, now), author)

    def advance(self, now: float) -> list[Write]:
        """Let time pass; gives what is to be written of it."""
        ended, forgotten = self.silences.advance(now)
        self._publish(ended)
        return [
            tables.silences_over(event.silence.id for event in ended),
            tables.removed(tables.silences, [{"id": key} for key in forgotten]),
        ]

    async def _change(self, decide: Callable[[float], list[SilenceEvent]], author: str) -> list[SilenceEvent]:
        async with self._changing:  # what is decided must be true until it is written down
            events = [msgspec.structs.replace(event, author=author) for event in decide(self._clock.now())]
            await self._journal.write(*tables.replaced(tables.silences, [_row(event) for event in events]))
            self.silences.apply(events)
        self._publish(events)
        return events

    def _publish(self, events: Sequence[SilenceEvent]) -> None:
        if events:
            for subscriber in self._subscribers:
                subscriber(events)


def _row(event: SilenceEvent) -> dict[str, object]:
    silence = event.silence
    return {
        "id": silence.id,
        "matchers": [[matcher.name, matcher.operator.value, matcher.value] for matcher in silence.matchers],
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "updated_at": silence.updated_at,
        "created_by": silence.created_by,
        "comment": silence.comment,
        "annotations": silence.annotations,
        "over": event.change is SilenceChange.EXPIRED,
    }


def _silence(row: sa.RowMapping) -> Silence:
    return Silence(
        id=row["id"],
        matchers=Matchers(
            Matcher(name, Operator(operator), value) for name, operator, value in row["matchers"]
        ),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        updated_at=row["updated_at"],
        created_by=row["created_by"],
        comment=row["comment"],
        annotations=row["annotations"],
    )
