"""Every resource the simulated API server serves, in one table: names, paths, verbs and habits.

Names, short names, categories and subresources are those of a recorded kube-apiserver v1.36.
"""

from __future__ import annotations

from dataclasses import dataclass

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
"""What can be done with an ordinary resource, in the order discovery lists it."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource: a kind of object and how it is served.

    Attributes:
        name: The plural that URLs use; also the name of its collection in the store.
        kind: The kind as manifests write it.
        group: The API group, empty for the core group.
        version: The version it is served in.
        namespaced: Whether objects live in namespaces.
        singular: The name of one, ``pod``.
        short_names: What kubectl's users type.
        categories: Groups of resources that kubectl's users type, ``all``.
        subresources: Of ``status``, ``scale``, ``log``, ``eviction``, ``binding``, ``finalize``, ``token``.
        generation: Whether ``metadata.generation`` counts changes of the spec.
        verbs: What can be done with it.
    """

    name: str
    kind: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    generation: bool = False
    verbs: tuple[str, ...] = VERBS

    @property
    def singular(self) -> str:
        """The name of one, ``pod``."""
        return self.kind.lower()

    @property
    def api_version(self) -> str:
        """``v1`` or ``apps/v1``, as manifests write it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """``pods`` or ``deployments.apps``, as the server's messages write it."""
        return f"{self.name}.{self.group}" if self.group else self.name

    @property
    def qualified_kind(self) -> str:
        """``Pod`` or ``Deployment.apps``, as messages about invalid objects write it."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def has_status(self) -> bool:
        """Whether the status is written through its own subresource only."""
        return "status" in self.subresources


_ALL = ("all",)
_NAMESPACE_VERBS = ("create", "delete", "get", "list", "patch", "update", "watch")
_RBAC = "rbac.authorization.k8s.io"

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        Resource(name="configmaps", kind="ConfigMap", short_names=("cm",)),
        Resource(name="endpoints", kind="Endpoints", short_names=("ep",)),
        Resource(name="events", kind="Event", short_names=("ev",)),
        Resource(name="limitranges", kind="LimitRange", short_names=("limits",)),
        Resource(
            name="namespaces",
            kind="Namespace",
            namespaced=False,
            short_names=("ns",),
            subresources=("finalize", "status"),
            verbs=_NAMESPACE_VERBS,
        ),
        Resource(name="nodes", kind="Node", namespaced=False, short_names=("no",), subresources=("status",)),
        Resource(
            name="persistentvolumeclaims",
            kind="PersistentVolumeClaim",
            short_names=("pvc",),
            subresources=("status",),
        ),
        Resource(
            name="persistentvolumes",
            kind="PersistentVolume",
            namespaced=False,
            short_names=("pv",),
            subresources=("status",),
        ),
        Resource(
            name="pods",
            kind="Pod",
            short_names=("po",),
            categories=_ALL,
            subresources=("binding", "eviction", "log", "status"),
            generation=True,
        ),
        Resource(
            name="resourcequotas", kind="ResourceQuota", short_names=("quota",), subresources=("status",)
        ),
        Resource(name="secrets", kind="Secret"),
        Resource(name="serviceaccounts", kind="ServiceAccount", short_names=("sa",), subresources=("token",)),
        Resource(
            name="services",
            kind="Service",
            short_names=("svc",),
            categories=_ALL,
            subresources=("status",),
        ),
        Resource(name="controllerrevisions", kind="ControllerRevision", group="apps"),
        Resource(
            name="daemonsets",
            kind="DaemonSet",
            group="apps",
            short_names=("ds",),
            categories=_ALL,
            subresources=("status",),
            generation=True,
        ),
        Resource(
            name="deployments",
            kind="Deployment",
            group="apps",
            short_names=("deploy",),
            categories=_ALL,
            subresources=("scale", "status"),
            generation=True,
        ),
        Resource(
            name="replicasets",
            kind="ReplicaSet",
            group="apps",
            short_names=("rs",),
            categories=_ALL,
            subresources=("scale", "status"),
            generation=True,
        ),
        Resource(
            name="statefulsets",
            kind="StatefulSet",
            group="apps",
            short_names=("sts",),
            categories=_ALL,
            subresources=("scale", "status"),
            generation=True,
        ),
        Resource(
            name="cronjobs",
            kind="CronJob",
            group="batch",
            short_names=("cj",),
            categories=_ALL,
            subresources=("status",),
            generation=True,
        ),
        Resource(
            name="jobs",
            kind="Job",
            group="batch",
            categories=_ALL,
            subresources=("status",),
            generation=True,
        ),
        Resource(
            name="horizontalpodautoscalers",
            kind="HorizontalPodAutoscaler",
            group="autoscaling",
            version="v2",
            short_names=("hpa",),
            categories=_ALL,
            subresources=("status",),
        ),
        Resource(
            name="ingressclasses",
            kind="IngressClass",
            group="networking.k8s.io",
            namespaced=False,
            generation=True,
        ),
        Resource(
            name="ingresses",
            kind="Ingress",
            group="networking.k8s.io",
            short_names=("ing",),
            subresources=("status",),
            generation=True,
        ),
        Resource(
            name="networkpolicies",
            kind="NetworkPolicy",
            group="networking.k8s.io",
            short_names=("netpol",),
            generation=True,
        ),
        Resource(
            name="poddisruptionbudgets",
            kind="PodDisruptionBudget",
            group="policy",
            short_names=("pdb",),
            subresources=("status",),
            generation=True,
        ),
        Resource(name="leases", kind="Lease", group="coordination.k8s.io"),
        Resource(name="endpointslices", kind="EndpointSlice", group="discovery.k8s.io", generation=True),
        Resource(
            name="priorityclasses",
            kind="PriorityClass",
            group="scheduling.k8s.io",
            namespaced=False,
            short_names=("pc",),
            generation=True,
        ),
        Resource(
            name="storageclasses",
            kind="StorageClass",
            group="storage.k8s.io",
            namespaced=False,
            short_names=("sc",),
        ),
        Resource(name="clusterrolebindings", kind="ClusterRoleBinding", group=_RBAC, namespaced=False),
        Resource(name="clusterroles", kind="ClusterRole", group=_RBAC, namespaced=False),
        Resource(name="rolebindings", kind="RoleBinding", group=_RBAC),
        Resource(name="roles", kind="Role", group=_RBAC),
    )
}
"""By plural; no two groups here share one."""

BY_KIND: dict[str, Resource] = {resource.kind: resource for resource in RESOURCES.values()}
"""By kind, to resolve owner references and scale targets."""
