"""Evidence over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Request, Router, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from farwatch.hub import problems
from farwatch.hub.alerting import Alerting
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.evidence.evidence import Evidence
from farwatch.hub.evidence.gather import Gatherer


@get(
    "/alerts/{fingerprint:str}/evidence",
    opt=needs(Permission.ALERTS_READ),
    summary="Get an alert's evidence",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def get_alert_evidence(
    state: State, request: Request[Any, Any, State], fingerprint: FromPath[str]
) -> Evidence:
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


def _may_see(request: Request[Any, Any, State], alerting: Alerting, fingerprint: str) -> bool:
    sight = visibility(request, Permission.ALERTS_READ)
    known = alerting.get(fingerprint)
    return sight.everything or (known is not None and sight.sees_labels(known.alert.labels))


router = Router("/", route_handlers=[get_alert_evidence], tags=["alerts"])
