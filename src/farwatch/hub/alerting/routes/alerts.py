"""Alerts over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.params import FromPath, QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.acknowledgements import Acknowledgement
from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.board import Facets, Mark, Standing, Status, count_facets, read_order, sort
from farwatch.hub.alerting.routes.choosing import (
    Filters,
    OneReceiver,
    RouteGroup,
    Search,
    States,
    board,
    choose_alerts,
    read_wanted,
    receivers_of,
)
from farwatch.hub.alerting.routes.sight import known_alert
from farwatch.hub.alerting.routes.state import acknowledgements, alerting
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

MAX_PAGE = 1_000
MAX_OFFSET = 1_000_000

_CURSOR = re.compile(r"(-?[0-9]{1,18})-([0-9a-f]{16})")
_BEFORE_ALL = (-(10**18), "")
_OLDEST_FIRST = "-age"


class AlertStatus(StrEnum):
    """Whether an alert fires."""

    FIRING = "firing"
    RESOLVED = "resolved"


class AcknowledgementView(msgspec.Struct, frozen=True, kw_only=True):
    """Who has taken on an alert, when, and what they said."""

    by: str
    at: datetime
    note: str


class AlertView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An alert as the API shows it. Times are UTC.

    Attributes:
        silenced_by: Ids of the silences that hush it.
        inhibited_by: Fingerprints of the alerts that inhibit it.
        acknowledgement: Who has taken it on.
        evidence: There is some; ``GET /alerts/{fingerprint}/evidence`` gives it.
        states: What is done about it; several may hold at once. ``active``: nothing.
        receivers: Whom it goes to.
    """

    fingerprint: str
    status: AlertStatus
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    acknowledgement: AcknowledgementView | None = None
    evidence: bool = False
    states: tuple[Mark, ...] = ()
    receivers: tuple[str, ...] = ()


class AlertList(msgspec.Struct, frozen=True):
    """Alerts, the oldest first unless `sort` says otherwise.

    `total` is how many there are on all pages; `cursor` asks for the next page, and is empty on the last and where the next
    page is asked for by `offset`; `facets` are there when asked for.
    """

    items: list[AlertView]
    total: int
    cursor: str
    facets: Facets | None = None


def view(alert: Alert, now: datetime) -> AlertView:
    """An alert as the API shows it."""
    resolved = alert.resolved(now)
    return AlertView(
        fingerprint=alert.fingerprint,
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at if resolved else None,
    )


def view_acknowledgement(made: Acknowledgement) -> AcknowledgementView:
    """An acknowledgement as the API shows it."""
    return AcknowledgementView(by=made.author, at=to_time(made.time), note=made.note)


@get(
    "/alerts",
    opt=needs(Permission.ALERTS_READ),
    summary="List alerts",
    responses=problems.described(),
    sync_to_thread=False,
)
def list_alerts(
    state: State,
    request: AnyRequest,
    *,
    status: Annotated[Status, QueryParameter(description="Which are wanted.")] = Status.FIRING,
    cluster: Annotated[str, QueryParameter(description="Only this cluster's; all when empty.")] = "",
    label: Annotated[
        list[str] | None,
        QueryParameter(description="NAME=VALUE; may be given several times, and all must match."),
    ] = None,
    filters: Filters = None,
    receiver: OneReceiver = "",
    states: States = None,
    search: Search = "",
    group: RouteGroup = "",
    order: Annotated[
        str,
        QueryParameter(
            name="sort",
            description="`severity` (the worst first), `age` (the newest first) or `name`; with - before it, the reverse.",
        ),
    ] = _OLDEST_FIRST,
    facets: Annotated[
        bool, QueryParameter(description="Count those on all pages by severity, cluster and more.")
    ] = False,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="How many at most.")] = MAX_PAGE,
    offset: Annotated[
        int, QueryParameter(ge=0, le=MAX_OFFSET, description="How many to leave out at the beginning.")
    ] = 0,
    cursor: Annotated[
        str,
        QueryParameter(description="The `cursor` of the page before; goes with no `sort` and no `offset`."),
    ] = "",
) -> AlertList:
    """What fires now or, with `status=resolved`, what was resolved a short while ago; or, with `status=all`, both.

    `filter` takes matchers as routes and silences do; everything that is asked for must hold.
    """
    now = datetime.now(UTC)
    shown = board(state, request)
    exact = set(_read_labels(label or ())) | ({("cluster", cluster)} if cluster else set())
    wanted = read_wanted(state, filters, receiver=receiver, states=states, search=search, group=group)
    found = [
        standing
        for standing in choose_alerts(shown, status, wanted, now.timestamp())
        if exact <= standing.alert.labels.items()
    ]
    counted = count_facets(found) if facets else None
    if order != _OLDEST_FIRST or offset:
        if cursor:
            raise ClientException(
                "cursor goes with the order of the list alone: leave out `sort` and `offset`, or it"
            )
        page = sort(found, read_order(order))[offset : offset + limit]
        return AlertList([_full_view(state, standing, now) for standing in page], len(found), "", counted)
    after = _read_cursor(cursor)
    placed = sorted((_place(standing.alert), standing) for standing in found)
    left = [standing for place, standing in placed if place > after]
    page = left[:limit]
    return AlertList(
        [_full_view(state, standing, now) for standing in page],
        total=len(found),
        cursor=_to_cursor(page[-1].alert) if len(left) > limit else "",
        facets=counted,
    )


@get(
    "/alerts/{fingerprint:str}",
    opt=needs(Permission.ALERTS_READ),
    summary="Get an alert",
    responses=problems.described(HTTPStatus.NOT_FOUND),
    sync_to_thread=False,
)
def get_alert(state: State, request: AnyRequest, fingerprint: FromPath[str]) -> AlertView:
    """One alert that fires or was resolved a short while ago."""
    now = datetime.now(UTC)
    standing = board(state, request).standing(known_alert(request, fingerprint), now.timestamp())
    return _full_view(state, standing, now)


def _full_view(state: State, standing: Standing, now: datetime) -> AlertView:
    """An alert, and what is done about it."""
    made = acknowledgements(state).get(standing.alert.fingerprint)
    return msgspec.structs.replace(
        view(standing.alert, now),
        silenced_by=standing.silenced_by,
        inhibited_by=standing.inhibited_by,
        acknowledgement=None if made is None else view_acknowledgement(made),
        evidence=alerting(state).has_evidence(standing.alert),
        states=standing.marks,
        receivers=receivers_of(state, standing.alert),
    )


def _place(alert: Alert) -> tuple[int, str]:
    """Where an alert stands in the list: by the microsecond at which it began."""
    return round(alert.starts_at.timestamp() * 1_000_000), alert.fingerprint


def _to_cursor(alert: Alert) -> str:
    microseconds, key = _place(alert)
    return f"{microseconds}-{key}"


def _read_cursor(text: str) -> tuple[int, str]:
    if not text:
        return _BEFORE_ALL
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise ClientException(f"cursor {text[:80]!r} is not one that a page gave: begin again without it")
    return int(found[1]), found[2]


def _read_labels(texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, separator, value = text.partition("=")
        if not (name and separator):
            raise ClientException(f"label={text[:100]!r} is not of the form NAME=VALUE")
        yield name, value


handlers = [list_alerts, get_alert]
