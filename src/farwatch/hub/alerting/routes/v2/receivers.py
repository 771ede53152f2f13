"""Receivers."""

from __future__ import annotations

import time

from litestar import get
from litestar.datastructures import State

from farwatch.hub.alerting.routes.state import alerting
from farwatch.hub.alerting.routes.v2.parameters import Filter, matchers
from farwatch.hub.alerting.routes.v2.sight import known_alerts
from farwatch.hub.alerting.routes.v2.views import ReceiverReference, Viewer
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.parameters import AnyRequest


@get("/receivers", opt=needs(Permission.ALERTS_READ), sync_to_thread=False)
def list_receivers(request: AnyRequest, state: State) -> list[ReceiverReference]:
    """All receivers, in the order of the configuration. They have no labels here.

    Who may not see the configuration gets those of the alerts that they may see.
    """
    wanted = Filter(matchers(request, "receiver_matchers")).passes({})
    names = [receiver.name for receiver in alerting(state).config.receivers] if wanted else []
    if not visibility(request, Permission.ALERTING_READ).everything:
        told = _receivers_told(request, state)
        names = [name for name in names if name in told]
    return [ReceiverReference(name) for name in names]


def _receivers_told(request: AnyRequest, state: State) -> set[str]:
    viewer = Viewer(alerting(state), time.time())
    return {name for known in known_alerts(request) for name in viewer.receivers(known)}


handlers = [list_receivers]
