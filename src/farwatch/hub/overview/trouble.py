"""The worst trouble of the fleet: what fires, by what it is about. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime

import msgspec

from farwatch.hub.alerting import Alert
from farwatch.hub.detect import Subject, read_subject
from farwatch.hub.inventory import Rows, Status

SEVERITIES = ("emergency", "page", "critical", "warning", "info", "none")
"""The severities that are known, the worst first; others come after them."""

_RANKS = {severity: place for place, severity in enumerate(SEVERITIES)}


class Trouble(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An object that something is wrong with, and the alerts that say so.

    Attributes:
        cluster: Its cluster; empty where the alerts name none.
        kind: Its kind; ``Cluster`` for what is about a cluster as a whole.
        namespace: Its namespace; empty for kinds that live in none.
        name: Its name.
        severity: The worst of its alerts'.
        since: When the first of them began.
        summary: The worst alert's words.
        alertname: The worst alert's name.
        fingerprint: The worst alert's.
        alerts: How many fire.
        status: How the object stands now; absent where it is not known.
    """

    cluster: str
    kind: str
    namespace: str
    name: str
    severity: str
    since: datetime
    summary: str
    alertname: str
    fingerprint: str
    alerts: int
    status: Status | None = None


def rank_trouble(alerts: Iterable[Alert], rows: Rows, limit: int) -> list[Trouble]:
    """The objects with the worst alerts: by severity, then by how many there are, then the newest first."""
    by_subject: dict[Subject, list[Alert]] = {}
    for alert in alerts:
        by_subject.setdefault(read_subject(alert.labels), []).append(alert)
    found = ((subject, min(about, key=_badness), about) for subject, about in by_subject.items())
    ranked = heapq.nsmallest(
        limit,
        found,
        key=lambda one: (
            rank_severity(severity_of(one[1])),
            -len(one[2]),
            -one[1].starts_at.timestamp(),
            one[0],
        ),
    )
    return [_tell(subject, worst, about, rows) for subject, worst, about in ranked]


def severity_of(alert: Alert) -> str:
    """An alert's severity; ``none`` where it has none."""
    return alert.labels.get("severity") or "none"


def rank_severity(severity: str) -> int:
    """0 for the worst."""
    return _RANKS.get(severity, len(SEVERITIES))


def _badness(alert: Alert) -> tuple[int, datetime, str]:
    return rank_severity(severity_of(alert)), alert.starts_at, alert.fingerprint


def _tell(subject: Subject, worst: Alert, about: list[Alert], rows: Rows) -> Trouble:
    row = rows.get(subject.cluster, subject.kind, subject.namespace, subject.name)
    return Trouble(
        cluster=subject.cluster,
        kind=subject.kind,
        namespace=subject.namespace,
        name=subject.name,
        severity=severity_of(worst),
        since=min(alert.starts_at for alert in about),
        summary=worst.annotations.get("summary", ""),
        alertname=worst.labels.get("alertname", ""),
        fingerprint=worst.fingerprint,
        alerts=len(about),
        status=row.status if row else None,
    )
