"""What alerting has been through, over HTTP."""

from __future__ import annotations

import time
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.history import (
    AlertQuery,
    AlertRecord,
    NotificationQuery,
    NotificationRecord,
    SilenceQuery,
    SilenceRecord,
    Span,
    Statistics,
    StatisticsQuery,
)
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.alerting.notify import Outcome
from farwatch.hub.alerting.routes.sight import alerts_seen, sees_silence
from farwatch.hub.alerting.routes.state import history
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_seconds, to_time, to_time_or_none

MAX_PAGE = 1_000
DEFAULT_SPAN_SECONDS = 86_400.0

Since = Annotated[
    datetime | None,
    QueryParameter(
        description="From when on, included; a day before `until` when left out; without a zone, in UTC."
    ),
]
Until = Annotated[
    datetime | None,
    QueryParameter(description="Up to when, excluded; now when left out; without a zone, in UTC."),
]
Cluster = Annotated[str, QueryParameter(description="Only this cluster's.")]
AlertName = Annotated[str, QueryParameter(description="Only alerts of this name.")]
OneAlert = Annotated[
    str, QueryParameter(description="Only the alert of this fingerprint, or of this beginning of one.")
]
PageSize = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="How many at most.")]
Cursor = Annotated[str, QueryParameter(description="The `cursor` of the page before.")]


class AnyTransition(StrEnum):
    """What may happen to an alert, and to who sees to it."""

    FIRED = "fired"
    UPDATED = "updated"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"


class AlertEventView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A transition of an alert. `by` and `note` are those of an acknowledgement."""

    time: datetime
    transition: str
    fingerprint: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    by: str = ""
    note: str = ""


class NotificationView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How telling one integration of one group ended. `detail` is the receipt, or what was wrong."""

    time: datetime
    receiver: str
    integration: str
    position: int
    route: str
    group: str
    reason: str
    outcome: str
    attempts: int
    seconds: float
    firing: list[str]
    resolved: list[str]
    alertnames: list[str]
    clusters: list[str]
    detail: str


