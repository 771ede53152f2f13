"""Evidence over HTTP."""

from __future__ import annotations

import time
from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from litestar import Router, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from farwatch.hub import problems
from farwatch.hub.alerting import Alerting, AlertNotFoundError, History
from farwatch.hub.alerting.history import AlertQuery, AlertRecord, NotificationQuery, Span
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.evidence.evidence import Evidence
from farwatch.hub.evidence.gather import Gatherer
from farwatch.hub.evidence.store import KEPT_SECONDS
from farwatch.hub.evidence.timeline import (
    Happening,
    TimelineItem,
    changes_before,
    in_order,
    notifications_of,
    transitions_of,
    warnings_of,
)
from farwatch.hub.parameters import AnyRequest

MOST_TRANSITIONS = 200
MOST_NOTIFICATIONS = 100


@get(
    "/alerts/{fingerprint:str}/evidence",
    opt=needs(Permission.ALERTS_READ),
    summary="Get an alert's evidence",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def get_alert_evidence(state: State, request: AnyRequest, fingerprint: FromPath[str]) -> Evidence:
    """What was gathered when the alert last began to fire.

    `changes` that may have brought it about, the likeliest first; the cluster's warning `events`, the latest last; `logs`
    of the failing container; and what is `missing`, with the reason. Kept for 14 days.

    It is for everybody who may see the alert; when that has aged out, for those who may see every alert.
    """
    evidence: Gatherer = state.evidence
    found = await evidence.find(fingerprint)
    if found is None or not _may_see(request, state.alerting, fingerprint):
        raise NotFoundException(
            f"no evidence is kept of an alert with the fingerprint {fingerprint[:100]!r}: it is gathered when a detector's "
            "alert begins to fire"
        )
    return found


def _may_see(request: AnyRequest, alerting: Alerting, fingerprint: str) -> bool:
    sight = visibility(request, Permission.ALERTS_READ)
    known = alerting.get(fingerprint)
    return sight.everything or (known is not None and sight.sees_labels(known.alert.labels))


class AlertTimeline(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What happened around an alert, the oldest first.

    `likeliestCause` is the place in `items` of the change that most likely brought it about; None: there is none. `evidence`:
    there is some, and what changed before was looked for.
    """

    items: list[TimelineItem]
    likeliest_cause: int | None
    evidence: bool


@get(
    "/alerts/{fingerprint:str}/timeline",
    opt=needs(Permission.ALERTS_READ),
    summary="Get an alert's timeline",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def get_alert_timeline(state: State, request: AnyRequest, fingerprint: FromPath[str]) -> AlertTimeline:
    """What changed before an alert began, with diffs; the cluster's warnings; what became of it, and who was told.

    It reaches back 14 days.
    """
    if not _may_see(request, state.alerting, fingerprint):
        raise AlertNotFoundError.of(fingerprint)
    areas = visibility(request, Permission.ALERTS_READ).areas()
    history: History = state.alert_history
    now = time.time()
    span = Span(since=now - KEPT_SECONDS, until=now + 1)
    transitions = await history.alerts(
        AlertQuery(span=span, fingerprint=fingerprint, limit=MOST_TRANSITIONS, areas=areas)
    )
    told = await history.notifications(
        NotificationQuery(span=span, fingerprint=fingerprint, limit=MOST_NOTIFICATIONS, areas=areas)
    )
    gatherer: Gatherer = state.evidence
    found = await gatherer.find(fingerprint)
    cluster = _cluster(state.alerting, fingerprint, transitions.items)
    if found is None and cluster is None:
        raise AlertNotFoundError.of(fingerprint)
    items = [*transitions_of(transitions.items), *notifications_of(told.items)]
    if found is not None:
        sees = visibility(request, Permission.OBJECTS_READ).sees_object
        items += [
            *await changes_before(found, cluster or "", state.change_log, sees),
            *warnings_of(found),
        ]
    ordered = in_order(items)
    causes = [place for place, item in enumerate(ordered) if item.what is Happening.CHANGE]
    likeliest = max(causes, key=lambda place: ordered[place].score, default=None)
    return AlertTimeline(items=ordered, likeliest_cause=likeliest, evidence=found is not None)


def _cluster(alerting: Alerting, fingerprint: str, records: Sequence[AlertRecord]) -> str | None:
    """The cluster of an alert, empty if it is of none; None if nothing is known of it."""
    known = alerting.get(fingerprint)
    if known is not None:
        return known.alert.labels.get("cluster", "")
    return records[0].cluster if records else None


router = Router("/", route_handlers=[get_alert_evidence, get_alert_timeline], tags=["alerts"])
