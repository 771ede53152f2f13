"""The columns that ``kubectl get`` prints, computed by the server as kube-apiserver does.

Source: pkg/printers/internalversion/printers.go of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from farwatch.sim.server.podstatus import pod_restarts, pod_status, ready_containers
from farwatch.sim.times import parse_time

Document = dict[str, Any]
Cell = Callable[[Document, float], Any]

_NONE = "<none>"
_UNKNOWN = "<unknown>"


@dataclass(frozen=True)
class Column:
    """One column: its heading, JSON type, how to fill it from (object, now), and whether only ``-o wide`` shows it."""

    name: str
    type: str
    cell: Cell
    wide: bool = False


def human_duration(seconds: float) -> str:
    """``5m30s``, ``3h``, ``12d``: two units at most, as k8s.io/apimachinery/pkg/util/duration writes it."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    steps: tuple[tuple[bool, str], ...] = (
        (whole < 2 * 60, f"{whole}s"),
        (minutes < 10, _two(minutes, "m", whole % 60, "s")),  # noqa: PLR2004 - the source's steps
        (minutes < 3 * 60, f"{minutes}m"),
        (hours < 8, _two(hours, "h", minutes % 60, "m")),  # noqa: PLR2004 - the source's steps
        (hours < 2 * 24, f"{hours}h"),
        (days < 8, _two(days, "d", hours % 24, "h")),  # noqa: PLR2004 - the source's steps
        (days < 2 * 365, f"{days}d"),
    )
    return next((text for fits, text in steps if fits), _two(days // 365, "y", days % 365, "d"))


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def age(text: str | None, now: float) -> str:
    """How long ago a time was."""
    return human_duration(now - parse_time(text)) if text else _UNKNOWN


def read_path(document: Document, path: str, default: Any = None) -> Any:
    """The value at a dotted path, or ``default`` when it is absent or null."""
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return default if value is None else value


# --- cells ----------------------------------------------------------------------------------------------------


def _path(path: str, default: Any = _NONE) -> Cell:
    return lambda document, _: read_path(document, path, default)


def _count(path: str) -> Cell:
    return lambda document, _: len(read_path(document, path, ()))


def _since(path: str) -> Cell:
    return lambda document, now: age(read_path(document, path), now)


def _fraction(part: str, whole: str) -> Cell:
    return lambda document, _: f"{read_path(document, part, 0)}/{read_path(document, whole, 0)}"


def _selector(path: str) -> Cell:
    return lambda document, _: _join_labels(read_path(document, path, {}))


def _join_labels(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or _NONE


def _containers(path: str, field: str) -> Cell:
    return lambda document, _: ",".join(
        container[field] for container in read_path(document, f"{path}.containers", ())
    )


def _workload_columns(path: str, selector: str) -> tuple[Column, ...]:
    return (
        Column("Containers", "string", _containers(path, "name"), wide=True),
        Column("Images", "string", _containers(path, "image"), wide=True),
        Column("Selector", "string", _selector(selector), wide=True),
    )


def _ready_of_pod(pod: Document, _: float) -> str:
    return ready_containers(pod)


def _status_of_pod(pod: Document, _: float) -> str:
    return pod_status(pod)


def _restarts_of_pod(pod: Document, now: float) -> str:
    count, last = pod_restarts(pod)
    return f"{count} ({age(last, now)} ago)" if count and last else str(count)


def _readiness_gates(pod: Document, _: float) -> str:
    gates = read_path(pod, "spec.readinessGates", ())
    met = [c for c in read_path(pod, "status.conditions", ()) if c["status"] == "True"]
    types = {condition["type"] for condition in met}
    return f"{sum(gate['conditionType'] in types for gate in gates)}/{len(gates)}" if gates else _NONE


def _node_status(node: Document, _: float) -> str:
    ready = {"True": "Ready", "False": "NotReady"}
    conditions = read_path(node, "status.conditions", ())
    words = [ready.get(c["status"], "NotReady") for c in conditions if c["type"] == "Ready"] or ["Unknown"]
    if read_path(node, "spec.unschedulable", default=False):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _node_roles(node: Document, _: float) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = read_path(node, "metadata.labels", {})
    roles = sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))
    return ",".join(roles) or _NONE


def _node_address(kind: str) -> Cell:
    def cell(node: Document, _: float) -> str:
        addresses = read_path(node, "status.addresses", ())
        return next((a["address"] for a in addresses if a["type"] == kind), _NONE)

    return cell


def _job_status(job: Document, _: float) -> str:
    met = {c["type"] for c in read_path(job, "status.conditions", ()) if c["status"] == "True"}
    for condition, word in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if condition in met:
            return word
    if read_path(job, "metadata.deletionTimestamp"):
        return "Terminating"
    return "FailureTarget" if "FailureTarget" in met else "Running"


def _job_duration(job: Document, now: float) -> str:
    start, end = read_path(job, "status.startTime"), read_path(job, "status.completionTime")
    if not start:
        return ""
    return human_duration((parse_time(end) if end else now) - parse_time(start))


def _ports(service: Document, _: float) -> str:
    ports = read_path(service, "spec.ports", ())
    written = [
        f"{port['port']}{':' + str(port['nodePort']) if 'nodePort' in port else ''}/{port.get('protocol', 'TCP')}"
        for port in ports
    ]
    return ",".join(written) or _NONE


def _external_ip(service: Document, _: float) -> str:
    if read_path(service, "spec.type") == "LoadBalancer":
        entries = read_path(service, "status.loadBalancer.ingress", ())
        return ",".join(e.get("ip") or e.get("hostname", "") for e in entries) or "<pending>"
    return ",".join(read_path(service, "spec.externalIPs", ())) or _NONE


def _hpa_targets(hpa: Document, _: float) -> str:
    current = {m["type"]: m for m in read_path(hpa, "status.currentMetrics") or () if m.get("type")}
    targets = []
    for metric in read_path(hpa, "spec.metrics", ()):
        if metric["type"] != "Resource":
            targets.append(f"{_UNKNOWN}/<auto>")
            continue
        wanted = read_path(metric, "resource.target.averageUtilization", "<auto>")
        used = read_path(current.get("Resource", {}), "resource.current.averageUtilization")
        now_used = _UNKNOWN if used is None else f"{used}%"
        targets.append(f"{metric['resource']['name']}: {now_used}/{wanted}%")
    return ", ".join(targets) or _NONE


def _event_object(event: Document, _: float) -> str:
    about = event.get("involvedObject") or {}
    return f"{about.get('kind', '').lower()}/{about.get('name', '')}"


def _event_last_seen(event: Document, now: float) -> str:
    last = read_path(event, "series.lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return age(last, now)


def _quota(path: str) -> Cell:
    def cell(quota: Document, _: float) -> str:
        hard, used = read_path(quota, "status.hard", {}), read_path(quota, "status.used", {})
        return ", ".join(
            f"{name}: {used.get(name, '0')}/{limit}"
            for name, limit in sorted(hard.items())
            if name.startswith("limits.") == (path == "limits")
        )

    return cell


def _hosts(ingress: Document, _: float) -> str:
    return ",".join(rule.get("host", "*") for rule in read_path(ingress, "spec.rules", ())) or "*"


def _ingress_ports(ingress: Document, _: float) -> str:
    return "80, 443" if read_path(ingress, "spec.tls") else "80"


def _access_modes(path: str) -> Cell:
    short = {
        "ReadWriteOnce": "RWO",
        "ReadOnlyMany": "ROX",
        "ReadWriteMany": "RWX",
        "ReadWriteOncePod": "RWOP",
    }
    return lambda document, _: ",".join(short.get(mode, mode) for mode in read_path(document, path, ()))


def _claim(volume: Document, _: float) -> str:
    claim = read_path(volume, "spec.claimRef", {})
    return f"{claim['namespace']}/{claim['name']}" if claim else ""


def _claim_status(claim: Document, _: float) -> str:
    return (
        "Terminating"
        if read_path(claim, "metadata.deletionTimestamp")
        else read_path(claim, "status.phase", "")
    )


def _role_reference(binding: Document, _: float) -> str:
    return f"{binding['roleRef']['kind']}/{binding['roleRef']['name']}"


_NAME = Column("Name", "string", _path("metadata.name"))
_AGE = Column("Age", "string", _since("metadata.creationTimestamp"))
_CREATED = Column("Created At", "date", _path("metadata.creationTimestamp"))

_DEFAULT_COLUMNS = (_NAME, _AGE)

_COLUMNS: dict[str, tuple[Column, ...]] = {
    "pods": (
        _NAME,
        Column("Ready", "string", _ready_of_pod),
        Column("Status", "string", _status_of_pod),
        Column("Restarts", "string", _restarts_of_pod),
        _AGE,
        Column("IP", "string", _path("status.podIP"), wide=True),
        Column("Node", "string", _path("spec.nodeName"), wide=True),
        Column("Nominated Node", "string", _path("status.nominatedNodeName"), wide=True),
        Column("Readiness Gates", "string", _readiness_gates, wide=True),
    ),
    "nodes": (
        _NAME,
        Column("Status", "string", _node_status),
        Column("Roles", "string", _node_roles),
        _AGE,
        Column("Version", "string", _path("status.nodeInfo.kubeletVersion", "")),
        Column("Internal-IP", "string", _node_address("InternalIP"), wide=True),
        Column("External-IP", "string", _node_address("ExternalIP"), wide=True),
        Column("OS-Image", "string", _path("status.nodeInfo.osImage", _UNKNOWN), wide=True),
        Column("Kernel-Version", "string", _path("status.nodeInfo.kernelVersion", _UNKNOWN), wide=True),
        Column(
            "Container-Runtime",
            "string",
            _path("status.nodeInfo.containerRuntimeVersion", _UNKNOWN),
            wide=True,
        ),
    ),
    "namespaces": (_NAME, Column("Status", "string", _path("status.phase", "")), _AGE),
    "deployments": (
        _NAME,
        Column("Ready", "string", _fraction("status.readyReplicas", "spec.replicas")),
        Column("Up-to-date", "string", _path("status.updatedReplicas", 0)),
        Column("Available", "string", _path("status.availableReplicas", 0)),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels"),
    ),
    "replicasets": (
        _NAME,
        Column("Desired", "integer", _path("spec.replicas", 0)),
        Column("Current", "integer", _path("status.replicas", 0)),
        Column("Ready", "integer", _path("status.readyReplicas", 0)),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels"),
    ),
    "statefulsets": (
        _NAME,
        Column("Ready", "string", _fraction("status.readyReplicas", "spec.replicas")),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels")[:2],
    ),
    "daemonsets": (
        _NAME,
        Column("Desired", "integer", _path("status.desiredNumberScheduled", 0)),
        Column("Current", "integer", _path("status.currentNumberScheduled", 0)),
        Column("Ready", "integer", _path("status.numberReady", 0)),
        Column("Up-to-date", "integer", _path("status.updatedNumberScheduled", 0)),
        Column("Available", "integer", _path("status.numberAvailable", 0)),
        Column("Node Selector", "string", _selector("spec.template.spec.nodeSelector")),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels"),
    ),
    "jobs": (
        _NAME,
        Column("Status", "string", _job_status),
        Column("Completions", "string", _fraction("status.succeeded", "spec.completions")),
        Column("Duration", "string", _job_duration),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels"),
    ),
    "cronjobs": (
        _NAME,
        Column("Schedule", "string", _path("spec.schedule")),
        Column("Timezone", "string", _path("spec.timeZone")),
        Column("Suspend", "boolean", lambda job, _: str(read_path(job, "spec.suspend", default=False))),
        Column("Active", "integer", _count("status.active")),
        Column(
            "Last Schedule",
            "string",
            lambda job, now: age(read_path(job, "status.lastScheduleTime"), now).replace(_UNKNOWN, _NONE),
        ),
        _AGE,
    ),
    "services": (
        _NAME,
        Column("Type", "string", _path("spec.type", "ClusterIP")),
        Column("Cluster-IP", "string", _path("spec.clusterIP")),
        Column("External-IP", "string", _external_ip),
        Column("Port(s)", "string", _ports),
        _AGE,
        Column("Selector", "string", _selector("spec.selector"), wide=True),
    ),
    "horizontalpodautoscalers": (
        _NAME,
        Column(
            "Reference",
            "string",
            lambda hpa, _: f"{hpa['spec']['scaleTargetRef']['kind']}/{hpa['spec']['scaleTargetRef']['name']}",
        ),
        Column("Targets", "string", _hpa_targets),
        Column("MinPods", "string", _path("spec.minReplicas", "<unset>")),
        Column("MaxPods", "string", _path("spec.maxReplicas", 0)),
        Column("Replicas", "string", _path("status.currentReplicas", 0)),
        _AGE,
    ),
    "poddisruptionbudgets": (
        _NAME,
        Column("Min Available", "string", _path("spec.minAvailable", "N/A")),
        Column("Max Unavailable", "string", _path("spec.maxUnavailable", "N/A")),
        Column("Allowed Disruptions", "integer", _path("status.disruptionsAllowed", 0)),
        _AGE,
    ),
    "persistentvolumeclaims": (
        _NAME,
        Column("Status", "string", _claim_status),
        Column("Volume", "string", _path("spec.volumeName", "")),
        Column("Capacity", "string", _path("status.capacity.storage", "")),
        Column("Access Modes", "string", _access_modes("status.accessModes")),
        Column("StorageClass", "string", _path("spec.storageClassName", "")),
        _AGE,
    ),
    "persistentvolumes": (
        _NAME,
        Column("Capacity", "string", _path("spec.capacity.storage", "")),
        Column("Access Modes", "string", _access_modes("spec.accessModes")),
        Column("Reclaim Policy", "string", _path("spec.persistentVolumeReclaimPolicy", "")),
        Column("Status", "string", _path("status.phase", "")),
        Column("Claim", "string", _claim),
        Column("StorageClass", "string", _path("spec.storageClassName", "")),
        Column("Reason", "string", _path("status.reason", "")),
        _AGE,
    ),
    "ingresses": (
        _NAME,
        Column("Class", "string", _path("spec.ingressClassName")),
        Column("Hosts", "string", _hosts),
        Column(
            "Address",
            "string",
            lambda ingress, _: ",".join(
                entry.get("ip") or entry.get("hostname", "")
                for entry in read_path(ingress, "status.loadBalancer.ingress", ())
            ),
        ),
        Column("Ports", "string", _ingress_ports),
        _AGE,
    ),
    "events": (
        Column("Last Seen", "string", _event_last_seen),
        Column("Type", "string", _path("type", "")),
        Column("Reason", "string", _path("reason", "")),
        Column("Object", "string", _event_object),
        Column("Source", "string", _path("source.component", ""), wide=True),
        Column("Message", "string", lambda event, _: (event.get("message") or "").strip()),
        Column("Count", "integer", lambda event, _: event.get("count") or 1, wide=True),
        Column("Name", "string", _path("metadata.name"), wide=True),
    ),
    "resourcequotas": (
        _NAME,
        Column("Request", "string", _quota("requests")),
        Column("Limit", "string", _quota("limits")),
        _AGE,
    ),
    "configmaps": (_NAME, Column("Data", "string", _count("data")), _AGE),
    "secrets": (
        _NAME,
        Column("Type", "string", _path("type", "Opaque")),
        Column("Data", "string", _count("data")),
        _AGE,
    ),
    "serviceaccounts": (_NAME, Column("Secrets", "string", _count("secrets")), _AGE),
    "leases": (_NAME, Column("Holder", "string", _path("spec.holderIdentity", "")), _AGE),
    "roles": (_NAME, _CREATED),
    "clusterroles": (_NAME, _CREATED),
    "rolebindings": (_NAME, Column("Role", "string", _role_reference), _AGE),
    "clusterrolebindings": (_NAME, Column("Role", "string", _role_reference), _AGE),
}


def columns_of(resource: str) -> tuple[Column, ...]:
    """The columns of a resource."""
    return _COLUMNS.get(resource, _DEFAULT_COLUMNS)
