"""Writes down what alerting goes through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from farwatch.hub.alerting.acknowledgements import AcknowledgementEvent
from farwatch.hub.alerting.alerts import Alert, AlertEvent, KnownAlert, Transition
from farwatch.hub.alerting.notify import NotificationEvent
from farwatch.hub.alerting.silences import SilenceEvent
from farwatch.hub.store.tables import AlertEventRow, NotificationRow, Row, SilenceEventRow, Table

UPDATES_APART_SECONDS = 300.0
"""Updates of one alert are kept at most so often: senders repeat alerts each minute, with values in their texts."""

MAX_DETAIL_LENGTH = 2_000
"""Of what a service answered."""


class RowSink(Protocol):
    """Where rows go: the telemetry store."""

    def insert(self, table: Table, rows: Sequence[Row]) -> asyncio.Future[None]:
        """Add rows; nobody needs to await that they are durable."""


class KeeperCounters(msgspec.Struct):
    """What was not kept, as ever-growing numbers."""

    updates_left_out: int = 0


class HistoryKeeper:
    """Writes transitions, acknowledgements, notifications and silences to the telemetry store.

    An update of an alert is kept when it changes what people read, and the last row of the alert is old enough.

    Args:
        rows: Where to.
        get: Gives an alert that is known by its fingerprint.
    """

    def __init__(self, rows: RowSink, get: Callable[[str], KnownAlert | None]) -> None:
        self._rows = rows
        self._get = get
        self._kept: dict[
            str, tuple[float, dict[str, str]]
        ] = {}  # of alerts that fire: when, and the annotations
        self.counters = KeeperCounters()

    def resume(self, alerts: Iterable[Alert], now: float) -> None:
        """Take in the alerts that fire at the start: what is known of them was written by the process before."""
        for alert in alerts:
            self._kept[alert.fingerprint] = (now, alert.annotations)

    def keep_alerts(self, events: Sequence[AlertEvent]) -> None:
        """Transitions of alerts."""
        rows = [
            _to_row(event.transition, event.time, event.alert, fingerprint=event.fingerprint)
            for event in events
            if self._is_news(event)
        ]
        if rows:
            self._rows.insert(Table.ALERT_EVENTS, rows)

    def keep_acknowledgements(self, events: Sequence[AcknowledgementEvent]) -> None:
        """Who takes on alerts: a transition of the alert, too."""
        rows = [
            _to_row(
                event.change,
                event.time,
                event.alert,
                fingerprint=event.fingerprint,
                author=event.author,
                note=event.note,
            )
            for event in events
        ]
        self._rows.insert(Table.ALERT_EVENTS, rows)

    def keep_notifications(self, events: Sequence[NotificationEvent]) -> None:
        """How notifications ended."""
        self._rows.insert(Table.NOTIFICATIONS, [self._to_notification(event) for event in events])

    def keep_silences(self, events: Sequence[SilenceEvent]) -> None:
        """What happened to silences."""
        self._rows.insert(Table.SILENCE_EVENTS, [_to_silence(event) for event in events])

    def _is_news(self, event: AlertEvent) -> bool:
        key, annotations = event.fingerprint, event.alert.annotations
        if event.transition is Transition.RESOLVED:
            self._kept.pop(key, None)
            return True
        if event.transition is Transition.UPDATED:
            since, known = self._kept.get(key, (event.time, annotations))
            if annotations == known:
                return False
            if event.time < since + UPDATES_APART_SECONDS:
                self.counters.updates_left_out += 1
                return False
        self._kept[key] = (event.time, annotations)
        return True

    def _to_notification(self, event: NotificationEvent) -> NotificationRow:
        last, key = event.last, event.last.key
        known = map(self._get, (*event.firing, *event.resolved))
        labels = [found.alert.labels for found in known if found is not None]
        return NotificationRow(
            time=last.time,
            receiver=key.receiver,
            integration=key.integration,
            position=key.position,
            route=event.route,
            group_key=key.group_key,
            reason=last.reason,
            outcome=last.outcome,
            attempts=last.number,
            seconds=last.seconds,
            firing=event.firing,
            resolved=event.resolved,
            alertnames=_values(labels, "alertname"),
            clusters=_values(labels, "cluster"),
            detail=last.detail[:MAX_DETAIL_LENGTH],
        )


def _to_row(
    transition: str, time: float, alert: Alert, *, fingerprint: str, author: str = "", note: str = ""
) -> AlertEventRow:
    return AlertEventRow(
        time=time,
        fingerprint=fingerprint,
        transition=transition,
        alertname=alert.labels.get("alertname", ""),
        cluster=alert.labels.get("cluster", ""),
        namespace=alert.labels.get("namespace", ""),
        starts_at=alert.starts_at.timestamp(),
        ends_at=alert.ends_at.timestamp() if alert.ends_at else None,
        labels=alert.labels,
        annotations=alert.annotations,
        author=author,
        note=note,
    )


def _to_silence(event: SilenceEvent) -> SilenceEventRow:
    silence = event.silence
    return SilenceEventRow(
        time=event.time,
        change=event.change,
        id=silence.id,
        matchers=str(silence.matchers),
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        created_by=silence.created_by,
        comment=silence.comment,
        author=event.author,
    )


def _values(sets: Iterable[Mapping[str, str]], name: str) -> tuple[str, ...]:
    return tuple(sorted({labels[name] for labels in sets if name in labels}))
