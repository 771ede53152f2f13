"""Scenarios put together to one configuration file, for one side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .scenario import DURATIONS, Json, Scenario, Way, webhook

Address = Callable[[str, str, Way], str]
"""Where a way sends to: by scenario, receiver with its place in it, and way."""


def render(scenarios: Sequence[Scenario], extra: Mapping[str, Json], address: Address, unit: float) -> str:
    """A configuration file in which every scenario has a route of its own.

    Args:
        scenarios: What is to play on it.
        extra: Everything beside routes, receivers and rules.
        address: Where ways send to.
        unit: How many seconds a unit is.
    """
    return json.dumps(
        {
            **_in_seconds(extra, unit),
            "route": {"receiver": "nobody", "routes": [_route(each, unit) for each in scenarios]},
            "receivers": [
                {"name": "nobody"},
                *(receiver for each in scenarios for receiver in _receivers(each, address, unit)),
            ],
            "inhibit_rules": [_rule(each, rule) for each in scenarios for rule in each.inhibit],
        },
        indent=1,
    )


def duration(units: float, unit: float) -> str:
    """As configurations have it."""
    return f"{round(units * unit * 1000)}ms"


def own(scenario: Scenario) -> str:
    """The matcher that every part of a scenario has."""
    return f'scenario="{scenario.name}"'


def _route(scenario: Scenario, unit: float) -> Json:
    options = _named(scenario, scenario.route)
    matchers = [own(scenario), *options.pop("matchers", ())]
    return _in_seconds(
        {"receiver": _receiver_name(scenario, ""), **options, "matchers": matchers},
        unit,
    )


def _named(scenario: Scenario, options: Mapping[str, Json]) -> dict[str, Json]:
    """A route's options, with receivers' names as the whole file has them."""
    named = dict(options)
    if "receiver" in named:
        named["receiver"] = _receiver_name(scenario, named["receiver"])
    if "routes" in named:
        named["routes"] = [_named(scenario, below) for below in named["routes"]]
    return named


def _receiver_name(scenario: Scenario, name: str) -> str:
    return f"{scenario.name}.{name}" if name else scenario.name


def _receivers(scenario: Scenario, address: Address, unit: float) -> list[Json]:
    names = dict.fromkeys(["", *_mentioned(scenario.route), *scenario.receivers])
    return [
        {
            "name": _receiver_name(scenario, name),
            **_entries(scenario, name, scenario.receivers.get(name, [webhook()]), address, unit),
        }
        for name in names
    ]


def _mentioned(options: Mapping[str, Json]) -> list[str]:
    below = [name for child in options.get("routes", ()) for name in _mentioned(child)]
    return [options["receiver"], *below] if "receiver" in options else below


def _entries(
    scenario: Scenario, name: str, ways: Sequence[Way], address: Address, unit: float
) -> dict[str, list[Json]]:
    entries: dict[str, list[Json]] = {}
    for place, way in enumerate(ways):
        where = address(scenario.name, f"{name or 'main'}/{place}", way)
        entries.setdefault(f"{way.kind}_configs", []).append(
            {way.address_key: where, "send_resolved": True, **_in_seconds(way.options, unit)}
        )
    return entries


def _rule(scenario: Scenario, rule: Mapping[str, Json]) -> Json:
    sides = ("source_matchers", "target_matchers")
    return {**rule, **{side: [own(scenario), *rule.get(side, ())] for side in sides}}


def _in_seconds(value: Any, unit: float) -> Any:
    """The same, with every duration that is a number of units written out."""
    if isinstance(value, list):
        return [_in_seconds(item, unit) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: duration(item, unit)
        if key in DURATIONS | {"resolve_timeout"} and not isinstance(item, str)
        else _in_seconds(item, unit)
        for key, item in value.items()
    }
