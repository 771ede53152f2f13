"""Groups of alerts over HTTP."""

from __future__ import annotations

import time
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.board import GroupBy, GroupSummary, Status, group_standings
from farwatch.hub.alerting.routes.choosing import (
    Filters,
    OneReceiver,
    Search,
    States,
    board,
    choose_alerts,
    read_wanted,
)
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest

MAX_GROUPS = 1_000
MAX_OFFSET = 1_000_000


class GroupList(msgspec.Struct, frozen=True):
    """Groups of alerts, the worst first.

    `total` is how many there are, `alerts` how many different alerts are in all of them.
    """

    items: list[GroupSummary]
    total: int
    alerts: int


@get(
    "/alerts/groups",
    opt=needs(Permission.ALERTS_READ),
    summary="List groups of alerts",
    responses=problems.described(),
    sync_to_thread=False,
)
def list_alert_groups(
    state: State,
    request: AnyRequest,
    *,
    by: Annotated[
        GroupBy,
        QueryParameter(description="`route`: as people are told of them; otherwise by what they are about."),
    ] = GroupBy.ROUTE,
    status: Annotated[Status, QueryParameter(description="Which alerts are wanted.")] = Status.FIRING,
    filters: Filters = None,
    receiver: OneReceiver = "",
    states: States = None,
    search: Search = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_GROUPS, description="How many at most.")] = MAX_GROUPS,
    offset: Annotated[
        int, QueryParameter(ge=0, le=MAX_OFFSET, description="How many to leave out at the beginning.")
    ] = 0,
) -> GroupList:
    """Alerts put together, with counts. What is in a group, `GET /alerts` gives with its `filter` and `group`.

    By route, an alert is in each group that it is told with.
    """
    shown = board(state, request)
    wanted = read_wanted(state, filters, receiver=receiver, states=states, search=search)
    found = choose_alerts(shown, status, wanted, time.time())
    routed = shown.groups() if by is GroupBy.ROUTE else ()
    grouping = group_standings(found, by, routed, offset=offset, limit=limit)
    return GroupList(grouping.groups, total=grouping.total, alerts=len(found))


handlers = [list_alert_groups]
