"""What users of the field have loads unchanged, and does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from farwatch.hub.alerting import check, load
from farwatch.hub.alerting.inhibit import Inhibitor

EXAMPLE = Path(__file__).parents[5] / "shared" / "examples" / "alertmanager.yml"

pytestmark = pytest.mark.skipif(not EXAMPLE.exists(), reason=f"{EXAMPLE} is not here: nothing to load")


def test_it_has_no_problems() -> None:
    assert check(EXAMPLE) == []


@pytest.mark.parametrize(
    ("labels", "receiver", "group_wait"),
    [
        ({"severity": "critical", "team": "platform"}, "slack-critical", 10),
        ({"severity": "warning", "team": "platform"}, "slack-platform", 30),
        ({"severity": "warning"}, "slack-default", 30),
    ],
)
def test_alerts_go_where_it_says(labels: dict[str, str], receiver: str, group_wait: float) -> None:
    [route] = load(EXAMPLE).route.resolved().match({"alertname": "X", **labels})
    assert (route.receiver, route.group_wait, route.group_interval, route.repeat_interval) == (
        receiver,
        group_wait,
        300,
        4 * 3600,
    )
    assert route.group_by == {"alertname", "cluster", "namespace"}


def test_a_critical_alert_inhibits_the_warning_beside_it() -> None:
    config = load(EXAMPLE)
    [rule] = Inhibitor(rule.resolved(place) for place, rule in enumerate(config.inhibit_rules)).rules
    assert str(rule.source) == '{severity="critical"}'
    assert str(rule.target) == '{severity="warning"}'
    assert rule.equal == ("alertname", "cluster", "namespace")
