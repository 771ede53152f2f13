"""The alerts that a request may be answered with."""

from __future__ import annotations

from collections.abc import Iterable

from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.routes.sight import alerts_seen
from farwatch.hub.alerting.routes.state import alerting
from farwatch.hub.parameters import AnyRequest


def known_alerts(request: AnyRequest) -> Iterable[KnownAlert]:
    """Those that who asks may see."""
    known = alerting(request.app.state).known()
    sight = alerts_seen(request)
    return known if sight.everything else [one for one in known if sight.sees_labels(one.alert.labels)]
