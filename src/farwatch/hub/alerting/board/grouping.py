"""Alerts put together: as they are routed, or by what they are about."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from farwatch.hub.alerting.board.counting import Count, most_common
from farwatch.hub.alerting.board.standing import WORKLOAD_LABELS, Standing, severity_rank, worst
from farwatch.hub.alerting.dispatch import GroupId, GroupView
from farwatch.hub.alerting.matchers import Matcher, Operator


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
    labels: dict[str, str]
    absent: tuple[str, ...] = ()
    """Labels that its alerts must not have."""


def group_standings(
    standings: Iterable[Standing], by: GroupBy, routed: Sequence[GroupView]
) -> list[GroupSummary]:
    """Put alerts together; the group with the worst severity first, then the one of the most alerts.

    Args:
        standings: The alerts.
        by: By what.
        routed: The groups as they are routed: an alert is in each group that it is told with.
    """
    groups = _group_by_route(standings, routed) if by is GroupBy.ROUTE else _group_by_labels(standings, by)
    return sorted(
        groups,
        key=lambda group: (
            severity_rank(group.severity),
            group.severity,
            -group.alerts,
            sorted(group.labels.items()),
        ),
    )


def route_group_id(group: GroupId) -> str:
    """A short name of a group as it is routed."""
    return hashlib.sha256(f"{group.route}\0{group.key}".encode()).hexdigest()[:16]


def _group_by_route(standings: Iterable[Standing], routed: Sequence[GroupView]) -> Iterable[GroupSummary]:
    by_fingerprint = {standing.alert.fingerprint: standing for standing in standings}
    for view in routed:
        found = [
            standing
            for alert in view.alerts
            if (standing := by_fingerprint.get(alert.fingerprint)) is not None
        ]
        if not found:
            continue
        name = route_group_id(view.id)
        notified = RouteOfGroup(
            receiver=view.route.receiver,
            route=view.route.key,
            next_flush=datetime.fromtimestamp(view.next_flush, UTC),
            muted_by=view.muted_by,
        )
        summary = _summarize(name, _Group(view.labels), found)
        yield msgspec.structs.replace(summary, group=name, filter=(), notified=notified)


def _group_by_labels(standings: Iterable[Standing], by: GroupBy) -> Iterable[GroupSummary]:
    key = _KEYS[by]
    groups: dict[Hashable, list[Standing]] = {}
    for standing in standings:
        groups.setdefault(key(standing), []).append(standing)
    for found in groups.values():
        group = _name(found[0], by)
        name = hashlib.sha256(repr((by, sorted(group.labels.items()), group.absent)).encode()).hexdigest()[
            :16
        ]
        yield _summarize(name, group, found)


def _summarize(name: str, group: _Group, standings: Sequence[Standing]) -> GroupSummary:
    severities = Counter(standing.alert.labels.get("severity", "") for standing in standings)
    states = Counter(str(mark) for standing in standings for mark in standing.marks)
    starts = [standing.alert.starts_at for standing in standings]
    matchers = [Matcher(label, Operator.EQUAL, value) for label, value in group.labels.items()]
    matchers += [Matcher(label, Operator.EQUAL, "") for label in group.absent]
    return GroupSummary(
        id=name,
        labels=group.labels,
        filter=tuple(map(str, matchers)),
        alerts=len(standings),
        severities=sorted(most_common(severities), key=lambda count: severity_rank(count.value)),
        states=most_common(states),
        severity=worst(list(severities)),
        newest_at=max(starts),
        oldest_at=min(starts),
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


def _name(standing: Standing, by: GroupBy) -> _Group:
    """The labels that name the group that an alert is in, and those that its alerts must not have."""
    labels = standing.alert.labels
    names = _LABELS[by]
    found = {name: labels[name] for name in names if labels.get(name)}
    absent = tuple(name for name in names if not labels.get(name))
    if by is GroupBy.WORKLOAD:
        of_workload, others = _workload(labels)
        return _Group(found | of_workload, (*absent, *others))
    return _Group(found, absent)
