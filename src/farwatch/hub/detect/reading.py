"""Small readings of Kubernetes objects that several detectors share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from farwatch.hub.times import to_seconds, to_time
from farwatch.kube.objects import Condition, OwnerReference

LAST_MOMENT = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
"""The latest moment that is shown."""

MESSAGE_LIMIT = 300
"""How many characters of a server's message are quoted."""


def find_condition(conditions: Iterable[Condition] | None, kind: str) -> Condition | None:
    """The condition of that type, if the object has it."""
    for condition in conditions or ():
        if condition.type == kind:
            return condition
    return None


def seconds_of(moment: datetime) -> float:
    """Seconds since the epoch; UTC where no zone is told. Within what a date can show, whatever an object claims."""
    return min(max(to_seconds(moment), 0.0), LAST_MOMENT)


def epoch(moment: datetime | None, now: float) -> float | None:
    """Seconds since the epoch, never later than ``now``: the cluster's clock may be ahead of the hub's."""
    return None if moment is None else min(seconds_of(moment), now)


def since_of(condition: Condition, now: float) -> float | None:
    """Since when a condition has its status."""
    return epoch(condition.last_transition_time, now)


def controller_of(owners: Iterable[OwnerReference] | None) -> OwnerReference | None:
    """The owner that manages an object, if one does."""
    for owner in owners or ():
        if owner.controller:
            return owner
    return None


def quote(message: str | None) -> str:
    """A server's message on one line, without its full stop, cut where it goes on too long; after ``: ``, or empty."""
    words = " ".join((message or "").split()).rstrip(".")
    if not words:
        return ""
    return ": " + (words if len(words) <= MESSAGE_LIMIT else words[: MESSAGE_LIMIT - 1] + "…")


def show_time(seconds: float) -> str:
    """A moment as people and programs both read it, ``2026-11-20T21:15:13Z``."""
    return to_time(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def show_span(seconds: float) -> str:
    """A length of time with its two largest units, ``1h30m``, ``45s``."""
    left = round(seconds)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"


def count_of(number: int, noun: str) -> str:
    """``1 pod``, ``3 pods``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
