"""What an object's arrival or end changes in a store, and what a whole list does."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from farwatch.kube.objects import KubeObject, ObjectMeta
from farwatch.kube.store import PackedStore

_encode = msgspec.msgpack.Encoder().encode


class ObservedChange(msgspec.Struct, frozen=True, gc=False):
    """One object that came, changed or went.

    Attributes:
        namespace: Empty for cluster-scoped kinds.
        name: The object's name.
        uid: Tells an object from its successor of the same name.
        resource_version: Equal versions of one uid mean equal objects. For a deletion that of the end where it is
            known, otherwise the last one seen.
        document: The trimmed object in MessagePack; None says that it was deleted.
        observed_at: When it was seen here, seconds since the epoch.
        after_gap: Found by comparing with a list, so that it happened some time before.
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    document: bytes | None
    observed_at: float
    after_gap: bool = False


def put_object(
    store: PackedStore, found: KubeObject, observed_at: float, *, after_gap: bool = False
) -> list[ObservedChange]:
    """Keep an object, and say what that changes.

    Nothing if this version is known; one change; or two when the name now belongs to another object, whose
    predecessor's end comes first.
    """
    meta = found.metadata
    if store.holds(meta.namespace, meta.name, meta.uid, meta.resource_version):
        return []
    changes: list[ObservedChange] = []
    known_uid = store.uid(meta.namespace, meta.name)
    if known_uid is not None and known_uid != meta.uid:
        changes += remove_object(store, meta.namespace, meta.name, observed_at, after_gap=after_gap)
    document = _encode(found)
    store.put(meta.namespace, meta.name, meta.uid, meta.resource_version, document)
    changes.append(
        ObservedChange(
            meta.namespace, meta.name, meta.uid, meta.resource_version, document, observed_at, after_gap
        )
    )
    return changes


def remove_object(
    store: PackedStore,
    namespace: str,
    name: str,
    observed_at: float,
    *,
    resource_version: str = "",
    after_gap: bool = False,
) -> list[ObservedChange]:
    """Forget an object, and say what that changes: one deletion, or nothing if it was not known."""
    uid = store.uid(namespace, name)
    if uid is None:
        return []
    version = resource_version or store.resource_version(namespace, name) or ""
    store.remove(namespace, name)
    return [ObservedChange(namespace, name, uid, version, None, observed_at, after_gap)]


class Comparison:
    """A list that is coming in, compared with a store as it comes; used once.

    Args:
        store: What was known.
        namespace: The namespace that the list is of; empty for all.
    """

    def __init__(self, store: PackedStore, namespace: str = "") -> None:
        self._store = store
        self._namespace = namespace
        self._unseen: set[tuple[str, str]] = set(store.keys(namespace))
        self._is_sure = True

    def see(self, found: KubeObject, observed_at: float) -> list[ObservedChange]:
        """An object is on the list."""
        self._unseen.discard((found.metadata.namespace, found.metadata.name))
        return put_object(self._store, found, observed_at, after_gap=True)

    def see_unreadable(self, metadata: ObjectMeta | None) -> None:
        """An object is on the list that cannot be read: what is known of it stays as it is.

        When not even its name can be read, nothing can be said to be missing from the list.
        """
        if metadata is None:
            self._is_sure = False
        else:
            self._unseen.discard((metadata.namespace, metadata.name))

    def finish(self, observed_at: float) -> Iterator[ObservedChange]:
        """The list is whole: what was known and is not on it is gone."""
        if self._is_sure:
            for namespace, name in self._unseen:
                yield from remove_object(self._store, namespace, name, observed_at, after_gap=True)
        self._unseen.clear()
