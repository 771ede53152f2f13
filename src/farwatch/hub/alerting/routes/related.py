"""Alerts that have to do with one, over HTTP."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.board import Status
from farwatch.hub.alerting.board.relating import AlertRelation, relate
from farwatch.hub.alerting.routes.alerts import AlertView, view
from farwatch.hub.alerting.routes.choosing import board
from farwatch.hub.alerting.routes.sight import known_alert
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

MAX_RELATED = 200


class RelatedAlert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Another alert, what it is to the one that was asked for, and how many seconds later it began (earlier: negative)."""

    alert: AlertView
    relation: AlertRelation
    seconds_later: float


class RelatedList(msgspec.Struct, frozen=True):
    """Related alerts, the nearest first; `total` is how many there are."""

    items: list[RelatedAlert]
    total: int


@get(
    "/alerts/{fingerprint:str}/related",
    opt=needs(Permission.ALERTS_READ),
    summary="List related alerts",
    responses=problems.described(HTTPStatus.NOT_FOUND),
    sync_to_thread=False,
)
def list_related_alerts(
    state: State,
    request: AnyRequest,
    fingerprint: FromPath[str],
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_RELATED, description="How many at most.")] = 20,
) -> RelatedList:
    """Alerts of the same workload or node, and those that began at about the same time nearby; some may be over by now."""
    known = known_alert(request, fingerprint)
    others = (other.alert for other in board(state, request).known(Status.ALL))
    found = relate(known.alert, others)
    now = to_time(time.time())
    items = [
        RelatedAlert(alert=view(one.alert, now), relation=one.relation, seconds_later=one.seconds)
        for one in found[:limit]
    ]
    return RelatedList(items, len(found))


handlers = [list_related_alerts]
