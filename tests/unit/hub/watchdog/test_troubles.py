from __future__ import annotations

import msgspec
import pytest

from farwatch.hub.alerting import Alert, Origin
from farwatch.hub.watchdog import OWN_ALERTS, OwnAlerts, Trouble
from farwatch.hub.watchdog.troubles import HUB_LOST, HUB_UNWELL, INGEST_LAG

UNWELL = Trouble(HUB_UNWELL, "the disk is full")


@pytest.fixture
def own() -> OwnAlerts:
    return OwnAlerts("https://hub.example/runbooks/{alertname}")


def names(alerts: list[Alert]) -> list[tuple[str, bool]]:
    return [(alert.labels["alertname"], alert.ends_at is None) for alert in alerts]


def test_trouble_is_told_once_it_has_lasted(own: OwnAlerts) -> None:
    assert own.decide([UNWELL], 0) == []
    assert own.decide([UNWELL], 59) == []
    assert names(own.decide([UNWELL], 60)) == [(HUB_UNWELL, True)]
    assert own.decide([UNWELL], 65) == []


def test_trouble_that_passes_soon_is_not_told(own: OwnAlerts) -> None:
    own.decide([UNWELL], 0)
    own.decide([], 30)
    assert own.decide([UNWELL], 61) == []


def test_its_end_is_told_once_that_has_lasted_too(own: OwnAlerts) -> None:
    own.decide([UNWELL], 0)
    own.decide([UNWELL], 60)
    assert own.decide([], 70) == []
    assert own.decide([UNWELL], 100) == []
    assert own.decide([], 110) == []
    [resolved] = own.decide([], 170)
    assert resolved.ends_at is not None
    assert resolved.ends_at.timestamp() == 170
    assert own.decide([], 1000) == []


def test_a_lost_hub_is_told_at_once_from_when_it_was_lost(own: OwnAlerts) -> None:
    [alert] = own.decide([Trouble(HUB_LOST, "It was away.", since=40)], 100)
    assert alert.starts_at.timestamp() == 40
    assert alert.labels == {"alertname": HUB_LOST, "severity": "critical"}
    assert alert.annotations["description"] == "It was away."
    assert alert.annotations["runbook_url"] == f"https://hub.example/runbooks/{HUB_LOST}"


def test_what_concerns_a_cluster_carries_its_name(own: OwnAlerts) -> None:
    troubles = [Trouble(INGEST_LAG, "late", cluster=cluster) for cluster in ("a", "b")]
    own.decide(troubles, 0)
    alerts = own.decide(troubles, 60)
    assert [alert.labels["cluster"] for alert in alerts] == ["a", "b"]
    assert [alert.annotations["summary"] for alert in alerts] == [
        "The hub is behind on a",
        "The hub is behind on b",
    ]


def test_what_fired_before_a_restart_is_resolved_after_it(own: OwnAlerts) -> None:
    own.decide([UNWELL], 0)
    [fired] = own.decide([UNWELL], 60)
    after = OwnAlerts("")
    after.restore([fired])
    assert after.decide([], 200) == []
    [resolved] = after.decide([], 260)
    assert resolved.labels == fired.labels


def test_what_is_not_ours_is_left_alone(own: OwnAlerts) -> None:
    own.decide([UNWELL], 0)
    [fired] = own.decide([UNWELL], 60)
    other = Alert(labels={"alertname": "Other"}, annotations={}, starts_at=fired.starts_at)
    posted = msgspec.structs.replace(fired, origin=Origin.API)
    after = OwnAlerts("")
    after.restore([other, posted])
    assert after.decide([], 0) == []
    assert after.decide([], 10_000) == []


@pytest.mark.parametrize("name", OWN_ALERTS)
def test_each_alert_says_what_it_means_and_what_to_do(name: str) -> None:
    assert OWN_ALERTS[name].meaning.endswith(".")
    assert OWN_ALERTS[name].advice.endswith(".")
