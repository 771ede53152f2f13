"""The kinds that are watched: their names, API paths and types, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import msgspec

from farwatch.kube import objects
from farwatch.kube.objects import KubeObject


@dataclass(frozen=True)
class Kind:
    """A kind of Kubernetes object: where the API serves it and what we decode it to.

    Attributes:
        name: The kind as manifests write it, ``Pod``.
        plural: The resource as URLs and RBAC write it, ``pods``.
        group: The API group, empty for the core group.
        version: The API version within the group.
        type: The trimmed struct an object is decoded to.
        namespaced: Whether objects live in namespaces.
        page_size: How many objects to ask for at once; large objects come in small pages, to keep the peak low.
    """

    name: str
    plural: str
    group: str
    version: str
    type: type[KubeObject]
    namespaced: bool = True
    page_size: int = 250

    @property
    def api_version(self) -> str:
        """``v1`` or ``apps/v1``, as manifests write it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "") -> str:
        """The collection's URL path; all namespaces when ``namespace`` is empty."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}{scope}/{self.plural}"

    @cached_property
    def json_decoder(self) -> msgspec.json.Decoder[KubeObject]:
        """Decodes the API server's JSON; fields without a place in the struct are skipped."""
        return msgspec.json.Decoder(self.type)

    @cached_property
    def msgpack_decoder(self) -> msgspec.msgpack.Decoder[KubeObject]:
        """Decodes a trimmed object as the link carries it."""
        return msgspec.msgpack.Decoder(self.type)


EVENT = "Event"
"""The kind that may be switched off: the others do without."""

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("Namespace", "namespaces", "", "v1", objects.Namespace, namespaced=False),
        Kind("Node", "nodes", "", "v1", objects.Node, namespaced=False, page_size=100),
        Kind("Deployment", "deployments", "apps", "v1", objects.Deployment),
        Kind("ReplicaSet", "replicasets", "apps", "v1", objects.ReplicaSet),
        Kind("StatefulSet", "statefulsets", "apps", "v1", objects.StatefulSet),
        Kind("DaemonSet", "daemonsets", "apps", "v1", objects.DaemonSet),
        Kind("CronJob", "cronjobs", "batch", "v1", objects.CronJob),
        Kind("Job", "jobs", "batch", "v1", objects.Job),
        Kind("Pod", "pods", "", "v1", objects.Pod, page_size=100),
        Kind(
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            "autoscaling",
            "v2",
            objects.HorizontalPodAutoscaler,
        ),
        Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy", "v1", objects.PodDisruptionBudget),
        Kind("PersistentVolume", "persistentvolumes", "", "v1", objects.PersistentVolume, namespaced=False),
        Kind("PersistentVolumeClaim", "persistentvolumeclaims", "", "v1", objects.PersistentVolumeClaim),
        Kind("Service", "services", "", "v1", objects.Service),
        Kind("Ingress", "ingresses", "networking.k8s.io", "v1", objects.Ingress),
        # Each may be a megabyte, though next to nothing of it is kept.
        Kind("ConfigMap", "configmaps", "", "v1", objects.ConfigMap, page_size=10),
        Kind("ResourceQuota", "resourcequotas", "", "v1", objects.ResourceQuota),
        Kind(EVENT, "events", "", "v1", objects.Event),
    )
}
"""By kind name. The order is that of the first sync: owners come before what they own, so that a pod's workload
is known when the pod arrives; events, which point at everything, come last."""

KINDS_BY_PLURAL: dict[str, Kind] = {kind.plural: kind for kind in KINDS.values()}

LEASE = Kind("Lease", "leases", "coordination.k8s.io", "v1", objects.Lease)
"""For electing a leader; nobody watches it."""
