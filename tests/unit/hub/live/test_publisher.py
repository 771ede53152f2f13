from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from farwatch.hub.alerting import Alert, AlertEvent, KnownAlert, Transition
from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.inventory import ObjectChange, Operation, Rows
from farwatch.hub.live import Publisher, Streams
from farwatch.hub.live.streams import LiveEvent
from farwatch.kube.objects import ObjectMeta, Pod

NOON = 1_795_000_000.0


def change(*, after_gap: bool = False) -> ObjectChange:
    pod = Pod(metadata=ObjectMeta(name="web-1", namespace="shop", uid="u"))
    return ObjectChange(
        cluster="prod",
        kind="Pod",
        operation=Operation.DELETED,
        time=NOON,
        before=pod,
        after=None,
        after_gap=after_gap,
    )


def publisher(streams: Streams, rows: Rows | None = None, *alerts: Alert) -> Publisher:
    known = {
        alert.fingerprint: KnownAlert(alert=alert, received_at=NOON, updated_at=NOON) for alert in alerts
    }
    return Publisher(streams, rows or Rows(), known.get, lambda: NOON)


@pytest.fixture
def streams() -> Streams:
    return Streams()


async def published(streams: Streams, publish: object, *things: object) -> list[LiveEvent]:
    with streams.listen() as listener:
        publish(things)  # type: ignore[operator]
        return await anext(listener.batches(keepalive_seconds=60))


async def test_a_change_is_told_without_its_object(streams: Streams) -> None:
    first, second = await published(
        streams, publisher(streams).publish_changes, change(), change(after_gap=True)
    )
    assert (first.type, first.cluster) == ("change", "prod")
    assert msgspec.json.decode(first.data) == {
        "time": "2026-11-18T11:06:40Z",
        "cluster": "prod",
        "kind": "Pod",
        "namespace": "shop",
        "name": "web-1",
        "uid": "u",
        "operation": "deleted",
    }
    assert msgspec.json.decode(second.data)["afterGap"] is True


async def test_a_transition_is_told_as_the_alert_then_was(streams: Streams) -> None:
    ended = Alert(
        labels={"alertname": "Broken", "cluster": "prod"},
        annotations={},
        starts_at=datetime.fromtimestamp(NOON - 60, UTC),
        ends_at=datetime.fromtimestamp(NOON, UTC),
    )
    event = AlertEvent(transition=Transition.RESOLVED, time=NOON, fingerprint=ended.fingerprint, alert=ended)
    (told,) = await published(streams, publisher(streams).publish_alerts, event)
    assert (told.type, told.cluster) == ("alert", "prod")
    assert msgspec.json.decode(told.data)["status"] == "resolved"


async def test_a_change_of_the_fleet_is_told(streams: Streams) -> None:
    denied = FleetChange(
        cluster="prod", kind=FleetChangeKind.WATCH_DENIED, time=NOON, subject="Node", detail="forbidden"
    )
    (told,) = await published(streams, publisher(streams).publish_fleet, denied)
    assert told.type == "cluster"
    assert msgspec.json.decode(told.data) == {
        "time": "2026-11-18T11:06:40Z",
        "cluster": "prod",
        "kind": "watch_denied",
        "subject": "Node",
        "detail": "forbidden",
    }


async def test_while_nobody_listens_nothing_is_encoded(streams: Streams) -> None:
    # What cannot be encoded would raise.
    publisher(streams).publish_changes([None])  # type: ignore[list-item]
