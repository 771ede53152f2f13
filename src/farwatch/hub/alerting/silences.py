"""Alerts that people do not want to be told of for a while, and all who ever said so.

The rules are Alertmanager's (``silence/silence.go``): what a silence hushed is never rewritten. A change that would do so
ends it and makes a new one, under an id of its own.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Self

import msgspec

from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.matchers import Matcher, Matchers, Operator

KEPT_SECONDS = 14 * 86_400.0
"""For how long a silence is still shown after its end; the history keeps it on."""

MAX_MATCHERS = 100
MAX_ANNOTATIONS = 100
MAX_TEXT_LENGTH = 10_000
"""Of a comment, of a name, of a matcher's parts, and of all annotations together."""

LATEST_END_SECONDS = 9_214_646_400.0
"""The year 2262, at which the times of the hub's stores end."""


class SilenceError(AlertingError):
    """A silence cannot be as it is wanted."""


class SilenceNotFoundError(AlertingError):
    """There is no silence of this id."""

    @classmethod
    def of(cls, silence_id: str) -> Self:
        """The error about this id."""
        return cls(f"there is no silence {silence_id[:100]!r}: it may have ended long ago")


class SilenceState(StrEnum):
    """Whether a silence hushes."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A silence. Times are seconds since the epoch.

    Attributes:
        id: A UUID.
        matchers: What an alert must fulfil to be hushed.
        starts_at: From when on it hushes.
        ends_at: Until when.
        updated_at: When it was last changed.
        created_by: Who wanted it.
        comment: Why.
        annotations: What tools note about it; the hub makes nothing of them.
    """

    id: str
    matchers: Matchers
    starts_at: float
    ends_at: float
    updated_at: float
    created_by: str
    comment: str
    annotations: dict[str, str] = {}

    def state(self, now: float) -> SilenceState:
        """How it stands at a moment."""
        if now < self.starts_at:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if now < self.ends_at else SilenceState.EXPIRED


class SilenceChange(StrEnum):
    """What happened to a silence."""

    CREATED = "created"
    UPDATED = "updated"
    EXPIRED = "expired"


class SilenceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to one silence.

    Attributes:
        change: What.
        time: When the hub took note; seconds since the epoch.
        silence: As it is after that.
        author: Who did it; empty where it was the passing of time, or nobody known.
    """

    change: SilenceChange
    time: float
    silence: Silence
    author: str = ""


SilenceSink = Callable[[Sequence[SilenceEvent]], None]
"""What is told of each, after it has been written down. It must not block."""


class _Key(NamedTuple):
    """A label's exact value, which a silence wants."""

    name: str
    value: str


