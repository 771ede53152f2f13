"""How many refusals are written down one by one: whoever is refused again and again must not fill the disk."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec

EACH_BURST = 20
EACH_PER_SECOND = 6 / 60
ALL_BURST = 300
ALL_PER_SECOND = 30 / 60
MOST_KEYS = 512

OTHERS = ("", "")
"""Stands for all who are counted together because there are too many of them."""


class Unlisted(msgspec.Struct):
    """How many acts of somebody have no entry of their own, and between which times."""

    count: int = 0
    since: float = 0.0
    until: float = 0.0


class Bucket:
    """A number of tokens that come back with time.

    Args:
        burst: How many there are at most.
        per_second: How many come back.
        now: The time on the clock by which it is asked.
    """

    def __init__(self, burst: float, per_second: float, now: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._level = burst
        self._at = now

    def refill(self, now: float) -> float:
        """How many there are now."""
        self._level = min(self._burst, self._level + max(0.0, now - self._at) * self._per_second)
        self._at = now
        return self._level

    def take(self) -> None:
        """One less."""
        self._level -= 1


class Damper:
    """Says which refusals get an entry of their own, and counts the others.

    Each key, an action from an address, has some in a row and a few each minute; so have all keys together.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._all = Bucket(ALL_BURST, ALL_PER_SECOND, clock())
        self._each: OrderedDict[tuple[str, str], Bucket] = OrderedDict()
        self._unlisted: dict[tuple[str, str], Unlisted] = {}

    def admit(self, key: tuple[str, str]) -> bool:
        """Whether this one gets an entry of its own; otherwise it is counted."""
        now = self._clock()
        bucket = self._each.pop(key, None) or Bucket(EACH_BURST, EACH_PER_SECOND, now)
        self._each[key] = bucket
        if len(self._each) > MOST_KEYS:
            self._each.popitem(last=False)
        if min(bucket.refill(now), self._all.refill(now)) < 1:
            self._count(key, now)
            return False
        bucket.take()
        self._all.take()
        return True

    def collect(self) -> dict[tuple[str, str], Unlisted]:
        """What was counted since the last time."""
        found, self._unlisted = self._unlisted, {}
        return found

    def _count(self, key: tuple[str, str], now: float) -> None:
        if key not in self._unlisted and len(self._unlisted) >= MOST_KEYS:
            key = (key[0], "")
            if key not in self._unlisted and len(self._unlisted) >= 2 * MOST_KEYS:
                key = OTHERS
        counted = self._unlisted.setdefault(key, Unlisted(since=now))
        counted.count += 1
        counted.until = now
