"""Alerts, as Alertmanager understands them, and the set of those the hub knows."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from farwatch.hub.alerting.fingerprints import fingerprint
from farwatch.hub.times import to_time

RESOLVED_KEPT_SECONDS = 15 * 60.0
"""For how long a resolved alert is still shown."""

SLACK_SECONDS = 300.0
"""An end that is only put off is written down once it is so much later than the one in the records.

Senders say again and again that an alert goes on; the records need not hear it each time. After a restart, ends that
others foretold are taken to be so much later than written: none comes earlier than what the hub was told.
"""


class Origin(StrEnum):
    """Who says that something is wrong."""

    HUB = "hub"
    API = "api"


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that is wrong, or was.

    Attributes:
        labels: Its identity, ``alertname`` among them.
        annotations: What people read: ``summary``, ``description``, ``runbook_url``.
        starts_at: When it began.
        ends_at: When it ended, or will be taken as ended unless it is put again; None while it fires.
        generator_url: Where it came from.
        origin: Who says so.
        timeout: Nobody said when it ends: ``ends_at`` is when it will be given up.
        fingerprint: The hash of its labels; it is found where it is not given.
        cluster_labels: The names of those labels that it has of its cluster, and not of itself.
    """

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""
    origin: Origin = Origin.HUB
    timeout: bool = False
    fingerprint: str = ""
    cluster_labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.fingerprint:
            msgspec.structs.force_setattr(self, "fingerprint", fingerprint(self.labels))

    def resolved(self, now: datetime) -> bool:
        """Whether it has ended by ``now``."""
        return self.ends_at is not None and self.ends_at <= now


class Transition(StrEnum):
    """What happened to an alert."""

    FIRED = "fired"
    UPDATED = "updated"
    RESOLVED = "resolved"


class AlertEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One transition of one alert.

    Attributes:
        transition: What happened.
        time: When the hub took note, seconds since the epoch.
        fingerprint: Of the alert's labels.
        alert: As it is after the transition.
    """

    transition: Transition
    time: float
    fingerprint: str
    alert: Alert


class KnownAlert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An alert, and what the hub knows about it. Times are seconds since the epoch.

    Attributes:
        alert: As last put.
        received_at: When it was first put, or fired anew after it had been resolved.
        updated_at: When it was last put.
        resolved: Its end has been taken note of.
        settled: It is resolved, and whoever was to be told of that has been.
        kept_end: Its end as the records have it; infinite where it has none.
    """

    alert: Alert
    received_at: float
    updated_at: float
    resolved: bool = False
    settled: bool = False
    kept_end: float = math.inf


class Change(NamedTuple):
    """What putting an alert changes.

    Attributes:
        known: The alert as it is then.
        transition: What happens to it; None: it merely goes on.
        durable: It must be written down before it happens.
    """

    known: KnownAlert
    transition: Transition | None
    durable: bool


class Alerts:
    """The alerts that fire, and those that were resolved a short while ago.

    Decides, and remembers in memory; ``Intake`` writes to the records what ``changes`` tells, then lets it happen by
    ``apply``.
    """

    def __init__(self) -> None:
        self._known: dict[str, KnownAlert] = {}
        self._agenda: list[tuple[float, str]] = []  # when an alert ends by itself, or may be forgotten
        self._next: dict[str, float] = {}  # the earliest of an alert's entries on the agenda

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[KnownAlert]:
        return iter(self._known.values())

    def get(self, fingerprint: str) -> KnownAlert | None:
        """The alert of this fingerprint, if known."""
        return self._known.get(fingerprint)

    def active(self) -> list[Alert]:
        """Those that fire."""
        return [known.alert for known in self._known.values() if not known.resolved]

    def changes(self, alerts: Iterable[Alert], now: float) -> dict[str, Change]:
        """What putting these alerts would change, by fingerprint; the hub's own, put again unchanged, are none.

        The rules are upstream's (``provider/mem`` and ``Alert.Merge``): where two spans of time overlap they become one,
        with the earliest start, the newest annotations, and the latest end that somebody foretold.
        """
        changed: dict[str, Change] = {}
        moment = to_time(now)
        for alert in alerts:
            key = alert.fingerprint
            before = changed.get(key)
            old = before.known if before else self._known.get(key)
            if old is None:
                changed[key] = _first(alert, moment, now)
                continue
            change = _next(old, _merge(old.alert, alert, moment), moment, now)
            if change.transition is None and not change.durable and alert.origin is Origin.HUB:
                continue
            if before is not None:
                change = _joined(self._known.get(key), before, change)
            changed[key] = change
        return changed

    def apply(self, changes: Mapping[str, Change], now: float) -> list[AlertEvent]:
        """Let changes happen; gives the transitions they are."""
        events = []
        for key, (known, transition, _) in changes.items():
            self.remember(key, known)
            if transition is not None:
                events.append(AlertEvent(transition=transition, time=now, fingerprint=key, alert=known.alert))
        return events

    def remember(self, fingerprint: str, known: KnownAlert) -> None:
        """Take in an alert as it stands."""
        self._known[fingerprint] = known
        if known.alert.ends_at is not None:
            due = known.alert.ends_at.timestamp() + RESOLVED_KEPT_SECONDS * known.resolved
            self._look_at(fingerprint, due)

    def _look_at(self, fingerprint: str, due: float) -> None:
        """See to it that ``advance`` looks at an alert at a time. Ends that are put off share one entry."""
        if due < self._next.get(fingerprint, math.inf):
            self._next[fingerprint] = due
            heapq.heappush(self._agenda, (due, fingerprint))

    def settle(self, fingerprints: Iterable[str]) -> list[str]:
        """Those whose resolution everyone has been told of; gives those of them that are still resolved."""
        settled = []
        for key in fingerprints:
            known = self._known.get(key)
            if known is not None and known.resolved:
                self._known[key] = msgspec.structs.replace(known, settled=True)
                settled.append(key)
        return settled

    def next_due(self) -> float | None:
        """When ``advance`` has something to do; seconds since the epoch."""
        return self._agenda[0][0] if self._agenda else None

    def advance(self, now: float) -> tuple[list[AlertEvent], list[str]]:
        """Let time pass: gives the alerts that ended by it, and the fingerprints of those that were forgotten."""
        events: list[AlertEvent] = []
        forgotten: list[str] = []
        while self._agenda and self._agenda[0][0] <= now:
            due, key = heapq.heappop(self._agenda)
            if self._next.get(key) != due:
                continue  # an earlier entry was added later, and has been dealt with
            del self._next[key]
            known = self._known[key]
            if known.alert.ends_at is None:
                continue
            ends_at = known.alert.ends_at.timestamp()
            forget_at = ends_at + RESOLVED_KEPT_SECONDS
            if not known.resolved and ends_at <= now:
                ended = msgspec.structs.replace(known, resolved=True, kept_end=ends_at)
                events += self.apply({key: Change(ended, Transition.RESOLVED, durable=True)}, now)
            elif not known.resolved:
                self._look_at(key, ends_at)
            elif forget_at > now:
                self._look_at(key, forget_at)
            elif not known.settled:
                self._look_at(key, now + RESOLVED_KEPT_SECONDS)
            else:
                del self._known[key]
                forgotten.append(key)
        return events, forgotten


