"""How objects go: gracefully, held by finalizers, with what they own."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from farwatch.sim.collection import Change, ChangeType, Entry, Key
from farwatch.sim.resources import BY_KIND, RESOURCES, Resource
from farwatch.sim.times import format_time

if TYPE_CHECKING:
    from farwatch.sim.store import Store

_DEFAULT_GRACE_SECONDS = 30
_FOREGROUND = "foregroundDeletion"


class Propagation(StrEnum):
    """What becomes of the objects that a deleted object owns."""

    BACKGROUND = "Background"
    FOREGROUND = "Foreground"
    ORPHAN = "Orphan"


class Graveyard:
    """Deletes objects of a store, and knows who owns whom."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owned: dict[str, dict[tuple[str, Key], None]] = {}

    def track(self, kind: Resource, change: Change) -> None:
        """Keep the owners' index in step with a change."""
        before = change.previous.owners if change.previous else ()
        after = () if change.type is ChangeType.DELETED else change.entry.owners
        if before == after:
            return
        member = (kind.name, change.entry.key)
        for uid in before:
            owned = self._owned.get(uid, {})
            owned.pop(member, None)
            if not owned:
                self._owned.pop(uid, None)
        for uid in after:
            self._owned.setdefault(uid, {})[member] = None

    def delete(
        self, kind: Resource, entry: Entry, grace_period: int | None, propagation: Propagation
    ) -> dict[str, Any]:
        """Remove an object, or mark it when something must end first; its last state."""
        if propagation is Propagation.ORPHAN:
            self._release_owned(entry.uid)
        elif propagation is Propagation.FOREGROUND and entry.uid in self._owned:
            return self._delete_owned_first(kind, entry)
        if kind.name == "pods":
            return self._end_pod(kind, entry, grace_period)
        if kind.name == "namespaces":
            return self._close_namespace(kind, entry)
        document = entry.decode()
        if document["metadata"].get("finalizers"):
            return self._mark(kind, entry, document, 0)
        return self._store.remove(kind, entry)

    def collect(self, gone: Entry) -> None:
        """Delete what had no other owner than the object that is gone, and tell its own owners."""
        for resource, key in list(self._owned.get(gone.uid, ())):
            entry = self._store.collection(resource).get(key)
            if entry is None:
                continue
            if len(entry.owners) > 1 and self._has_living_owner(entry):
                self._release(resource, entry, gone.uid)
            else:
                self.delete(RESOURCES[resource], entry, None, Propagation.BACKGROUND)
        if gone.owners:
            self._finish_foreground(gone)

    # --- kinds with habits of their own -----------------------------------------------------------------------

    def _end_pod(self, kind: Resource, entry: Entry, grace_period: int | None) -> dict[str, Any]:
        document = entry.decode()
        metadata, spec = document["metadata"], document.get("spec") or {}
        grace = spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE_SECONDS)
        if grace_period is not None:
            grace = grace_period
        if not spec.get("nodeName") or entry.fields["status.phase"] in ("Succeeded", "Failed"):
            grace = 0  # no kubelet has anything left to stop
        if metadata.get("deletionTimestamp") and grace >= metadata.get("deletionGracePeriodSeconds", 0) > 0:
            return document
        marked = self._mark(kind, entry, document, grace)
        if grace or metadata.get("finalizers"):
            return marked
        current = self._store.collection(kind.name).get(entry.key)
        return self._store.remove(kind, current) if current else marked

    def _close_namespace(self, kind: Resource, entry: Entry) -> dict[str, Any]:
        document = entry.decode()
        if document["metadata"].get("deletionTimestamp"):
            return document
        document["metadata"]["deletionTimestamp"] = format_time(self._store.clock())
        document["status"] = (document.get("status") or {}) | {"phase": "Terminating"}
        return self._store.write(kind, document, entry)

    def _mark(self, kind: Resource, entry: Entry, document: dict[str, Any], grace: int) -> dict[str, Any]:
        metadata = document["metadata"]
        if not metadata.get("deletionTimestamp") and metadata.get("generation"):
            metadata["generation"] += 1
        elif kind.name != "pods" and metadata.get("deletionTimestamp"):
            return document
        metadata["deletionTimestamp"] = format_time(self._store.clock() + grace)
        metadata["deletionGracePeriodSeconds"] = grace
        return self._store.write(kind, document, entry, keep=True)

    # --- owners -----------------------------------------------------------------------------------------------

    def _has_living_owner(self, entry: Entry) -> bool:
        return any(self._owner(entry.namespace, ref) for ref in entry.decode()["metadata"]["ownerReferences"])

    def _owner(self, namespace: str, reference: dict[str, Any]) -> Entry | None:
        kind = BY_KIND.get(reference["kind"])
        if kind is None:
            return None
        key = (namespace if kind.namespaced else "", reference["name"])
        owner = self._store.collection(kind.name).get(key)
        return owner if owner and owner.uid == reference["uid"] else None

    def _delete_owned_first(self, kind: Resource, entry: Entry) -> dict[str, Any]:
        document = entry.decode()
        finalizers = document["metadata"].setdefault("finalizers", [])
        if _FOREGROUND not in finalizers:
            finalizers.append(_FOREGROUND)
        marked = self._mark(kind, entry, document, 0)
        for resource, key in list(self._owned[entry.uid]):
            owned = self._store.collection(resource).get(key)
            if owned is not None:
                self.delete(RESOURCES[resource], owned, None, Propagation.FOREGROUND)
        return marked

    def _finish_foreground(self, gone: Entry) -> None:
        for reference in gone.decode()["metadata"]["ownerReferences"]:
            owner = self._owner(gone.namespace, reference)
            if owner is None or owner.uid in self._owned:
                continue
            document = owner.decode()
            finalizers = document["metadata"].get("finalizers") or []
            if _FOREGROUND in finalizers:
                finalizers.remove(_FOREGROUND)
                self._store.write(BY_KIND[reference["kind"]], document, owner)

    def _release_owned(self, uid: str) -> None:
        for resource, key in list(self._owned.get(uid, ())):
            entry = self._store.collection(resource).get(key)
            if entry is not None:
                self._release(resource, entry, uid)

    def _release(self, resource: str, entry: Entry, uid: str) -> None:
        document = entry.decode()
        metadata = document["metadata"]
        metadata["ownerReferences"] = [ref for ref in metadata["ownerReferences"] if ref["uid"] != uid]
        if not metadata["ownerReferences"]:
            del metadata["ownerReferences"]
        self._store.write(RESOURCES[resource], document, entry)
