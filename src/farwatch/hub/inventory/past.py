"""The objects as they were at a time: the latest snapshot before it, and what changed since."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
import structlog

from farwatch.hub.inventory.errors import PastError
from farwatch.hub.store.errors import TelemetryError
from farwatch.hub.store.telemetry import Telemetry
from farwatch.hub.times import to_time
from farwatch.kube.kinds import KINDS
from farwatch.kube.objects import KubeObject

SNAPSHOT_SECONDS = 24 * 3600.0
"""How far snapshots are apart."""

LOOK_SECONDS = 3600.0
"""How often it is seen whether the next one is due."""

MOST_OBJECTS = 100_000
"""How many objects of a kind one question reads at most."""

SKEW_SECONDS = 60.0
"""A time that is so far ahead is taken for now: clocks differ."""

_WRITTEN_SECONDS = 10.0
"""What happened within this may not be in the store yet."""

_NAME = re.compile(r"[A-Za-z0-9-]+")

_log = structlog.get_logger(__name__)


class PastObject(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An object as it was.

    Attributes:
        cluster: The cluster's name.
        kind: A name in ``KINDS``.
        namespace: Empty for kinds that live in none.
        name: The object's name.
        time: Since when it was so, seconds since the epoch.
        document: The trimmed object in JSON.
    """

    cluster: str
    kind: str
    namespace: str
    name: str
    time: float
    document: str

    def decode(self) -> KubeObject | None:
        """The object; None if an older version of the hub wrote what this one cannot read."""
        try:
            return KINDS[self.kind].json_decoder.decode(self.document)
        except (KeyError, msgspec.MsgspecError):
            return None


class PastQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which objects are wanted, as they were at which time.

    Attributes:
        kinds: Names in ``KINDS``.
        time: Seconds since the epoch.
        clusters: Since when each cluster is in the fleet, by name, seconds since the epoch: what was known of another
            that had its name is not its past.
        namespace: Only in this namespace, empty for what lives in none; None: in all.
        name: Only of this name; None: of all.
    """

    kinds: tuple[str, ...]
    time: float
    clusters: Mapping[str, float]
    namespace: str | None = None
    name: str | None = None


class _Base(msgspec.Struct, frozen=True, array_like=True):
    """The snapshot to begin with, and the sequence of its last change; 0 where there is none."""

    time: float
    sequence: int


class _Edge(msgspec.Struct, frozen=True, array_like=True):
    """The first change that is kept, the first snapshot, and the oldest state in one; 0 where there is none."""

    change: float
    snapshot: float
    since: float


class Past:
    """Reads the objects as they were, and takes the snapshots that this begins with.

    Args:
        telemetry: Where changes and snapshots are kept.
        clock: Seconds since the epoch.
    """

    def __init__(self, telemetry: Telemetry, clock: Callable[[], float]) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take a snapshot whenever the last one is a day old."""
        self._work = asyncio.create_task(self._snapshot_forever(), name="snapshots of objects")

    async def stop(self) -> None:
        """Take no more."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def snapshot(self, *, if_older_seconds: float = 0.0) -> bool:
        """Take a snapshot unless the last one is younger than this; gives whether one was taken.

        Raises:
            TelemetryError: The store cannot take one now.
        """
        (newest,) = await self._telemetry.query(
            "SELECT toUnixTimestamp64Milli(max(time)) AS time FROM snapshots"
        )
        now = self._clock()
        if int(newest["time"]) / 1000 > now - if_older_seconds:
            return False
        await self._telemetry.snapshot_objects(now)
        return True

    async def known_since(self, clusters: Iterable[str]) -> datetime | None:
        """From when on everything is known of these clusters; None: nothing is.

        Raises:
            TelemetryError: The store cannot answer.
        """
        (edge,) = await self._telemetry.select(
            _Edge,
            "SELECT (SELECT toUnixTimestamp64Milli(min(time)) FROM changes WHERE cluster IN {clusters:Array(String)}) / 1000, "
            "toUnixTimestamp64Milli(min(time)) / 1000, toUnixTimestamp64Milli(min(since)) / 1000 "
            "FROM snapshots WHERE cluster IN {clusters:Array(String)}",
            {"clusters": _array(clusters)},
        )
        # Where the log no longer reaches back to the oldest state, what was then is known from the first snapshot on.
        is_trimmed = edge.snapshot > 0 and not 0 < edge.change <= edge.since
        known = edge.snapshot if is_trimmed else edge.change
        return to_time(known) if known > 0 else None

    async def objects(self, query: PastQuery) -> list[PastObject]:
        """The objects as they were at a time, in no order; those that were deleted by then are not among them.

        Raises:
            PastError: The time is to come, or there are too many.
            TelemetryError: The store cannot answer.
        """
        now = self._clock()
        if query.time > now + SKEW_SECONDS:
            raise PastError("at: the time is to come; leave it out for now")
        if query.time > now - _WRITTEN_SECONDS:
            await self._telemetry.flush()
        (base,) = await self._telemetry.select(_Base, _FIND_BASE, {"time": _milliseconds(query.time)})
        statement, parameters = _to_sql(query, base)
        found = await self._telemetry.select(PastObject, statement, parameters)
        if len(found) > MOST_OBJECTS:
            raise PastError(
                f"more than {MOST_OBJECTS} objects of the kind {query.kinds[0]} were there then: ask for fewer clusters or one "
                "namespace"
            )
        return found

    async def get(self, query: PastQuery) -> KubeObject | None:
        """The one object of a name, as it was; None if it was not there.

        Raises:
            PastError: The time is to come.
            TelemetryError: The store cannot answer.
        """
        found = await self.objects(query)
        return found[0].decode() if found else None

    async def _snapshot_forever(self) -> None:
        while True:
            try:
                await self.snapshot(if_older_seconds=SNAPSHOT_SECONDS)
            except TelemetryError as error:
                _log.warning("no snapshot of the objects, will try again", detail=str(error))
            await asyncio.sleep(LOOK_SECONDS)


# The latest one before the time; if there is none, the first one after it: what did not change in between is in there.
_FIND_BASE = (
    "WITH fromUnixTimestamp64Milli({time:Int64}) AS at, "
    "(SELECT if(countIf(time <= at) > 0, maxIf(time, time <= at), min(time)) FROM snapshots) AS chosen "
    "SELECT toUnixTimestamp64Milli(chosen) / 1000, max(sequence) FROM snapshots WHERE time = chosen"
)


def _to_sql(query: PastQuery, base: _Base) -> tuple[str, dict[str, str | int | float]]:
    """The last state of each object up to the time, unless it is that it was deleted."""
    optional = (
        ("namespace = {namespace:String}", "namespace", query.namespace),
        ("name = {name:String}", "name", query.name),
    )
    given = [(condition, name, value) for condition, name, value in optional if value is not None]
    conditions = " AND ".join(
        [
            "kind IN {kinds:Array(String)}",
            "cluster IN {clusters:Array(String)}",
            *(condition for condition, _, _ in given),
        ]
    )
    born = "fromUnixTimestamp64Milli({born:Array(Int64)}[indexOf({clusters:Array(String)}, cluster)])"
    at = "fromUnixTimestamp64Milli({time:Int64})"
    # S608: the conditions are the constants above; every value is bound.
    if base.time:
        known = (
            f"SELECT cluster, kind, namespace, name, sequence, since AS seen, document, 0 AS gone FROM snapshots "  # noqa: S608
            f"WHERE time = fromUnixTimestamp64Milli({{base:Int64}}) AND {conditions} AND since <= {at} AND time >= {born}"
        )
    else:
        known = (
            f"SELECT cluster, kind, namespace, name, sequence, time AS seen, document, 0 AS gone FROM objects FINAL "  # noqa: S608
            f"WHERE {conditions} AND time <= {at}"
        )
    is_before = base.time <= query.time
    statement = (
        "SELECT cluster, kind, namespace, name, toUnixTimestamp64Milli(argMax(seen, sequence)) / 1000, "  # noqa: S608
        f"argMax(document, sequence) FROM ({known} UNION ALL "
        "SELECT cluster, kind, namespace, name, sequence, time AS seen, document, operation = 'deleted' AS gone FROM changes "
        f"WHERE {conditions} AND sequence > {{sequence:UInt64}} AND time <= {at} AND time >= {born}) "
        "GROUP BY cluster, kind, namespace, name HAVING NOT argMax(gone, sequence) LIMIT {limit:UInt32}"
    )
    bound: dict[str, str | int | float] = {name: value for _, name, value in given}
    bound |= {
        "kinds": _array(query.kinds),
        "clusters": _array(query.clusters),
        "born": str([_milliseconds(born) for born in query.clusters.values()]),
        "time": _milliseconds(query.time),
        "sequence": base.sequence if is_before else 0,
        "limit": MOST_OBJECTS + 1,
    }
    if base.time:
        bound["base"] = round(base.time * 1000)
    return statement, bound


def _array(names: Iterable[str]) -> str:
    """Names as the engine reads an array; what no cluster and no kind can be called is left out."""
    return "[" + ",".join(f"'{name}'" for name in names if _NAME.fullmatch(name)) + "]"


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
