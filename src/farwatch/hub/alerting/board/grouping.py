"""Alerts put together: as they are routed, or by what they are about."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from farwatch.hub.alerting.board.counting import Count, most_common
from farwatch.hub.alerting.board.standing import WORKLOAD_LABELS, Standing, severity_rank, worst
from farwatch.hub.alerting.dispatch import GroupId, GroupView
from farwatch.hub.alerting.matchers import Matcher, Operator
from farwatch.hub.times import to_time


class GroupBy(StrEnum):
    """By what alerts are put together."""

    ROUTE = "route"
    CLUSTER = "cluster"
    NAMESPACE = "namespace"
    WORKLOAD = "workload"
    ALERTNAME = "alertname"


class RouteOfGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a group goes.

    Attributes:
        receiver: Whom.
        route: The route's matchers and those above it.
        next_flush: When the group is looked at next.
        muted_by: The time intervals by which nobody is told of it now.
    """

    receiver: str
    route: str
    next_flush: datetime
    muted_by: tuple[str, ...]


class GroupSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Some alerts together.

    Attributes:
        id: Names it among the groups of its kind.
        labels: What its alerts share by being in it.
        filter: The matchers that choose its alerts from the list.
        group: What to ask the list for beside them, as `group`; empty: nothing.
        alerts: How many there are.
        severities: How many of each severity, the worst first.
        states: How many for each thing that is done about them.
        severity: The worst of them.
        newest_at: When the newest began.
        oldest_at: When the oldest began.
        notified: Where it goes, of a group as it is routed.
    """

    id: str
    labels: dict[str, str]
    filter: tuple[str, ...]
    alerts: int
    severities: list[Count]
    states: list[Count]
    severity: str
    newest_at: datetime
    oldest_at: datetime
    group: str = ""
    notified: RouteOfGroup | None = None


class _Group(NamedTuple):
    """Alerts that are put together: labels that name the group among others, its alerts, and how it is routed."""

    labels: Mapping[str, str]
    standings: list[Standing]
    view: GroupView | None = None


class Grouping(NamedTuple):
    """Alerts put together: the groups that are wanted, and how many there are."""

    groups: list[GroupSummary]
    total: int


def group_standings(
    standings: Iterable[Standing],
    by: GroupBy,
    routed: Sequence[GroupView] = (),
    *,
    offset: int = 0,
    limit: int | None = None,
) -> Grouping:
    """Put alerts together; the group with the worst severity first, then the one of the most alerts.

    Args:
        standings: The alerts.
        by: By what.
        routed: The groups as they are routed: an alert is in each group that it is told with.
        offset: How many groups to leave out at the beginning.
        limit: How many are wanted; None: all.
    """
    found = list(_by_route(standings, routed) if by is GroupBy.ROUTE else _by_labels(standings, by))
    found.sort(key=_order)
    wanted = found[offset:] if limit is None else found[offset : offset + limit]
    return Grouping([_summarize(group, by) for group in wanted], len(found))


def route_group_id(group: GroupId) -> str:
    """A short name of a group as it is routed."""
    return hashlib.sha256(f"{group.route}\0{group.key}".encode()).hexdigest()[:16]


def _by_route(standings: Iterable[Standing], routed: Iterable[GroupView]) -> Iterator[_Group]:
    by_fingerprint = {standing.alert.fingerprint: standing for standing in standings}
    for view in routed:
        found = [
            standing
            for alert in view.alerts
            if (standing := by_fingerprint.get(alert.fingerprint)) is not None
        ]
        if found:
            yield _Group(view.labels, found, view)


def _by_labels(standings: Iterable[Standing], by: GroupBy) -> Iterator[_Group]:
    key = _KEYS[by]
    groups: dict[Hashable, list[Standing]] = {}
    for standing in standings:
        groups.setdefault(key(standing), []).append(standing)
    for found in groups.values():
        yield _Group(found[0].alert.labels, found)


def _order(group: _Group) -> tuple[int, str, int, str, str]:
    severity = worst({standing.alert.labels.get("severity", "") for standing in group.standings})
    first = group.standings[0].alert
    return (
        severity_rank(severity),
        severity,
        -len(group.standings),
        first.labels.get("cluster", ""),
        first.fingerprint,
    )


def _summarize(group: _Group, by: GroupBy) -> GroupSummary:
    absent: tuple[str, ...] = ()
    if group.view is not None:
        labels = group.view.labels
        name = route_group_id(group.view.id)
    else:
        labels, absent = _name(group.labels, by)
        name = hashlib.sha256(repr((by, sorted(labels.items()), absent)).encode()).hexdigest()[:16]
    matchers = [Matcher(label, Operator.EQUAL, value) for label, value in labels.items()]
    matchers += [Matcher(label, Operator.EQUAL, "") for label in absent]
    severities = Counter(standing.alert.labels.get("severity", "") for standing in group.standings)
    states = Counter(str(mark) for standing in group.standings for mark in standing.marks)
    starts = [standing.alert.starts_at for standing in group.standings]
    return GroupSummary(
        id=name,
        labels=labels,
        filter=() if group.view else tuple(map(str, matchers)),
        alerts=len(group.standings),
        severities=sorted(most_common(severities), key=lambda count: severity_rank(count.value)),
        states=most_common(states),
        severity=worst(severities),
        newest_at=max(starts),
        oldest_at=min(starts),
        group=name if group.view else "",
        notified=_notified(group.view) if group.view else None,
    )


def _notified(view: GroupView) -> RouteOfGroup:
    return RouteOfGroup(
        receiver=view.route.receiver,
        route=view.route.key,
        next_flush=to_time(view.next_flush),
        muted_by=view.muted_by,
    )


def _by_label(*names: str) -> Callable[[Standing], Hashable]:
    def key(standing: Standing) -> Hashable:
        labels = standing.alert.labels
        return tuple([labels.get(name, "") for name in names])

    return key


def _by_workload(standing: Standing) -> Hashable:
    found, absent = _workload(standing.alert.labels)
    labels = standing.alert.labels
    return labels.get("cluster", ""), labels.get("namespace", ""), tuple(found.items()), absent


def _workload(labels: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The labels that name a workload, or the node where there is none; and those by which others are named."""
    names: tuple[str, ...] = ()
    if labels.get("workload"):
        names = ("workload_kind", "workload_type", "workload")
    others: list[str] = []
    if not names:
        others.append("workload")
        for name in (*WORKLOAD_LABELS, "node"):
            if labels.get(name):
                names = (name,)
                break
            others.append(name)
    found = {name: labels[name] for name in names if labels.get(name)}
    return found, (*others, *(name for name in names if not labels.get(name)))


