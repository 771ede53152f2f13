"""The way in: what alerts change is written down first, and happens then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from farwatch.hub.alerting import tables
from farwatch.hub.alerting.alerts import SLACK_SECONDS, Alert, AlertEvent, Alerts, KnownAlert, Origin
from farwatch.hub.alerting.clock import Clock
from farwatch.hub.alerting.journal import Journal
from farwatch.hub.alerting.labelling import Labelling, relabel
from farwatch.hub.times import to_time

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
        labelling: The labels of clusters, which alerts are given on their way in.
    """

    def __init__(self, *, alerts: Alerts, journal: Journal, clock: Clock, insert: AlertSink) -> None:
        self._alerts = alerts
        self._journal = journal
        self._clock = clock
        self._insert = insert
        self.labelling = Labelling()
        self._putting = asyncio.Lock()

    async def put(self, alerts: Sequence[Alert]) -> list[AlertEvent]:
        """Take alerts in; they are durable when this returns. Gives the transitions they are.

        Raises:
            AlertsNotKeptError: They could not be written down, and nothing was done about them.
        """
        async with self._putting:
            self.labelling.let_go(known.alert for known in self._alerts if not known.resolved)
            return await self._put(self.labelling.label(alerts))

    async def label_cluster(self, cluster: str, labels: Mapping[str, str] | None) -> list[AlertEvent]:
        """A cluster has these labels from now on; None: there is none of this name. Gives the transitions it is.

        Raises:
            AlertsNotKeptError: It could not be written down, and nothing is different.
        """
        async with self._putting:
            if labels is None:
                self.labelling.leave(cluster)
                return []
            moment = to_time(self._clock.now())
            events = await self._put(relabel(self._alerts.active(), cluster, labels, moment))
            self.labelling.set(cluster, labels)
            return events

    async def _put(self, alerts: Sequence[Alert]) -> list[AlertEvent]:
        now = self._clock.now()
        changes = self._alerts.changes(alerts, now)
        if not changes:
            return []
        await self._journal.write(
            tables.kept_alerts(_row(change.known) for change in changes.values() if change.durable)
        )
        events = self._alerts.apply(changes, now)
        self._insert({key: change.known for key, change in changes.items() if not change.known.settled})
        return events

    async def advance(self, now: float) -> tuple[list[AlertEvent], list[tables.Write]]:
        """Let time pass: gives what ended by it, and what is to be written at once.

        What ``put`` has decided must be true until it happens: an alert that fires anew while it is being written down
        must not be forgotten meanwhile.
        """
        async with self._putting:
            events, forgotten = self._alerts.advance(now)
        ended = filter(None, (self._alerts.get(event.fingerprint) for event in events))
        return events, [
            tables.kept_alerts(map(_row, ended)),
            tables.removed(tables.alerts, [{"fingerprint": key} for key in forgotten]),
        ]

    def resume(self, rows: Iterable[sa.RowMapping], resolve_timeout: float) -> None:
        """Take up what was written down before.

        Args:
            rows: Of the table ``alerts``.
            resolve_timeout: For how many seconds from now on no alert ends because nobody has put it again: while the
                hub was away, nobody could.
        """
        earliest_end = to_time(self._clock.now() + resolve_timeout)
        known = {}
        # In the order in which they came: a group's wait begins with its first alert.
        for row in sorted(rows, key=lambda row: (row["received_at"], row["fingerprint"])):
            known[row["fingerprint"]] = _resume(row, earliest_end)
        for key, alert in known.items():
            self._alerts.remember(key, alert)
        self._insert({key: alert for key, alert in known.items() if not alert.settled})


def _resume(row: sa.RowMapping, earliest_end: datetime) -> KnownAlert:
    alert = _decode(row["document"])
    known = KnownAlert(
        alert=alert,
        received_at=row["received_at"],
        updated_at=row["updated_at"] or row["received_at"],
        resolved=row["resolved"],
        settled=row["settled"],
    )
    if alert.ends_at is None:
        return known
    kept_end = alert.ends_at.timestamp()
    if alert.origin is Origin.API and not known.resolved:
        end = max(alert.ends_at + timedelta(seconds=SLACK_SECONDS), earliest_end)
        alert = msgspec.structs.replace(alert, ends_at=end, timeout=True)
    return msgspec.structs.replace(known, alert=alert, kept_end=kept_end)


def _row(known: KnownAlert) -> dict[str, Any]:
    return {
        "fingerprint": known.alert.fingerprint,
        "document": _encode(known.alert).decode(),
        "received_at": known.received_at,
        "updated_at": known.updated_at,
        "resolved": known.resolved,
        "settled": known.settled,
    }
