"""What alerting's history comes to in numbers.

A *firing* lasts from the moment at which the hub noted that an alert fires to that at which it noted its end. It counts
where it began. An acknowledgement is of the firing in which it was made. The engine does the counting.
"""

from __future__ import annotations

import msgspec

from farwatch.hub.alerting.history.paging import Bound, Span, equals
from farwatch.hub.auth.areas import EVERYTHING, Areas, to_sql
from farwatch.hub.store.telemetry import Telemetry

GROUPS_PER_LABEL = 50
"""How many values of a label are told of, those of the most firings."""

MOST_FLAPPING = 20
FLAPS_FROM_FIRINGS = 3
"""From how many firings on an alert is said to flap."""


class StatisticsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of which firings; what is empty is not asked for, and what is in none of the areas is not counted."""

    span: Span
    cluster: str = ""
    alertname: str = ""
    areas: Areas = EVERYTHING


class Totals(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Numbers of some firings.

    Attributes:
        firings: How many began.
        alerts: How many different alerts fired.
        unresolved: Firings that have not ended yet.
        acknowledged: Firings that somebody acknowledged.
        never_acknowledged: Firings that nobody did.
        mean_seconds_to_acknowledge: From the beginning to the first acknowledgement (MTTA); None: there was none.
        mean_seconds_to_resolve: From the beginning to the end (MTTR); None: none has ended.
        median_seconds_to_resolve: Half of those that ended took no longer.
    """

    firings: int = 0
    alerts: int = 0
    unresolved: int = 0
    acknowledged: int = 0
    never_acknowledged: int = 0
    mean_seconds_to_acknowledge: float | None = None
    mean_seconds_to_resolve: float | None = None
    median_seconds_to_resolve: float | None = None


class Share(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The firings of the alerts that have one value of a label; empty: they have none."""

    value: str
    firings: int
    unresolved: int
    mean_seconds_to_resolve: float | None


class Flapping(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An alert that comes and goes."""

    fingerprint: str
    labels: dict[str, str]
    firings: int
    firing_seconds: float


class Statistics(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the history comes to, over a span of time.

    Attributes:
        totals: Of all.
        by_alertname: By the alert's name, the most firings first.
        by_severity: Likewise by its label `severity`.
        by_cluster: Likewise by its cluster.
        flapping: Alerts with three firings or more, the most first.
    """

    totals: Totals
    by_alertname: list[Share]
    by_severity: list[Share]
    by_cluster: list[Share]
    flapping: list[Flapping]


# Going backwards in time, what comes later is in the frame already. Of two rows of the same moment the end is the later.
_FIRINGS = """
WITH firings AS (
    SELECT fingerprint, alertname, cluster, labels,
        if(answered <= ifNull(ended, answered), dateDiff('millisecond', fired, answered) / 1000, NULL) AS waited,
        dateDiff('millisecond', fired, ended) / 1000 AS lasted
    FROM (
        SELECT fingerprint, alertname, cluster, labels, transition, time AS fired,
            minOrNullIf(time, transition = 'resolved') OVER later AS ended,
            minOrNullIf(time, transition = 'acknowledged') OVER later AS answered
        FROM alert_events
        WHERE time >= fromUnixTimestamp64Milli({{since:Int64}})
            AND transition IN ('fired', 'resolved', 'acknowledged'){conditions}
        WINDOW later AS (PARTITION BY fingerprint ORDER BY time DESC, transition = 'fired'
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
    WHERE transition = 'fired' AND fired < fromUnixTimestamp64Milli({{until:Int64}})
)
"""
_TOTALS = """
SELECT count() AS firings, uniqExact(fingerprint) AS alerts, countIf(lasted IS NULL) AS unresolved,
    count(waited) AS acknowledged, countIf(waited IS NULL) AS neverAcknowledged,
    avg(waited) AS meanSecondsToAcknowledge, avg(lasted) AS meanSecondsToResolve,
    quantileExact(lasted) AS medianSecondsToResolve
FROM firings
"""
_SHARES = """
SELECT label.1 AS name, label.2 AS value, count() AS firings, countIf(lasted IS NULL) AS unresolved,
    avg(lasted) AS meanSecondsToResolve
FROM firings
ARRAY JOIN [('alertname', toString(alertname)), ('severity', labels['severity']), ('cluster', toString(cluster))] AS label
GROUP BY label ORDER BY firings DESC, value LIMIT {groups:UInt32} BY name
"""
_FLAPPING = """
SELECT fingerprint, any(labels) AS labels, count() AS firings, ifNull(sum(lasted), 0) AS firingSeconds
FROM firings GROUP BY fingerprint HAVING count() >= {flaps:UInt32} ORDER BY firings DESC, fingerprint
LIMIT {most:UInt32}
"""


async def gather(telemetry: Telemetry, query: StatisticsQuery) -> Statistics:
    """Count.

    Raises:
        SpanError: The span is none.
        QueryError: The store cannot answer.
    """
    given = {name: value for name in ("cluster", "alertname") if (value := getattr(query, name))}
    within, names = to_sql(query.areas)
    conditions = [within, *map(equals, given)]
    firings = _FIRINGS.format(conditions="".join(f" AND {condition}" for condition in conditions))
    bound: Bound = {**query.span.bound(), **given, **names}
    totals = await telemetry.query(firings + _TOTALS, bound)
    shares = await telemetry.query(firings + _SHARES, {**bound, "groups": GROUPS_PER_LABEL})
    flapping = await telemetry.query(
        firings + _FLAPPING, {**bound, "flaps": FLAPS_FROM_FIRINGS, "most": MOST_FLAPPING}
    )
    by_label: dict[str, list[Share]] = {"alertname": [], "severity": [], "cluster": []}
    for row in shares:
        by_label[row.pop("name")].append(msgspec.convert(row, Share))
    return Statistics(
        totals=msgspec.convert(totals[0], Totals),
        by_alertname=by_label["alertname"],
        by_severity=by_label["severity"],
        by_cluster=by_label["cluster"],
        flapping=msgspec.convert(flapping, list[Flapping]),
    )