_LABELS: dict[GroupBy, tuple[str, ...]] = {
    GroupBy.CLUSTER: ("cluster",),
    GroupBy.NAMESPACE: ("cluster", "namespace"),
    GroupBy.WORKLOAD: ("cluster", "namespace"),
    GroupBy.ALERTNAME: ("alertname",),
}

_KEYS: dict[GroupBy, Callable[[Standing], Hashable]] = {
    GroupBy.CLUSTER: _by_label(*_LABELS[GroupBy.CLUSTER]),
    GroupBy.NAMESPACE: _by_label(*_LABELS[GroupBy.NAMESPACE]),
    GroupBy.WORKLOAD: _by_workload,
    GroupBy.ALERTNAME: _by_label(*_LABELS[GroupBy.ALERTNAME]),
}


def _name(labels: Mapping[str, str], by: GroupBy) -> tuple[dict[str, str], tuple[str, ...]]:
    """The labels that name the group that an alert is in, and those that its alerts must not have."""
    names = _LABELS[by]
    found = {name: labels[name] for name in names if labels.get(name)}
    absent = tuple(name for name in names if not labels.get(name))
    if by is GroupBy.WORKLOAD:
        of_workload, others = _workload(labels)
        return found | of_workload, (*absent, *others)
    return found, absent
