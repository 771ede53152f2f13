"""Turns what happens in the hub into live events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from farwatch.hub.alerting import AlertEvent, KnownAlert
from farwatch.hub.alerting.acknowledgements import AcknowledgementEvent
from farwatch.hub.alerting.notify import NotificationEvent
from farwatch.hub.alerting.routes import view as alert_view
from farwatch.hub.alerting.silences import SilenceEvent
from farwatch.hub.fleet import FleetChange
from farwatch.hub.inventory import ObjectChange, Operation, Row, Rows
from farwatch.hub.live.streams import LiveEvent, Streams
from farwatch.hub.times import to_time


class _Live(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base of what is told."""


class LiveChange(_Live, frozen=True):
    """A change of an object: its row in its kind's table as it is now, and its labels; none when it was deleted."""

    time: datetime
    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    operation: Operation
    after_gap: bool = False
    row: Row | None = None
    labels: Mapping[str, str] | None = None


class LiveFleetChange(_Live, frozen=True):
    """A change of a cluster as a whole, or of its agent."""

    time: datetime
    cluster: str
    kind: str
    subject: str = ""
    detail: str = ""


class LiveAcknowledgement(_Live, frozen=True):
    """Somebody took on an alert, or that was taken back; `change` says which."""

    time: datetime
    change: str
    fingerprint: str
    author: str
    note: str = ""


class LiveSilence(_Live, frozen=True):
    """What happened to a silence, and the silence after that."""

    time: datetime
    change: str
    id: str
    matchers: str
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    author: str = ""


class LiveNotification(_Live, frozen=True):
    """How telling one integration of one group of alerts ended."""

    time: datetime
    receiver: str
    integration: str
    group: str
    route: str
    reason: str
    outcome: str
    attempts: int
    firing: tuple[str, ...]
    resolved: tuple[str, ...]


class LiveConfiguration(_Live, frozen=True):
    """Alerting goes by another configuration, or one was refused: `error` says why then."""

    time: datetime
    cause: str
    error: str = ""


class Publisher:
    """Publishes what the parts of the hub tell of. While nobody follows, that costs nothing.

    Args:
        streams: Where to.
        rows: The rows of tables, which are told with changes of their objects.
        find_alert: Gives an alert that is known by its fingerprint.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        streams: Streams,
        rows: Rows,
        find_alert: Callable[[str], KnownAlert | None],
        clock: Callable[[], float],
    ) -> None:
        self._streams = streams
        self._rows = rows
        self._find_alert = find_alert
        self._clock = clock
        self._encode = msgspec.json.Encoder().encode

    def publish_changes(self, changes: Sequence[ObjectChange]) -> None:
        """Changes of objects, as events of type ``change``."""
        if self._is_followed():
            for change in changes:
                meta = change.object.metadata
                self._publish(
                    "change",
                    change.cluster,
                    self._to_live(change),
                    namespace=meta.namespace,
                    kind=change.kind,
                    name=meta.name,
                )

    def publish_alerts(self, events: Sequence[AlertEvent]) -> None:
        """Transitions of alerts, as events of type ``alert`` with the alert as it is now."""
        if self._is_followed():
            for event in events:
                labels = event.alert.labels
                self._publish(
                    "alert",
                    labels.get("cluster", ""),
                    alert_view(event.alert, to_time(event.time)),
                    namespace=labels.get("namespace", ""),
                )

    def publish_acknowledgements(self, events: Sequence[AcknowledgementEvent]) -> None:
        """Who takes on alerts, as events of type ``acknowledgement``."""
        if self._is_followed():
            for event in events:
                live = LiveAcknowledgement(
                    time=to_time(event.time),
                    change=event.change,
                    fingerprint=event.fingerprint,
                    author=event.author,
                    note=event.note,
                )
                labels = event.alert.labels
                self._publish(
                    "acknowledgement",
                    labels.get("cluster", ""),
                    live,
                    namespace=labels.get("namespace", ""),
                )

    def publish_fleet(self, changes: Sequence[FleetChange]) -> None:
        """Changes of the fleet, as events of type ``cluster``."""
        if self._is_followed():
            for change in changes:
                live = LiveFleetChange(
                    time=to_time(change.time),
                    cluster=change.cluster,
                    kind=change.kind,
                    subject=change.subject,
                    detail=change.detail,
                )
                self._publish("cluster", change.cluster, live)

    def publish_silences(self, events: Sequence[SilenceEvent]) -> None:
        """What happens to silences, as events of type ``silence``."""
        if self._is_followed():
            for event in events:
                silence = event.silence
                live = LiveSilence(
                    time=to_time(event.time),
                    change=event.change,
                    id=silence.id,
                    matchers=str(silence.matchers),
                    starts_at=to_time(silence.starts_at),
                    ends_at=to_time(silence.ends_at),
                    created_by=silence.created_by,
                    comment=silence.comment,
                    author=event.author,
                )
                self._publish("silence", "", live)

    def publish_notifications(self, events: Sequence[NotificationEvent]) -> None:
        """How notifications ended, as events of type ``notification``."""
        if self._is_followed():
            for event in events:
                cluster, namespace = self._place(event)
                key = event.last.key
                live = LiveNotification(
                    time=to_time(event.last.time),
                    receiver=key.receiver,
                    integration=key.integration,
                    group=key.group_key,
                    route=event.route,
                    reason=event.last.reason,
                    outcome=event.last.outcome,
                    attempts=event.last.number,
                    firing=event.firing,
                    resolved=event.resolved,
                )
                self._publish("notification", cluster, live, namespace=namespace)

    async def publish_configuration(self, cause: str, error: str) -> None:
        """Another alerting configuration holds, or was refused, as an event of type ``configuration``."""
        if self._is_followed():
            live = LiveConfiguration(time=to_time(self._clock()), cause=cause, error=error)
            self._publish("configuration", "", live)

    def _is_followed(self) -> bool:
        if not self._streams.followed:
            self._streams.skip()
            return False
        return True

    def _publish(
        self,
        event_type: str,
        cluster: str,
        body: msgspec.Struct,
        *,
        namespace: str = "",
        kind: str = "",
        name: str = "",
    ) -> None:
        self._streams.publish(LiveEvent(event_type, cluster, self._encode(body), namespace, kind, name))

    def _to_live(self, change: ObjectChange) -> LiveChange:
        metadata = change.object.metadata
        is_there = change.after is not None
        return LiveChange(
            time=to_time(change.time),
            cluster=change.cluster,
            kind=change.kind,
            namespace=metadata.namespace,
            name=metadata.name,
            uid=metadata.uid,
            operation=change.operation,
            after_gap=change.after_gap,
            row=self._rows.get(change.cluster, change.kind, metadata.namespace, metadata.name)
            if is_there
            else None,
            labels=metadata.labels if is_there else None,
        )

    def _place(self, event: NotificationEvent) -> tuple[str, str]:
        """The cluster and namespace that all alerts of a notification are of; empty where they differ."""
        known = map(self._find_alert, (*event.firing, *event.resolved))
        labels = [found.alert.labels for found in known if found is not None]
        clusters = {one.get("cluster", "") for one in labels}
        namespaces = {one.get("namespace", "") for one in labels}
        if len(clusters) != 1:
            return "", ""
        return clusters.pop(), namespaces.pop() if len(namespaces) == 1 else ""
