"""What is wrong with which workload: the table that kubelets look into when they run a pod's containers.

Troubles that an operator brings about by a change (a wrong image, a missing ConfigMap, a selector that no node fits)
need no entry here: the simulated kubelets and scheduler find them in the objects themselves, as real ones would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from farwatch.sim.engine.index import PodIndex
from farwatch.sim.store import Store

Document = dict[str, Any]

NOT_READY_MESSAGE = "Readiness probe failed: HTTP probe failed with statuscode: 503"
NOT_ALIVE_MESSAGE = "Liveness probe failed: HTTP probe failed with statuscode: 500"
NO_NETWORK_MESSAGE = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: "
    'plugin type="sim" failed (add): no IP addresses available in range set'
)


class AilmentKind(StrEnum):
    """How a container misbehaves."""

    EXIT = "exit"
    OUT_OF_MEMORY = "out-of-memory"
    NOT_READY = "not-ready"
    NOT_ALIVE = "not-alive"
    NO_NETWORK = "no-network"


@dataclass(frozen=True)
class Ailment:
    """What is wrong with a workload's main container.

    Attributes:
        kind: How it misbehaves.
        exit_code: What it exits with, for ``EXIT``.
        run_seconds: How long it runs before it does, for ``EXIT`` and ``OUT_OF_MEMORY``.
    """

    kind: AilmentKind
    exit_code: int = 1
    run_seconds: float = 3.0

    @property
    def ends_container(self) -> bool:
        """Whether the container ends by itself."""
        return self.kind in (AilmentKind.EXIT, AilmentKind.OUT_OF_MEMORY)

    @property
    def exit(self) -> tuple[int, str]:
        """Exit code and reason of a container that ends by itself."""
        return (137, "OOMKilled") if self.kind is AilmentKind.OUT_OF_MEMORY else (self.exit_code, "Error")


@dataclass(frozen=True)
class Workload:
    """What a pod is part of: the topmost object that owns it, or the pod itself."""

    namespace: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


class Ailments:
    """Ailments by workload and by image."""

    def __init__(self, store: Store, pods: PodIndex) -> None:
        self._store = store
        self._pods = pods
        self._by_workload: dict[Workload, Ailment] = {}
        self._by_image: dict[str, Ailment] = {}
        self._listeners: list[Callable[[Document], None]] = []

    def subscribe(self, listener: Callable[[Document], None]) -> None:
        """Call ``listener`` with each pod whose ailment came or went."""
        self._listeners.append(listener)

    def afflict(self, workload: Workload, ailment: Ailment) -> None:
        """From now on the workload's pods have this ailment."""
        self._by_workload[workload] = ailment
        self._tell(workload)

    def heal(self, workload: Workload) -> None:
        """The workload is sound again."""
        if self._by_workload.pop(workload, None):
            self._tell(workload)

    def afflict_image(self, image: str, ailment: Ailment) -> None:
        """Whatever runs this image from now on has this ailment."""
        self._by_image[image] = ailment

    def heal_image(self, image: str) -> None:
        """The image is sound again."""
        self._by_image.pop(image, None)

    def of(self, pod: Document) -> Ailment | None:
        """What is wrong with a pod, if anything."""
        if not self._by_workload and not self._by_image:
            return None
        image = pod["spec"]["containers"][0]["image"]
        return self._by_image.get(image) or self._by_workload.get(workload_of(self._store, pod))

    def _tell(self, workload: Workload) -> None:
        for pod in pods_of(self._store, self._pods, workload):
            for listener in self._listeners:
                listener(pod)


def workload_of(store: Store, document: Document) -> Workload:
    """The topmost owner: a pod's Deployment through its ReplicaSet, its CronJob through its Job."""
    metadata = document["metadata"]
    owner = next((ref for ref in metadata.get("ownerReferences") or () if ref.get("controller")), None)
    if owner is None:
        return Workload(metadata["namespace"], document["kind"], metadata["name"])
    above = {"ReplicaSet": "replicasets", "Job": "jobs"}.get(owner["kind"])
    found = store.find(above, metadata["namespace"], owner["name"]) if above else None
    return (
        workload_of(store, found) if found else Workload(metadata["namespace"], owner["kind"], owner["name"])
    )


def pods_of(store: Store, pods: PodIndex, workload: Workload) -> list[Document]:
    """The pods of a workload that have a node."""
    candidates = (facts.entry.decode() for facts in pods.in_namespace(workload.namespace) if facts.node)
    return [pod for pod in candidates if workload_of(store, pod) == workload]


def pull_failure(image: str) -> str:
    """Why an image cannot be pulled, in the runtime's words; empty when it can.

    By name, as in the recording: what is called ``does-not-exist`` is not found, what is called ``private`` needs
    credentials.
    """
    resolving = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": '
    name = image.rsplit("/", 1)[-1]
    if "does-not-exist" in name:
        return f"rpc error: code = NotFound desc = {resolving}{image}: not found"
    if name.startswith("private"):
        return (
            f"{resolving}pull access denied, repository does not exist or may require authorization: "
            "authorization failed: no basic auth credentials"
        )
    return ""


_SOURCES = (
    ("configMapRef", "configmaps"),
    ("configMapKeyRef", "configmaps"),
    ("secretRef", "secrets"),
    ("secretKeyRef", "secrets"),
)


def missing_configuration(store: Store, pod: Document) -> str:
    """The ConfigMap or Secret that a pod's environment names and that is not there; empty when all are."""
    namespace = pod["metadata"]["namespace"]
    for container in pod["spec"]["containers"]:
        sources = list(container.get("envFrom") or ())
        sources += [entry["valueFrom"] for entry in container.get("env") or () if entry.get("valueFrom")]
        for source in sources:
            for field, resource in _SOURCES:
                wanted = source.get(field)
                if (
                    wanted
                    and not wanted.get("optional")
                    and not store.find(resource, namespace, wanted["name"])
                ):
                    return f'{resource.removesuffix("s")} "{wanted["name"]}" not found'
    return ""


def missing_volume(store: Store, pod: Document) -> str:
    """Why a pod's volumes cannot be mounted, in the kubelet's words; empty when they can."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        for field, resource, name_field in (
            ("configMap", "configmaps", "name"),
            ("secret", "secrets", "secretName"),
        ):
            name = (volume.get(field) or {}).get(name_field)
            if name and not volume[field].get("optional") and not store.find(resource, namespace, name):
                missing = f'{resource.removesuffix("s")} "{name}" not found'
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {missing}'
    return ""
