"""Where alerts with some labels go, by the configuration alone: receivers, groups, timers, and times of quiet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from farwatch.hub.alerting.dispatch import group_id
from farwatch.hub.alerting.durations import format_duration
from farwatch.hub.alerting.intervals import Intervals
from farwatch.hub.alerting.routing import Route
from farwatch.hub.times import to_time_or_none


class IntervalUse(StrEnum):
    """What a route uses a time interval for."""

    MUTE = "mute"
    ACTIVE = "active"


class IntervalNow(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A time interval of a route, at present.

    Attributes:
        name: Its name.
        use: ``mute``: nobody is told within it; ``active``: nobody is told outside it.
        within: Whether the present is within it.
        changes_at: When that changes next; None: not within a year.
    """

    name: str
    use: IntervalUse
    within: bool
    changes_at: datetime | None = None


class Destination(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A route that is taken, and what comes of it. Timers are in seconds.

    Attributes:
        receiver: Who is told.
        integrations: Each way of the receiver to reach people, by its kind.
        route: The route's id.
        group_key: The key of the alert's group.
        group_labels: What all alerts of the group share.
        group_wait: From the group's first alert to its first notification.
        group_interval: From one look at what is new in the group to the next.
        repeat_interval: Until people are told again of what has not changed.
        intervals: The route's time intervals.
        muted: Whether one of them keeps people from being told now.
        words: The same in sentences.
    """

    receiver: str
    integrations: tuple[str, ...]
    route: str
    group_key: str
    group_labels: dict[str, str]
    group_wait: float
    group_interval: float
    repeat_interval: float
    intervals: tuple[IntervalNow, ...] = ()
    muted: bool = False
    words: tuple[str, ...] = ()


def destinations(
    route: Route,
    labels: Mapping[str, str],
    *,
    integrations: Mapping[str, Sequence[str]],
    intervals: Intervals,
    now: float,
) -> list[Destination]:
    """Where alerts with these labels go.

    Args:
        route: The topmost one.
        labels: The alerts' labels.
        integrations: The kinds of each receiver's integrations.
        intervals: The time intervals by name.
        now: Seconds since the epoch.
    """
    return [
        _destination(taken, labels, tuple(integrations.get(taken.receiver, ())), intervals, now)
        for taken in route.match(labels)
    ]


def _destination(
    route: Route, labels: Mapping[str, str], ways: tuple[str, ...], intervals: Intervals, now: float
) -> Destination:
    shared = route.group_labels(labels)
    found = tuple(_intervals(route, intervals, now))
    destination = Destination(
        receiver=route.receiver,
        integrations=ways,
        route=route.id,
        group_key=group_id(route, shared).key,
        group_labels=shared,
        group_wait=float(route.group_wait),
        group_interval=float(route.group_interval),
        repeat_interval=float(route.repeat_interval),
        intervals=found,
        muted=is_muted(found),
    )
    return msgspec.structs.replace(destination, words=tuple(_words(destination)))


def _intervals(route: Route, intervals: Intervals, now: float) -> Iterator[IntervalNow]:
    for use, names in (
        (IntervalUse.MUTE, route.mute_time_intervals),
        (IntervalUse.ACTIVE, route.active_time_intervals),
    ):
        for name in names:
            change = intervals.next_change(name, now)
            yield IntervalNow(
                name=name,
                use=use,
                within=bool(intervals.containing([name], now)),
                changes_at=to_time_or_none(change),
            )


def is_muted(intervals: Sequence[IntervalNow]) -> bool:
    """Whether a route with these intervals keeps silent now: within one that mutes, or outside all active ones."""
    active = [interval for interval in intervals if interval.use is IntervalUse.ACTIVE]
    muting = any(interval.within for interval in intervals if interval.use is IntervalUse.MUTE)
    return muting or (bool(active) and not any(interval.within for interval in active))


def _words(destination: Destination) -> Iterator[str]:
    ways = ", ".join(destination.integrations)
    if ways:
        yield f'Receiver "{destination.receiver}" is told by {ways}.'
    else:
        yield f'Receiver "{destination.receiver}" has no way to reach anybody: nobody is told.'
    labels = ", ".join(f'{name}="{value}"' for name, value in sorted(destination.group_labels.items()))
    yield (
        f"Alerts with the same {labels} are told together."
        if labels
        else "All alerts that come here are told together."
    )
    yield (
        f"A new group is told after {format_duration(destination.group_wait)}, news in it every "
        f"{format_duration(destination.group_interval)}, and what has not changed again after "
        f"{format_duration(destination.repeat_interval)}."
    )
    for interval in destination.intervals:
        yield _interval_words(interval)
    if destination.muted:
        yield "Nobody is told now: the route is muted."


def _interval_words(interval: IntervalNow) -> str:
    until = (
        "for more than a year"
        if interval.changes_at is None
        else f"until {interval.changes_at:%Y-%m-%d %H:%M} UTC"
    )
    if interval.use is IntervalUse.MUTE:
        state = "keeps people from being told" if interval.within else "does not apply"
        return f'The mute time interval "{interval.name}" {state}, {until}.'
    state = "lets people be told" if interval.within else "does not let people be told"
    return f'The active time interval "{interval.name}" {state}, {until}.'
