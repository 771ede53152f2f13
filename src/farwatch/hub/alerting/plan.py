"""A configuration, made ready to work by: what a reload replaces as a whole."""

from __future__ import annotations

import aiohttp

from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.inhibit import Inhibitor
from farwatch.hub.alerting.intervals import Intervals
from farwatch.hub.alerting.notify import Integration
from farwatch.hub.alerting.receivers import build_receivers


class Plan:
    """Everything that follows from a configuration.

    Attributes:
        config: The configuration.
        route: The tree of routes.
        integrations: By receiver, its ways to reach people.
        inhibitor: What is inhibited, by the alerts that it is shown.
        intervals: The time intervals.

    Raises:
        AlertingError: The configuration cannot be used.
    """

    def __init__(self, config: Config, http: aiohttp.ClientSession) -> None:
        self.config = config
        self.route = config.route.resolved()
        self.integrations = {
            name: [Integration(name, *way) for way in ways]
            for name, ways in build_receivers(config, http).items()
        }
        self.inhibitor = Inhibitor(rule.resolved(place) for place, rule in enumerate(config.inhibit_rules))
        self.intervals = Intervals(config.intervals)
