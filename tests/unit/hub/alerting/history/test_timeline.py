"""When alerts fired, drawn in steps, and what was rolled out meanwhile; and which alerts are noise."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.history.noise import NoiseBy, NoiseQuery, report
from farwatch.hub.alerting.history.paging import Span, SpanError
from farwatch.hub.alerting.history.timeline import MOST_ROWS, TimelineBy, TimelineQuery, draw
from farwatch.hub.auth.areas import Area
from farwatch.hub.store import AlertEventRow, ChangeRow, DataDirectory, NotificationRow, Table, Telemetry

HOUR = 3_600.0
NOON = time.time() // HOUR * HOUR - 12 * HOUR
"""A full hour, and one of late: the store drops what is old."""

SPAN = Span(since=NOON, until=NOON + 4 * HOUR)


@pytest.fixture
async def telemetry(tmp_path: Path) -> AsyncIterator[Telemetry]:
    directory = DataDirectory.claim(tmp_path / "data")
    telemetry = await Telemetry.open(directory)
    yield telemetry
    await telemetry.close()
    directory.release()


def event(
    name: str, transition: str, at: float, began: float = 0.0, severity: str = "warning", **labels: str
) -> AlertEventRow:
    return AlertEventRow(
        time=NOON + at * HOUR,
        fingerprint=f"{name}-{labels.get('cluster', 'prod')}-{labels.get('pod', '')}",
        transition=transition,
        alertname=name,
        cluster=labels.get("cluster", "prod"),
        namespace=labels.get("namespace", "shop"),
        starts_at=NOON + began * HOUR,
        ends_at=NOON + at * HOUR if transition == "resolved" else None,
        labels={"alertname": name, "severity": severity, "cluster": "prod", "namespace": "shop", **labels},
        annotations={},
    )


def fired(name: str, since: float, until: float, **more: str) -> list[AlertEventRow]:
    return [event(name, "fired", since, since, **more), event(name, "resolved", until, since, **more)]


async def keep(telemetry: Telemetry, *rows: AlertEventRow) -> None:
    telemetry.insert(Table.ALERT_EVENTS, rows)
    await telemetry.flush()


def hours(row: Any) -> list[tuple[float, float, str, int]]:
    return [
        (
            (stretch.since.timestamp() - NOON) / HOUR,
            (stretch.until.timestamp() - NOON) / HOUR,
            stretch.severity,
            stretch.alerts,
        )
        for stretch in row.stretches
    ]


async def drawn(telemetry: Telemetry, firing: list[Alert] | None = None, **wanted: Any) -> Any:
    query = TimelineQuery(span=SPAN, **({"steps": 8} | wanted))
    return await draw(telemetry, query, firing or [], NOON + 10 * HOUR)


async def test_what_fired_is_told_to_the_step_however_long_before_it_began(telemetry: Telemetry) -> None:
    await keep(
        telemetry,
        *fired("Short", 1.0, 1.4),
        *fired("Long", -30, 0.7),
        *fired("Beyond", 3.6, 9),
        *fired("Throughout", -5, 8),
        *fired("Before", -3, -1),
        *fired("After", 5, 6),
    )
    found = await drawn(telemetry)
    assert found.step_seconds == 1800
    assert {row.labels["alertname"]: hours(row) for row in found.rows} == {
        "Throughout": [(0, 4, "warning", 1)],
        "Long": [(0, 1, "warning", 1)],
        "Short": [(1, 1.5, "warning", 1)],
        "Beyond": [(3.5, 4, "warning", 1)],
    }


async def test_a_stretch_is_as_bad_as_the_worst_that_fired_then(telemetry: Telemetry) -> None:
    await keep(
        telemetry,
        *fired("A", 0, 3, pod="a"),
        *fired("A", 1, 2, pod="b", severity="critical"),
        *fired("B", 0, 1, severity="info"),
        *fired("B", 2, 3, severity="info"),
    )
    first, second = (await drawn(telemetry)).rows
    assert (first.severity, hours(first)) == (
        "critical",
        [(0, 1, "warning", 1), (1, 2, "critical", 2), (2, 3, "warning", 1)],
    )
    assert (second.severity, hours(second)) == ("info", [(0, 1, "info", 1), (2, 3, "info", 1)])


async def test_what_fires_still_goes_on_until_now(telemetry: Telemetry) -> None:
    def alert(began: float, **labels: str) -> Alert:
        return Alert(
            labels={"alertname": "Now", "severity": "info", **labels},
            annotations={},
            starts_at=datetime.fromtimestamp(NOON + began * HOUR, UTC),
        )

    firing = [alert(3), alert(-9, cluster="dev"), alert(6, cluster="later")]
    found = await drawn(telemetry, firing, by=TimelineBy.CLUSTER)
    assert [(row.labels, hours(row)) for row in found.rows] == [
        ({"cluster": "dev"}, [(0, 4, "info", 1)]),
        ({"cluster": ""}, [(3, 4, "info", 1)]),
    ]
    assert (await drawn(telemetry, firing, cluster="no such")).rows == []


async def test_rows_are_of_what_was_asked_for(telemetry: Telemetry) -> None:
    await keep(
        telemetry,
        *fired("A", 0, 1),
        *fired("B", 0, 2, namespace="web"),
        *fired("A", 0, 3, cluster="dev", namespace="web"),
    )

    async def rows(**wanted: Any) -> list[dict[str, str]]:
        return [row.labels for row in (await drawn(telemetry, **wanted)).rows]

    assert await rows(by=TimelineBy.CLUSTER) == [{"cluster": "dev"}, {"cluster": "prod"}]
    assert await rows(by=TimelineBy.NAMESPACE) == [
        {"cluster": "dev", "namespace": "web"},
        {"cluster": "prod", "namespace": "web"},
        {"cluster": "prod", "namespace": "shop"},
    ]
    assert await rows(alertname="B") == [{"alertname": "B"}]
    assert await rows(cluster="dev") == [{"alertname": "A"}]
    assert await rows(areas=(Area(clusters=("prod",), namespaces=("web",)),)) == [{"alertname": "B"}]
    assert await rows(areas=()) == []


async def test_rows_are_bounded_and_the_others_counted(telemetry: Telemetry) -> None:
    await keep(telemetry, *(row for n in range(MOST_ROWS + 7) for row in fired(f"A{n}", 0, 1)))
    found = await drawn(telemetry)
    assert (len(found.rows), found.omitted_rows) == (MOST_ROWS, 7)


async def test_a_span_that_is_none_is_refused(telemetry: Telemetry) -> None:
    with pytest.raises(SpanError, match="`since` must be before `until`"):
        await draw(telemetry, TimelineQuery(span=Span(since=NOON, until=NOON)), [], NOON)


def change(
    kind: str,
    at: float,
    document: str,
    *,
    name: str = "cart",
    operation: str = "updated",
    cluster: str = "prod",
) -> ChangeRow:
    return ChangeRow(
        sequence=int((100 + at) * 1000),
        time=NOON + at * HOUR,
        cluster=cluster,
        kind=kind,
        namespace="shop",
        name=name,
        uid=name,
        operation=operation,
        after_gap=False,
        resource_version="1",
        document=document,
    )


def deployment(revision: int, image: str) -> str:
    return (
        f'{{"metadata":{{"annotations":{{"deployment.kubernetes.io/revision":"{revision}"}}}},'
        f'"spec":{{"template":{{"spec":{{"containers":[{{"name":"a","image":"{image}"}}]}}}}}}}}'
    )


async def test_rollouts_are_marked_where_a_workload_has_another_revision(telemetry: Telemetry) -> None:
    rows = [
        change("Deployment", 0.5, deployment(3, "cart:1")),
        change("Deployment", 1.0, deployment(3, "cart:2")),
        change("Deployment", 1.1, deployment(4, "cart:2")),
        change("Deployment", 1.2, deployment(4, "cart:2")),
        change("Deployment", 2.0, deployment(1, "dev:1"), cluster="dev", operation="created"),
        change("StatefulSet", 1.0, '{"status":{"updateRevision":"db-1"}}', name="db"),
        change("StatefulSet", 2.0, '{"status":{"updateRevision":"db-2"}}', name="db"),
        change("DaemonSet", 1.0, '{"metadata":{"generation":7}}', name="logs"),
        change("DaemonSet", 3.0, '{"metadata":{"generation":8}}', name="logs"),
        change("DaemonSet", 5.0, '{"metadata":{"generation":9}}', name="logs"),
    ]
    telemetry.insert(Table.CHANGES, rows)
    await telemetry.flush()
    found = await drawn(telemetry)
    assert [(rollout.kind, rollout.name, rollout.revision, rollout.images) for rollout in found.rollouts] == [
        ("DaemonSet", "logs", "8", []),
        ("StatefulSet", "db", "db-2", []),
        ("Deployment", "cart", "4", ["cart:2"]),
    ]
    assert not found.more_rollouts
    assert (await drawn(telemetry, object_areas=())).rollouts == []
    assert (await drawn(telemetry, cluster="dev")).rollouts == []


async def noise(telemetry: Telemetry, **wanted: Any) -> Any:
    return await report(telemetry, NoiseQuery(span=SPAN, **wanted))


async def test_noise_is_told_in_each_of_its_ways(telemetry: Telemetry) -> None:
    await keep(
        telemetry,
        *(row for n in range(3) for row in fired("Often", n, n + 0.1)),
        *fired("Often", 0, 0.5, pod="other"),
        *fired("Long", 0, 3.5, cluster="dev"),
        event("Long", "acknowledged", 0.5, cluster="dev"),
        event("Open", "fired", 1),
    )
    found = await noise(telemetry)
    assert [(row.value, row.firings, row.alerts) for row in found.most_frequent] == [
        ("Often", 4, 2),
        ("Long", 1, 1),
        ("Open", 1, 1),
    ]
    assert [(row.value, row.flapping) for row in found.most_flapping] == [("Often", 1)]
    assert [(row.value, row.longest_seconds / HOUR) for row in found.longest] == [
        ("Long", 3.5),
        ("Often", 0.5),
    ]
    assert [(row.value, row.never_acknowledged) for row in found.never_acknowledged] == [
        ("Often", 4),
        ("Open", 1),
    ]
    (long,) = [row for row in found.most_frequent if row.value == "Long"]
    assert (long.acknowledged, long.mean_seconds_to_acknowledge) == (1, 0.5 * HOUR)
    by_cluster = (await noise(telemetry, by=NoiseBy.CLUSTER)).most_frequent
    assert [(row.value, row.firings) for row in by_cluster] == [("prod", 5), ("dev", 1)]
    assert [row.value for row in (await noise(telemetry, cluster="dev")).most_frequent] == ["Long"]
    assert (await noise(telemetry, areas=())).most_frequent == []
    assert len((await noise(telemetry, limit=1)).most_frequent) == 1


async def test_noise_of_a_receiver_is_what_it_was_told_of(telemetry: Telemetry) -> None:
    rows = [*fired("A", 0, 1), *fired("B", 0, 1), *fired("C", 0, 1)]
    await keep(telemetry, *rows)
    keys = [row.fingerprint for row in rows[::2]]

    def told(receiver: str, *firing: str) -> NotificationRow:
        return NotificationRow(
            time=NOON + HOUR,
            receiver=receiver,
            integration="webhook",
            position=0,
            route="{}",
            group_key="{}:{}",
            reason="first notification",
            outcome="delivered",
            attempts=1,
            seconds=0.1,
            firing=firing,
            resolved=(),
            alertnames=("A",),
            clusters=("prod",),
            detail="",
        )

    telemetry.insert(
        Table.NOTIFICATIONS, [told("team", keys[0], keys[1]), told("team", keys[0]), told("pager", keys[0])]
    )
    await telemetry.flush()
    found = (await noise(telemetry, by=NoiseBy.RECEIVER)).most_frequent
    assert [(row.value, row.firings, row.notifications) for row in found] == [("team", 2, 2), ("pager", 1, 1)]
    by_name = (await noise(telemetry)).most_frequent
    assert {row.value: row.notifications for row in by_name} == {"A": 3, "B": 0, "C": 0}
