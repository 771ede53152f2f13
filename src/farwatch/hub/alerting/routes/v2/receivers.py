"""Receivers."""

from __future__ import annotations

from litestar import get
from litestar.datastructures import State

from farwatch.hub.alerting.routes.state import alerting
from farwatch.hub.alerting.routes.v2.parameters import AnyRequest, Filter, matchers
from farwatch.hub.alerting.routes.v2.views import ReceiverReference
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission


@get("/receivers", opt=needs(Permission.ALERTS_READ), sync_to_thread=False)
def list_receivers(request: AnyRequest, state: State) -> list[ReceiverReference]:
    """All receivers, in the order of the configuration. They have no labels here."""
    wanted = Filter(matchers(request, "receiver_matchers")).passes({})
    receivers = alerting(state).config.receivers if wanted else []
    return [ReceiverReference(receiver.name) for receiver in receivers]


handlers = [list_receivers]
