"""The rows of every table, kept up with the objects, and how many of them stand how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import structlog

from farwatch.hub.inventory.changes import ObjectChange
from farwatch.hub.inventory.pages import Key
from farwatch.hub.inventory.statuses import Level, Status
from farwatch.hub.inventory.table.columns import COLUMNS, present
from farwatch.kube.objects import KubeObject

_NO_LABELS: Mapping[str, str] = {}
_UNREADABLE = Status(
    "Unknown", Level.UNKNOWN, "what its cluster tells of it cannot be read; the hub's log says why"
)

_log = structlog.get_logger(__name__)


class Row(msgspec.Struct, frozen=True, gc=False):
    """An object in its kind's table: where it is, how it stands, and its cells in the order of the columns.

    Each cell is a ``Cell``; msgspec has no word for a text or a time.
    """

    cluster: str
    namespace: str
    name: str
    uid: str
    status: Status
    cells: tuple[Any, ...]


class Entry(NamedTuple):
    """A row, and what it is found by.

    Attributes:
        row: As it is shown.
        labels: The object's labels.
        text: What a search looks at, in lower case: name, namespace, status, labels.
    """

    row: Row
    labels: Mapping[str, str]
    text: str


Entries = Mapping[str, Sequence[Entry]]
"""Rows of one kind by cluster, in the order of the clusters' names; each cluster's by namespace and name."""


def make_entry(cluster: str, kind: str, found: KubeObject) -> Entry:
    """An object's row."""
    meta = found.metadata
    try:
        status, cells = present(kind, found)
    except Exception:  # noqa: BLE001 - one object that is odd must cost no other its row, and no hub its start
        _log.exception(
            "an object cannot be shown", cluster=cluster, kind=kind, namespace=meta.namespace, name=meta.name
        )
        status, cells = _UNREADABLE, (None,) * len(COLUMNS.get(kind, ()))
    labels = meta.labels or _NO_LABELS
    words = [meta.name, meta.namespace, status.word, *(f"{key}={value}" for key, value in labels.items())]
    return Entry(
        Row(cluster, meta.namespace, meta.name, meta.uid, status, cells), labels, "\n".join(words).lower()
    )


class Counts:
    """How many objects of one kind, cluster and namespace stand how."""

    __slots__ = ("by_level",)

    def __init__(self) -> None:
        self.by_level: dict[Level, int] = {}

    def add(self, level: Level, number: int) -> None:
        """So many more, or fewer, stand so."""
        left = self.by_level.get(level, 0) + number
        if left:
            self.by_level[level] = left
        else:
            self.by_level.pop(level, None)


class _Shelf:
    """The rows of one kind in one cluster, in the order of namespace and name; what is not asked for is not put in order."""

    __slots__ = ("_entries", "_keys", "_ordered")

    def __init__(self) -> None:
        self._entries: dict[Key, Entry] = {}
        self._keys: list[Key] | None = []
        self._ordered: list[Entry] | None = []

    def get(self, key: Key) -> Entry | None:
        return self._entries.get(key)

    def put(self, key: Key, entry: Entry) -> None:
        if key not in self._entries:
            self._keys = None
        self._entries[key] = entry
        self._ordered = None

    def pop(self, key: Key) -> None:
        if self._entries.pop(key, None) is not None:
            self._keys = self._ordered = None

    def ordered(self) -> list[Entry]:
        if self._keys is None:
            self._keys = sorted(self._entries)
        if self._ordered is None:
            self._ordered = [self._entries[key] for key in self._keys]
        return self._ordered


class Rows:
    """Every object's row, by kind, cluster, namespace and name: follows an inventory.

    A row is made when its object changes, and not when somebody looks.
    """

    def __init__(self) -> None:
        self._shelves: dict[str, dict[str, _Shelf]] = {}
        self._counts: dict[str, dict[str, dict[str, Counts]]] = {}

    def observe(self, changes: Sequence[ObjectChange]) -> None:
        """Follows the inventory."""
        for change in changes:
            shelf = self._shelf(change.kind, change.cluster)
            meta = change.object.metadata
            key = (meta.namespace, meta.name)
            before = shelf.get(key)
            if before is not None:
                self._count(change.kind, before.row, -1)
            if change.after is None:
                shelf.pop(key)
            else:
                entry = make_entry(change.cluster, change.kind, change.after)
                shelf.put(key, entry)
                self._count(change.kind, entry.row, 1)

    def forget(self, cluster: str) -> None:
        """Follows the inventory."""
        for shelves in self._shelves.values():
            shelves.pop(cluster, None)
        for counts in self._counts.values():
            counts.pop(cluster, None)

    def get(self, cluster: str, kind: str, namespace: str, name: str) -> Row | None:
        """One object's row; None if there is none."""
        shelf = self._shelves.get(kind, {}).get(cluster)
        entry = shelf.get((namespace, name)) if shelf else None
        return None if entry is None else entry.row

    def entries(self, kind: str) -> Entries:
        """All rows of a kind."""
        return {cluster: shelf.ordered() for cluster, shelf in sorted(self._shelves.get(kind, {}).items())}

    def counts(self, kind: str, cluster: str) -> Iterator[tuple[str, Mapping[Level, int]]]:
        """How many of a cluster's objects of a kind stand how, by namespace."""
        for namespace, counts in self._counts.get(kind, {}).get(cluster, {}).items():
            yield namespace, counts.by_level

    def _shelf(self, kind: str, cluster: str) -> _Shelf:
        shelves = self._shelves.setdefault(kind, {})
        shelf = shelves.get(cluster)
        if shelf is None:
            shelf = shelves[cluster] = _Shelf()
        return shelf

    def _count(self, kind: str, row: Row, number: int) -> None:
        namespaces = self._counts.setdefault(kind, {}).setdefault(row.cluster, {})
        counts = namespaces.get(row.namespace)
        if counts is None:
            counts = namespaces[row.namespace] = Counts()
        counts.add(row.status.level, number)
        if not counts.by_level:
            del namespaces[row.namespace]
