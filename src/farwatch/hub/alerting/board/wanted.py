"""Which alerts are wanted, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.board.standing import Mark, Standing, severity_rank
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.matchers import Matchers

SEARCHED_ANNOTATIONS = ("summary", "description", "message")


class OrderError(AlertingError):
    """There is no such order."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts are wanted; what is empty is not asked for.

    Attributes:
        matchers: What their labels must fulfil.
        marks: Any one of these must hold.
        receiver: To which receiver they must go.
        words: Each must stand somewhere in a label's value or in what people read, whatever its case.
        fingerprints: They must be among these; None: any.
    """

    matchers: Matchers = Matchers()
    marks: frozenset[Mark] = frozenset()
    receiver: str = ""
    words: tuple[str, ...] = ()
    fingerprints: frozenset[str] | None = None


class Order(StrEnum):
    """What alerts are ordered by."""

    SEVERITY = "severity"
    AGE = "age"
    NAME = "name"


class Ordering(NamedTuple):
    """An order, or its reverse."""

    order: Order
    reverse: bool = False


def read_order(text: str) -> Ordering:
    """An order from its text: ``severity``; ``-severity`` is the reverse.

    Raises:
        OrderError: There is none of this name.
    """
    name = text.removeprefix("-")
    if name not in set(Order):
        raise OrderError(
            f"sort={text[:50]!r} is none of {', '.join(Order)}, nor one of these with - before it for the reverse"
        )
    return Ordering(Order(name), text.startswith("-"))


def words_of(text: str) -> tuple[str, ...]:
    """What somebody searches for, word by word."""
    return tuple(text.lower().split())


def choose(
    standings: Iterable[Standing], wanted: Wanted, receivers: Callable[[Mapping[str, str]], Iterable[str]]
) -> Iterator[Standing]:
    """Those of some alerts that are wanted.

    Args:
        standings: The alerts.
        wanted: Which.
        receivers: The names of the receivers that an alert with some labels goes to.
    """
    for standing in standings:
        alert = standing.alert
        if wanted.fingerprints is not None and alert.fingerprint not in wanted.fingerprints:
            continue
        if wanted.matchers and not wanted.matchers.match(alert.labels):
            continue
        if wanted.marks and wanted.marks.isdisjoint(standing.marks):
            continue
        if wanted.words and not _holds(alert, wanted.words):
            continue
        if wanted.receiver and wanted.receiver not in receivers(alert.labels):
            continue
        yield standing


def sort(standings: Iterable[Standing], ordering: Ordering) -> list[Standing]:
    """In an order: by severity the worst first, by age the newest first, by name from A. Equals: the newest first."""
    newest: list[Standing] = sorted(standings, key=_fingerprint)
    newest.sort(key=_starts_at, reverse=True)
    key = _KEYS.get(ordering.order)
    if key is not None:
        newest.sort(key=key, reverse=ordering.reverse)
    elif ordering.reverse:
        newest.reverse()
    return newest


def _fingerprint(standing: Standing) -> str:
    return standing.alert.fingerprint


_starts_at = attrgetter("alert.starts_at")


def _by_severity(standing: Standing) -> tuple[int, str]:
    severity = standing.alert.labels.get("severity", "")
    return severity_rank(severity), severity


def _by_name(standing: Standing) -> Sequence[str]:
    labels = standing.alert.labels
    return [labels.get(name, "") for name in ("alertname", "cluster", "namespace", "workload")]


_KEYS: dict[Order, Callable[[Standing], Any]] = {Order.SEVERITY: _by_severity, Order.NAME: _by_name}


def _holds(alert: Alert, words: Sequence[str]) -> bool:
    texts = [*alert.labels.values(), *(alert.annotations.get(name, "") for name in SEARCHED_ANNOTATIONS)]
    text = "\n".join(texts).lower()
    return all(word in text for word in words) or (len(words) == 1 and alert.fingerprint.startswith(words[0]))
