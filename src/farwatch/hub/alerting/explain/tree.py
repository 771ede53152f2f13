"""The tree of routes, as it is shown."""

from __future__ import annotations

import msgspec

from farwatch.hub.alerting.routing import Route


class RouteNode(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A route with all that it has from its parent. Timers are in seconds.

    Attributes:
        route: Its id.
        matchers: What alerts must fulfil to come here.
        receiver: Who is told.
        goes_on: Siblings that follow are tried, too, although this one matched.
        group_by: The labels by which alerts are grouped; None: by all of them.
        group_wait: From a group's first alert to its first notification.
        group_interval: From one look at what is new in a group to the next.
        repeat_interval: Until people are told again of what has not changed.
        mute_time_intervals: Names of times at which nobody is told.
        active_time_intervals: Names of times outside which nobody is told.
        routes: Routes below.
    """

    route: str
    matchers: str
    receiver: str
    goes_on: bool = msgspec.field(name="continue")
    group_by: list[str] | None
    group_wait: float
    group_interval: float
    repeat_interval: float
    mute_time_intervals: tuple[str, ...]
    active_time_intervals: tuple[str, ...]
    routes: list[RouteNode]


def tree(route: Route) -> RouteNode:
    """A route and all below it."""
    return RouteNode(
        route=route.id,
        matchers=str(route.matchers),
        receiver=route.receiver,
        goes_on=route.goes_on,
        group_by=None if route.group_by is None else sorted(route.group_by),
        group_wait=float(route.group_wait),
        group_interval=float(route.group_interval),
        repeat_interval=float(route.repeat_interval),
        mute_time_intervals=route.mute_time_intervals,
        active_time_intervals=route.active_time_intervals,
        routes=[tree(below) for below in route.routes],
    )
