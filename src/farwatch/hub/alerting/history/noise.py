"""Which alerts cost people more than they tell them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from farwatch.hub.alerting.history.paging import Span, equals
from farwatch.hub.alerting.history.statistics import _FIRINGS, FLAPS_FROM_FIRINGS
from farwatch.hub.auth.areas import EVERYTHING, Areas, to_sql
from farwatch.hub.store.telemetry import Telemetry

MOST_VALUES = 2_000


class NoiseBy(StrEnum):
    """What firings are put together by."""

    ALERTNAME = "alertname"
    CLUSTER = "cluster"
    RECEIVER = "receiver"


class NoiseQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of which firings; what is empty is not asked for, and what is in none of the areas is not counted."""

    span: Span
    by: NoiseBy = NoiseBy.ALERTNAME
    cluster: str = ""
    limit: int = 20
    areas: Areas = EVERYTHING


class NoiseRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The firings of one value.

    Attributes:
        value: Of the label, or the receiver's name; empty: they have none.
        firings: How many began.
        alerts: How many different alerts fired.
        flapping: How many of these fired three times or more.
        acknowledged: Firings that somebody acknowledged.
        never_acknowledged: Firings that nobody did.
        firing_seconds: How long those that ended lasted, all together.
        longest_seconds: How long the longest of them did.
        mean_seconds_to_acknowledge: None: there was no acknowledgement.
        notifications: How many messages were sent about them and others.
    """

    value: str
    firings: int
    alerts: int
    flapping: int
    acknowledged: int
    never_acknowledged: int
    firing_seconds: float
    longest_seconds: float
    mean_seconds_to_acknowledge: float | None
    notifications: int = 0


class NoiseReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is the worst in each way; a value may be in several lists, and is in none where its number is 0."""

    most_frequent: list[NoiseRow]
    most_flapping: list[NoiseRow]
    longest: list[NoiseRow]
    never_acknowledged: list[NoiseRow]


_TOLD = """
, told AS (
    SELECT DISTINCT receiver, arrayJoin(firing) AS fingerprint FROM notifications
    WHERE time >= fromUnixTimestamp64Milli({since:Int64}) AND time < fromUnixTimestamp64Milli({until:Int64})
)
"""
_ROWS = """
SELECT value, sum(times) AS firings, count() AS alerts, countIf(times >= {flaps:UInt32}) AS flapping,
    sum(answers) AS acknowledged, firings - acknowledged AS neverAcknowledged,
    ifNull(sum(seconds), 0) AS firingSeconds, ifNull(max(longest), 0) AS longestSeconds,
    if(acknowledged = 0, NULL, sum(waits) / acknowledged) AS meanSecondsToAcknowledge
FROM (
    SELECT SOURCE.VALUE AS value, firings.fingerprint AS fingerprint, count() AS times,
        countIf(waited IS NOT NULL) AS answers, ifNull(sum(waited), 0) AS waits, sum(lasted) AS seconds,
        max(lasted) AS longest
    FROM JOINED GROUP BY value, fingerprint
)
GROUP BY value ORDER BY firings DESC, value LIMIT {most:UInt32}
"""
_NOTIFICATIONS = """
SELECT toString(VALUE) AS value, count() AS notifications FROM notifications
WHERE time >= fromUnixTimestamp64Milli({since:Int64}) AND time < fromUnixTimestamp64Milli({until:Int64})
GROUP BY value ORDER BY notifications DESC LIMIT {most:UInt32}
"""


async def report(telemetry: Telemetry, query: NoiseQuery) -> NoiseReport:
    """Count, and put what is the worst first.

    Raises:
        SpanError: The span is none.
        QueryError: The store cannot answer.
    """
    within, names = to_sql(query.areas)
    conditions = [within] + ([equals("cluster")] if query.cluster else [])
    firings = _FIRINGS.format(conditions="".join(f" AND {condition}" for condition in conditions))
    bound: dict[str, Any] = {**query.span.bound(), **names, "most": MOST_VALUES}
    if query.cluster:
        bound["cluster"] = query.cluster
    found = await telemetry.query(firings + _rows(query.by), {**bound, "flaps": FLAPS_FROM_FIRINGS})
    told = await _count_notifications(telemetry, query)
    rows = [msgspec.convert(row | {"notifications": told.get(row["value"], 0)}, NoiseRow) for row in found]
    return NoiseReport(
        most_frequent=_worst(rows, query.limit, lambda row: row.firings),
        most_flapping=_worst(rows, query.limit, lambda row: row.flapping),
        longest=_worst(rows, query.limit, lambda row: row.longest_seconds),
        never_acknowledged=_worst(rows, query.limit, lambda row: row.never_acknowledged),
    )


def _rows(by: NoiseBy) -> str:
    if by is NoiseBy.RECEIVER:
        joined = "firings INNER JOIN told ON firings.fingerprint = told.fingerprint"
        return _TOLD + _ROWS.replace("SOURCE.VALUE", "told.receiver").replace("JOINED", joined)
    return _ROWS.replace("SOURCE.VALUE", f"toString(firings.{by.value})").replace("JOINED", "firings")


async def _count_notifications(telemetry: Telemetry, query: NoiseQuery) -> dict[str, int]:
    """How many messages told of each value; nobody who sees a part of the fleet alone is told of others' messages."""
    if query.areas != EVERYTHING:
        return {}
    value = {
        NoiseBy.ALERTNAME: "arrayJoin(alertnames)",
        NoiseBy.CLUSTER: "arrayJoin(clusters)",
        NoiseBy.RECEIVER: "receiver",
    }[query.by]
    bound: dict[str, Any] = {**query.span.bound(), "most": MOST_VALUES}
    rows = await telemetry.query(_NOTIFICATIONS.replace("VALUE", value), bound)
    return {row["value"]: int(row["notifications"]) for row in rows}


def _worst(rows: list[NoiseRow], limit: int, number: Callable[[NoiseRow], float]) -> list[NoiseRow]:
    return sorted((row for row in rows if number(row)), key=lambda row: (-number(row), row.value))[:limit]
