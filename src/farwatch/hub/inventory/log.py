"""The log of every change: written as it happens, asked as history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from farwatch.hub.auth.areas import EVERYTHING, Areas, to_sql
from farwatch.hub.inventory.changes import ObjectChange, Operation
from farwatch.hub.inventory.diff import FieldChange, diff
from farwatch.hub.inventory.inventory import StoredObject
from farwatch.hub.store.errors import TelemetryError
from farwatch.hub.store.tables import ChangeRow, Table
from farwatch.hub.store.telemetry import Telemetry

_RELEASE_AT_ONCE = 1000

_Object = tuple[str, str, str, str]


class ChangeQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes are wanted; newest first.

    Attributes:
        cluster: The cluster's name.
        kind: A name in ``KINDS``; None for all.
        namespace: One namespace; None for all, empty for cluster-scoped objects.
        name: One object's name; None for all.
        since: From when on, seconds since the epoch, included.
        until: Up to when, excluded; None for now.
        before_sequence: Only what the hub learned before this: the last ``sequence`` of the page before.
        limit: How many at most.
        areas: Only what is in one of them.
    """

    cluster: str
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    since: float = 0.0
    until: float | None = None
    before_sequence: int | None = None
    limit: int = 100
    areas: Areas = EVERYTHING


class LoggedChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change in the history.

    Attributes:
        sequence: The order in which the hub learned of changes.
        time: When the agent saw it, seconds since the epoch.
        cluster: The cluster's name.
        kind: A name in ``KINDS``.
        namespace: Empty for cluster-scoped kinds.
        name: The object's name.
        uid: Tells an object from its successor of the same name.
        operation: What happened.
        after_gap: Found by comparing after a gap: it happened at some time before ``time``.
        fields: What an update changed, against the change before it; empty where that one is gone.
        document: The trimmed object in JSON, as it then was; when deleted, as it last was.
    """

    sequence: int
    time: float
    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    operation: Operation
    after_gap: bool
    fields: list[FieldChange]
    document: msgspec.Raw


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    sequence: int
    time: float
    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    operation: Operation
    after_gap: bool
    document: str
    document_before: str


class _Held(NamedTuple):
    """The latest change of an object, and whether the store knows an object under its name."""

    stored: bool
    change: ObjectChange


@dataclass(slots=True)
class LogCounters:
    """What became of changes, since the start.

    Attributes:
        written: Changes handed to the store.
        coalesced: Changes that a later one of the same object replaced while the store took nothing.
    """

    written: int = 0
    coalesced: int = 0


class ChangeLog:
    """Writes changes to the telemetry store, and finds them again.

    While the store takes nothing and its memory is used up, changes are held here: the latest of each object replaces
    those before it, so that what is held is bounded by the number of objects and no object's last change is lost.

    Args:
        telemetry: Where changes are kept.
        clock: Seconds since the epoch.
    """

    def __init__(self, telemetry: Telemetry, clock: Callable[[], float]) -> None:
        self.counters = LogCounters()
        self._telemetry = telemetry
        self._clock = clock
        self._sequence = 0
        self._encoder = msgspec.json.Encoder()
        self._held: dict[_Object, _Held] = {}
        self._release: asyncio.Task[None] | None = None

    @property
    def held(self) -> int:
        """How many changes wait until the store takes rows again."""
        return len(self._held)

    async def load(self) -> list[StoredObject]:
        """Every object that was known when the log was last written; to be called once, before anything is written."""
        newest = await self._telemetry.query("SELECT max(sequence) AS newest FROM objects")
        self._sequence = int(newest[0]["newest"])
        return await self._telemetry.select(
            StoredObject,
            "SELECT toUnixTimestamp64Milli(time) / 1000, cluster, kind, namespace, name, document FROM objects FINAL",
        )

    def append(self, changes: Sequence[ObjectChange]) -> asyncio.Future[None]:
        """Write changes. The future is done when they, and all that were appended before, are durable.

        It fails with a ``TelemetryError`` when the store rejects them or closes first.
        """
        if self._held or self._release is not None or self._telemetry.full:
            return self._hold(changes)
        return self._write(changes)

    async def changes(self, query: ChangeQuery) -> list[LoggedChange]:
        """What changed, newest first, each update with the fields that it changed.

        Raises:
            QueryError: The store cannot answer.
        """
        statement, parameters = _to_sql(query)
        answers = await self._telemetry.select(_Answer, statement, parameters)
        return [_to_logged(answer) for answer in answers]

    async def forget(self, cluster: str) -> None:
        """Forget the objects of a cluster that left the fleet; its history stays until its time is over.

        Raises:
            TelemetryError: The store cannot forget them now.
        """
        for key in [key for key in self._held if key[0] == cluster]:
            del self._held[key]
        await self._telemetry.forget_objects(cluster)

    async def close(self) -> None:
        """Stop waiting for a store that takes nothing; what is held is lost to it."""
        if self._release is not None:
            self._release.cancel()
            await asyncio.gather(self._release, return_exceptions=True)

    def _write(self, changes: Sequence[ObjectChange]) -> asyncio.Future[None]:
        self.counters.written += len(changes)
        return self._telemetry.insert(Table.CHANGES, [self._to_row(change) for change in changes])

    def _hold(self, changes: Sequence[ObjectChange]) -> asyncio.Future[None]:
        for change in changes:
            self._hold_latest(change)
        if self._release is None:
            self._release = asyncio.create_task(self._release_held(), name="change-log-release")
        released: asyncio.Future[None] = asyncio.shield(self._release)
        return released

    def _hold_latest(self, change: ObjectChange) -> None:
        meta = change.object.metadata
        key = (change.cluster, change.kind, meta.namespace, meta.name)
        held = self._held.pop(key, None)
        stored = change.operation is not Operation.CREATED
        if held is not None:
            self.counters.coalesced += 1
            stored = held.stored
        if stored:
            self._held[key] = _Held(stored, change)
        elif change.operation is not Operation.DELETED:
            self._held[key] = _Held(stored, msgspec.structs.replace(change, operation=Operation.CREATED))

    async def _release_held(self) -> None:
        """Write what is held until nothing is; rows that the store rejects do not keep the others from it."""
        fault: TelemetryError | None = None
        try:
            while self._held:
                await self._telemetry.wait_for_room()
                if self._telemetry.full:
                    continue  # somebody else was faster
                keys = list(self._held)[:_RELEASE_AT_ONCE]
                try:
                    await self._write([self._held.pop(key).change for key in keys])
                except TelemetryError as error:
                    fault = error
        finally:
            self._release = None
        if fault is not None:
            raise fault

    def _to_row(self, change: ObjectChange) -> ChangeRow:
        self._sequence = max(self._sequence + 1, int(self._clock() * 1_000_000))
        found = change.object
        meta = found.metadata
        return ChangeRow(
            self._sequence,
            change.time,
            change.cluster,
            change.kind,
            meta.namespace,
            meta.name,
            meta.uid,
            change.operation,
            change.after_gap,
            meta.resource_version,
            self._encoder.encode(found).decode(),
        )


def _to_sql(query: ChangeQuery) -> tuple[str, dict[str, str | int | float]]:
    """One page of changes, each joined with the document of the change before it, if that is still there."""
    optional = (
        ("kind = {kind:String}", "kind", query.kind),
        ("namespace = {namespace:String}", "namespace", query.namespace),
        ("name = {name:String}", "name", query.name),
        ("time < fromUnixTimestamp64Milli({until:Int64})", "until", _milliseconds(query.until)),
        ("sequence < {before:UInt64}", "before", query.before_sequence),
    )
    given = [(condition, name, value) for condition, name, value in optional if value is not None]
    # Who sees what is in a namespace sees the Namespace as well.
    within, names = to_sql(query.areas, namespace="if(kind = 'Namespace', name, namespace)")
    conditions = " AND ".join(
        [
            within,
            "cluster = {cluster:String}",
            "time >= fromUnixTimestamp64Milli({since:Int64})",
            *(condition for condition, _, _ in given),
        ]
    )
    statement = (
        # S608: the conditions are the constants above; every value is bound.
        f"WITH page AS (SELECT * FROM changes WHERE {conditions} ORDER BY sequence DESC LIMIT {{limit:UInt32}}) "  # noqa: S608
        "SELECT page.sequence, toUnixTimestamp64Milli(page.time) / 1000, page.cluster, page.kind, page.namespace, "
        "page.name, page.uid, page.operation, page.after_gap, page.document, earlier.document "
        "FROM page ASOF LEFT JOIN ("
        "SELECT kind, namespace, name, uid, sequence, document FROM changes WHERE cluster = {cluster:String} "
        "AND (namespace, kind, name) IN (SELECT namespace, kind, name FROM page)) AS earlier "
        "ON page.kind = earlier.kind AND page.namespace = earlier.namespace AND page.name = earlier.name "
        "AND page.uid = earlier.uid AND page.sequence > earlier.sequence ORDER BY page.sequence DESC"
    )
    bound: dict[str, str | int | float] = {name: value for _, name, value in given}
    bound |= {
        **names,
        "cluster": query.cluster,
        "since": _milliseconds(query.since) or 0,
        "limit": query.limit,
    }
    return statement, bound


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _to_logged(answer: _Answer) -> LoggedChange:
    updated = answer.operation is Operation.UPDATED and answer.document_before
    fields = (
        diff(msgspec.json.decode(answer.document_before), msgspec.json.decode(answer.document))
        if updated
        else []
    )
    return LoggedChange(
        sequence=answer.sequence,
        time=answer.time,
        cluster=answer.cluster,
        kind=answer.kind,
        namespace=answer.namespace,
        name=answer.name,
        uid=answer.uid,
        operation=answer.operation,
        after_gap=answer.after_gap,
        fields=fields,
        document=msgspec.Raw(answer.document.encode()),
    )