def _first(alert: Alert, moment: datetime, now: float) -> Change:
    resolved = alert.resolved(moment)
    known = KnownAlert(alert=alert, received_at=now, updated_at=now, resolved=resolved, kept_end=_end(alert))
    return Change(known, Transition.RESOLVED if resolved else Transition.FIRED, durable=True)


def _next(old: KnownAlert, merged: Alert, moment: datetime, now: float) -> Change:
    """What becomes of a known alert that is put again."""
    end = _end(merged)
    resolved = merged.resolved(moment)
    transition = _transition(old, merged, resolved=resolved)
    slack = SLACK_SECONDS if merged.origin is Origin.API else 0
    durable = transition is not None or not old.kept_end <= end <= old.kept_end + slack
    fired_anew = old.resolved and not resolved
    known = KnownAlert(
        alert=merged,
        received_at=now if fired_anew else old.received_at,
        updated_at=now,
        resolved=resolved,
        # One that was resolved and is put again unchanged has nothing more to tell.
        settled=old.settled and transition is None,
        kept_end=end if durable else old.kept_end,
    )
    return Change(known, transition, durable)


def _joined(first: KnownAlert | None, before: Change, after: Change) -> Change:
    """What two changes of one batch are together."""
    was_firing = first is not None and not first.resolved
    transition = before.transition or after.transition
    if first is None or was_firing == after.known.resolved:
        transition = Transition.RESOLVED if after.known.resolved else Transition.FIRED
    elif transition is not None:
        transition = Transition.UPDATED
    return Change(after.known, transition, before.durable or after.durable)


def _merge(old: Alert, new: Alert, moment: datetime) -> Alert:
    """Upstream's ``Alert.Merge``, where the spans overlap; None as an end is the latest of all."""
    if not _overlap(old, new):
        return new
    starts_at, ends_at = min(old.starts_at, new.starts_at), new.ends_at
    # Of two resolved alerts the latest end holds; of others one that is later, unless nobody foretold it.
    keeps_old_end = old.resolved(moment) if new.resolved(moment) else not old.timeout
    if keeps_old_end and _end(old) > _end(new):
        ends_at = old.ends_at
    origin = old.origin if not old.resolved(moment) else new.origin
    if starts_at == new.starts_at and ends_at == new.ends_at and origin is new.origin:
        return new
    timeout = new.timeout and ends_at is not None
    return msgspec.structs.replace(new, starts_at=starts_at, ends_at=ends_at, timeout=timeout, origin=origin)


def _overlap(old: Alert, new: Alert) -> bool:
    old_start, old_end = old.starts_at.timestamp(), _end(old)
    new_start, new_end = new.starts_at.timestamp(), _end(new)
    return (
        old_start < new_end < old_end
        or old_start < new_start < old_end
        # What upstream never meets: ends that are not known, and are equal therefore.
        or new_end == old_end == math.inf
    )


def _end(alert: Alert) -> float:
    """When it ends, seconds since the epoch; infinite where nobody knows."""
    return math.inf if alert.ends_at is None else alert.ends_at.timestamp()


def _transition(old: KnownAlert, new: Alert, *, resolved: bool) -> Transition | None:
    if old.resolved != resolved:
        return Transition.RESOLVED if resolved else Transition.FIRED
    before = old.alert
    goes_on = (
        before.annotations == new.annotations
        and before.starts_at == new.starts_at
        and before.generator_url == new.generator_url
        and (not resolved or before.ends_at == new.ends_at)
    )
    return None if goes_on else Transition.UPDATED


EventSink = Callable[[Sequence[AlertEvent]], None]
"""What is told of each transition, after it has been written down."""
