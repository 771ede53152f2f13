"""Why people are told of alerts, or are not, over HTTP."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.alerting.explain.explanation import Explainer, Explanation
from farwatch.hub.alerting.explain.tree import RouteNode, tree
from farwatch.hub.alerting.history import NotificationQuery, Span
from farwatch.hub.alerting.routes.history import NotificationView, view_notification
from farwatch.hub.alerting.routes.state import acknowledgements, alerting, history
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission

NOTIFICATIONS_SHOWN = 20
_DAY_SECONDS = 86_400.0
MAX_LABELS = 1_000


class ExplanationView(Explanation, frozen=True, kw_only=True, rename="camel"):
    """An explanation of an alert, and the latest notifications of it, the newest first."""

    notifications: list[NotificationView]


class LabelSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The labels of an alert that there may be."""

    labels: Annotated[dict[str, str], msgspec.Meta(max_length=MAX_LABELS)]


@get(
    "/alerts/{fingerprint:str}/explain",
    opt=needs(Permission.ALERTS_READ),
    summary="Explain an alert",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def explain_alert(state: State, fingerprint: FromPath[str]) -> ExplanationView:
    """Which routes an alert takes and why, how its groups stand, what suppresses it, and every notification of it."""
    known = alerting(state).get(fingerprint)
    if known is None:
        raise NotFoundException(f"no alert has the fingerprint {fingerprint[:100]!r}: it may have aged out")
    now = time.time()
    found = _explainer(state).explain(known.alert.labels, now)
    query = NotificationQuery(
        span=Span(since=max(0.0, now - 14 * _DAY_SECONDS), until=now + _DAY_SECONDS),
        fingerprint=fingerprint,
        limit=NOTIFICATIONS_SHOWN,
    )
    notifications = (await history(state).notifications(query)).items
    return ExplanationView(
        **msgspec.structs.asdict(found), notifications=[view_notification(record) for record in notifications]
    )


@post(
    "/alerting/explain",
    opt=needs(Permission.ALERTS_READ),
    summary="Explain labels",
    responses=problems.described(),
    status_code=HTTPStatus.OK,
    sync_to_thread=False,
)
def explain_labels(state: State, data: JSONBody[LabelSet]) -> Explanation:
    """What would happen to an alert with some labels, by the configuration, silences and alerts of now.

    Where `cluster` names a cluster of the fleet, its labels are added, as they are to every alert.
    """
    return _explainer(state).explain(alerting(state).complete(data.labels), time.time())


@get(
    "/alerting/routes",
    opt=needs(Permission.ALERTING_READ),
    summary="Get the tree of routes",
    responses=problems.described(),
    sync_to_thread=False,
)
def get_routes(state: State) -> RouteNode:
    """The tree of routes in force; each has all that it inherits."""
    return tree(alerting(state).route)


def _explainer(state: State) -> Explainer:
    return Explainer(alerting(state), acknowledgements(state))


handlers = [explain_alert, explain_labels, get_routes]
