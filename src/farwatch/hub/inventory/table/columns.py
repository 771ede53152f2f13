"""The columns of each kind's table, as kubectl prints them.

Source: pkg/printers/internalversion/printers.go of Kubernetes 1.36. Left out is what is not kept of an object: nodes'
addresses, readiness gates, autoscalers' metrics.
"""

from __future__ import annotations

from typing import NamedTuple

from farwatch.hub.inventory.statuses import Status, status_of, utc
from farwatch.hub.inventory.statuses.pods import PodSummary, grade, node_roles, summarise
from farwatch.hub.inventory.table.cells import (
    Cell,
    CellType,
    ColumnSource,
    access_modes,
    addresses,
    container_names,
    created,
    images,
    integer,
    join,
    pairs,
    quantity,
    ratio,
    selector,
    string,
    time,
)
from farwatch.kube.objects import (
    Deployment,
    Event,
    HorizontalPodAutoscaler,
    Ingress,
    Job,
    KubeObject,
    PersistentVolume,
    Pod,
    PodDisruptionBudget,
    ReplicaSet,
    ResourceQuota,
    Service,
    StatefulSet,
)

_AGE = time("created", "Age", created)

_TEMPLATE = (
    string("containers", "Containers", lambda found: container_names(found.spec.template), wide=True),
    string("images", "Images", lambda found: images(found.spec.template), wide=True),
)
_SELECTOR = string("selector", "Selector", lambda found: selector(found.spec.selector), wide=True)


class PrintedPod(NamedTuple):
    """A pod, and what kubectl prints of it: found once for all of its cells."""

    pod: Pod
    summary: PodSummary


def present(kind: str, found: KubeObject) -> tuple[Status, tuple[Cell, ...]]:
    """How an object stands, and its cells in the order of its kind's columns."""
    shown: KubeObject | PrintedPod = found
    if isinstance(found, Pod):
        shown = PrintedPod(found, summarise(found))
        status = grade(found, shown.summary)
    else:
        status = status_of(kind, found)
    return status, tuple([column.cell(shown) for column in COLUMNS.get(kind, ())])


def _pod_owner(pod: Pod) -> str | None:
    owners = pod.metadata.owner_references or ()
    owner = next((owner for owner in owners if owner.controller), None)
    return f"{owner.kind}/{owner.name}" if owner else None


def _replicas(found: Deployment | StatefulSet | ReplicaSet) -> int:
    return 1 if found.spec.replicas is None else found.spec.replicas


def _completions(job: Job) -> str:
    """As kubectl: of a Job without completions any one pod will do, or each of those that run at once."""
    if job.spec.completions is not None:
        return f"{job.status.succeeded}/{job.spec.completions}"
    parallel = job.spec.parallelism or 0
    return f"{job.status.succeeded}/1 of {parallel}" if parallel > 1 else f"{job.status.succeeded}/1"


def _duration(job: Job) -> int | None:
    start, end = utc(job.status.start_time), utc(job.status.completion_time)
    return None if start is None or end is None else int((end - start).total_seconds())


def _ports(service: Service) -> str | None:
    return join(
        f"{port.port}{f':{port.node_port}' if port.node_port else ''}/{port.protocol or 'TCP'}"
        for port in service.spec.ports or ()
    )


def _hosts(ingress: Ingress) -> str:
    return join(rule.host or "*" for rule in ingress.spec.rules or ()) or "*"


def _scaled(autoscaler: HorizontalPodAutoscaler) -> str:
    target = autoscaler.spec.scale_target_ref
    return f"{target.kind}/{target.name}"


def _of_quota(prefix: str) -> ColumnSource:
    def show(quota: ResourceQuota) -> str | None:
        hard, used = quota.status.hard or {}, quota.status.used or {}
        return join(
            f"{name}: {used.get(name, '0')}/{limit}"
            for name, limit in sorted(hard.items())
            if name.startswith("limits.") == (prefix == "limit")
        )

    return string(prefix, prefix.title(), show)


def _claim(volume: PersistentVolume) -> str | None:
    claim = volume.spec.claim_ref
    return f"{claim.namespace}/{claim.name}" if claim else None


def _budget(value: str | int | None) -> str:
    return "N/A" if value is None else str(value)


def _kept_healthy(budget: PodDisruptionBudget) -> str:
    return f"{budget.status.current_healthy}/{budget.status.desired_healthy}"


def _event_about(event: Event) -> str:
    return f"{event.involved_object.kind}/{event.involved_object.name}"


