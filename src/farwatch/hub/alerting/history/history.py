"""Asks what alerting has been through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

from farwatch.hub.alerting.history.paging import Bound, Cursor, Listing, Span, equals
from farwatch.hub.alerting.history.statistics import Statistics, StatisticsQuery, gather
from farwatch.hub.auth.areas import EVERYTHING, Areas, to_sql
from farwatch.hub.store.telemetry import Telemetry

T = TypeVar("T", bound=msgspec.Struct)


class AlertQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which transitions are wanted; what is empty is not asked for. Of a fingerprint, the beginning is enough.

    What is in none of the areas is left out.
    """

    span: Span
    cluster: str = ""
    alertname: str = ""
    fingerprint: str = ""
    transition: str = ""
    cursor: str = ""
    limit: int = 100
    areas: Areas = EVERYTHING


class NotificationQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which notifications are wanted; what is empty is not asked for. Of a fingerprint, the beginning is enough.

    Those that tell of no alert in any of the areas are left out, and the others tell of those in them alone.
    """

    span: Span
    cluster: str = ""
    alertname: str = ""
    fingerprint: str = ""
    receiver: str = ""
    outcome: str = ""
    cursor: str = ""
    limit: int = 100
    areas: Areas = EVERYTHING


class SilenceQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which events of silences are wanted; what is empty is not asked for."""

    span: Span
    id: str = ""
    created_by: str = ""
    cursor: str = ""
    limit: int = 100


class AlertRecord(msgspec.Struct, frozen=True, array_like=True):
    """A transition of an alert, as it was written. Times are seconds since the epoch."""

    ms: int
    row_key: int
    transition: str
    fingerprint: str
    alertname: str
    cluster: str
    namespace: str
    starts_at: float
    ends_at: float | None
    labels: dict[str, str]
    annotations: dict[str, str]
    author: str
    note: str


class NotificationRecord(msgspec.Struct, frozen=True, array_like=True):
    """How telling one integration of one group ended."""

    ms: int
    row_key: int
    receiver: str
    integration: str
    position: int
    route: str
    group_key: str
    reason: str
    outcome: str
    attempts: int
    seconds: float
    firing: list[str]
    resolved: list[str]
    alertnames: list[str]
    clusters: list[str]
    detail: str


class SilenceRecord(msgspec.Struct, frozen=True, array_like=True):
    """One thing that happened to a silence."""

    ms: int
    row_key: int
    change: str
    id: str
    matchers: str
    starts_at: float
    ends_at: float
    created_by: str
    comment: str
    author: str


Record = AlertRecord | NotificationRecord | SilenceRecord
R = TypeVar("R", AlertRecord, NotificationRecord, SilenceRecord)


class Page(msgspec.Struct, Generic[R], frozen=True):
    """Rows, the newest first, and the cursor of the next page; empty on the last."""

    items: list[R]
    cursor: str


_ALERTS = Listing(
    table="alert_events",
    columns="transition, fingerprint, alertname, cluster, namespace, toUnixTimestamp64Milli(starts_at) / 1000, "
    "toUnixTimestamp64Milli(ends_at) / 1000, labels, annotations, author, note",
    key="cityHash64(fingerprint, transition)",
)
_NOTIFICATIONS = Listing(
    table="notifications",
    columns="receiver, integration, position, route, group_key, reason, outcome, attempts, seconds, firing, resolved, "
    "alertnames, clusters, detail",
    key="cityHash64(receiver, integration, position, route, group_key)",
)
_SILENCES = Listing(
    table="silence_events",
    columns="change, id, matchers, toUnixTimestamp64Milli(starts_at) / 1000, "
    "toUnixTimestamp64Milli(ends_at) / 1000, created_by, comment, author",
    key="cityHash64(id, change)",
)


_TELLS_OF = (
    # A notification tells of nobody else's alerts by its key: its labels are those that all its alerts share.
    "hasAny(arrayConcat(firing, resolved), "
    "(SELECT groupUniqArray(fingerprint) FROM alert_events WHERE {condition}))"
)


_TOLD_OF = (
    "SELECT fingerprint, any(alertname) AS told_alertname, any(cluster) AS told_cluster FROM alert_events "
    "WHERE fingerprint IN (SELECT arrayJoin(arrayConcat(firing, resolved)) FROM notifications "
    "WHERE time >= fromUnixTimestamp64Milli({{first:Int64}}) AND time <= fromUnixTimestamp64Milli({{last:Int64}})) "
    "AND {condition} GROUP BY fingerprint"
)


