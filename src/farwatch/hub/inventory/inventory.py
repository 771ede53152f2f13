"""The current objects of every cluster, in memory, and what changes in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog
from msgspec.structs import replace

from farwatch.hub.inventory.changes import ObjectChange, Operation
from farwatch.hub.inventory.pages import Key, Page, Query, cut_page
from farwatch.kube.kinds import KINDS, Kind
from farwatch.kube.objects import KubeObject
from farwatch.link.frames import Item

LONGEST_DELAY_SECONDS = 24 * 3600.0
"""A change that claims to have been seen longer ago than this, or in the future, is given the hub's own time."""

Transition = tuple[Operation, KubeObject | None, KubeObject | None]
"""What happened, with the object before and after."""

Subscriber = Callable[[Sequence[ObjectChange]], None]

log = structlog.get_logger(__name__)


class Follower(Protocol):
    """Keeps something of every object that the inventory has, and of no other."""

    def observe(self, changes: Sequence[ObjectChange]) -> None:
        """Objects came, changed or went. It neither blocks nor keeps the batch."""

    def forget(self, cluster: str) -> None:
        """A cluster left the fleet with all of its objects."""


class StoredObject(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An object as the change log keeps it beyond its changes, for the next start.

    Attributes:
        time: When it last changed, seconds since the epoch.
        cluster: The cluster's name.
        kind: A name in ``KINDS``.
        namespace: Empty for cluster-scoped kinds.
        name: The object's name.
        document: The trimmed object in JSON.
    """

    time: float
    cluster: str
    kind: str
    namespace: str
    name: str
    document: str


@dataclass(slots=True)
class InventoryCounters:
    """What became of the items that came, since the start.

    Attributes:
        changes: Items that were a change.
        unchanged: Items that said what was known, or changed nothing that we keep.
        undecodable: Documents that do not decode, or are not of the object they claim; each was skipped.
        unknown_kinds: Items of kinds that this hub does not know; each was skipped.
        failed_subscribers: Batches of changes that a subscriber failed to take.
    """

    changes: int = 0
    unchanged: int = 0
    undecodable: int = 0
    unknown_kinds: int = 0
    failed_subscribers: int = 0


class Inventory:
    """The current objects by cluster and kind.

    What arrives is compared with what is known, by uid and resource version before anything is decoded; only what
    differs in a field that we keep is a change. Subscribers are told of changes in batches, in order, before the call
    returns.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.counters = InventoryCounters()
        self._clock = clock
        self._clusters: dict[str, dict[str, dict[Key, KubeObject]]] = {}
        self._snapshots: dict[tuple[str, str], set[Key]] = {}
        self._subscribers: list[Subscriber] = []
        self._followers: list[Follower] = []

    # --- what comes in ----------------------------------------------------------------------------------------

    def load(self, rows: Iterable[StoredObject]) -> list[ObjectChange]:
        """Take over what was known before a restart; the agents' snapshots are then compared with it.

        Returns:
            Every object as a creation, for those who keep state of their own. Subscribers are not told: nothing
            happened.
        """
        loaded = []
        for row in rows:
            kind = KINDS.get(row.kind)
            if kind is None:
                self.counters.unknown_kinds += 1
                continue
            try:
                loaded_object = kind.json_decoder.decode(row.document)
            except msgspec.MsgspecError as error:
                self._skip(row.cluster, row.kind, row.namespace, row.name, str(error))
                continue
            self._of(row.cluster, row.kind)[row.namespace, row.name] = loaded_object
            loaded.append(
                ObjectChange(
                    cluster=row.cluster,
                    kind=row.kind,
                    operation=Operation.CREATED,
                    time=row.time,
                    before=None,
                    after=loaded_object,
                    after_gap=True,
                )
            )
        for follower in self._followers:
            follower.observe(loaded)
        return loaded

    def begin_snapshot(self, cluster: str, kind: str) -> None:
        """All objects of the kind follow; a snapshot of it that has not ended is void."""
        if kind in KINDS:
            self._snapshots[cluster, kind] = set()

    def snapshot_items(self, cluster: str, kind: str, items: Sequence[Item]) -> list[ObjectChange]:
        """Some objects of the snapshot that has begun. What differs from what was known is a change after a gap."""
        if kind in KINDS:
            self._snapshots[cluster, kind].update((item.namespace, item.name) for item in items)
        return self._take(cluster, kind, items, in_snapshot=True)

    def end_snapshot(self, cluster: str, kind: str) -> list[ObjectChange]:
        """The snapshot is whole: what is known and was not in it is gone."""
        seen = self._snapshots.pop((cluster, kind), None)
        if seen is None:
            return []
        known = self._of(cluster, kind)
        now = self._clock()
        changes = [
            ObjectChange(
                cluster=cluster,
                kind=kind,
                operation=Operation.DELETED,
                time=now,
                before=known.pop(key),
                after=None,
                after_gap=True,
            )
            for key in [key for key in known if key not in seen]
        ]
        self._tell(changes)
        return changes

    def apply(self, cluster: str, kind: str, items: Sequence[Item]) -> list[ObjectChange]:
        """Objects that changed, in order; gives the changes that this makes, after the subscribers had them."""
        return self._take(cluster, kind, items, in_snapshot=False)

    def remove(self, cluster: str) -> None:
        """Forget a cluster that left the fleet. That is no change of its objects: subscribers are not told."""
        self._clusters.pop(cluster, None)
        for follower in self._followers:
            follower.forget(cluster)
        for key in [key for key in self._snapshots if key[0] == cluster]:
            del self._snapshots[key]

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every later batch of changes to a callable that neither blocks nor keeps the batch."""
        self._subscribers.append(subscriber)

    def follow(self, follower: Follower) -> None:
        """Have somebody keep up with all that is known, what is loaded and forgotten included; before anything is.

        Followers are told of a change before subscribers are, so that these find them up to date.
        """
        self._followers.append(follower)

    # --- what is known ----------------------------------------------------------------------------------------

    @property
    def clusters(self) -> list[str]:
        """The clusters of which objects are known, by name."""
        return sorted(self._clusters)

    def kinds(self, cluster: str, sees: Callable[[str], bool] | None = None) -> dict[str, int]:
        """How many objects of each kind a cluster has; with ``sees``, in namespaces of which that holds."""
        kinds = self._clusters.get(cluster, {})
        if sees is None:
            return {kind: len(known) for kind, known in kinds.items()}
        return {kind: sum(sees(namespace) for namespace, _ in known) for kind, known in kinds.items()}

    def objects(self, cluster: str, kind: str) -> Iterator[KubeObject]:
        """A cluster's objects of a kind, as they are now, in no order."""
        return iter(list(self._clusters.get(cluster, {}).get(kind, {}).values()))

    def get(self, cluster: str, kind: str, namespace: str, name: str) -> KubeObject | None:
        """One object, or None when there is none."""
        return self._clusters.get(cluster, {}).get(kind, {}).get((namespace, name))

    def select(self, query: Query, limit: int, continue_token: str = "") -> Page:
        """The objects that a query asks for, by cluster, namespace and name, in pages.

        Raises:
            InventoryError: The continue token is not one that an earlier page gave.
        """
        clusters = self.clusters if query.cluster is None else [query.cluster]
        holdings = ((cluster, self._clusters.get(cluster, {}).get(query.kind, {})) for cluster in clusters)
        return cut_page(holdings, query, limit, continue_token)

    # --- inside -----------------------------------------------------------------------------------------------

    def _of(self, cluster: str, kind: str) -> dict[Key, KubeObject]:
        return self._clusters.setdefault(cluster, {}).setdefault(kind, {})

    def _take(
        self, cluster: str, kind_name: str, items: Sequence[Item], *, in_snapshot: bool
    ) -> list[ObjectChange]:
        kind = KINDS.get(kind_name)
        if kind is None:
            self.counters.unknown_kinds += len(items)
            return []
        known = self._of(cluster, kind_name)
        now = self._clock()
        changes: list[ObjectChange] = []
        for item in items:
            transitions = self._compare(cluster, kind, known, item)
            after_gap = in_snapshot or item.after_gap
            changes.extend(
                ObjectChange(
                    cluster=cluster,
                    kind=kind_name,
                    operation=operation,
                    time=_plausible_time(item.observed_at, now),
                    before=before,
                    after=after,
                    after_gap=after_gap,
                )
                for operation, before, after in transitions
            )
        self._tell(changes)
        return changes

    def _compare(
        self, cluster: str, kind: Kind, known: dict[Key, KubeObject], item: Item
    ) -> Sequence[Transition]:
        """What an item changes; none if nothing that we keep is different. What is known is brought up to date."""
        key = (item.namespace, item.name)
        before = known.get(key)
        if item.document is None:
            known.pop(key, None)
            return () if before is None else ((Operation.DELETED, before, None),)
        if before is not None and _same_version(before, item):
            self.counters.unchanged += 1
            return ()
        after = self._decode(cluster, kind, item, item.document)
        if after is None:
            return ()
        known[key] = after
        transitions = _transitions(before, after)
        self.counters.unchanged += not transitions
        return transitions

    def _decode(self, cluster: str, kind: Kind, item: Item, document: bytes) -> KubeObject | None:
        try:
            decoded = kind.msgpack_decoder.decode(document)
        # UnicodeDecodeError and RecursionError: texts and nestings that only a hostile agent sends.
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._skip(cluster, kind.name, item.namespace, item.name, str(error))
            return None
        meta = decoded.metadata
        claimed = (item.namespace, item.name, item.uid, item.resource_version)
        if (meta.namespace, meta.name, meta.uid, meta.resource_version) != claimed:
            self._skip(cluster, kind.name, item.namespace, item.name, "its metadata name another object")
            return None
        return decoded

    def _skip(self, cluster: str, kind: str, namespace: str, name: str, fault: str) -> None:
        self.counters.undecodable += 1
        log.warning(
            "object does not decode, skipped",
            cluster=cluster,
            kind=kind,
            namespace=namespace,
            name=name,
            fault=fault,
        )

    def _tell(self, changes: Sequence[ObjectChange]) -> None:
        if not changes:
            return
        self.counters.changes += len(changes)
        for subscriber in (*(follower.observe for follower in self._followers), *self._subscribers):
            try:
                subscriber(changes)
            except Exception:
                # A fault in one detector must cost neither the others nor the record of what changed.
                self.counters.failed_subscribers += 1
                log.exception("a subscriber failed to take changes", subscriber=repr(subscriber))


def _same_version(known: KubeObject, item: Item) -> bool:
    meta = known.metadata
    return meta.resource_version == item.resource_version and meta.uid == item.uid


def _transitions(before: KubeObject | None, after: KubeObject) -> Sequence[Transition]:
    if before is None:
        return ((Operation.CREATED, None, after),)
    if before.metadata.uid != after.metadata.uid:
        # A new object took the name: the old one must have gone first.
        return ((Operation.DELETED, before, None), (Operation.CREATED, None, after))
    metadata = replace(before.metadata, resource_version=after.metadata.resource_version)
    if replace(before, metadata=metadata) == after:
        return ()
    return ((Operation.UPDATED, before, after),)


def _plausible_time(observed_at: float, now: float) -> float:
    """An agent's clock may be wrong; nothing was seen in the future, or long before it was told."""
    return observed_at if now - LONGEST_DELAY_SECONDS <= observed_at <= now else now
