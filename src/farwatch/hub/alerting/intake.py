"""The way in: what alerts change is written down first, and happens then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from farwatch.hub.alerting import tables
from farwatch.hub.alerting.alerts import Alert, AlertEvent, Alerts, KnownAlert
from farwatch.hub.alerting.clock import Clock
from farwatch.hub.alerting.journal import Journal

AlertSink = Callable[[Mapping[str, KnownAlert]], None]
"""What is given alerts that are to be told of, by fingerprint."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Alert).decode


class Intake:
    """Takes alerts in, one batch after the other.

    Args:
        alerts: Where they are remembered.
        journal: Where they are written down.
        clock: Time.
        insert: Is given what has changed, once it is written down, before anybody is told of it.

    Attributes:
        lock: Held from the decision about a batch until it has been inserted.
    """

    def __init__(self, *, alerts: Alerts, journal: Journal, clock: Clock, insert: AlertSink) -> None:
        self._alerts = alerts
        self._journal = journal
        self._clock = clock
        self._insert = insert
        self.lock = asyncio.Lock()

    async def put(self, alerts: Sequence[Alert]) -> list[AlertEvent]:
        """Take alerts in; they are durable when this returns. Gives the transitions they are.

        Raises:
            AlertsNotKeptError: They could not be written down, and nothing was done about them.
        """
        async with self.lock:
            now = self._clock.now()
            changes = self._alerts.changes(alerts, now)
            if not changes:
                return []
            await self._journal.write(
                *tables.replaced(tables.alerts, [_row(*change) for change in changes.items()])
            )
            events = self._alerts.apply(changes, now)
            self._insert(changes)
            return events

    def resume(self, rows: Iterable[sa.RowMapping]) -> None:
        """Take up what was written down before."""
        known = {}
        # In the order in which they came: a group's wait begins with its first alert.
        for row in sorted(rows, key=lambda row: (row["received_at"], row["fingerprint"])):
            known[row["fingerprint"]] = KnownAlert(
                alert=_decode(row["document"]),
                received_at=row["received_at"],
                resolved=row["resolved"],
                settled=row["settled"],
            )
        for key, alert in known.items():
            self._alerts.remember(key, alert)
        self._insert({key: alert for key, alert in known.items() if not alert.settled})


def _row(fingerprint: str, known: KnownAlert) -> dict[str, Any]:
    return {
        "fingerprint": fingerprint,
        "document": _encode(known.alert).decode(),
        "received_at": known.received_at,
        "resolved": known.resolved,
        "settled": known.settled,
    }