class Silences:
    """All silences that are, will be, or were a short while ago.

    Decides, and remembers in memory; what ``planned`` and ``expiring`` tell is written down by the caller, who then lets it
    happen by ``apply``.
    """

    def __init__(self) -> None:
        self._silences: dict[str, Silence] = {}
        # Most silences want some label to have one value: only alerts that have it need to look at them.
        self._by_value: dict[str, dict[str, set[str]]] = {}  # by the label's name, then by the value
        self._by_none: set[str] = set()
        self._over: set[str] = set()  # those whose end has been told
        self._agenda: list[tuple[float, str]] = []  # when one ends, or may be forgotten

    def __len__(self) -> int:
        return len(self._silences)

    def __iter__(self) -> Iterator[Silence]:
        return iter(self._silences.values())

    def get(self, id: str) -> Silence | None:  # noqa: A002 - the field's word
        """The silence of this id, if known."""
        return self._silences.get(id)

    def silencing(self, labels: Mapping[str, str], now: float) -> list[Silence]:
        """The silences that hush an alert at a moment, the oldest first."""
        found = [
            silence
            for silence in self._candidates(labels)
            if silence.state(now) is SilenceState.ACTIVE and silence.matchers.match(labels)
        ]
        return sorted(found, key=lambda silence: (silence.starts_at, silence.id))

    def count(self, label_sets: Iterable[Mapping[str, str]]) -> Counter[str]:
        """How many of some alerts the matchers of each silence fit that is not over, by its id."""
        return Counter(
            silence.id
            for labels in label_sets
            for silence in self._candidates(labels)
            if silence.matchers.match(labels)
        )

    def _candidates(self, labels: Mapping[str, str]) -> list[Silence]:
        """The silences that are not over and whose exact value, if they want one, an alert has."""
        found = set(self._by_none)
        for name, by_value in self._by_value.items():
            if ids := by_value.get(labels.get(name, "")):
                found |= ids
        return [self._silences[key] for key in found]

    def planned(self, wanted: Silence, now: float, new_id: str) -> list[SilenceEvent]:
        """What it takes to have a silence as it is wanted: the last event is of the silence that there is then.

        Args:
            wanted: The silence. An empty ``id`` makes a new one; otherwise the one of that id is changed, or ended and
                replaced where a change would rewrite what it hushed.
            now: Seconds since the epoch.
            new_id: The id of a silence that is made.

        Raises:
            SilenceNotFoundError: There is none of the id.
            SilenceError: It cannot be as it is wanted.
        """
        old = self._get(wanted.id) if wanted.id else None
        _check(wanted, now)
        wanted = msgspec.structs.replace(wanted, updated_at=now)
        if old is not None and _can_become(old, wanted, now):
            return [SilenceEvent(change=SilenceChange.UPDATED, time=now, silence=wanted)]
        created = msgspec.structs.replace(wanted, id=new_id, starts_at=max(wanted.starts_at, now))
        ended = self.expiring(old.id, now) if old is not None else []
        return [*ended, SilenceEvent(change=SilenceChange.CREATED, time=now, silence=created)]

    def expiring(self, id: str, now: float) -> list[SilenceEvent]:  # noqa: A002 - the field's word
        """What it takes to end a silence; nothing if it has ended.

        Raises:
            SilenceNotFoundError: There is none of the id.
        """
        silence = self._get(id)
        if silence.state(now) is SilenceState.EXPIRED:
            return []
        ended = msgspec.structs.replace(
            silence, starts_at=min(silence.starts_at, now), ends_at=now, updated_at=now
        )
        return [SilenceEvent(change=SilenceChange.EXPIRED, time=now, silence=ended)]

    def apply(self, events: Iterable[SilenceEvent]) -> None:
        """Let it happen."""
        for event in events:
            self.remember(event.silence, over=event.change is SilenceChange.EXPIRED)

    def remember(self, silence: Silence, *, over: bool = False) -> None:
        """Take in a silence as it stands, from the records.

        Args:
            silence: The silence.
            over: Its end has been told.
        """
        old = self._silences.get(silence.id)
        if old is not None:
            self._leave_index(old)
        self._silences[silence.id] = silence
        if over:
            self._over.add(silence.id)
        else:
            self._enter_index(silence)
        heapq.heappush(self._agenda, (silence.ends_at + KEPT_SECONDS * over, silence.id))

    def next_due(self) -> float | None:
        """When ``advance`` has something to do; seconds since the epoch."""
        return self._agenda[0][0] if self._agenda else None

    def advance(self, now: float) -> tuple[list[SilenceEvent], list[str]]:
        """Let time pass: gives the silences that ended by it, and the ids of those that were forgotten."""
        events: list[SilenceEvent] = []
        forgotten: list[str] = []
        while self._agenda and self._agenda[0][0] <= now:
            due, key = heapq.heappop(self._agenda)
            silence = self._silences.get(key)
            if silence is None:
                continue
            if key in self._over and due >= silence.ends_at + KEPT_SECONDS:
                self._forget(silence)
                forgotten.append(key)
            elif key not in self._over and due >= silence.ends_at:
                event = SilenceEvent(change=SilenceChange.EXPIRED, time=silence.ends_at, silence=silence)
                self._over.add(key)
                self._leave_index(silence)
                heapq.heappush(self._agenda, (silence.ends_at + KEPT_SECONDS, key))
                events.append(event)
        return events, forgotten

    def _get(self, key: str) -> Silence:
        silence = self._silences.get(key)
        if silence is None:
            raise SilenceNotFoundError.of(key)
        return silence

    def _forget(self, silence: Silence) -> None:
        self._over.discard(silence.id)
        del self._silences[silence.id]

    def _enter_index(self, silence: Silence) -> None:
        key = _key(silence.matchers)
        if key is None:
            self._by_none.add(silence.id)
        else:
            self._by_value.setdefault(key.name, {}).setdefault(key.value, set()).add(silence.id)

    def _leave_index(self, silence: Silence) -> None:
        self._by_none.discard(silence.id)
        key = _key(silence.matchers)
        by_value = self._by_value.get(key.name) if key else None
        if key is None or by_value is None or (ids := by_value.get(key.value)) is None:
            return
        ids.discard(silence.id)
        if not ids:
            del by_value[key.value]
        if not by_value:
            del self._by_value[key.name]


