"""Alerts."""

from __future__ import annotations

import time
from collections.abc import Iterator

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.response import Stream

from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.postings import Postings
from farwatch.hub.alerting.routes.state import alerting
from farwatch.hub.alerting.routes.v2.answers import BATCH, fail, stream
from farwatch.hub.alerting.routes.v2.choice import Choice
from farwatch.hub.alerting.routes.v2.sight import known_alerts
from farwatch.hub.alerting.routes.v2.views import GettableAlert, Viewer
from farwatch.hub.audit import not_audited
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.parameters import AnyRequest

MAX_FAULTS = 100
"""So many alerts that cannot be taken are named in an answer."""


@get("/alerts", opt=needs(Permission.ALERTS_READ))
async def list_alerts(request: AnyRequest, state: State) -> Stream:
    """Alerts that have not ended, by fingerprint."""
    choice = Choice(request)
    viewer = Viewer(alerting(state), time.time())
    chosen = choice.select(known_alerts(request))
    chosen.sort(key=lambda known: known.alert.fingerprint)
    return stream(_views(chosen, choice, viewer))


@post(
    "/alerts",
    opt=needs(Permission.ALERTS_POST)
    | not_audited("machines post alerts all the time; their history is kept"),
    status_code=200,
)
async def post_alerts(request: AnyRequest, state: State) -> Response[bytes] | Response[None]:
    """Take alerts in; of a batch, those that are valid are taken in any case.

    With one in it that who posts it may not post, none is.
    """
    postings: Postings = state.postings
    service = alerting(state)
    posted = postings.read(await request.body(), time.time(), service.config.global_.resolve_timeout)
    sight = visibility(request, Permission.ALERTS_POST)
    if not sight.everything:
        for alert in posted.alerts:
            sight.require_labels(alert.labels)
    if posted.alerts:
        await service.put(posted.alerts)
    if posted.faults:
        return fail(400, _summarise(posted.faults))
    return Response(b"")


def _summarise(faults: list[str]) -> str:
    """A line for each fault, the first of them where there are many."""
    told = faults[:MAX_FAULTS]
    if len(faults) > MAX_FAULTS:
        told.append(f"and {len(faults) - MAX_FAULTS} more alerts that cannot be taken")
    return "\n".join(told)


def _views(chosen: list[KnownAlert], choice: Choice, viewer: Viewer) -> Iterator[list[GettableAlert]]:
    for start in range(0, len(chosen), BATCH):
        yield [
            found
            for known in chosen[start : start + BATCH]
            if (found := _view(known, choice, viewer)) is not None
        ]


def _view(known: KnownAlert, choice: Choice, viewer: Viewer) -> GettableAlert | None:
    if viewer.is_over(known):
        return None
    receivers = viewer.receivers(known)
    if not choice.wants_receivers(receivers):
        return None
    suppression = viewer.suppression(known)
    return viewer.view(known, receivers, suppression) if choice.wants(suppression) else None


handlers = [list_alerts, post_alerts]
