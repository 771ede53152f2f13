"""What happened around an alert, in the order in which it did: what changed before, with diffs, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from farwatch.hub.alerting.history import AlertRecord, NotificationRecord
from farwatch.hub.evidence.evidence import EffectKind, Evidence, RelatedChange, Relation
from farwatch.hub.inventory import ChangeQuery, FieldChange, LoggedChange
from farwatch.hub.times import to_time

SLACK_SECONDS = 1.0
"""Times are kept to the millisecond, and several changes of one object may come within a moment."""

MOST_FIELDS = 100
"""So many fields of one change are told of."""

_AT_ONCE = 20


class Happening(StrEnum):
    """What sort of thing happened."""

    CHANGE = "change"
    WARNING = "warning"
    FIRED = "fired"
    UPDATED = "updated"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    NOTIFIED = "notified"
    NOT_NOTIFIED = "not_notified"


class TimelineItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Something that happened. Times are UTC.

    Attributes:
        time: When.
        what: What sort of thing.
        words: It in words.
        kind: The kind of the object that changed, or that a warning is about.
        namespace: Its namespace.
        name: Its name.
        relation: What the object is to what the alert is about.
        effect: What the change amounts to.
        score: How likely the change is the cause, from 0 to 1; only to compare with the others.
        after_gap: The change was found by comparing after a gap: it happened at some time before.
        diff: The fields that the change changed; empty where they are not kept any more, or may not be seen.
        by: Who acknowledged it, or took that back.
        receiver: Who was to be told.
        integration: In which way.
        detail: The receipt, or what was wrong.
        count: How often a warning was seen.
    """

    time: datetime
    what: Happening
    words: str
    kind: str = ""
    namespace: str = ""
    name: str = ""
    relation: Relation | None = None
    effect: EffectKind | None = None
    score: float = 0.0
    after_gap: bool = False
    diff: list[FieldChange] = []
    by: str = ""
    receiver: str = ""
    integration: str = ""
    detail: str = ""
    count: int = 0


class ChangeHistory(Protocol):
    """The log of changes."""

    async def changes(self, query: ChangeQuery) -> list[LoggedChange]:
        """What changed, newest first."""


Sees = Callable[[str, str, str, str], bool]
"""Whether who asks may see an object: its cluster, kind, namespace and name."""


async def changes_before(
    evidence: Evidence, cluster: str, log: ChangeHistory, sees: Sees
) -> list[TimelineItem]:
    """What changed before the alert began, as evidence ranks it, each with its diff.

    Raises:
        QueryError: The log cannot be read.
    """
    diffs = await asyncio.gather(*(_diff(change, cluster, log, sees) for change in evidence.changes))
    return [_change(change, diff) for change, diff in zip(evidence.changes, diffs, strict=True)]


def warnings_of(evidence: Evidence) -> Iterator[TimelineItem]:
    """The cluster's warnings about what the alert is about."""
    for event in evidence.events:
        yield TimelineItem(
            time=event.time,
            what=Happening.WARNING,
            words=f"{event.reason}: {event.message}",
            kind=event.kind,
            name=event.name,
            count=event.count,
        )


def transitions_of(records: Iterable[AlertRecord]) -> Iterator[TimelineItem]:
    """What became of the alert, and who saw to it."""
    for record in records:
        what = Happening(record.transition)
        summary = record.annotations.get("summary", "")
        yield TimelineItem(
            time=to_time(record.ms / 1000),
            what=what,
            words=record.note or (summary if what in {Happening.FIRED, Happening.UPDATED} else ""),
            by=record.author,
        )


def notifications_of(records: Iterable[NotificationRecord]) -> Iterator[TimelineItem]:
    """Who was told of it, or was not."""
    for record in records:
        delivered = record.outcome == "delivered"
        yield TimelineItem(
            time=to_time(record.ms / 1000),
            what=Happening.NOTIFIED if delivered else Happening.NOT_NOTIFIED,
            words=record.reason if delivered else f"{record.reason}: {record.outcome}",
            receiver=record.receiver,
            integration=record.integration,
            detail=record.detail,
        )


def in_order(items: Iterable[TimelineItem]) -> list[TimelineItem]:
    """The oldest first; of the same moment, what changed before what came of it."""
    places = {what: place for place, what in enumerate(Happening)}
    return sorted(items, key=lambda item: (item.time, places[item.what]))


async def _diff(change: RelatedChange, cluster: str, log: ChangeHistory, sees: Sees) -> list[FieldChange]:
    if not sees(cluster, change.kind, change.namespace, change.name):
        return []
    at = change.time.timestamp()
    logged = await log.changes(
        ChangeQuery(
            cluster=cluster,
            kind=change.kind,
            namespace=change.namespace,
            name=change.name,
            since=at - SLACK_SECONDS,
            until=at + SLACK_SECONDS,
            limit=_AT_ONCE,
        )
    )
    return _fields(logged, at)


def _fields(logged: Sequence[LoggedChange], at: float) -> list[FieldChange]:
    """What the change at a time changed; of several in the same moment, the nearest that changed anything."""
    nearest = sorted(logged, key=lambda found: abs(found.time - at))
    return next((found.fields[:MOST_FIELDS] for found in nearest if found.fields), [])


def _change(change: RelatedChange, diff: list[FieldChange]) -> TimelineItem:
    return TimelineItem(
        time=change.time,
        what=Happening.CHANGE,
        words=change.words,
        kind=change.kind,
        namespace=change.namespace,
        name=change.name,
        relation=change.relation,
        effect=change.effect,
        score=change.score,
        after_gap=change.after_gap,
        diff=diff,
    )