class SilenceEventView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What happened to a silence, and how it was after that.

    `createdBy` wanted it; `author` is the name of the API token by which it was made, changed or ended, and empty where its
    time was over.
    """

    time: datetime
    change: str
    id: str
    matchers: str
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    author: str


class AlertEventList(msgspec.Struct, frozen=True):
    """Transitions of alerts, the newest first; `cursor` asks for the next page and is empty on the last."""

    items: list[AlertEventView]
    cursor: str


class NotificationList(msgspec.Struct, frozen=True):
    """Notifications, the newest first; `cursor` asks for the next page and is empty on the last."""

    items: list[NotificationView]
    cursor: str


class SilenceEventList(msgspec.Struct, frozen=True):
    """Events of silences, the newest first; `cursor` asks for the next page and is empty on the last."""

    items: list[SilenceEventView]
    cursor: str


_ANSWERS = problems.described(HTTPStatus.SERVICE_UNAVAILABLE)


@get(
    "/history/alerts",
    opt=needs(Permission.ALERTS_READ),
    summary="List transitions of alerts",
    responses=_ANSWERS,
)
async def list_alert_history(
    state: State,
    request: AnyRequest,
    *,
    since: Since = None,
    until: Until = None,
    cluster: Cluster = "",
    alertname: AlertName = "",
    fingerprint: OneAlert = "",
    transition: Annotated[
        AnyTransition | None, QueryParameter(description="Only transitions of this kind.")
    ] = None,
    limit: PageSize = 100,
    cursor: Cursor = "",
) -> AlertEventList:
    """Every beginning and end of an alert, and each acknowledgement."""
    page = await history(state).alerts(
        AlertQuery(
            span=span(since, until),
            cluster=cluster,
            alertname=alertname,
            fingerprint=fingerprint,
            transition=transition or "",
            limit=limit,
            cursor=cursor,
            areas=alerts_seen(request).areas(),
        )
    )
    return AlertEventList([_view_alert(record) for record in page.items], page.cursor)


@get(
    "/history/notifications",
    opt=needs(Permission.ALERTS_READ),
    summary="List notifications of the past",
    responses=_ANSWERS,
)
async def list_notification_history(
    state: State,
    request: AnyRequest,
    *,
    since: Since = None,
    until: Until = None,
    cluster: Cluster = "",
    alertname: AlertName = "",
    fingerprint: OneAlert = "",
    receiver: Annotated[str, QueryParameter(description="Only to this receiver.")] = "",
    outcome: Annotated[
        Outcome | None, QueryParameter(description="Only those that ended in this way.")
    ] = None,
    limit: PageSize = 100,
    cursor: Cursor = "",
) -> NotificationList:
    """Every notification with its receipt or error."""
    page = await history(state).notifications(
        NotificationQuery(
            span=span(since, until),
            cluster=cluster,
            alertname=alertname,
            fingerprint=fingerprint,
            receiver=receiver,
            outcome=outcome or "",
            limit=limit,
            cursor=cursor,
            areas=alerts_seen(request).areas(),
        )
    )
    return NotificationList([view_notification(record) for record in page.items], page.cursor)


@get(
    "/history/silences",
    opt=needs(Permission.SILENCES_READ),
    summary="List what happened to silences",
    responses=_ANSWERS,
)
async def list_silence_history(
    state: State,
    request: AnyRequest,
    *,
    since: Since = None,
    until: Until = None,
    id_: Annotated[str, QueryParameter(name="id", description="Only this silence.")] = "",
    created_by: Annotated[
        str, QueryParameter(name="createdBy", description="Only those of this author.")
    ] = "",
    limit: PageSize = 100,
    cursor: Cursor = "",
) -> SilenceEventList:
    """Every silence that was made, changed or ended, with who wanted it and why.

    Who may not see them all may get fewer than the limit on a page that is not the last.
    """
    page = await history(state).silences(
        SilenceQuery(span=span(since, until), id=id_, created_by=created_by, limit=limit, cursor=cursor)
    )
    seen = [record for record in page.items if sees_silence(request, Matchers.parse(record.matchers))]
    return SilenceEventList([_view_silence(record) for record in seen], page.cursor)


@get("/history/statistics", opt=needs(Permission.ALERTS_READ), summary="Get statistics", responses=_ANSWERS)
async def get_statistics(
    state: State,
    request: AnyRequest,
    *,
    since: Since = None,
    until: Until = None,
    cluster: Cluster = "",
    alertname: AlertName = "",
) -> Statistics:
    """How many alerts fired, how long until somebody acknowledged them and until they ended, and which come and go."""
    return await history(state).statistics(
        StatisticsQuery(
            span=span(since, until),
            cluster=cluster,
            alertname=alertname,
            areas=alerts_seen(request).areas(),
        )
    )


def span(since: datetime | None, until: datetime | None) -> Span:
    """The span that is asked for."""
    end = time.time() if until is None else to_seconds(until)
    return Span(since=max(end - DEFAULT_SPAN_SECONDS, 0.0) if since is None else to_seconds(since), until=end)


def _view_alert(record: AlertRecord) -> AlertEventView:
    return AlertEventView(
        time=to_time(record.ms / 1000),
        transition=record.transition,
        fingerprint=record.fingerprint,
        labels=record.labels,
        annotations=record.annotations,
        starts_at=to_time(record.starts_at),
        ends_at=to_time_or_none(record.ends_at),
        by=record.author,
        note=record.note,
    )


def view_notification(record: NotificationRecord) -> NotificationView:
    """A notification as the API shows it."""
    return NotificationView(
        time=to_time(record.ms / 1000),
        receiver=record.receiver,
        integration=record.integration,
        position=record.position,
        route=record.route,
        group=record.group_key,
        reason=record.reason,
        outcome=record.outcome,
        attempts=record.attempts,
        seconds=record.seconds,
        firing=record.firing,
        resolved=record.resolved,
        alertnames=record.alertnames,
        clusters=record.clusters,
        detail=record.detail,
    )


def _view_silence(record: SilenceRecord) -> SilenceEventView:
    return SilenceEventView(
        time=to_time(record.ms / 1000),
        change=record.change,
        id=record.id,
        matchers=record.matchers,
        starts_at=to_time(record.starts_at),
        ends_at=to_time(record.ends_at),
        created_by=record.created_by,
        comment=record.comment,
        author=record.author,
    )


handlers = [list_alert_history, list_notification_history, list_silence_history, get_statistics]
