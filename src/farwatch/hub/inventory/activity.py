"""How much changed when: the marks on a time line, and the steps from one change to the next."""

from __future__ import annotations

import msgspec

from farwatch.hub.auth.areas import EVERYTHING, Areas, to_sql
from farwatch.hub.store.telemetry import Telemetry
from farwatch.kube.kinds import EVENT


class ActivityQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose changes are counted, from when to when.

    Attributes:
        cluster: The cluster's name.
        since: From when on, seconds since the epoch, included.
        until: Up to when, excluded; later than ``since``.
        buckets: Into how many equal parts the time is cut.
        at: Where one stands: the changes before and after are looked for; None: they are not.
        kind: A name in ``KINDS``; None for all but events, which tell of changes and are none themselves.
        namespace: One namespace, empty for what lives in none; None for all.
        name: One object's name; None for all.
        areas: What may be seen.
    """

    cluster: str
    since: float
    until: float
    buckets: int
    at: float | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    areas: Areas = EVERYTHING


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """How many changes there were in each part of a time.

    Attributes:
        counts: One number for each part, the earliest first.
        previous: The time of the last change before ``at``, seconds since the epoch; None: there is none, or nobody asked.
        next: Likewise the first one after it.
    """

    counts: list[int]
    previous: float | None = None
    next: float | None = None


class _Count(msgspec.Struct, frozen=True, array_like=True):
    place: int
    changes: int


class _Neighbours(msgspec.Struct, frozen=True, array_like=True):
    """In milliseconds since the epoch; 0 where there is none."""

    previous: int
    next: int


async def read_activity(telemetry: Telemetry, query: ActivityQuery) -> Activity:
    """Count changes over a time.

    Raises:
        TelemetryError: The store cannot answer.
    """
    conditions, bound = _choose(query)
    span = max(1, _milliseconds(query.until) - _milliseconds(query.since))
    found = await telemetry.select(
        _Count,
        # S608: the conditions are constants; every value is bound.
        "SELECT intDiv((toUnixTimestamp64Milli(time) - {since:Int64}) * {buckets:UInt32}, {span:Int64}) AS place, count() "  # noqa: S608
        f"FROM changes WHERE {conditions} GROUP BY place",
        bound | {"buckets": query.buckets, "span": span},
    )
    counts = [0] * query.buckets
    for part in found:
        counts[min(part.place, query.buckets - 1)] = part.changes
    if query.at is None:
        return Activity(counts=counts)
    (neighbours,) = await telemetry.select(
        _Neighbours,
        "SELECT toUnixTimestamp64Milli(maxIf(time, toUnixTimestamp64Milli(time) < {at:Int64})), "  # noqa: S608 - likewise
        "toUnixTimestamp64Milli(minIf(time, toUnixTimestamp64Milli(time) > {at:Int64})) "
        f"FROM changes WHERE {conditions}",
        bound | {"at": _milliseconds(query.at)},
    )
    return Activity(
        counts=counts, previous=_to_seconds(neighbours.previous), next=_to_seconds(neighbours.next)
    )


def _choose(query: ActivityQuery) -> tuple[str, dict[str, str | int | float]]:
    # Who sees what is in a namespace sees the Namespace as well.
    within, names = to_sql(query.areas, namespace="if(kind = 'Namespace', name, namespace)")
    optional = (
        ("kind = {kind:String}", "kind", query.kind),
        ("namespace = {namespace:String}", "namespace", query.namespace),
        ("name = {name:String}", "name", query.name),
    )
    given = [(condition, name, value) for condition, name, value in optional if value is not None]
    conditions = [
        within,
        "cluster = {cluster:String}",
        "time >= fromUnixTimestamp64Milli({since:Int64})",
        "time < fromUnixTimestamp64Milli({until:Int64})",
        *(condition for condition, _, _ in given),
    ]
    if query.kind is None:
        conditions.append(f"kind != '{EVENT}'")
    bound: dict[str, str | int | float] = {name: value for _, name, value in given}
    bound |= {
        **names,
        "cluster": query.cluster,
        "since": _milliseconds(query.since),
        "until": _milliseconds(query.until),
    }
    return " AND ".join(conditions), bound


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _to_seconds(milliseconds: int) -> float | None:
    return milliseconds / 1000 if milliseconds > 0 else None
