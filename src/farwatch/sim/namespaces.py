"""How a namespace goes away: the namespace controller's part, in the recorded order.

Recorded from Kubernetes 1.36: the namespace is marked at once; about five seconds later its pods are deleted (they take
their grace); when they are gone the rest follows, resource by resource; what finalizers hold back is named in the
namespace's conditions; when nothing is left the namespace itself goes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from farwatch.sim.collection import Entry
from farwatch.sim.resources import RESOURCES
from farwatch.sim.store import Store
from farwatch.sim.times import format_time, parse_time

_DELAY_SECONDS = 5.0
_PVC_PROTECTION = "kubernetes.io/pvc-protection"
_ORDER = (
    "replicasets",
    "poddisruptionbudgets",
    "persistentvolumeclaims",
    "statefulsets",
    "resourcequotas",
    "horizontalpodautoscalers",
    "jobs",
    "deployments",
    "cronjobs",
)
_CONTENT = (
    *_ORDER,
    *(name for name, kind in RESOURCES.items() if kind.namespaced and name not in (*_ORDER, "pods")),
)


class NamespaceController:
    """Empties and removes the namespaces of a store that are marked as deleted; call ``step`` every second or so."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._due: dict[str, float] = {}

    def step(self) -> None:
        """Do for each namespace what is due by the store's clock."""
        for entry in list(self._store.collection("namespaces").entries()):
            if entry.fields["status.phase"] != "Terminating":
                continue
            namespace = entry.decode()
            marked = parse_time(namespace["metadata"]["deletionTimestamp"])
            if self._store.clock() >= self._due.get(entry.uid, marked + _DELAY_SECONDS):
                self._advance(entry, namespace)

    def _advance(self, entry: Entry, namespace: dict[str, Any]) -> None:
        name = entry.name
        pods = list(self._store.collection("pods").entries(name))
        if pods:
            self._end_pods(name)
        else:
            self._delete_content(name)
        remaining, finalizers = self._left(name)
        self._tell(namespace, remaining, finalizers)
        self._due[entry.uid] = self._store.clock() + _DELAY_SECONDS
        if not remaining:
            del self._due[entry.uid]
            self._finalize(name)

    def _end_pods(self, namespace: str) -> None:
        for pod in list(self._store.collection("pods").entries(namespace)):
            if self._store.find("pods", namespace, pod.name):
                self._store.delete("pods", namespace, pod.name)

    def _delete_content(self, namespace: str) -> None:
        for resource in _CONTENT:
            for entry in list(self._store.collection(resource).entries(namespace)):
                if self._store.find(resource, namespace, entry.name):
                    self._store.delete(resource, namespace, entry.name)

    def _left(self, namespace: str) -> tuple[Counter[str], Counter[str]]:
        remaining: Counter[str] = Counter()
        finalizers: Counter[str] = Counter()
        for resource in ("pods", *_CONTENT):
            for entry in self._store.collection(resource).entries(namespace):
                remaining[f"{resource}.{RESOURCES[resource].group}"] += 1
                finalizers.update(entry.decode()["metadata"].get("finalizers") or ())
        return remaining, finalizers

    def _tell(self, namespace: dict[str, Any], remaining: Counter[str], finalizers: Counter[str]) -> None:
        known = {condition["type"]: condition for condition in namespace["status"].get("conditions") or ()}
        conditions = []
        for condition in _conditions(remaining, finalizers):
            before = known.get(condition["type"], {})
            since = format_time(self._store.clock())
            if before.get("status") == condition["status"]:
                since = before["lastTransitionTime"]
            ordered = {"type": condition["type"], "status": condition["status"], "lastTransitionTime": since}
            conditions.append(ordered | condition)
        namespace["status"]["conditions"] = conditions
        self._store.update("namespaces", namespace, "status")

    def _finalize(self, name: str) -> None:
        def release(namespace: dict[str, Any]) -> None:
            namespace["spec"]["finalizers"] = []

        self._store.modify("namespaces", "", name, release, "finalize")


def _conditions(remaining: Counter[str], finalizers: Counter[str]) -> list[dict[str, str]]:
    left = ", ".join(f"{name} has {count} resource instances" for name, count in sorted(remaining.items()))
    held = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
    content = ("False", "ContentRemoved", "All content successfully removed")
    if remaining:
        content = ("True", "SomeResourcesRemain", f"Some resources are remaining: {left}")
    finalizing = ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished")
    if finalizers:
        finalizing = (
            "True",
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {held}",
        )
    told = {
        "NamespaceDeletionDiscoveryFailure": (
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        "NamespaceDeletionGroupVersionParsingFailure": (
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        "NamespaceDeletionContentFailure": (
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        "NamespaceContentRemaining": content,
        "NamespaceFinalizersRemaining": finalizing,
    }
    return [
        {"type": name, "status": status, "reason": reason, "message": message}
        for name, (status, reason, message) in told.items()
    ]


def release_unused_claims(store: Store, namespace: str = "") -> None:
    """Let deleted PersistentVolumeClaims go that no pod uses: the PVC protection controller's part.

    In one namespace or (empty) all.
    """
    for entry in list(store.collection("persistentvolumeclaims").entries(namespace)):
        if b'"deletionTimestamp"' not in entry.encoded:
            continue
        claim = entry.decode()
        finalizers = claim["metadata"].get("finalizers") or []
        if _PVC_PROTECTION in finalizers and entry.name not in _claims_in_use(store, entry.namespace):
            finalizers.remove(_PVC_PROTECTION)
            store.update("persistentvolumeclaims", claim)


def _claims_in_use(store: Store, namespace: str) -> set[str]:
    return {
        volume["persistentVolumeClaim"]["claimName"]
        for pod in store.list("pods", namespace)
        for volume in pod["spec"].get("volumes") or ()
        if "persistentVolumeClaim" in volume
    }
