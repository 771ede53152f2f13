from __future__ import annotations

from datetime import UTC, datetime, timedelta

from farwatch.hub.alerting import Alert
from farwatch.hub.inventory import Rows
from farwatch.hub.overview.trouble import rank_trouble

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def alert(
    severity: str, workload: str = "", *, minutes: int = 0, name: str = "Broken", **labels: str
) -> Alert:
    more = {"workload": workload, "workload_kind": "Deployment", "namespace": "shop"} if workload else {}
    severities = {"severity": severity} if severity else {}
    return Alert(
        labels={"alertname": name, "cluster": "prod", **severities, **more, **labels},
        annotations={"summary": f"{name} {workload}"},
        starts_at=NOON - timedelta(minutes=minutes),
    )


def test_the_worst_comes_first_then_what_has_more_alerts_then_the_newest() -> None:
    found = rank_trouble(
        [
            alert("info", "fine"),
            alert("warning", "two", name="A"),
            alert("warning", "two", name="B"),
            alert("warning", "old", minutes=60),
            alert("warning", "new", minutes=1),
            alert("critical", "bad"),
            alert("odd", "odd"),
            alert("", "none"),
        ],
        Rows(),
        20,
    )
    assert [one.name for one in found] == ["bad", "two", "new", "old", "fine", "none", "odd"]
    assert found[0].severity == "critical"
    assert found[5].severity == "none"


def test_an_object_is_told_once_by_its_worst_alert() -> None:
    (found,) = rank_trouble(
        [alert("warning", "web", minutes=9, name="Slow"), alert("critical", "web", minutes=3, name="Down")],
        Rows(),
        20,
    )
    assert (found.kind, found.namespace, found.name, found.alerts) == ("Deployment", "shop", "web", 2)
    assert (found.alertname, found.summary, found.severity) == ("Down", "Down web", "critical")
    assert found.since == NOON - timedelta(minutes=9)


def test_what_is_about_no_object_is_about_its_cluster() -> None:
    (found,) = rank_trouble([alert("critical")], Rows(), 20)
    assert (found.kind, found.name) == ("Cluster", "prod")


def test_only_so_much_is_told() -> None:
    assert len(rank_trouble([alert("info", f"web-{number}") for number in range(50)], Rows(), 20)) == 20
