"""The notification log: what each receiver was told last, so that it is told once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import RowMapping

from farwatch.hub.alerting.dispatch import Told
from farwatch.hub.alerting.tables import Write, notification_log, removed, replaced

KEPT_REPEATS = 2
KEPT_SECONDS = 5 * 86_400.0
"""An entry is kept for so many repeat intervals, but at least so long.

It is written anew with each repetition. Upstream keeps it at most so long (``--data.retention``), whereby an end that
comes before the next flush may find nobody who knew of the beginning.
"""


class LogKey(NamedTuple):
    """Whom, and about what: an integration by its place in the configuration, and a group."""

    receiver: str
    integration: str
    position: int
    group_key: str


class NotificationLog:
    """What was told, in memory; what is to be written of it is handed back to the caller."""

    def __init__(self) -> None:
        self._told: dict[LogKey, Told] = {}
        self._expires_at: dict[LogKey, float] = {}

    def __len__(self) -> int:
        return len(self._told)

    def load(self, rows: Iterable[RowMapping]) -> None:
        """Take in what was written before."""
        for row in rows:
            key = LogKey(row["receiver"], row["integration"], row["position"], row["group_key"])
            self._told[key] = Told(
                firing=frozenset(row["firing"].split()),
                resolved=frozenset(row["resolved"].split()),
                time=row["time"],
            )
            self._expires_at[key] = row["expires_at"]

    def told(self, key: LogKey, now: float) -> Told | None:
        """What was told last, unless that is too long ago to matter."""
        return self._told.get(key) if now < self._expires_at.get(key, now) else None

    def log(self, key: LogKey, told: Told, repeat_interval: float) -> tuple[Write, ...]:
        """Remember what was told; gives what is to be written."""
        self._told[key] = told
        self._expires_at[key] = told.time + max(KEPT_REPEATS * repeat_interval, KEPT_SECONDS)
        row = {
            **key._asdict(),
            "firing": " ".join(sorted(told.firing)),
            "resolved": " ".join(sorted(told.resolved)),
            "time": told.time,
            "expires_at": self._expires_at[key],
        }
        return replaced(notification_log, [row])

    def expire(self, now: float) -> Write:
        """Forget what is too long ago; gives what is to be deleted."""
        expired = [key for key, expires_at in self._expires_at.items() if expires_at <= now]
        for key in expired:
            del self._told[key], self._expires_at[key]
        return removed(notification_log, [key._asdict() for key in expired])
