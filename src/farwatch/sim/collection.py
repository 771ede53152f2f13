"""All objects of one resource as encoded JSON, sorted by key, with a bounded memory of what changed.

Objects are kept as the bytes that lists and watches send, so that serving them needs no encoding; beside the bytes
stands only what selectors and owner references ask for.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from enum import StrEnum
from heapq import merge
from typing import Any

import msgspec

from farwatch.sim.errors import too_large, too_old

Key = tuple[str, str]
"""Namespace (empty for cluster-scoped objects) and name."""

_decoder = msgspec.json.Decoder()


class ChangeType(StrEnum):
    """What a watch says happened."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One object at one resource version.

    Attributes:
        namespace: Empty for cluster-scoped objects.
        name: The object's name.
        uid: The object's uid.
        resource_version: When it became so.
        labels: Its labels.
        fields: What field selectors of its resource may ask for, by field path.
        owners: The uids of its owners.
        encoded: The object as JSON.
    """

    namespace: str
    name: str
    uid: str
    resource_version: int
    labels: dict[str, str]
    fields: dict[str, str]
    owners: tuple[str, ...]
    encoded: bytes

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return (self.namespace, self.name)

    def decode(self) -> dict[str, Any]:
        """The object; the caller's to change."""
        document: dict[str, Any] = _decoder.decode(self.encoded)
        return document


def make_entry(document: dict[str, Any], selectable: tuple[str, ...]) -> Entry:
    """The entry of a complete object (uid and resourceVersion set); ``selectable`` are paths like ``status.phase``."""
    metadata = document["metadata"]
    labels = metadata.get("labels") or {}
    return Entry(
        namespace=sys.intern(metadata.get("namespace") or ""),
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=int(metadata["resourceVersion"]),
        labels={sys.intern(key): sys.intern(value) for key, value in labels.items()},
        fields={path: sys.intern(_field(document, path)) for path in selectable},
        owners=tuple(owner["uid"] for owner in metadata.get("ownerReferences") or ()),
        encoded=msgspec.json.encode(document),
    )


def _field(document: dict[str, Any], path: str) -> str:
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


class Change:
    """One step in a resource's history.

    Attributes:
        type: What happened.
        entry: The object after it; for DELETED its last state, under the resource version of the deletion.
        previous: The object before it; None for ADDED.
    """

    def __init__(self, change_type: ChangeType, entry: Entry, previous: Entry | None) -> None:
        self.type = change_type
        self.entry = entry
        self.previous = previous

    @property
    def resource_version(self) -> int:
        """The resource version at which it happened."""
        return self.entry.resource_version

    @property
    def line(self) -> bytes:
        """The watch event as sent to whoever selects the object before and after."""
        return encode_event(self.type, self.entry.encoded)


def encode_event(event_type: str, encoded: bytes) -> bytes:
    """One line of a watch stream."""
    return b'{"type":"%s","object":%s}\n' % (event_type.encode(), encoded)


class Collection:
    """The objects of one resource and their recent history.

    Args:
        window: How many changes are remembered for watches and consistent paging.
    """

    def __init__(self, window: int) -> None:
        self._entries: dict[Key, Entry] = {}
        self._keys: list[Key] = []
        self._history: deque[Change] = deque(maxlen=window)
        self._forgotten = 0
        self._listeners: list[Callable[[Change], None]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Entry | None:
        """The object now, or None."""
        return self._entries.get(key)

    def record(self, change: Change) -> None:
        """Make a change current and remember it."""
        key = change.entry.key
        if change.type is ChangeType.DELETED:
            del self._entries[key]
            del self._keys[bisect_left(self._keys, key)]
        else:
            if key not in self._entries:
                insort(self._keys, key)
            self._entries[key] = change.entry
        if len(self._history) == self._history.maxlen:
            self._forgotten = self._history[0].resource_version
        self._history.append(change)

    def forget_history(self, resource_version: int) -> None:
        """Compact: what happened up to a version can neither be watched nor paged through any more."""
        self._forgotten = resource_version
        self._history.clear()

    def entries(self, namespace: str = "", after: Key | None = None) -> Iterator[Entry]:
        """The objects now, by key, of one namespace or (empty) all, beginning behind ``after``.

        The collection must not change while this iterator is in use.
        """
        for key in self._keys_from(namespace, after):
            yield self._entries[key]

    def entries_at(
        self, resource_version: int, namespace: str = "", after: Key | None = None
    ) -> Iterator[Entry]:
        """The objects as they were at a resource version; StatusError 410 when that is forgotten.

        The collection must not change while this iterator is in use.
        """
        past: dict[Key, Entry | None] = {}
        for change in self.since(resource_version):
            past.setdefault(change.entry.key, change.previous)
        start = _start(namespace, after)
        gone = sorted(
            key
            for key, entry in past.items()
            if entry and key not in self._entries and key > start and _inside(key, namespace)
        )
        for key in merge(self._keys_from(namespace, after), gone):
            entry = past.get(key, self._entries.get(key))
            if entry is not None:
                yield entry

    def count_after(self, namespace: str, key: Key) -> int:
        """How many objects there are now behind a key, in one namespace or (empty) all."""
        end = bisect_left(self._keys, (namespace + "\0", "")) if namespace else len(self._keys)
        return max(0, end - bisect_right(self._keys, key))

    def since(self, resource_version: int) -> list[Change]:
        """What happened after a resource version, oldest first; StatusError 410 when some of it is forgotten."""
        if resource_version < self._forgotten:
            raise too_old(resource_version, self._forgotten)
        changes: list[Change] = []
        for change in reversed(self._history):
            if change.resource_version <= resource_version:
                break
            changes.append(change)
        changes.reverse()
        return changes

    def check_version(self, resource_version: int, current: int) -> None:
        """StatusError 410 for a version that is forgotten, 504 for one that is not there yet."""
        if resource_version > current:
            raise too_large(resource_version, current)
        if resource_version < self._forgotten:
            raise too_old(resource_version, self._forgotten)

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call ``listener`` with each change from now on, in order; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def notify(self, change: Change) -> None:
        """Tell every listener."""
        for listener in tuple(self._listeners):
            listener(change)

    def _keys_from(self, namespace: str, after: Key | None) -> Iterator[Key]:
        start = _start(namespace, after)
        at = bisect_left(self._keys, start)
        if at < len(self._keys) and self._keys[at] == start:
            at += 1
        for i in range(at, len(self._keys)):
            key = self._keys[i]
            if not _inside(key, namespace):
                return
            yield key


def _start(namespace: str, after: Key | None) -> Key:
    # No object has an empty name: (namespace, "") lies before all of a namespace's.
    return max(after or ("", ""), (namespace, ""))


def _inside(key: Key, namespace: str) -> bool:
    return not namespace or key[0] == namespace
