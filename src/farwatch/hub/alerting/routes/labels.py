"""Names and values of alerts' labels over HTTP, for who writes matchers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.board import Count, Status
from farwatch.hub.alerting.board.counting import count_names, count_values, most_common
from farwatch.hub.alerting.routes.choosing import Filters, board, read_filters
from farwatch.hub.alerting.routes.state import AnyRequest
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission

MAX_COUNTS = 1_000
LONGEST_SEARCH = 200

Beginning = Annotated[
    str,
    QueryParameter(
        description="Only those that hold this, whatever its case; those that begin with it come first.",
        max_length=LONGEST_SEARCH,
    ),
]
Most = Annotated[int, QueryParameter(ge=1, le=MAX_COUNTS, description="How many at most.")]
WhichAlerts = Annotated[Status, QueryParameter(description="Of which alerts.")]


class CountList(msgspec.Struct, frozen=True):
    """Names or values, with how many alerts have each, the most first; `total` is how many there are."""

    items: list[Count]
    total: int


@get(
    "/alerts/labels",
    opt=needs(Permission.ALERTS_READ),
    summary="List names of labels",
    responses=problems.described(),
    sync_to_thread=False,
)
def list_label_names(
    state: State,
    request: AnyRequest,
    *,
    status: WhichAlerts = Status.FIRING,
    filters: Filters = None,
    search: Beginning = "",
    limit: Most = 100,
) -> CountList:
    """The labels that alerts have. With `filter`, of those that fulfil the matchers written so far."""
    matchers = read_filters(filters)
    label_sets = [known.alert.labels for known in board(state, request).known(status)]
    counted = count_names(labels for labels in label_sets if matchers.match(labels))
    return CountList(most_common(counted, limit, search), len(counted))


@get(
    "/alerts/labels/{name:str}/values",
    opt=needs(Permission.ALERTS_READ),
    summary="List values of a label",
    responses=problems.described(),
    sync_to_thread=False,
)
def list_label_values(
    state: State,
    request: AnyRequest,
    name: FromPath[str],
    *,
    status: WhichAlerts = Status.FIRING,
    filters: Filters = None,
    search: Beginning = "",
    limit: Most = 100,
) -> CountList:
    """The values that a label has. Of a label that no alert has there are none."""
    matchers = read_filters(filters)
    label_sets = [known.alert.labels for known in board(state, request).known(status)]
    counted = count_values((labels for labels in label_sets if matchers.match(labels)), name)
    return CountList(most_common(counted, limit, search), len(counted))


handlers = [list_label_names, list_label_values]
