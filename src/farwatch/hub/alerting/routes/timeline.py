"""When alerts fired, and which of them are noise, over HTTP."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Annotated

from litestar import get
from litestar.datastructures import State
from litestar.params import QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.history.noise import NoiseBy, NoiseQuery, NoiseReport, report
from farwatch.hub.alerting.history.timeline import MOST_STEPS, Timeline, TimelineBy, TimelineQuery, draw
from farwatch.hub.alerting.routes.choosing import board
from farwatch.hub.alerting.routes.history import AlertName, Cluster, Since, Until, span
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.parameters import AnyRequest

MAX_NOISE = 200

_ANSWERS = problems.described(HTTPStatus.SERVICE_UNAVAILABLE)


@get(
    "/history/timeline",
    opt=needs(Permission.ALERTS_READ),
    summary="Draw a timeline of alerts",
    responses=_ANSWERS,
)
async def draw_timeline(
    state: State,
    request: AnyRequest,
    *,
    since: Since = None,
    until: Until = None,
    by: Annotated[TimelineBy, QueryParameter(description="What a row is of.")] = TimelineBy.ALERTNAME,
    steps: Annotated[
        int, QueryParameter(ge=1, le=MOST_STEPS, description="In how many steps of time at most.")
    ] = 240,
    cluster: Cluster = "",
    alertname: AlertName = "",
) -> Timeline:
    """When alerts fired, step by step, with the worst severity; and which workloads were rolled out."""
    query = TimelineQuery(
        span=span(since, until),
        by=by,
        steps=steps,
        cluster=cluster,
        alertname=alertname,
        areas=visibility(request, Permission.ALERTS_READ).areas(),
        object_areas=visibility(request, Permission.OBJECTS_READ).areas(),
    )
    firing = [known.alert for known in board(state, request).known()]
    return await draw(state.telemetry, query, firing, time.time())


@get(
    "/history/noise",
    opt=needs(Permission.ALERTS_READ),
    summary="Report noise",
    responses=_ANSWERS,
)
async def report_noise(
    state: State,
    request: AnyRequest,
    *,
    since: Since = None,
    until: Until = None,
    by: Annotated[
        NoiseBy, QueryParameter(description="What firings are put together by.")
    ] = NoiseBy.ALERTNAME,
    cluster: Cluster = "",
    limit: Annotated[
        int, QueryParameter(ge=1, le=MAX_NOISE, description="How many of each list at most.")
    ] = 20,
) -> NoiseReport:
    """What fires most often, comes and goes, lasts longest, and is never acknowledged."""
    query = NoiseQuery(
        span=span(since, until),
        by=by,
        cluster=cluster,
        limit=limit,
        areas=visibility(request, Permission.ALERTS_READ).areas(),
    )
    return await report(state.telemetry, query)


handlers = [draw_timeline, report_noise]
