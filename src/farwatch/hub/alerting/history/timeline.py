"""When alerts fired, in so many steps of time, and what was rolled out meanwhile."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import accumulate, groupby
from typing import Any

import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.board.standing import severity_rank, worst
from farwatch.hub.alerting.history.paging import Span
from farwatch.hub.auth.areas import EVERYTHING, Areas, to_sql
from farwatch.hub.store.telemetry import Telemetry
from farwatch.hub.times import to_time

MOST_STEPS = 500
MOST_ROWS = 100
"""So many rows are told of: those of the worst severity, and of these the ones that fired longest."""

MOST_ROLLOUTS = 300
_MOST_READ = 5_000


class TimelineBy(StrEnum):
    """What a row of the timeline is of."""

    ALERTNAME = "alertname"
    CLUSTER = "cluster"
    NAMESPACE = "namespace"


class TimelineQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which time, and which alerts; what is empty is not asked for, and what is in none of the areas is left out.

    Attributes:
        span: Of which time.
        by: What a row is of.
        steps: In how many steps at most, each of a whole number of seconds.
        cluster: Only this cluster's.
        alertname: Only alerts of this name.
        areas: Where alerts may be.
        object_areas: Where what was rolled out may be.
    """

    span: Span
    by: TimelineBy = TimelineBy.ALERTNAME
    steps: int = 240
    cluster: str = ""
    alertname: str = ""
    areas: Areas = EVERYTHING
    object_areas: Areas = EVERYTHING


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Some alerts fired from `since` until `until`, to the step: the worst severity of them, and how many at the most."""

    since: datetime
    until: datetime
    severity: str
    alerts: int


class TimelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """What fired of one thing: `labels` name it, an empty one stands for alerts without it."""

    labels: dict[str, str]
    severity: str
    stretches: list[Stretch]


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """A workload was given another revision; `images` are those that it has since then."""

    time: datetime
    cluster: str
    kind: str
    namespace: str
    name: str
    revision: str
    images: list[str]


class Timeline(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When alerts fired.

    Attributes:
        since: From when on.
        until: Up to when.
        step_seconds: How fine it is.
        rows: The worst first.
        omitted_rows: How many more there are.
        rollouts: What was rolled out, the newest first.
        more_rollouts: Whether there were more.
    """

    since: datetime
    until: datetime
    step_seconds: int
    rows: list[TimelineRow]
    omitted_rows: int
    rollouts: list[Rollout]
    more_rollouts: bool


_Cells = dict[tuple[str, ...], dict[int, dict[str, int]]]
"""By what a row is of, by the step and by the severity: how many alerts fired."""


class _Firing(msgspec.Struct, frozen=True, array_like=True):
    labels: tuple[str, ...]
    severity: str
    steps: list[tuple[int, int]]


class _Grid(msgspec.Struct, frozen=True):
    """Steps of time; everything in milliseconds."""

    since: int
    until: int
    width: int

    @classmethod
    def of(cls, span: Span, steps: int) -> _Grid:
        bound = span.bound()
        since, until = int(bound["since"]), int(bound["until"])
        width = max(math.ceil((until - since) / max(steps, 1) / 1000), 1) * 1000
        return cls(since, until, width)

    def place(self, seconds: float) -> int:
        """The step that a moment is in, or the one next to it."""
        last = (self.until - self.since - 1) // self.width
        return min(max(math.floor((seconds * 1000 - self.since) / self.width), 0), last)

    def begin(self, step: int) -> datetime:
        return to_time(min(self.since + step * self.width, self.until) / 1000)


# Every end says when the alert began: what fired when the span began needs no look at the time before.
_FIRED = """
SELECT {labels} AS named, severity, groupArray((step, alerts)) FROM (
    SELECT {columns}, severity,
        arrayJoin(range(
            toUInt32(intDiv(greatest(began, {{since:Int64}}) - {{since:Int64}}, {{width:Int64}})),
            toUInt32(intDiv(least(greatest(ended - 1, began, {{since:Int64}}), {{until:Int64}} - 1) - {{since:Int64}}, {{width:Int64}})) + 1
        )) AS step,
        uniqExact(fingerprint) AS alerts
    FROM (
        SELECT fingerprint, {columns}, labels['severity'] AS severity,
            least(toUnixTimestamp64Milli(starts_at), toUnixTimestamp64Milli(time)) AS began,
            toUnixTimestamp64Milli(least(time, ifNull(ends_at, time))) AS ended
        FROM alert_events
        WHERE transition = 'resolved' AND time >= fromUnixTimestamp64Milli({{since:Int64}})
            AND starts_at < fromUnixTimestamp64Milli({{until:Int64}}) AND {conditions}
    )
    WHERE began < {{until:Int64}} AND ended > {{since:Int64}}
    GROUP BY {columns}, severity, step
)
GROUP BY {columns}, severity ORDER BY sum(alerts) DESC LIMIT {{rows:UInt32}}
"""

