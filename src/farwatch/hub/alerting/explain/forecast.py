"""What would happen to an alert with some labels, by the configuration alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.explain.destinations import Destination, destinations
from farwatch.hub.alerting.explain.visits import RouteVisit, visits
from farwatch.hub.alerting.intervals import Intervals
from farwatch.hub.alerting.routing import Route


class Forecast(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where alerts with some labels go.

    Attributes:
        labels: The labels.
        routes: Every route that is looked at or skipped on the way, in the order of the file.
        destinations: The routes that are taken.
    """

    labels: dict[str, str]
    routes: list[RouteVisit]
    destinations: list[Destination]


def forecast(
    route: Route,
    labels: Mapping[str, str],
    *,
    integrations: Mapping[str, Sequence[str]],
    intervals: Intervals,
    now: float,
) -> Forecast:
    """Where alerts with these labels go; labels that are empty are taken for absent, as upstream does.

    Args:
        route: The topmost one.
        labels: The alerts' labels.
        integrations: The kinds of each receiver's integrations.
        intervals: The time intervals by name.
        now: Seconds since the epoch.
    """
    given = {name: value for name, value in labels.items() if value}
    return Forecast(
        labels=given,
        routes=visits(route, given),
        destinations=destinations(route, given, integrations=integrations, intervals=intervals, now=now),
    )


def integrations_of(config: Config) -> dict[str, list[str]]:
    """The kinds of each receiver's integrations."""
    return {
        receiver.name: [kind for kind, _, _ in receiver.entries(config.global_)]
        for receiver in config.receivers
    }
