"""Alerts, as Alertmanager understands them, and the set of those the hub knows."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

import msgspec

RESOLVED_KEPT_SECONDS = 15 * 60.0
"""For how long a resolved alert is still shown."""

_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3
_64_BITS = 0xFFFFFFFFFFFFFFFF


def fingerprint(labels: Mapping[str, str]) -> str:
    """The identity of a label set: 16 hex digits, the same for the same labels in any order.

    It is Alertmanager's own (FNV-1a over the sorted names and values, ``LabelSet.Fingerprint`` in prometheus/common),
    so that ids can be compared with what other tools of the field show.
    """
    return _fingerprint(frozenset(labels.items()))


# Label sets come again and again, and hashing byte by byte costs twenty times what looking one up does.
@lru_cache(maxsize=65_536)
def _fingerprint(labels: frozenset[tuple[str, str]]) -> str:
    digest = _FNV_OFFSET
    for name, value in sorted(labels):
        for byte in b"%b\xff%b\xff" % (name.encode(), value.encode()):
            digest = (digest ^ byte) * _FNV_PRIME & _64_BITS
    return f"{digest:016x}"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong, or was.

    Attributes:
        labels: Its identity, ``alertname`` among them.
        annotations: What people read: ``summary``, ``description``, ``runbook_url``.
        starts_at: When it began.
        ends_at: When it ended, or will be taken as ended unless it is put again; None while it fires.
        generator_url: Where it came from.
    """

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""

    @property
    def fingerprint(self) -> str:
        """The hash of its labels."""
        return fingerprint(self.labels)

    def resolved(self, now: datetime) -> bool:
        """Whether it has ended by ``now``."""
        return self.ends_at is not None and self.ends_at <= now


class Transition(StrEnum):
    """What happened to an alert."""

    FIRED = "fired"
    UPDATED = "updated"
    RESOLVED = "resolved"


class AlertEvent(msgspec.Struct, frozen=True, kw_only=True):
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


class KnownAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, and what the hub knows about it.

    Attributes:
        alert: As last put.
        received_at: When it was first put, or fired anew after it had been resolved; seconds since the epoch.
        resolved: Its end has been taken note of.
        settled: It is resolved, and whoever was to be told of that has been.
    """

    alert: Alert
    received_at: float
    resolved: bool = False
    settled: bool = False


class Alerts:
    """The alerts that fire, and those that were resolved a short while ago.

    Decides, and remembers in memory; ``Alerting`` writes to the records what ``changes`` tells, then lets it happen
    by ``apply``.
    """

    def __init__(self) -> None:
        self._known: dict[str, KnownAlert] = {}
        self._agenda: list[tuple[float, str]] = []  # when an alert ends by itself, or may be forgotten

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

    def changes(self, alerts: Iterable[Alert], now: float) -> dict[str, KnownAlert]:
        """What putting these alerts would change, by fingerprint; an alert put again unchanged is none.

        As upstream (``provider/mem`` and ``Alert.Merge``): while an alert goes on, the earliest start stays, and the
        newest annotations and end hold. One that comes after the last one's end has begun anew.
        """
        changed: dict[str, KnownAlert] = {}
        moment = datetime.fromtimestamp(now, UTC)
        for alert in alerts:
            key = alert.fingerprint
            old = changed.get(key) or self._known.get(key)
            merged = _merge(old.alert, alert) if old else alert
            if old and merged == old.alert:
                continue
            resolved = merged.resolved(moment)
            fired_anew = old is None or (old.resolved and not resolved)
            changed[key] = KnownAlert(
                alert=merged,
                received_at=now if fired_anew or old is None else old.received_at,
                resolved=resolved,
            )
        return changed

    def apply(self, changes: Mapping[str, KnownAlert], now: float) -> list[AlertEvent]:
        """Let changes happen; gives the transitions they are."""
        events = [
            AlertEvent(
                transition=_transition(self._known.get(key), known),
                time=now,
                fingerprint=key,
                alert=known.alert,
            )
            for key, known in changes.items()
        ]
        for key, known in changes.items():
            self.remember(key, known)
        return events

    def remember(self, fingerprint: str, known: KnownAlert) -> None:
        """Take in an alert as it stands, from the records."""
        self._known[fingerprint] = known
        if known.alert.ends_at is not None:
            ends_at = known.alert.ends_at.timestamp()
            heapq.heappush(self._agenda, (ends_at + RESOLVED_KEPT_SECONDS * known.resolved, fingerprint))

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
        """Let time pass: gives the alerts that ended by it, and the fingerprints that were forgotten."""
        events: list[AlertEvent] = []
        forgotten: list[str] = []
        while self._agenda and self._agenda[0][0] <= now:
            _, key = heapq.heappop(self._agenda)
            known = self._known.get(key)
            if known is None or known.alert.ends_at is None:
                continue
            forget_at = known.alert.ends_at.timestamp() + RESOLVED_KEPT_SECONDS
            if not known.resolved and known.alert.ends_at.timestamp() <= now:
                ended = msgspec.structs.replace(known, resolved=True)
                events += self.apply({key: ended}, now)
            elif known.resolved and forget_at <= now and known.settled:
                del self._known[key]
                forgotten.append(key)
            elif known.resolved and forget_at <= now:
                heapq.heappush(self._agenda, (now + RESOLVED_KEPT_SECONDS, key))
        return events, forgotten


def _merge(old: Alert, new: Alert) -> Alert:
    goes_on = old.ends_at is None or new.starts_at < old.ends_at
    if goes_on and old.starts_at < new.starts_at:
        return msgspec.structs.replace(new, starts_at=old.starts_at)
    return new


def _transition(old: KnownAlert | None, new: KnownAlert) -> Transition:
    was_firing = old is not None and not old.resolved
    if was_firing == (not new.resolved) and old is not None:
        return Transition.UPDATED
    return Transition.RESOLVED if new.resolved else Transition.FIRED


EventSink = Callable[[Sequence[AlertEvent]], None]
"""What is told of each transition, after it has been written down."""
