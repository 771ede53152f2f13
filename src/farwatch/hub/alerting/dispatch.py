"""When which alerts are notified together: decisions only, with time passed in.

The rules are Alertmanager's (``dispatch/dispatch.go`` and ``notify/dedup_stage.go``): alerts with the same values of
the ``group_by`` labels form a group; a new group is flushed after ``group_wait``, then every ``group_interval``; what
a flush says to a receiver depends on what that receiver was told last.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.destinations import Destinations
from farwatch.hub.alerting.gostrings import quote
from farwatch.hub.alerting.routing import Route
from farwatch.hub.times import to_time

MINIMAL_FLUSH_SECONDS = 10.0
"""A flush may take as long as until the next one, but at least this (upstream's ``notify.MinTimeout``)."""


class NotifyReason(StrEnum):
    """Why a receiver is notified."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts added"
    ALERTS_RESOLVED = "some alerts resolved"
    ALL_RESOLVED = "all alerts resolved"
    REPEAT_INTERVAL = "repeat interval elapsed"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver was last told about a group.

    Attributes:
        firing: Fingerprints of the alerts that fired then.
        resolved: Fingerprints of those that were resolved.
        time: When; seconds since the epoch.
    """

    firing: frozenset[str]
    resolved: frozenset[str]
    time: float


def notify_reason(
    told: Told | None,
    *,
    firing: frozenset[str],
    resolved: frozenset[str],
    send_resolved: bool,
    repeat_interval: float,
    now: float,
) -> NotifyReason | None:
    """Why a receiver is to be notified of a group now; None: it knows all there is to know.

    The rules and their order are upstream's ``DedupStage.needsUpdate``. A group that is resolved wholly gives
    ALL_RESOLVED even where resolutions are not sent, so that what was told is brought up to date.
    """
    if told is None:
        return NotifyReason.FIRST if firing else None
    if not firing <= told.firing:
        return NotifyReason.NEW_ALERTS if told.firing else NotifyReason.FIRST
    if not firing:
        return NotifyReason.ALL_RESOLVED if told.firing else None
    if send_resolved and not resolved <= told.resolved:
        return NotifyReason.ALERTS_RESOLVED
    if told.time < now - repeat_interval:
        return NotifyReason.REPEAT_INTERVAL
    return None


class GroupId(NamedTuple):
    """Names a group. Its key alone does not: siblings in the tree of routes may have the same matchers."""

    route: str
    key: str


def group_id(route: Route, labels: Mapping[str, str]) -> GroupId:
    """Names the group of a route whose alerts share these labels (``Route.group_labels``)."""
    return GroupId(route.id, f"{route.key}:{_label_set(labels)}")


class Flush(msgspec.Struct, frozen=True, kw_only=True):
    """A group at the moment at which its receivers may have to be told.

    Attributes:
        group_key: The group's name, as upstream writes it: ``{}:{alertname="X"}``.
        group_labels: The labels that all its alerts share by being in it.
        route: Where it goes.
        alerts: In upstream's order; ``ends_at`` is None in those that fire.
        time: When; seconds since the epoch.
    """

    group_key: str
    group_labels: dict[str, str]
    route: Route
    alerts: tuple[Alert, ...]
    time: float

    @property
    def group(self) -> GroupId:
        """The group."""
        return GroupId(self.route.id, self.group_key)

    @property
    def deadline(self) -> float:
        """Until when it may take; seconds since the epoch."""
        return self.time + max(self.route.group_interval, MINIMAL_FLUSH_SECONDS)


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What the end of a flush means.

    Attributes:
        group: Which.
        next_flush: When it is flushed again; None: it was empty and is gone.
        released: Fingerprints of the resolved alerts that have left it, and are in no other.
    """

    group: GroupId
    next_flush: float | None
    released: tuple[str, ...]


class Group:
    """Alerts that are notified together."""

    __slots__ = ("alerts", "id", "in_flight", "labels", "next_flush", "route")

    def __init__(self, group: GroupId, labels: dict[str, str], route: Route, next_flush: float) -> None:
        self.id = group
        self.labels = labels
        self.route = route
        self.next_flush = next_flush
        self.alerts: dict[str, Alert] = {}
        self.in_flight: dict[str, Alert] | None = None  # resolved alerts that a flush under way tells of


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """How a group stands.

    Attributes:
        id: The group.
        labels: The labels that all its alerts share by being in it.
        route: Where it goes.
        alerts: Those in it, as they were put.
        next_flush: When it is flushed next; seconds since the epoch.
        muted_by: The time intervals by which nobody is told of it now.
    """

    id: GroupId
    labels: dict[str, str]
    route: Route
    alerts: tuple[Alert, ...]
    next_flush: float
    muted_by: tuple[str, ...]


class Dispatcher:
    """All groups, and when each is due."""

    def __init__(self, route: Route) -> None:
        self._destinations = Destinations(route)
        self._groups: dict[GroupId, Group] = {}
        self._by_values: dict[tuple[str, ...], Group] = {}  # spared the spelling of their names
        self._memberships: dict[str, tuple[Group, ...]] = {}  # the groups that an alert is in
        self._partial: set[str] = set()  # alerts that have left some of their groups
        self._agenda: list[tuple[float, GroupId]] = []

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def destinations(self, labels: Mapping[str, str]) -> tuple[Route, ...]:
        """The routes that alerts with these labels take, in their order."""
        return self._destinations.of(labels)

    def insert(self, fingerprint: str, alert: Alert, received_at: float) -> None:
        """Put an alert into its group in each route that it takes."""
        groups = self._memberships.get(fingerprint)
        if groups is None or fingerprint in self._partial:
            routes = self._destinations.of(alert.labels)
            groups = tuple([self._group(route, alert, received_at) for route in routes])
            self._memberships[fingerprint] = groups
            self._partial.discard(fingerprint)
        for group in groups:
            group.alerts[fingerprint] = alert

    def _group(self, route: Route, first: Alert, received_at: float) -> Group:
        """An alert's group within a route. A new one's wait begins when its first alert was received.

        As upstream, a group is flushed at once if its first alert is older than ``group_wait``.
        """
        values = _group_values(route, first.labels)
        group = self._by_values.get(values)
        if group is None:
            labels = route.group_labels(first.labels)
            name = group_id(route, labels)
            is_old = first.starts_at.timestamp() + route.group_wait < received_at
            group = Group(name, labels, route, received_at if is_old else received_at + route.group_wait)
            self._groups[name] = self._by_values[values] = group
            heapq.heappush(self._agenda, (group.next_flush, name))
        return group

    def resume(self, timers: Mapping[GroupId, float]) -> list[GroupId]:
        """Take up the timers of groups where they stood; gives the groups that are no more."""
        for name, next_flush in timers.items():
            group = self._groups.get(name)
            if group is not None:
                group.next_flush = next_flush
                heapq.heappush(self._agenda, (next_flush, name))
        return [name for name in timers if name not in self._groups]

    def take_over(self, other: Dispatcher) -> list[GroupId]:
        """Go on with the groups of another one, as far as they are here, too; gives those that are not.

        Their timers go on, and flushes that the other one has begun are ended here.
        """
        gone = self.resume({group.id: group.next_flush for group in other})
        for group in other:
            if (mine := self._groups.get(group.id)) is not None:
                mine.in_flight = group.in_flight
        return gone

    def next_due(self) -> float | None:
        """When ``due`` has something to give; seconds since the epoch."""
        while self._agenda and not self._is_current(*self._agenda[0]):
            heapq.heappop(self._agenda)
        return self._agenda[0][0] if self._agenda else None

    def due(self, now: float) -> list[Flush]:
        """The flushes that begin now; each must be ended by ``finish`` before its group is flushed again."""
        flushes = []
        while (next_due := self.next_due()) is not None and next_due <= now:
            _, name = heapq.heappop(self._agenda)
            flushes.append(_begin(self._groups[name], now))
        return flushes

    def finish(self, flush: Flush, *, delivered: bool) -> Finished:
        """End a flush: once every receiver knows, resolved alerts leave the group, and an empty group goes.

        An alert that changed while the flush was under way stays: its news have not been told.
        """
        group = self._groups.get(flush.group)
        if group is None:  # a reload has taken it away meanwhile
            return Finished(group=flush.group, next_flush=None, released=())
        in_flight, group.in_flight = group.in_flight or {}, None
        leaving = [key for key, alert in in_flight.items() if delivered and group.alerts.get(key) is alert]
        released = tuple([key for key in leaving if self._leave(group, key)])
        if not group.alerts:
            del self._groups[group.id], self._by_values[_group_values(group.route, group.labels)]
            return Finished(group=group.id, next_flush=None, released=released)
        heapq.heappush(self._agenda, (group.next_flush, group.id))
        return Finished(group=group.id, next_flush=group.next_flush, released=released)

    def _leave(self, group: Group, fingerprint: str) -> bool:
        """Take an alert out of a group; gives whether it is in no other."""
        del group.alerts[fingerprint]
        others = tuple([other for other in self._memberships[fingerprint] if other is not group])
        if others:
            self._memberships[fingerprint] = others
            self._partial.add(fingerprint)
            return False
        del self._memberships[fingerprint]
        self._partial.discard(fingerprint)
        return True

    def _is_current(self, time: float, name: GroupId) -> bool:
        group = self._groups.get(name)
        return group is not None and group.next_flush == time and group.in_flight is None


def _group_values(route: Route, labels: Mapping[str, str]) -> tuple[str, ...]:
    """What tells groups apart: the route, and the values of its labels."""
    if route.group_by is None:
        return (route.id, *chain.from_iterable(sorted(labels.items())))
    return (route.id, *[labels.get(name, "") for name in route.group_by])


def _begin(group: Group, now: float) -> Flush:
    moment = to_time(now)
    group.next_flush = now + group.route.group_interval
    group.in_flight = {key: alert for key, alert in group.alerts.items() if alert.resolved(moment)}
    alerts = (
        # What fires now must not come to an end while it is being told.
        alert
        if key in group.in_flight or alert.ends_at is None
        else msgspec.structs.replace(alert, ends_at=None)
        for key, alert in group.alerts.items()
    )
    return Flush(
        group_key=group.id.key,
        group_labels=group.labels,
        route=group.route,
        alerts=tuple(sorted(alerts, key=alert_order)),
        time=now,
    )


class _Descending(str):
    """A string that sorts the other way round."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


def alert_order(alert: Alert) -> tuple[object, ...]:
    """Upstream's order of a group's alerts: by ``job``, ``instance``, then by all labels."""
    labels = alert.labels
    first = ((name not in labels, labels.get(name, "")) for name in ("job", "instance"))
    return *first, *label_order(labels)


def label_order(labels: Mapping[str, str]) -> tuple[object, ...]:
    """Upstream's order of label sets (``LabelSet.Before``)."""
    return len(labels), [(_Descending(name), labels[name]) for name in sorted(labels)]


def _label_set(labels: Mapping[str, str]) -> str:
    """A label set as Go's ``LabelSet.String`` writes it; it is part of every ``groupKey``."""
    return "{" + ", ".join(f"{name}={quote(labels[name])}" for name in sorted(labels)) + "}"
