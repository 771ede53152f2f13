"""Why people are told of alerts, or are not, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.alerting.explain.explanation import Explainer, Explanation, InhibitionNow
from farwatch.hub.alerting.explain.tree import RouteNode, tree
from farwatch.hub.alerting.explain.visits import Verdict
from farwatch.hub.alerting.history import NotificationQuery, Span
from farwatch.hub.alerting.routes.history import NotificationView, view_notification
from farwatch.hub.alerting.routes.sight import alerts_seen, known_alert
from farwatch.hub.alerting.routes.state import acknowledgements, alerting, history
from farwatch.hub.audit import not_audited
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.parameters import AnyRequest

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
async def explain_alert(state: State, request: AnyRequest, fingerprint: FromPath[str]) -> ExplanationView:
    """Which routes an alert takes and why, how its groups stand, what suppresses it, and every notification of it."""
    known = known_alert(request, fingerprint)
    now = time.time()
    found = _explain(request, known.alert.labels, now)
    query = NotificationQuery(
        span=Span(since=max(0.0, now - 14 * _DAY_SECONDS), until=now + _DAY_SECONDS),
        fingerprint=fingerprint,
        limit=NOTIFICATIONS_SHOWN,
        areas=alerts_seen(request).areas(),
    )
    notifications = (await history(state).notifications(query)).items
    return ExplanationView(
        **msgspec.structs.asdict(found), notifications=[view_notification(record) for record in notifications]
    )


@post(
    "/alerting/explain",
    opt=needs(Permission.ALERTS_READ) | not_audited("it changes nothing"),
    summary="Explain labels",
    responses=problems.described(),
    status_code=HTTPStatus.OK,
    sync_to_thread=False,
)
def explain_labels(state: State, request: AnyRequest, data: JSONBody[LabelSet]) -> Explanation:
    """What would happen to an alert with some labels, by the configuration, silences and alerts of now.

    Where `cluster` names a cluster of the fleet, its labels are added, as they are to every alert. Who may not see every
    alert has to give a `cluster` and `namespace` of which they may see alerts.
    """
    labels = alerting(state).complete(data.labels)
    alerts_seen(request).require_labels(labels)
    return _explain(request, labels, time.time())


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


def _explain(request: AnyRequest, labels: Mapping[str, str], now: float) -> Explanation:
    """An explanation without what who asks may not see: other people's alerts and, of the routes, those not taken."""
    state = request.app.state
    found = Explainer(alerting(state), acknowledgements(state)).explain(labels, now)
    sight = alerts_seen(request)
    hidden = [
        inhibition for inhibition in found.inhibitions if not sight.sees_labels(inhibition.source_labels)
    ]
    if hidden:
        names = {inhibition.words: _hide(inhibition) for inhibition in hidden}
        found = msgspec.structs.replace(
            found,
            inhibitions=[names.get(inhibition.words, inhibition) for inhibition in found.inhibitions],
            words=[names[words].words if words in names else words for words in found.words],
        )
    if visibility(request, Permission.ALERTING_READ).everything:
        return found
    taken = [visit for visit in found.routes if visit.verdict in {Verdict.TAKEN, Verdict.PASSED}]
    return msgspec.structs.replace(found, routes=taken)


def _hide(inhibition: InhibitionNow) -> InhibitionNow:
    return msgspec.structs.replace(
        inhibition,
        source_labels={},
        words=f"It is inhibited by an alert that you may not see ({inhibition.rule}; {inhibition.source}).",
    )


handlers = [explain_alert, explain_labels, get_routes]
