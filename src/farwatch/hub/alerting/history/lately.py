"""What was raised, and what was sent, lately: a line for each alert's name, and for each way to reach people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from farwatch.hub.alerting.history.paging import Span
from farwatch.hub.auth.areas import EVERYTHING, Areas, to_sql
from farwatch.hub.store.telemetry import Telemetry
from farwatch.hub.times import to_time, to_time_or_none

MOST_NAMES = 1_000
EXAMPLES = 5


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that was raised."""

    time: datetime
    fingerprint: str
    labels: dict[str, str]


class Raised(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was raised under one name: how often, how many different alerts, in how many clusters, and the latest."""

    firings: int
    alerts: int
    clusters: int
    last_at: datetime
    latest: list[Example]


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one way to reach people was sent.

    Attributes:
        sent: How many notifications.
        failed: How many of them did not get through.
        last_at: When the last one ended.
        last_outcome: How.
        last_detail: What was answered.
        last_success_at: When one last got through; None: none has.
    """

    sent: int
    failed: int
    last_at: datetime
    last_outcome: str
    last_detail: str
    last_success_at: datetime | None


_RAISED = """
SELECT alertname, count() AS firings, uniqExact(fingerprint) AS alerts, uniqExact(cluster) AS clusters,
    toUnixTimestamp64Milli(max(time)) / 1000 AS last,
    arraySlice(arrayReverseSort(one -> one.1, groupArray((toUnixTimestamp64Milli(time) / 1000, fingerprint, labels))),
        1, {{examples:UInt32}}) AS latest
FROM alert_events
WHERE transition = 'fired' AND time >= fromUnixTimestamp64Milli({{since:Int64}})
    AND time < fromUnixTimestamp64Milli({{until:Int64}}) AND {within}
GROUP BY alertname ORDER BY firings DESC LIMIT {{most:UInt32}}
"""
_SENT = """
SELECT receiver, integration, position, count() AS sent, countIf(outcome != 'delivered') AS failed,
    toUnixTimestamp64Milli(max(time)) / 1000 AS last, argMax(outcome, time) AS lastOutcome,
    argMax(detail, time) AS lastDetail,
    toUnixTimestamp64Milli(maxOrNullIf(time, outcome = 'delivered')) / 1000 AS success
FROM notifications
WHERE time >= fromUnixTimestamp64Milli({since:Int64}) AND time < fromUnixTimestamp64Milli({until:Int64})
GROUP BY receiver, integration, position LIMIT {most:UInt32}
"""


async def count_raised(telemetry: Telemetry, span: Span, areas: Areas = EVERYTHING) -> dict[str, Raised]:
    """What was raised in a span of time and in some areas, by the alert's name.

    Raises:
        SpanError: The span is none.
        QueryError: The store cannot answer.
    """
    within, names = to_sql(areas)
    bound: dict[str, Any] = {**span.bound(), **names, "most": MOST_NAMES, "examples": EXAMPLES}
    rows = await telemetry.query(_RAISED.format(within=within), bound)
    return {
        row["alertname"]: Raised(
            firings=int(row["firings"]),
            alerts=int(row["alerts"]),
            clusters=int(row["clusters"]),
            last_at=to_time(row["last"]),
            latest=[
                Example(time=to_time(time), fingerprint=fingerprint, labels=labels)
                for time, fingerprint, labels in row["latest"]
            ],
        )
        for row in rows
    }


async def count_sent(telemetry: Telemetry, span: Span) -> dict[tuple[str, str, int], Sent]:
    """What was sent in a span of time, by receiver, kind of integration and its place among those. Raises likewise."""
    rows = await telemetry.query(_SENT, {**span.bound(), "most": MOST_NAMES})
    return {
        (row["receiver"], row["integration"], int(row["position"])): Sent(
            sent=int(row["sent"]),
            failed=int(row["failed"]),
            last_at=to_time(row["last"]),
            last_outcome=row["lastOutcome"],
            last_detail=row["lastDetail"],
            last_success_at=to_time_or_none(row["success"]),
        )
        for row in rows
    }
