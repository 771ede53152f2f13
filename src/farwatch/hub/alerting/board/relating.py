"""Which other alerts have to do with one: with the same workload or node, or at the same time nearby."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.board.standing import WORKLOAD_LABELS

NAMESPACE_SECONDS = 30 * 60.0
"""So far apart, alerts of one namespace may have the same cause."""

CLUSTER_SECONDS = 10 * 60.0
"""Likewise those of one cluster, and those of one name in different clusters."""

_WORKLOAD = ("workload_kind", "workload_type", "workload")


class AlertRelation(StrEnum):
    """What another alert is to one, the nearest first."""

    WORKLOAD = "workload"
    """It is about the same workload."""
    NODE = "node"
    """It is about the same node, or what runs there."""
    NAMESPACE = "namespace"
    """It began at about the same time in the same namespace."""
    CLUSTER = "cluster"
    """It began at about the same time in the same cluster."""
    ELSEWHERE = "elsewhere"
    """It is of the same name, and began at about the same time in another cluster."""


class Related(NamedTuple):
    """Another alert.

    Attributes:
        alert: The alert.
        relation: What it is to the one that was asked for.
        seconds: How much later it began; negative if earlier.
    """

    alert: Alert
    relation: AlertRelation
    seconds: float


_ORDER = {relation: place for place, relation in enumerate(AlertRelation)}


def relate(alert: Alert, others: Iterable[Alert]) -> list[Related]:
    """The alerts that have to do with one, the nearest first, then those that began at the most similar time."""
    found = []
    for other in others:
        if other.fingerprint == alert.fingerprint:
            continue
        seconds = (other.starts_at - alert.starts_at).total_seconds()
        relation = _relation(alert.labels, other.labels, abs(seconds))
        if relation is not None:
            found.append(Related(other, relation, seconds))
    return sorted(found, key=lambda one: (_ORDER[one.relation], abs(one.seconds), one.alert.fingerprint))


def _relation(mine: Mapping[str, str], theirs: Mapping[str, str], apart: float) -> AlertRelation | None:
    cluster, namespace = mine.get("cluster", ""), mine.get("namespace", "")
    if theirs.get("cluster", "") != cluster:
        same_name = mine.get("alertname") == theirs.get("alertname")
        return AlertRelation.ELSEWHERE if same_name and apart <= CLUSTER_SECONDS else None
    same_namespace = bool(namespace) and theirs.get("namespace") == namespace
    if same_namespace and _same_workload(mine, theirs):
        return AlertRelation.WORKLOAD
    if mine.get("node") and mine.get("node") == theirs.get("node"):
        return AlertRelation.NODE
    if same_namespace and apart <= NAMESPACE_SECONDS:
        return AlertRelation.NAMESPACE
    return AlertRelation.CLUSTER if cluster and apart <= CLUSTER_SECONDS else None


def _same_workload(mine: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    if mine.get("workload"):
        return all(mine.get(name) == theirs.get(name) for name in _WORKLOAD)
    return any(mine.get(name) and mine.get(name) == theirs.get(name) for name in WORKLOAD_LABELS)