# Controllers write the new revision of a workload into it soon after its template was changed. A DaemonSet has none:
# there, a new generation is one, as nothing else of it is changed as a rule.
_ROLLED_OUT = """
SELECT toUnixTimestamp64Milli(time) / 1000 AS seconds, cluster, kind, namespace, name, revision,
    arrayDistinct(JSONExtractArrayRaw(document, 'spec', 'template', 'spec', 'containers')) AS containers
FROM (
    SELECT time, cluster, kind, namespace, name, uid, document, operation, after_gap,
        multiIf(
            kind = 'Deployment',
                JSONExtractString(document, 'metadata', 'annotations', 'deployment.kubernetes.io/revision'),
            kind = 'StatefulSet', JSONExtractString(document, 'status', 'updateRevision'),
            JSONExtractRaw(document, 'metadata', 'generation')
        ) AS revision,
        lagInFrame(revision) OVER (
            PARTITION BY cluster, kind, namespace, name, uid ORDER BY sequence
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS before
    FROM changes
    WHERE kind IN ('Deployment', 'StatefulSet', 'DaemonSet')
        AND time >= fromUnixTimestamp64Milli({{since:Int64}}) AND time < fromUnixTimestamp64Milli({{until:Int64}})
        AND {conditions}
)
WHERE before != '' AND revision != '' AND revision != before AND operation = 'updated'
ORDER BY time DESC LIMIT {{most:UInt32}}
"""

_COLUMNS: dict[TimelineBy, tuple[str, ...]] = {
    TimelineBy.ALERTNAME: ("alertname",),
    TimelineBy.CLUSTER: ("cluster",),
    TimelineBy.NAMESPACE: ("cluster", "namespace"),
}


async def draw(telemetry: Telemetry, query: TimelineQuery, firing: Iterable[Alert], now: float) -> Timeline:
    """When alerts fired.

    Args:
        telemetry: What happened.
        query: Which time and alerts.
        firing: The alerts that fire now, which have no end to be found; those that are not asked for are left out.
        now: Seconds since the epoch.

    Raises:
        SpanError: The span is none.
        QueryError: The store cannot answer.
    """
    grid = _Grid.of(query.span, min(query.steps, MOST_STEPS))
    ended = await _ended(telemetry, query, grid)
    rows, total = await asyncio.to_thread(_rows, query, grid, ended, list(firing), now)
    rollouts = await _rollouts(telemetry, query, grid)
    return Timeline(
        since=grid.begin(0),
        until=to_time(grid.until / 1000),
        step_seconds=grid.width // 1000,
        rows=rows,
        omitted_rows=total - len(rows),
        rollouts=rollouts[:MOST_ROLLOUTS],
        more_rollouts=len(rollouts) > MOST_ROLLOUTS,
    )


def _rows(
    query: TimelineQuery, grid: _Grid, ended: Iterable[_Firing], firing: Iterable[Alert], now: float
) -> tuple[list[TimelineRow], int]:
    """The worst rows, and how many there are in all."""
    cells: _Cells = {}
    for found in (*ended, *_going_on(query, grid, firing, now)):
        steps = cells.setdefault(found.labels, {})
        for step, alerts in found.steps:
            by_severity = steps.setdefault(step, {})
            by_severity[found.severity] = by_severity.get(found.severity, 0) + alerts
    ordered = sorted(cells.items(), key=_order)
    return [_row(query.by, labels, steps, grid) for labels, steps in ordered[:MOST_ROWS]], len(ordered)


