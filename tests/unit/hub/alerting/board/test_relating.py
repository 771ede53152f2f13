"""Alerts that have to do with one another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.board.relating import AlertRelation, relate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def alert(minutes: float = 0, **labels: str) -> Alert:
    return Alert(
        labels={"alertname": "A", "cluster": "prod", "namespace": "shop"} | labels,
        annotations={},
        starts_at=NOON + timedelta(minutes=minutes),
    )


WEB = {"workload_kind": "Deployment", "workload": "web"}


@pytest.mark.parametrize(
    ("mine", "theirs", "minutes", "relation"),
    [
        (WEB, {**WEB, "alertname": "B"}, 600, AlertRelation.WORKLOAD),
        (WEB, {**WEB, "workload_kind": "StatefulSet"}, 600, None),
        (WEB, {**WEB, "namespace": "web"}, 600, None),
        (WEB, {"deployment": "web"}, 600, None),
        ({"deployment": "web"}, {"deployment": "web", "pod": "web-1"}, 600, AlertRelation.WORKLOAD),
        ({"node": "a"}, {"node": "a", "namespace": "", "alertname": "B"}, 600, AlertRelation.NODE),
        ({"node": "a"}, {"node": "a", "cluster": "dev"}, 600, None),
        ({}, {"alertname": "B"}, 30, AlertRelation.NAMESPACE),
        ({}, {"alertname": "B"}, -30, AlertRelation.NAMESPACE),
        ({}, {"alertname": "B"}, 31, None),
        ({}, {"alertname": "B", "namespace": "web"}, 10, AlertRelation.CLUSTER),
        ({}, {"alertname": "B", "namespace": "web"}, 11, None),
        ({}, {"cluster": "dev"}, 10, AlertRelation.ELSEWHERE),
        ({}, {"cluster": "dev", "alertname": "B"}, 0, None),
        ({"cluster": ""}, {"cluster": "", "namespace": "web"}, 0, None),
    ],
)
def test_alerts_are_related_by_what_they_are_about_and_when_they_began(
    mine: dict[str, str], theirs: dict[str, str], minutes: float, relation: AlertRelation | None
) -> None:
    found = relate(alert(**mine), [alert(minutes, **theirs)])
    assert [one.relation for one in found] == ([relation] if relation else [])
    assert [one.seconds for one in found] == ([minutes * 60] if relation else [])


def test_the_nearest_come_first_and_the_alert_itself_not_at_all() -> None:
    one = alert(**WEB)
    others = [
        alert(1, cluster="dev"),
        alert(2, namespace="web", alertname="B"),
        alert(9, alertname="C"),
        alert(3, alertname="B"),
        alert(60, **WEB, alertname="B"),
        one,
    ]
    assert [(found.relation, found.seconds / 60) for found in relate(one, others)] == [
        ("workload", 60),
        ("namespace", 3),
        ("namespace", 9),
        ("cluster", 2),
        ("elsewhere", 1),
    ]