COLUMNS: dict[str, tuple[ColumnSource, ...]] = {
    "Namespace": (_AGE,),
    "Node": (
        string("roles", "Roles", lambda node: node_roles(node) or None),
        _AGE,
        string("version", "Version", lambda node: getattr(node.status.node_info, "kubelet_version", None)),
        string(
            "osImage", "OS-Image", lambda node: getattr(node.status.node_info, "os_image", None), wide=True
        ),
        string(
            "kernel", "Kernel", lambda node: getattr(node.status.node_info, "kernel_version", None), wide=True
        ),
        string(
            "runtime",
            "Container runtime",
            lambda node: getattr(node.status.node_info, "container_runtime_version", None),
            wide=True,
        ),
        string(
            "architecture",
            "Architecture",
            lambda node: getattr(node.status.node_info, "architecture", None),
            wide=True,
        ),
    ),
    "Deployment": (
        ratio("ready", "Ready", lambda found: f"{found.status.ready_replicas}/{_replicas(found)}"),
        integer("upToDate", "Up-to-date", lambda found: found.status.updated_replicas),
        integer("available", "Available", lambda found: found.status.available_replicas),
        _AGE,
        *_TEMPLATE,
        _SELECTOR,
    ),
    "ReplicaSet": (
        integer("desired", "Desired", _replicas),
        integer("current", "Current", lambda found: found.status.replicas),
        integer("ready", "Ready", lambda found: found.status.ready_replicas),
        _AGE,
        *_TEMPLATE,
        _SELECTOR,
    ),
    "StatefulSet": (
        ratio("ready", "Ready", lambda found: f"{found.status.ready_replicas}/{_replicas(found)}"),
        _AGE,
        *_TEMPLATE,
    ),
    "DaemonSet": (
        integer("desired", "Desired", lambda found: found.status.desired_number_scheduled),
        integer("current", "Current", lambda found: found.status.current_number_scheduled),
        integer("ready", "Ready", lambda found: found.status.number_ready),
        integer("upToDate", "Up-to-date", lambda found: found.status.updated_number_scheduled),
        integer("available", "Available", lambda found: found.status.number_available),
        _AGE,
        *_TEMPLATE,
        _SELECTOR,
    ),
    "CronJob": (
        string("schedule", "Schedule", lambda found: found.spec.schedule or None),
        string("timeZone", "Timezone", lambda found: found.spec.time_zone),
        string("suspend", "Suspend", lambda found: str(bool(found.spec.suspend))),
        integer("active", "Active", lambda found: len(found.status.active or ())),
        time("lastSchedule", "Last schedule", lambda found: found.status.last_schedule_time),
        time("lastSuccess", "Last success", lambda found: found.status.last_successful_time, wide=True),
        _AGE,
    ),
    "Job": (
        string("completions", "Completions", _completions),
        ColumnSource("duration", "Duration", CellType.SECONDS, _duration),
        time("started", "Started", lambda found: found.status.start_time, wide=True),
        _AGE,
        *_TEMPLATE,
    ),
    "Pod": (
        ratio("ready", "Ready", lambda one: f"{one.summary.ready}/{one.summary.containers}"),
        integer("restarts", "Restarts", lambda one: one.summary.restarts),
        time("lastRestart", "Last restart", lambda one: one.summary.last_restart),
        time("created", "Age", lambda one: one.pod.metadata.creation_timestamp),
        string("node", "Node", lambda one: one.pod.spec.node_name),
        string("ip", "IP", lambda one: one.pod.status.pod_ip, wide=True),
        string("controlledBy", "Controlled by", lambda one: _pod_owner(one.pod), wide=True),
        string("qosClass", "QoS class", lambda one: one.pod.status.qos_class, wide=True),
    ),
    "HorizontalPodAutoscaler": (
        string("reference", "Reference", _scaled),
        integer("minPods", "MinPods", lambda found: found.spec.min_replicas),
        integer("maxPods", "MaxPods", lambda found: found.spec.max_replicas),
        integer("replicas", "Replicas", lambda found: found.status.current_replicas or 0),
        integer("desired", "Desired", lambda found: found.status.desired_replicas, wide=True),
        time("lastScale", "Last scale", lambda found: found.status.last_scale_time, wide=True),
        _AGE,
    ),
    "PodDisruptionBudget": (
        string("minAvailable", "Min available", lambda found: _budget(found.spec.min_available)),
        string("maxUnavailable", "Max unavailable", lambda found: _budget(found.spec.max_unavailable)),
        integer("allowed", "Allowed disruptions", lambda found: found.status.disruptions_allowed),
        ratio("healthy", "Healthy", _kept_healthy),
        _AGE,
    ),
    "PersistentVolume": (
        quantity("capacity", "Capacity", lambda found: (found.spec.capacity or {}).get("storage")),
        string("reclaimPolicy", "Reclaim policy", lambda v: v.spec.persistent_volume_reclaim_policy),
        string("claim", "Claim", _claim),
        string("storageClass", "StorageClass", lambda found: found.spec.storage_class_name),
        string("reason", "Reason", lambda found: found.status.reason),
        _AGE,
    ),
    "PersistentVolumeClaim": (
        string("volume", "Volume", lambda found: found.spec.volume_name),
        quantity("capacity", "Capacity", lambda found: (found.status.capacity or {}).get("storage")),
        string("accessModes", "Access modes", lambda found: access_modes(found.spec.access_modes)),
        string("storageClass", "StorageClass", lambda found: found.spec.storage_class_name),
        _AGE,
    ),
    "Service": (
        string("type", "Type", lambda found: found.spec.type or "ClusterIP"),
        string("clusterIP", "Cluster-IP", lambda found: found.spec.cluster_ip),
        string("externalIP", "External-IP", lambda found: addresses(found.status.load_balancer)),
        string("ports", "Port(s)", _ports),
        _AGE,
        string("selector", "Selector", lambda found: pairs(found.spec.selector), wide=True),
    ),
    "Ingress": (
        string("class", "Class", lambda found: found.spec.ingress_class_name),
        string("hosts", "Hosts", _hosts),
        string("address", "Address", lambda found: addresses(found.status.load_balancer)),
        string("ports", "Ports", lambda found: "80, 443" if found.spec.tls else "80"),
        _AGE,
    ),
    "ConfigMap": (
        integer("data", "Data", lambda found: len(found.data or ()) + len(found.binary_data or ())),
        _AGE,
    ),
    "ResourceQuota": (_of_quota("request"), _of_quota("limit"), _AGE),
    "Event": (
        time("lastSeen", "Last seen", lambda event: event.last_seen),
        string("reason", "Reason", lambda event: event.reason),
        string("object", "Object", _event_about),
        string("message", "Message", lambda event: (event.message or "").strip() or None),
        integer("count", "Count", lambda event: event.times_seen),
        string(
            "source",
            "Source",
            lambda event: event.reporting_component or getattr(event.source, "component", None),
            wide=True,
        ),
    ),
}
"""The columns of each kind that stand beside cluster, namespace, name and status."""