class History:
    """What alerting has been through, as long as it is kept."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    async def alerts(self, query: AlertQuery) -> Page[AlertRecord]:
        """Transitions of alerts, acknowledgements among them.

        Raises:
            AlertingError: The span or the cursor is none.
            QueryError: The store cannot answer.
        """
        conditions = {
            name: (equals(name), getattr(query, name)) for name in ("cluster", "alertname", "transition")
        }
        conditions["fingerprint"] = ("startsWith(fingerprint, {fingerprint:String})", query.fingerprint)
        statement, bound = _ALERTS.select(
            query.span, conditions, query.cursor, query.limit, to_sql(query.areas)
        )
        return await self._page(AlertRecord, statement, bound, query.limit)

    async def notifications(self, query: NotificationQuery) -> Page[NotificationRecord]:
        """How notifications ended. Raises as ``alerts`` does."""
        conditions = {
            "receiver": (equals("receiver"), query.receiver),
            "outcome": (equals("outcome"), query.outcome),
            "cluster": ("has(clusters, {cluster:String})", query.cluster),
            "alertname": ("has(alertnames, {alertname:String})", query.alertname),
            "fingerprint": (
                "arrayExists(key -> startsWith(key, {fingerprint:String}), arrayConcat(firing, resolved))",
                query.fingerprint,
            ),
        }
        if query.areas == EVERYTHING:
            statement, bound = _NOTIFICATIONS.select(query.span, conditions, query.cursor, query.limit)
            return await self._page(NotificationRecord, statement, bound, query.limit)
        condition, names = to_sql(query.areas)
        within = (_TELLS_OF.format(condition=condition), names)
        statement, bound = _NOTIFICATIONS.select(query.span, conditions, query.cursor, query.limit, within)
        page = await self._page(NotificationRecord, statement, bound, query.limit)
        return Page(await self._cut(page.items, query.areas), page.cursor)

    async def silences(self, query: SilenceQuery) -> Page[SilenceRecord]:
        """What happened to silences. Raises as ``alerts`` does."""
        conditions = {name: (equals(name), getattr(query, name)) for name in ("id", "created_by")}
        statement, bound = _SILENCES.select(query.span, conditions, query.cursor, query.limit)
        return await self._page(SilenceRecord, statement, bound, query.limit)

    async def statistics(self, query: StatisticsQuery) -> Statistics:
        """What it comes to in numbers. Raises as ``alerts`` does."""
        return await gather(self._telemetry, query)

    async def labels_of_alerts(self, span: Span) -> list[dict[str, str]]:
        """The label sets of the alerts that fired in a span of time, each once. Raises as ``alerts`` does."""
        rows = await self._telemetry.query(
            "SELECT any(labels) AS labels FROM alert_events WHERE transition = 'fired' "
            "AND time >= fromUnixTimestamp64Milli({since:Int64}) AND time < fromUnixTimestamp64Milli({until:Int64}) "
            "GROUP BY fingerprint",
            span.bound(),
        )
        return [row["labels"] for row in rows]

    async def _cut(self, records: list[NotificationRecord], areas: Areas) -> list[NotificationRecord]:
        """The notifications, telling only of alerts in some areas."""
        if not records:
            return []
        within, bound = to_sql(areas)
        rows = await self._telemetry.query(
            _TOLD_OF.format(condition=within), {**bound, "first": records[-1].ms, "last": records[0].ms}
        )
        seen = {row["fingerprint"]: row for row in rows}
        return [_cut_to(record, seen) for record in records]

    async def _page(self, kind: type[R], statement: str, bound: Bound, limit: int) -> Page[R]:
        rows = await self._telemetry.select(kind, statement, bound)
        is_last = len(rows) <= limit
        rows = rows[:limit]
        return Page(rows, "" if is_last else str(Cursor(rows[-1].ms, rows[-1].row_key)))


def _cut_to(record: NotificationRecord, seen: Mapping[str, Mapping[str, str]]) -> NotificationRecord:
    """A notification, telling only of some alerts, by fingerprint."""
    firing = [key for key in record.firing if key in seen]
    resolved = [key for key in record.resolved if key in seen]
    told = [seen[key] for key in (*firing, *resolved)]
    return msgspec.structs.replace(
        record,
        firing=firing,
        resolved=resolved,
        alertnames=sorted({alert["told_alertname"] for alert in told}),
        clusters=sorted({alert["told_cluster"] for alert in told}),
    )
