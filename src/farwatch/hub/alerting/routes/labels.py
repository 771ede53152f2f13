"""Names and values of alerts' labels over HTTP, for who writes matchers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.board import Count, Status
from farwatch.hub.alerting.board.counting import count_names, count_values, most_common
from farwatch.hub.alerting.routes.choosing import Filters, board, read_filters
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest

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
    return _most_common(count_names(_label_sets(state, request, status, filters)), limit, search)


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
    return _most_common(count_values(_label_sets(state, request, status, filters), name), limit, search)


def _label_sets(
    state: State, request: AnyRequest, status: Status, filters: Iterable[str] | None
) -> Iterator[Mapping[str, str]]:
    """The labels of the alerts that are meant."""
    matchers = read_filters(filters)
    found = (known.alert.labels for known in board(state, request).known(status))
    return (labels for labels in found if matchers.match(labels))


def _most_common(counted: Counter[str], limit: int, search: str) -> CountList:
    return CountList(most_common(counted, limit, search), len(counted))


handlers = [list_label_names, list_label_values]
