"""What a cluster's etcd and the API server's storage layer do, in memory: the truth about every object.

Single-threaded and synchronous. One resource version counts every write. Objects are trusted: admission, defaults and
authorisation are the HTTP server's; what is kept here are the rules that hold for every writer: names and uids,
generations, optimistic locking, finalizers, graceful deletion, owners and namespaces that go away.
"""

from __future__ import annotations

import random
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from farwatch.sim.collection import Change, ChangeType, Collection, Entry, make_entry
from farwatch.sim.deletion import Graveyard, Propagation
from farwatch.sim.errors import (
    PatchError,
    already_exists,
    bad_request,
    invalid,
    not_found,
    terminating,
)
from farwatch.sim.metadata import (
    advance_generation,
    arrange,
    check_identity,
    copy_document,
    is_released,
    keep_system_fields,
    open_namespace,
)
from farwatch.sim.patches import PatchType, apply_patch
from farwatch.sim.resources import RESOURCES, Resource
from farwatch.sim.selectors import SELECTABLE_FIELDS
from farwatch.sim.times import Clock, format_time

Document = dict[str, Any]

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # as k8s.io/apimachinery/pkg/util/rand: spells no words


class Store:
    """Every object of one simulated cluster.

    Args:
        clock: Seconds since the epoch.
        randomness: Source of uids and name suffixes; seed it for repeatable clusters.
        window: How many changes per resource are remembered; a watch from before that gets 410 Gone.
    """

    def __init__(self, clock: Clock, randomness: random.Random | None = None, window: int = 10_000) -> None:
        self.clock = clock
        self.randomness = randomness or random.Random()  # noqa: S311 - names, not secrets
        self._version = 0
        self._collections = {name: Collection(window) for name in RESOURCES}
        self._pending: deque[tuple[Collection, Change]] = deque()
        self._notifying = False
        self._graveyard = Graveyard(self)

    # --- reading --------------------------------------------------------------------------------------------

    @property
    def resource_version(self) -> int:
        """The number of the last write."""
        return self._version

    def collection(self, resource: str) -> Collection:
        """The encoded objects of a resource, for reading at speed."""
        return self._collections[resource]

    def get(self, resource: str, namespace: str, name: str) -> Document:
        """The object, the caller's to change; StatusError 404 when it is absent."""
        return self._entry(resource, namespace, name).decode()

    def find(self, resource: str, namespace: str, name: str) -> Document | None:
        """The object, the caller's to change, or None when it is absent."""
        entry = self._collections[resource].get((namespace, name))
        return entry.decode() if entry else None

    def list(self, resource: str, namespace: str = "") -> list[Document]:
        """All objects of a namespace, or (empty) of all, by namespace and name."""
        return [entry.decode() for entry in self._collections[resource].entries(namespace)]

    def subscribe(self, resource: str, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call ``listener`` with each change of a resource from now on; the answer ends that.

        A listener may write to the store: what that changes is told after the change at hand, to everyone.
        """
        return self._collections[resource].subscribe(listener)

    def changes_since(self, resource: str, resource_version: int) -> Sequence[Change]:
        """What happened after a resource version; StatusError 410 when it is forgotten, 504 when in the future."""
        collection = self._collections[resource]
        collection.check_version(resource_version, self._version)
        return collection.since(resource_version)

    def expire_history(self, resource: str = "") -> None:
        """Forget what happened so far, to one resource or (empty) all, as etcd's compaction does.

        A resource version is used up, so that every version known until now is too old.
        """
        self._version += 1
        for name, collection in self._collections.items():
            if resource in ("", name):
                collection.forget_history(self._version)

    # --- writing --------------------------------------------------------------------------------------------

    def create(self, resource: str, document: Document, *, dry_run: bool = False) -> Document:
        """Store a new object and give it as stored.

        ``metadata.name``, or a ``generateName`` to make one from, and the namespace must be set; whatever else is
        given stays, a status and a creationTimestamp too. StatusError: 409 when the name is taken, 404 or 403 when the
        namespace is absent or going away, 422 without a name.
        """
        kind = RESOURCES[resource]
        created = copy_document(document)
        metadata = created.setdefault("metadata", {})
        self._name(kind, metadata)
        namespace, name = metadata.get("namespace") or "", metadata["name"]
        self._admit_to_namespace(kind, namespace, name)
        if self._collections[resource].get((namespace, name)):
            raise already_exists(kind, name)
        metadata["uid"] = metadata.get("uid", "") or self.new_uid()
        metadata.setdefault("creationTimestamp", format_time(self.clock()))
        if kind.generation:
            metadata["generation"] = 1
        if resource == "namespaces":
            open_namespace(created)
        return self.write(kind, created, None, dry_run=dry_run)

    def update(
        self, resource: str, document: Document, subresource: str = "", *, dry_run: bool = False
    ) -> Document:
        """Replace an object, or only its ``status``, and give it as stored; an update without effect writes nothing.

        StatusError: 404 when it is absent, 409 when ``metadata.resourceVersion`` or ``uid`` is given and is not the
        stored one.
        """
        kind = RESOURCES[resource]
        metadata = document["metadata"]
        entry = self._entry(resource, metadata.get("namespace") or "", metadata["name"])
        check_identity(kind, entry, metadata.get("uid"), metadata.get("resourceVersion"))
        current = entry.decode()
        if kind.has_status and subresource == "status":
            updated = current | {"status": copy_document(document).get("status") or {}}
        else:
            updated = copy_document(document)
            keep_system_fields(kind, current, updated)
        advance_generation(kind, current, updated)
        if updated == current:
            return current
        return self.write(kind, updated, entry, dry_run=dry_run)

    def patch(  # noqa: PLR0917 - in the order of the path and the body
        self,
        resource: str,
        namespace: str,
        name: str,
        patch: Any,
        patch_type: PatchType,
        subresource: str = "",
        *,
        dry_run: bool = False,
    ) -> Document:
        """Patch an object, or only its ``status``, and give it as stored.

        StatusError: 404, 409 as for update (a resourceVersion in the patch is checked), 422 or 400 for a patch that
        does not fit or is malformed.
        """
        kind = RESOURCES[resource]
        current = self.get(resource, namespace, name)
        try:
            patched = apply_patch(current, patch, patch_type)
        except PatchError as error:
            raise bad_request(str(error)) from None
        if (patched.get("metadata") or {}).get("name") != name:
            raise invalid(kind, name, "metadata.name", "Invalid value: field is immutable")
        return self.update(resource, patched, subresource, dry_run=dry_run)

    def modify(
        self,
        resource: str,
        namespace: str,
        name: str,
        change: Callable[[Document], None],
        subresource: str = "",
    ) -> Document:
        """Read, let ``change`` work on the object in place, and write it; StatusError 404 when it is absent."""
        document = self.get(resource, namespace, name)
        change(document)
        return self.update(resource, document, subresource)

    def delete(
        self,
        resource: str,
        namespace: str,
        name: str,
        *,
        grace_period: int | None = None,
        propagation: Propagation = Propagation.BACKGROUND,
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> Document:
        """Delete an object, or begin to, and give its last state.

        A pod on a node is only marked, with its grace period in seconds (default: the pod's own); whoever plays the
        kubelet ends it by deleting again with ``grace_period=0``. An object with finalizers is marked and goes with
        the last of them. What it owns goes with it, unless ``propagation`` says ``ORPHAN``. StatusError: 404, 409 when
        ``uid`` or ``resource_version`` is given and is another.
        """
        kind = RESOURCES[resource]
        entry = self._entry(resource, namespace, name)
        check_identity(kind, entry, uid, resource_version)
        if dry_run:
            return entry.decode()
        return self._graveyard.delete(kind, entry, grace_period, propagation)

    def new_uid(self) -> str:
        """A random uid."""
        return str(uuid.UUID(int=self.randomness.getrandbits(128), version=4))

    # --- the way of every write -----------------------------------------------------------------------------

    def write(
        self,
        kind: Resource,
        document: Document,
        previous: Entry | None,
        *,
        dry_run: bool = False,
        keep: bool = False,
    ) -> Document:
        """Store a complete object as it is, or (unless ``keep``) remove it when only finalizers had held it back.

        For the parts of the storage layer; everyone else creates, updates, patches and deletes.
        """
        metadata = document["metadata"]
        if dry_run:
            return arrange(kind, document)
        if previous and not keep and is_released(kind, metadata, document):
            return self.remove(kind, previous)
        self._version += 1
        metadata["resourceVersion"] = str(self._version)
        document = arrange(kind, document)
        entry = make_entry(document, SELECTABLE_FIELDS[kind.name])
        change_type = ChangeType.MODIFIED if previous else ChangeType.ADDED
        self._record(kind, Change(change_type, entry, previous))
        return document

    def remove(self, kind: Resource, entry: Entry) -> Document:
        """Take an object out; watchers get its last state under a new resource version."""
        self._version += 1
        document = entry.decode()
        document["metadata"]["resourceVersion"] = str(self._version)
        last = make_entry(document, SELECTABLE_FIELDS[kind.name])
        self._record(kind, Change(ChangeType.DELETED, last, entry))
        self._graveyard.collect(last)
        return document

    def _record(self, kind: Resource, change: Change) -> None:
        collection = self._collections[kind.name]
        collection.record(change)
        self._graveyard.track(kind, change)
        self._pending.append((collection, change))
        if self._notifying:
            return
        self._notifying = True
        try:
            while self._pending:
                told, next_change = self._pending.popleft()
                told.notify(next_change)
        finally:
            self._notifying = False

    def _entry(self, resource: str, namespace: str, name: str) -> Entry:
        entry = self._collections[resource].get((namespace, name))
        if entry is None:
            raise not_found(RESOURCES[resource], name)
        return entry

    def _name(self, kind: Resource, metadata: Document) -> None:
        if not metadata.get("name") and metadata.get("generateName"):
            suffix = "".join(self.randomness.choices(_SUFFIX_LETTERS, k=5))
            metadata["name"] = metadata["generateName"] + suffix
        if not metadata.get("name"):
            what = "Required value: name or generateName is required"
            raise invalid(kind, "", "metadata.name", what, "FieldValueRequired")

    def _admit_to_namespace(self, kind: Resource, namespace: str, name: str) -> None:
        if not kind.namespaced:
            return
        home = self._collections["namespaces"].get(("", namespace))
        if home is None:
            raise not_found(RESOURCES["namespaces"], namespace)
        if home.fields["status.phase"] == "Terminating":
            raise terminating(kind, name, namespace)
