"""Turns what happens in the hub into live events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from farwatch.hub.alerting import AlertEvent
from farwatch.hub.alerting.routes import view as alert_view
from farwatch.hub.fleet import FleetChange
from farwatch.hub.inventory import ObjectChange, Operation
from farwatch.hub.live.streams import LiveEvent, Streams


class LiveChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A change of an object, without the object."""

    time: datetime
    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    operation: Operation
    after_gap: bool = False


class LiveFleetChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change of a cluster as a whole, or of its agent."""

    time: datetime
    cluster: str
    kind: str
    subject: str = ""
    detail: str = ""


class Publisher:
    """Publishes what the parts of the hub tell of. While nobody listens, that costs nothing."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._encode = msgspec.json.Encoder().encode

    def publish_changes(self, changes: Sequence[ObjectChange]) -> None:
        """Changes of objects, as events of type ``change``."""
        if self._streams.listeners:
            for change in changes:
                self._publish("change", change.cluster, _to_live(change))

    def publish_alerts(self, events: Sequence[AlertEvent]) -> None:
        """Transitions of alerts, as events of type ``alert`` with the alert as it is now."""
        if self._streams.listeners:
            for event in events:
                cluster = event.alert.labels.get("cluster", "")
                self._publish("alert", cluster, alert_view(event.alert, _to_time(event.time)))

    def publish_fleet(self, changes: Sequence[FleetChange]) -> None:
        """Changes of the fleet, as events of type ``cluster``."""
        if self._streams.listeners:
            for change in changes:
                live = LiveFleetChange(
                    time=_to_time(change.time),
                    cluster=change.cluster,
                    kind=change.kind,
                    subject=change.subject,
                    detail=change.detail,
                )
                self._publish("cluster", change.cluster, live)

    def _publish(self, kind: str, cluster: str, body: msgspec.Struct) -> None:
        self._streams.publish(LiveEvent(kind, cluster, self._encode(body)))


def _to_live(change: ObjectChange) -> LiveChange:
    metadata = change.object.metadata
    return LiveChange(
        time=_to_time(change.time),
        cluster=change.cluster,
        kind=change.kind,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        operation=change.operation,
        after_gap=change.after_gap,
    )


def _to_time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
