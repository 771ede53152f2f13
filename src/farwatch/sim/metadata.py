"""What every stored object says about itself: identity, generation, order; and what keeps or frees it."""

from __future__ import annotations

from typing import Any

import msgspec

from farwatch.sim.collection import Entry
from farwatch.sim.errors import conflict
from farwatch.sim.resources import Resource

Document = dict[str, Any]

_METADATA_ORDER = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
_SYSTEM_METADATA = (
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
_NOT_SPEC = ("kind", "apiVersion", "metadata", "status")


def copy_document(document: Document) -> Document:
    """A deep copy, as JSON would carry it."""
    copied: Document = msgspec.json.decode(msgspec.json.encode(document))
    return copied


def check_identity(kind: Resource, entry: Entry, uid: str | None, resource_version: str | None) -> None:
    """StatusError 409 when a uid or resource version is given and is not the stored one."""
    if uid and uid != entry.uid:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {entry.uid}"
        raise conflict(kind, entry.name, why)
    if resource_version and resource_version != str(entry.resource_version):
        raise conflict(kind, entry.name)


def keep_system_fields(kind: Resource, current: Document, updated: Document) -> None:
    """Give ``updated`` what no writer may change: identity, times, and the status where it has its own way."""
    for field in _SYSTEM_METADATA:
        if field in current["metadata"]:
            updated["metadata"][field] = current["metadata"][field]
        else:
            updated["metadata"].pop(field, None)
    updated["metadata"]["resourceVersion"] = current["metadata"]["resourceVersion"]
    if kind.has_status:
        updated.pop("status", None)
        if "status" in current:
            updated["status"] = current["status"]


def advance_generation(kind: Resource, current: Document, updated: Document) -> None:
    """Count a change of anything but metadata and status, for kinds that have a generation."""
    generation = current["metadata"].get("generation")
    if generation is None:
        updated["metadata"].pop("generation", None)
        return
    changed = kind.generation and _spec(current) != _spec(updated)
    updated["metadata"]["generation"] = generation + changed


def _spec(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in _NOT_SPEC}


def open_namespace(namespace: Document) -> None:
    """Complete a new namespace: its name as a label, its finalizer, active."""
    labels = namespace["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = namespace["metadata"]["name"]
    namespace.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    namespace.setdefault("status", {}).setdefault("phase", "Active")


def is_released(kind: Resource, metadata: Document, document: Document) -> bool:
    """Whether nothing holds back an object that is marked as deleted."""
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    if kind.name == "namespaces":
        return not (document.get("spec") or {}).get("finalizers")
    return not metadata.get("deletionGracePeriodSeconds")


def arrange(kind: Resource, document: Document) -> Document:
    """The object in the server's key order, which tools that diff or page through YAML show as it is."""
    metadata = document["metadata"]
    arranged: Document = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": {}}
    arranged["metadata"] = {key: metadata[key] for key in _METADATA_ORDER if key in metadata}
    arranged["metadata"] |= metadata
    return arranged | {key: value for key, value in document.items() if key not in arranged}
