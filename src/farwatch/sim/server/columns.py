"""The columns that ``kubectl get`` prints, computed by the server as kube-apiserver does.

Source: pkg/printers/internalversion/printers.go of Kubernetes.
"""

from __future__ import annotations

from dataclasses import dataclass

from farwatch.sim.server.cells import (
    NONE,
    UNKNOWN,
    Cell,
    Document,
    age,
    containers_cell,
    count_cell,
    fraction_cell,
    human_duration,
    path_cell,
    read_path,
    selector_cell,
    since_cell,
)
from farwatch.sim.server.podstatus import pod_restarts, pod_status, ready_containers
from farwatch.sim.times import parse_time


@dataclass(frozen=True)
class Column:
    """One column: its heading, JSON type, how to fill it from (object, now), and whether only ``-o wide`` shows it."""

    name: str
    type: str
    cell: Cell
    wide: bool = False


def _workload_columns(path: str, selector: str) -> tuple[Column, ...]:
    return (
        Column("Containers", "string", containers_cell(path, "name"), wide=True),
        Column("Images", "string", containers_cell(path, "image"), wide=True),
        Column("Selector", "string", selector_cell(selector), wide=True),
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
    return f"{sum(gate['conditionType'] in types for gate in gates)}/{len(gates)}" if gates else NONE


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
    return ",".join(roles) or NONE


def _node_address(kind: str) -> Cell:
    def cell(node: Document, _: float) -> str:
        addresses = read_path(node, "status.addresses", ())
        return next((a["address"] for a in addresses if a["type"] == kind), NONE)

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
    return ",".join(written) or NONE


def _external_ip(service: Document, _: float) -> str:
    if read_path(service, "spec.type") == "LoadBalancer":
        entries = read_path(service, "status.loadBalancer.ingress", ())
        return ",".join(e.get("ip") or e.get("hostname", "") for e in entries) or "<pending>"
    return ",".join(read_path(service, "spec.externalIPs", ())) or NONE


def _hpa_targets(hpa: Document, _: float) -> str:
    current = {m["type"]: m for m in read_path(hpa, "status.currentMetrics") or () if m.get("type")}
    targets = []
    for metric in read_path(hpa, "spec.metrics", ()):
        if metric["type"] != "Resource":
            targets.append(f"{UNKNOWN}/<auto>")
            continue
        wanted = read_path(metric, "resource.target.averageUtilization", "<auto>")
        used = read_path(current.get("Resource", {}), "resource.current.averageUtilization")
        now_used = UNKNOWN if used is None else f"{used}%"
        targets.append(f"{metric['resource']['name']}: {now_used}/{wanted}%")
    return ", ".join(targets) or NONE


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


_NAME = Column("Name", "string", path_cell("metadata.name"))
_AGE = Column("Age", "string", since_cell("metadata.creationTimestamp"))
_CREATED = Column("Created At", "date", path_cell("metadata.creationTimestamp"))

_DEFAULT_COLUMNS = (_NAME, _AGE)

_COLUMNS: dict[str, tuple[Column, ...]] = {
    "pods": (
        _NAME,
        Column("Ready", "string", _ready_of_pod),
        Column("Status", "string", _status_of_pod),
        Column("Restarts", "string", _restarts_of_pod),
        _AGE,
        Column("IP", "string", path_cell("status.podIP"), wide=True),
        Column("Node", "string", path_cell("spec.nodeName"), wide=True),
        Column("Nominated Node", "string", path_cell("status.nominatedNodeName"), wide=True),
        Column("Readiness Gates", "string", _readiness_gates, wide=True),
    ),
    "nodes": (
        _NAME,
        Column("Status", "string", _node_status),
        Column("Roles", "string", _node_roles),
        _AGE,
        Column("Version", "string", path_cell("status.nodeInfo.kubeletVersion", "")),
        Column("Internal-IP", "string", _node_address("InternalIP"), wide=True),
        Column("External-IP", "string", _node_address("ExternalIP"), wide=True),
        Column("OS-Image", "string", path_cell("status.nodeInfo.osImage", UNKNOWN), wide=True),
        Column("Kernel-Version", "string", path_cell("status.nodeInfo.kernelVersion", UNKNOWN), wide=True),
        Column(
            "Container-Runtime",
            "string",
            path_cell("status.nodeInfo.containerRuntimeVersion", UNKNOWN),
            wide=True,
        ),
    ),
    "namespaces": (_NAME, Column("Status", "string", path_cell("status.phase", "")), _AGE),
    "deployments": (
        _NAME,
        Column("Ready", "string", fraction_cell("status.readyReplicas", "spec.replicas")),
        Column("Up-to-date", "string", path_cell("status.updatedReplicas", 0)),
        Column("Available", "string", path_cell("status.availableReplicas", 0)),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels"),
    ),
    "replicasets": (
        _NAME,
        Column("Desired", "integer", path_cell("spec.replicas", 0)),
        Column("Current", "integer", path_cell("status.replicas", 0)),
        Column("Ready", "integer", path_cell("status.readyReplicas", 0)),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels"),
    ),
    "statefulsets": (
        _NAME,
        Column("Ready", "string", fraction_cell("status.readyReplicas", "spec.replicas")),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels")[:2],
    ),
    "daemonsets": (
        _NAME,
        Column("Desired", "integer", path_cell("status.desiredNumberScheduled", 0)),
        Column("Current", "integer", path_cell("status.currentNumberScheduled", 0)),
        Column("Ready", "integer", path_cell("status.numberReady", 0)),
        Column("Up-to-date", "integer", path_cell("status.updatedNumberScheduled", 0)),
        Column("Available", "integer", path_cell("status.numberAvailable", 0)),
        Column("Node Selector", "string", selector_cell("spec.template.spec.nodeSelector")),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels"),
    ),
    "jobs": (
        _NAME,
        Column("Status", "string", _job_status),
        Column("Completions", "string", fraction_cell("status.succeeded", "spec.completions")),
        Column("Duration", "string", _job_duration),
        _AGE,
        *_workload_columns("spec.template.spec", "spec.selector.matchLabels"),
    ),
    "cronjobs": (
        _NAME,
        Column("Schedule", "string", path_cell("spec.schedule")),
        Column("Timezone", "string", path_cell("spec.timeZone")),
        Column("Suspend", "boolean", lambda job, _: str(read_path(job, "spec.suspend", default=False))),
        Column("Active", "integer", count_cell("status.active")),
        Column(
            "Last Schedule",
            "string",
            lambda job, now: age(read_path(job, "status.lastScheduleTime"), now).replace(UNKNOWN, NONE),
        ),
        _AGE,
    ),
    "services": (
        _NAME,
        Column("Type", "string", path_cell("spec.type", "ClusterIP")),
        Column("Cluster-IP", "string", path_cell("spec.clusterIP")),
        Column("External-IP", "string", _external_ip),
        Column("Port(s)", "string", _ports),
        _AGE,
        Column("Selector", "string", selector_cell("spec.selector"), wide=True),
    ),
    "horizontalpodautoscalers": (
        _NAME,
        Column(
            "Reference",
            "string",
            lambda hpa, _: f"{hpa['spec']['scaleTargetRef']['kind']}/{hpa['spec']['scaleTargetRef']['name']}",
        ),
        Column("Targets", "string", _hpa_targets),
        Column("MinPods", "string", path_cell("spec.minReplicas", "<unset>")),
        Column("MaxPods", "string", path_cell("spec.maxReplicas", 0)),
        Column("Replicas", "string", path_cell("status.currentReplicas", 0)),
        _AGE,
    ),
    "poddisruptionbudgets": (
        _NAME,
        Column("Min Available", "string", path_cell("spec.minAvailable", "N/A")),
        Column("Max Unavailable", "string", path_cell("spec.maxUnavailable", "N/A")),
        Column("Allowed Disruptions", "integer", path_cell("status.disruptionsAllowed", 0)),
        _AGE,
    ),
    "persistentvolumeclaims": (
        _NAME,
        Column("Status", "string", _claim_status),
        Column("Volume", "string", path_cell("spec.volumeName", "")),
        Column("Capacity", "string", path_cell("status.capacity.storage", "")),
        Column("Access Modes", "string", _access_modes("status.accessModes")),
        Column("StorageClass", "string", path_cell("spec.storageClassName", "")),
        _AGE,
    ),
    "persistentvolumes": (
        _NAME,
        Column("Capacity", "string", path_cell("spec.capacity.storage", "")),
        Column("Access Modes", "string", _access_modes("spec.accessModes")),
        Column("Reclaim Policy", "string", path_cell("spec.persistentVolumeReclaimPolicy", "")),
        Column("Status", "string", path_cell("status.phase", "")),
        Column("Claim", "string", _claim),
        Column("StorageClass", "string", path_cell("spec.storageClassName", "")),
        Column("Reason", "string", path_cell("status.reason", "")),
        _AGE,
    ),
    "ingresses": (
        _NAME,
        Column("Class", "string", path_cell("spec.ingressClassName")),
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
        Column("Type", "string", path_cell("type", "")),
        Column("Reason", "string", path_cell("reason", "")),
        Column("Object", "string", _event_object),
        Column("Source", "string", path_cell("source.component", ""), wide=True),
        Column("Message", "string", lambda event, _: (event.get("message") or "").strip()),
        Column("Count", "integer", lambda event, _: event.get("count") or 1, wide=True),
        Column("Name", "string", path_cell("metadata.name"), wide=True),
    ),
    "resourcequotas": (
        _NAME,
        Column("Request", "string", _quota("requests")),
        Column("Limit", "string", _quota("limits")),
        _AGE,
    ),
    "configmaps": (_NAME, Column("Data", "string", count_cell("data")), _AGE),
    "secrets": (
        _NAME,
        Column("Type", "string", path_cell("type", "Opaque")),
        Column("Data", "string", count_cell("data")),
        _AGE,
    ),
    "serviceaccounts": (_NAME, Column("Secrets", "string", count_cell("secrets")), _AGE),
    "leases": (_NAME, Column("Holder", "string", path_cell("spec.holderIdentity", "")), _AGE),
    "roles": (_NAME, _CREATED),
    "clusterroles": (_NAME, _CREATED),
    "rolebindings": (_NAME, Column("Role", "string", _role_reference), _AGE),
    "clusterrolebindings": (_NAME, Column("Role", "string", _role_reference), _AGE),
}


def columns_of(resource: str) -> tuple[Column, ...]:
    """The columns of a resource."""
    return _COLUMNS.get(resource, _DEFAULT_COLUMNS)