def _going_on(query: TimelineQuery, grid: _Grid, firing: Iterable[Alert], now: float) -> Iterator[_Firing]:
    """What fires still: it has no end that the store could tell of."""
    if now * 1000 <= grid.since:
        return
    begun: dict[tuple[tuple[str, ...], str], Counter[int]] = {}
    for alert in firing:
        began = alert.starts_at.timestamp()
        if began * 1000 < grid.until and _is_wanted(alert.labels, query):
            labels = tuple(alert.labels.get(name, "") for name in _COLUMNS[query.by])
            key = labels, alert.labels.get("severity", "")
            begun.setdefault(key, Counter())[grid.place(began)] += 1
    last = grid.place(now)
    for (labels, severity), begins in begun.items():
        steps = range(min(begins), last + 1)
        yield _Firing(
            labels, severity, list(zip(steps, accumulate(begins[step] for step in steps), strict=True))
        )


async def _ended(telemetry: Telemetry, query: TimelineQuery, grid: _Grid) -> list[_Firing]:
    columns = _COLUMNS[query.by]
    within, bound = _conditions(query, query.areas, alertname=True)
    statement = _FIRED.format(
        labels=f"[{', '.join(f'toString({name})' for name in columns)}]",
        columns=", ".join(columns),
        conditions=within,
    )
    times = {"since": grid.since, "until": grid.until, "width": grid.width, "rows": _MOST_READ}
    return await telemetry.select(_Firing, statement, {**bound, **times})


async def _rollouts(telemetry: Telemetry, query: TimelineQuery, grid: _Grid) -> list[Rollout]:
    within, bound = _conditions(query, query.object_areas, alertname=False)
    times = {"since": grid.since, "until": grid.until, "most": MOST_ROLLOUTS + 1}
    rows = await telemetry.query(_ROLLED_OUT.format(conditions=within), {**bound, **times})
    return [
        Rollout(
            time=to_time(row["seconds"]),
            cluster=row["cluster"],
            kind=row["kind"],
            namespace=row["namespace"],
            name=row["name"],
            revision=row["revision"],
            images=list(_images(row["containers"])),
        )
        for row in rows
    ]


def _images(containers: Iterable[str]) -> Iterator[str]:
    for text in containers:
        image = msgspec.json.decode(text).get("image")
        if image:
            yield image


def _conditions(query: TimelineQuery, areas: Areas, *, alertname: bool) -> tuple[str, dict[str, Any]]:
    within, bound = to_sql(areas)
    conditions, given = [within], dict[str, Any](bound)
    names = ("cluster", "alertname") if alertname else ("cluster",)
    for name in names:
        value = getattr(query, name)
        if value:
            conditions.append(f"{name} = {{{name}:String}}")
            given[name] = value
    return " AND ".join(conditions), given


def _is_wanted(labels: Mapping[str, str], query: TimelineQuery) -> bool:
    return all(
        not wanted or labels.get(name, "") == wanted
        for name, wanted in (("cluster", query.cluster), ("alertname", query.alertname))
    )


def _row(
    by: TimelineBy, labels: Sequence[str], steps: Mapping[int, Mapping[str, int]], grid: _Grid
) -> TimelineRow:
    stretches = list(_stretches(steps, grid))
    return TimelineRow(
        labels=dict(zip(_COLUMNS[by], labels, strict=True)),
        severity=worst([stretch.severity for stretch in stretches]),
        stretches=stretches,
    )


def _stretches(steps: Mapping[int, Mapping[str, int]], grid: _Grid) -> Iterator[Stretch]:
    """Steps one after the other whose worst severity is the same are one."""
    told = [(step, worst(list(steps[step])), sum(steps[step].values())) for step in sorted(steps)]
    # What is the same in all steps of a stretch: how far a step is ahead of its place, and the severity.
    runs = groupby(enumerate(told), key=lambda one: (one[1][0] - one[0], one[1][1]))
    for (_, severity), run in runs:
        found = [one for _, one in run]
        yield Stretch(
            since=grid.begin(found[0][0]),
            until=grid.begin(found[-1][0] + 1),
            severity=severity,
            alerts=max(alerts for _, _, alerts in found),
        )


def _order(row: tuple[tuple[str, ...], dict[int, dict[str, int]]]) -> tuple[Any, ...]:
    """The worst severity first, then what fired longest."""
    labels, steps = row
    severity = worst(set().union(*steps.values()))
    return severity_rank(severity), severity, -len(steps), labels