def matchers_of(labels: Mapping[str, str], others: Iterable[Mapping[str, str]]) -> Matchers:
    """What an alert fulfils and no other one does.

    Other alerts that have all its labels, and more besides, are kept out by a label that they must not have.

    Args:
        labels: The alert's.
        others: Those of all alerts that are known.
    """
    absent: set[str] = set()
    for other in others:
        if labels.items() <= other.items() and not absent & other.keys():
            absent.update(sorted(other.keys() - labels.keys())[:1])
    exact = [Matcher(name, Operator.EQUAL, labels[name]) for name in sorted(labels)]
    return Matchers([*exact, *(Matcher(name, Operator.EQUAL, "") for name in sorted(absent))])


def _key(matchers: Matchers) -> _Key | None:
    """The exact value that they want of some label; of several, the longest: it is likely the one that fewest have."""
    exact = [
        _Key(matcher.name, matcher.value)
        for matcher in matchers
        if matcher.operator is Operator.EQUAL and matcher.value
    ]
    return max(exact, key=lambda key: len(key.value), default=None)


def _check(wanted: Silence, now: float) -> None:
    _check_matchers(wanted.matchers)
    if wanted.ends_at <= wanted.starts_at:
        raise SilenceError("a silence must start before it ends")
    if wanted.ends_at <= now:
        raise SilenceError("a silence cannot end in the past")
    if wanted.ends_at >= LATEST_END_SECONDS:
        raise SilenceError(
            "a silence cannot last beyond the year 2261: let it end earlier, and prolong it in time"
        )
    _check_annotations(wanted.annotations)
    for name, text in (("comment", wanted.comment), ("name of who wants it", wanted.created_by)):
        if len(text) > MAX_TEXT_LENGTH:
            raise SilenceError(f"the {name} has {len(text)} characters: {MAX_TEXT_LENGTH} are the most")
        if "\0" in text:  # PostgreSQL keeps none
            raise SilenceError(f"the {name} holds a NUL character: leave it out")


def _check_annotations(annotations: Mapping[str, str]) -> None:
    length = sum(len(name) + len(text) for name, text in annotations.items())
    if len(annotations) > MAX_ANNOTATIONS or length > MAX_TEXT_LENGTH:
        raise SilenceError(
            f"{len(annotations)} annotations have {length} characters: "
            f"{MAX_ANNOTATIONS} of {MAX_TEXT_LENGTH} together are the most"
        )


def _check_matchers(matchers: Matchers) -> None:
    if not matchers:
        raise SilenceError("a silence without matchers would hush everything: give at least one")
    if len(matchers) > MAX_MATCHERS:
        raise SilenceError(f"a silence has at most {MAX_MATCHERS} matchers, not {len(matchers)}")
    if not all(matcher.name for matcher in matchers):
        raise SilenceError("a matcher names no label")
    # Upstream's rule, by which negative matchers pass.
    if all(matcher.matches("") and not matcher.negative for matcher in matchers):
        raise SilenceError(
            f"{matchers} is fulfilled by alerts that have none of the labels: at least one matcher must not be"
        )


def _can_become(old: Silence, new: Silence, now: float) -> bool:
    """Whether a silence can be changed without rewriting what it has hushed."""
    if old.matchers != new.matchers:
        return False
    match old.state(now):
        case SilenceState.ACTIVE:
            return int(old.starts_at) == int(new.starts_at)
        case SilenceState.PENDING:
            return new.starts_at >= now
        case SilenceState.EXPIRED:
            return False
