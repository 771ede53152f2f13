"""What is wrong with the hub's parts, in words."""

from __future__ import annotations

from collections.abc import Iterator

from farwatch.hub.alerting import Alerting
from farwatch.hub.detection import Detection
from farwatch.hub.store import Telemetry


def find_faults(telemetry: Telemetry, detection: Detection, alerting: Alerting) -> list[str]:
    """What keeps the hub from doing its work now, a sentence each; none when all is well."""
    return list(_find(telemetry, detection, alerting))


def _find(telemetry: Telemetry, detection: Detection, alerting: Alerting) -> Iterator[str]:
    if telemetry.full:
        yield "the telemetry store takes no rows: the hub's log says why; is the disk full?"
    if not detection.running:
        yield "nothing decides about alerts any more: the hub's log says why; restart the hub"
    if not alerting.running:
        yield "nobody is notified any more: the hub's log says why; restart the hub"
