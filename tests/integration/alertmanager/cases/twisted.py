"""Scenarios for which Farwatch is configured otherwise: whoever compares must see it."""

from __future__ import annotations

from ..scenario import fire, resolve, scenario, webhook

SCENARIOS = [
    scenario("twisted-group-by", differs="only Farwatch told", twist={"group_by": ["alertname"]})
    .at(0, fire("a"))
    .until(4),
    scenario("twisted-group-wait", differs="Farwatch at", twist={"group_wait": 3}).at(0, fire("a")).until(4),
    scenario("twisted-group-interval", differs="Farwatch at", twist={"group_interval": 4})
    .at(0, fire("a"))
    .at(2, fire("b"))
    .until(6),
    scenario("twisted-repeat-interval", differs="only Farwatch told", twist={"repeat_interval": 3})
    .at(0, fire("a"))
    .until(8),
    scenario(
        "twisted-receiver",
        differs="only Alertmanager told",
        receivers={"other": [webhook()]},
        twist={"receiver": "other"},
    )
    .at(0, fire("a"))
    .at(4, resolve("a"))
    .until(8),
    scenario("twisted-matchers", differs="only Alertmanager told", twist={"matchers": ["zone=1"]})
    .at(0, fire("a"))
    .until(4),
]
