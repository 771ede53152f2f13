"""Groups of alerts."""

from __future__ import annotations

import time

import msgspec
from litestar import get
from litestar.datastructures import State

from farwatch.hub.alerting.dispatch import GroupView, alert_order, label_order
from farwatch.hub.alerting.routes.sight import alerts_seen
from farwatch.hub.alerting.routes.state import alerting
from farwatch.hub.alerting.routes.v2.choice import Choice
from farwatch.hub.alerting.routes.v2.parameters import flag
from farwatch.hub.alerting.routes.v2.views import Chosen, GettableAlert, ReceiverReference, Viewer
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import Visibility
from farwatch.hub.parameters import AnyRequest


class AlertGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Alerts that people are told of together."""

    alerts: list[GettableAlert]
    labels: dict[str, str]
    receiver: ReceiverReference
    route_labels: dict[str, str] = {}


@get("/alerts/groups", opt=needs(Permission.ALERTS_READ))
async def list_groups(request: AnyRequest, state: State) -> list[AlertGroup]:
    """Groups with alerts that have not ended; those that a time interval mutes are left out by ``muted=false``."""
    service = alerting(state)
    choice, muted = Choice(request), flag(request, "muted")
    viewer = Viewer(service, time.time())
    groups = [
        group
        for group in sorted(
            service.groups(), key=lambda group: (label_order(group.labels), group.route.receiver)
        )
        if choice.wants_receivers([group.route.receiver])
    ]
    sight = alerts_seen(request)
    chosen = [(group, _choose(group, choice, viewer, sight)) for group in groups]
    # As upstream, which knows an alert's receivers by the groups that it found it in.
    receivers: dict[str, list[str]] = {}
    for group, alerts in chosen:
        for alert in alerts:
            receivers.setdefault(alert.known.alert.fingerprint, []).append(group.route.receiver)
    return [
        _show(group, alerts, receivers, viewer)
        for group, alerts in chosen
        if alerts and (muted or not group.muted_by)
    ]


def _choose(group: GroupView, choice: Choice, viewer: Viewer, sight: Visibility) -> list[Chosen]:
    """The group's alerts that are asked for and may be seen, in upstream's order."""
    found = []
    for alert in group.alerts:
        known = viewer.get(alert.fingerprint)
        if known is None or viewer.is_over(known) or not choice.wants_labels(known):
            continue
        if not sight.sees_labels(known.alert.labels):
            continue
        suppression = viewer.suppression(known)
        if choice.wants(suppression):
            found.append(Chosen(known, suppression))
    return sorted(found, key=lambda chosen: alert_order(chosen.known.alert))


def _show(
    group: GroupView, alerts: list[Chosen], receivers: dict[str, list[str]], viewer: Viewer
) -> AlertGroup:
    return AlertGroup(
        alerts=[
            viewer.view(
                known, sorted(receivers[known.alert.fingerprint]), suppression, muted_by=group.muted_by
            )
            for known, suppression in alerts
        ],
        labels=group.labels,
        receiver=ReceiverReference(group.route.receiver),
    )


handlers = [list_groups]
