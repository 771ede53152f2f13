"""Who has had a message already, where it goes to several and some of them could not be told."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from farwatch.hub.alerting.message import Message

KEPT_SECONDS = 3_600.0
"""After so long everybody is told again: who could be told at first may have seen too little since."""

MOST_KEPT = 1_000


class _Kept(NamedTuple):
    since: float
    settled: dict[str, str]


class Deliveries:
    """Remembers, for messages that are tried again, whom they need not go to any more.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def settled(self, message: Message) -> dict[str, str]:
        """Whom a message with the same news need not go to: to each why not, or nothing if they have it."""
        kept = self._kept.get(identify(message))
        return {} if kept is None or self._clock() - kept.since >= KEPT_SECONDS else dict(kept.settled)

    def keep(self, message: Message, settled: dict[str, str]) -> None:
        """Remember, as the message will be tried again."""
        key = identify(message)
        now = self._clock()
        before = self._kept.pop(key, None)
        since = now if before is None or now - before.since >= KEPT_SECONDS else before.since
        self._kept[key] = _Kept(since, settled)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def forget(self, message: Message) -> None:
        """The message is done with."""
        self._kept.pop(identify(message), None)


def identify(message: Message) -> str:
    """What a message tells, as 64 hex digits: the same when it is tried again."""
    told = [(alert.fingerprint, alert.starts_at, alert.ends_at) for alert in message.alerts]
    return hashlib.sha256(msgspec.json.encode([message.group_key, message.reason, told])).hexdigest()
