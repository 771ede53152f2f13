"""What a configuration holds, in numbers and names: for people who ask whether it is the one they meant."""

from __future__ import annotations

import msgspec

from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.receivers import KINDS, ReceiverConfig


class ReceiverSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A receiver, and how many ways of each kind it has to reach people; none: it tells nobody."""

    name: str
    integrations: dict[str, int]


class ConfigSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a configuration holds. Nothing in it is secret.

    Attributes:
        routes: How many there are, the topmost included.
        receivers: In the file's order.
        inhibition_rules: How many.
        time_intervals: Their names.
        templates: The patterns of the files of templates.
        unused_receivers: Receivers that no route names.
    """

    routes: int
    receivers: list[ReceiverSummary]
    inhibition_rules: int
    time_intervals: list[str]
    templates: list[str]
    unused_receivers: list[str]


def summarize(config: Config) -> ConfigSummary:
    """What a configuration holds."""
    routes = [route for _, route in config.route.walk()]
    used = {route.receiver for route in routes}
    return ConfigSummary(
        routes=len(routes),
        receivers=[_summarize_receiver(receiver) for receiver in config.receivers],
        inhibition_rules=len(config.inhibit_rules),
        time_intervals=[interval.name for interval in config.intervals],
        templates=list(config.templates),
        unused_receivers=[receiver.name for receiver in config.receivers if receiver.name not in used],
    )


def _summarize_receiver(receiver: ReceiverConfig) -> ReceiverSummary:
    counts = {kind: len(getattr(receiver, f"{kind}_configs")) for kind in KINDS}
    return ReceiverSummary(
        name=receiver.name, integrations={kind: count for kind, count in counts.items() if count}
    )
