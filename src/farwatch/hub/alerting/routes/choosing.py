"""How requests say which alerts they mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.params import QueryParameter

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.board import Board, Mark, Standing, Status, Wanted, choose, words_of
from farwatch.hub.alerting.board import receivers_of as find_receivers
from farwatch.hub.alerting.board.grouping import route_group_id
from farwatch.hub.alerting.matchers import Matcher, Matchers
from farwatch.hub.alerting.routes.state import acknowledgements, alerting
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.parameters import AnyRequest

MAX_FILTERS = 100
MAX_FILTER_LENGTH = 10_000
LONGEST_SEARCH = 200

Filters = Annotated[
    list[str] | None,
    QueryParameter(
        name="filter",
        description='Matchers, as `severity="critical"` or `team=~"a|b"`; may be given several times, and all must match.',
    ),
]
OneReceiver = Annotated[str, QueryParameter(description="Only what goes to this receiver.", max_length=1_000)]
States = Annotated[
    list[Mark] | None,
    QueryParameter(
        name="state",
        description="Only those about which this is done; may be given several times, and any one will do.",
    ),
]
Search = Annotated[
    str,
    QueryParameter(
        description="Words that stand in values of labels or in the summary, or the beginning of a fingerprint.",
        max_length=LONGEST_SEARCH,
    ),
]
RouteGroup = Annotated[
    str,
    QueryParameter(description="Only this group as it is routed: the `group` that `/alerts/groups` gave."),
]


def board(state: State, request: AnyRequest, permission: Permission = Permission.ALERTS_READ) -> Board:
    """The alerts that who asks may see, or may do something else with."""
    extent = visibility(request, permission)
    if extent.everything:
        return Board(alerting(state), acknowledgements(state))
    return Board(alerting(state), acknowledgements(state), extent.sees_labels)


def read_wanted(
    state: State,
    filters: Iterable[str] | None,
    *,
    receiver: str = "",
    states: Iterable[Mark] | None = None,
    search: str = "",
    group: str = "",
) -> Wanted:
    """Which alerts a request means.

    Raises:
        ClientException: A matcher or group is none; the message says which.
    """
    return Wanted(
        matchers=read_filters(filters),
        marks=frozenset(states or ()),
        receiver=receiver,
        words=words_of(search),
        fingerprints=_members(state, group) if group else None,
    )


def choose_alerts(shown: Board, status: Status, wanted: Wanted, now: float) -> list[Standing]:
    """The alerts that a request means, in no order."""
    return list(choose(shown.standings(status, now), wanted, shown.receivers))


def receivers_of(state: State, alert: Alert) -> tuple[str, ...]:
    """The names of the receivers that an alert goes to."""
    return find_receivers(alerting(state), alert.labels)


def read_filters(texts: Iterable[str] | None) -> Matchers:
    """Matchers from the parameters ``filter``.

    Raises:
        ClientException: One is none; the message says which, and what is wrong with it.
    """
    given = list(texts or ())
    if len(given) > MAX_FILTERS:
        raise ClientException(f"filter: there are {len(given)}: {MAX_FILTERS} are the most")
    found: list[Matcher] = []
    for place, text in enumerate(given):
        which = f"filter[{place}]" if len(given) > 1 else "filter"
        if len(text) > MAX_FILTER_LENGTH:
            raise ClientException(f"{which}: has {len(text)} characters: {MAX_FILTER_LENGTH} are the most")
        try:
            found += Matchers.parse(text)
        except ValueError as error:
            raise ClientException(f"{which}: {error}") from error
    return Matchers(found)


def read_matchers(text: str) -> Matchers:
    """Matchers from the field ``matchers`` of a body.

    Raises:
        ClientException: There are none, or one is none; the message says what is wrong with it.
    """
    try:
        matchers = Matchers.parse(text)
    except ValueError as error:
        raise ClientException(f"matchers: {error}") from error
    if not matchers:
        raise ClientException("matchers: there are none: give at least one")
    return matchers


def _members(state: State, group: str) -> frozenset[str]:
    """The fingerprints of the alerts of a group as it is routed."""
    for view in alerting(state).groups():
        if route_group_id(view.id) == group:
            return frozenset(alert.fingerprint for alert in view.alerts)
    return frozenset()
