"""How one alert stands with the people who are to be told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.matchers import Matchers, Operator
from farwatch.hub.alerting.silences import Silence

SEVERITIES = ("critical", "error", "warning", "info")
"""The worst first; what else the label `severity` may say comes after these."""

_RANKS = {name: rank for rank, name in enumerate(SEVERITIES)}

WORKLOAD_LABELS = (
    "deployment",
    "statefulset",
    "daemonset",
    "cronjob",
    "job_name",
    "horizontalpodautoscaler",
    "persistentvolumeclaim",
    "pod",
)
"""How kube-state-metrics, and the rules on it, name what an alert is about; the first that is there counts."""


class Status(StrEnum):
    """Which alerts are wanted."""

    FIRING = "firing"
    RESOLVED = "resolved"
    ALL = "all"


class Mark(StrEnum):
    """What is done about an alert; several may hold at once, and `active` is that none of the others does."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    SNOOZED = "snoozed"
    INHIBITED = "inhibited"


class Standing(NamedTuple):
    """An alert, and how it stands.

    Attributes:
        alert: The alert.
        resolved: Whether it has ended.
        marks: What is done about it; empty for one that has ended.
        silenced_by: Ids of the silences that hush it.
        inhibited_by: Fingerprints of alerts that inhibit it.
    """

    alert: Alert
    resolved: bool
    marks: tuple[Mark, ...] = ()
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()


def severity_rank(severity: str) -> int:
    """The place of a severity, the worst first."""
    return _RANKS.get(severity, len(_RANKS))


def worst(severities: Iterable[str]) -> str:
    """The worst of some severities; empty if there are none."""
    return min(severities, key=lambda severity: (severity_rank(severity), severity), default="")


def marks_of(
    labels: Mapping[str, str], silences: Sequence[Silence], *, inhibited: bool, acknowledged: bool
) -> tuple[Mark, ...]:
    """What is done about an alert that fires.

    Args:
        labels: The alert's.
        silences: Those that hush it.
        inhibited: Whether another alert inhibits it.
        acknowledged: Whether somebody has taken it on.
    """
    marks = []
    if acknowledged:
        marks.append(Mark.ACKNOWLEDGED)
    if silences:
        marks.append(Mark.SILENCED)
        if any(is_snooze(silence.matchers, labels) for silence in silences):
            marks.append(Mark.SNOOZED)
    if inhibited:
        marks.append(Mark.INHIBITED)
    return tuple(marks) or (Mark.ACTIVE,)


def is_snooze(matchers: Matchers, labels: Mapping[str, str]) -> bool:
    """Whether a silence is for one alert alone: it wants each of the alert's labels as it is."""
    wanted = {matcher.name: matcher.value for matcher in matchers if matcher.operator is Operator.EQUAL}
    return all(wanted.get(name) == value for name, value in labels.items())
