"""The objects around one object, as they are or as they were at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from farwatch.hub.inventory import Past, PastObject, PastQuery
from farwatch.kube.kinds import KINDS
from farwatch.kube.objects import KubeObject, OwnerReference

DEEPEST_OWNER = 4
"""Longer chains of owners do not exist; circles, in odd clusters, do."""

MADE_BY = {
    "Deployment": ("ReplicaSet",),
    "CronJob": ("Job",),
    "ReplicaSet": (),
    "StatefulSet": (),
    "DaemonSet": (),
    "Job": (),
}
"""What the controllers of workloads make, beside pods."""


class Ref(NamedTuple):
    """An object of a cluster."""

    kind: str
    namespace: str
    name: str


class Scene(Protocol):
    """The objects of a cluster at one time."""

    def get(self, ref: Ref) -> KubeObject | None:
        """One object."""

    def objects(self, kind: str, namespace: str | None = None) -> Iterator[KubeObject]:
        """The objects of a kind; in one namespace, unless it is None."""


class Objects(Protocol):
    """The objects of every cluster, as the inventory has them."""

    def objects(self, cluster: str, kind: str) -> Iterator[KubeObject]:
        """A cluster's objects of a kind."""

    def get(self, cluster: str, kind: str, namespace: str, name: str) -> KubeObject | None:
        """One object."""


class Present:
    """A cluster as it is."""

    def __init__(self, cluster: str, objects: Objects) -> None:
        self._cluster = cluster
        self._objects = objects

    def get(self, ref: Ref) -> KubeObject | None:
        """One object."""
        return self._objects.get(self._cluster, *ref)

    def objects(self, kind: str, namespace: str | None = None) -> Iterator[KubeObject]:
        """The objects of a kind; in one namespace, unless it is None."""
        for found in self._objects.objects(self._cluster, kind):
            if namespace is None or found.metadata.namespace == namespace:
                yield found


class Recalled:
    """What was loaded of a cluster as it was."""

    def __init__(self, found: Iterable[PastObject]) -> None:
        self._objects: dict[Ref, KubeObject] = {}
        for one in found:
            decoded = one.decode()
            if decoded is not None:
                self._objects[Ref(one.kind, one.namespace, one.name)] = decoded

    def get(self, ref: Ref) -> KubeObject | None:
        """One object."""
        return self._objects.get(ref)

    def objects(self, kind: str, namespace: str | None = None) -> Iterator[KubeObject]:
        """The objects of a kind; in one namespace, unless it is None."""
        for ref, found in self._objects.items():
            if ref.kind == kind and namespace in {None, ref.namespace}:
                yield found


async def recall(past: Past, cluster: str, born: float, ref: Ref, time: float) -> Recalled:
    """What was around an object at a time: its namespace and the nodes; of an object in none, the pods and events.

    Args:
        past: The objects as they were.
        cluster: The cluster's name.
        born: Since when it is in the fleet, seconds since the epoch.
        ref: The object.
        time: Seconds since the epoch.

    Raises:
        PastError: The time is to come.
        TelemetryError: The store cannot answer.
    """
    clusters = {cluster: born}
    if not ref.namespace:
        kinds = tuple(dict.fromkeys((ref.kind, "Pod", "Event")))
        return Recalled(await past.objects(PastQuery(kinds=kinds, time=time, clusters=clusters)))
    inside = tuple(kind.name for kind in KINDS.values() if kind.namespaced)
    around = await past.objects(
        PastQuery(kinds=inside, time=time, clusters=clusters, namespace=ref.namespace)
    )
    nodes = await past.objects(PastQuery(kinds=("Node",), time=time, clusters=clusters))
    return Recalled([*around, *nodes])


def controller_of(found: KubeObject) -> OwnerReference | None:
    """The owner that manages an object, if one does."""
    return next((owner for owner in found.metadata.owner_references or () if owner.controller), None)


def owners_of(scene: Scene, found: KubeObject) -> list[tuple[Ref, KubeObject | None]]:
    """Up the chain of controllers, the nearest first; None for one that is not known."""
    chain: list[tuple[Ref, KubeObject | None]] = []
    namespace = found.metadata.namespace
    current: KubeObject | None = found
    while current is not None and len(chain) < DEEPEST_OWNER:
        owner = controller_of(current)
        if owner is None:
            break
        ref = Ref(owner.kind, "" if owner.kind == "Node" else namespace, owner.name)
        current = scene.get(ref)
        chain.append((ref, current))
    return chain


def owned_by(
    scene: Scene, kind: str, found: KubeObject
) -> tuple[list[tuple[str, KubeObject]], list[KubeObject]]:
    """What an object's controller made, without pods, and all pods below; of a node, the pods on it."""
    if kind == "Node":
        name = found.metadata.name
        return [], [pod for pod in scene.objects("Pod") if getattr(pod.spec, "node_name", None) == name]  # type: ignore[attr-defined]
    if kind not in MADE_BY:
        return [], []
    namespace = found.metadata.namespace
    uids = {found.metadata.uid}
    made = [
        (child_kind, child)
        for child_kind in MADE_BY[kind]
        for child in scene.objects(child_kind, namespace)
        if _is_made_by(child, uids)
    ]
    uids |= {child.metadata.uid for _, child in made}
    return made, [pod for pod in scene.objects("Pod", namespace) if _is_made_by(pod, uids)]


def _is_made_by(found: KubeObject, uids: set[str]) -> bool:
    owner = controller_of(found)
    return owner is not None and owner.uid in uids
