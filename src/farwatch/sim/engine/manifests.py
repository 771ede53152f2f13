"""Objects as manifests ask for them and as the API server completes them: builders for everything but pods.

Every builder gives a complete, independent document: with the defaults that a real API server would have set, and with
``managedFields`` of the usual bulk, so that sizes on the wire are believable.
"""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

TOLERATION_SECONDS = 300


def metadata(name: str, namespace: str = "", **fields: Any) -> Document:
    """An object's metadata; fields that are None or empty are left out."""
    given = {"name": name, "namespace": namespace, **fields}
    return {key: value for key, value in given.items() if value}


def managed_by(
    manager: str, api_version: str, time: str, fields: Document, subresource: str = ""
) -> Document:
    """An entry of ``managedFields``."""
    entry: Document = {"manager": manager, "operation": "Update", "apiVersion": api_version, "time": time}
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": fields}
    return entry | ({"subresource": subresource} if subresource else {})


def field_set(document: Any) -> Document:
    """The names of a document's fields, as ``managedFields`` lists them; lists by name or value."""
    if isinstance(document, dict):
        return {f"f:{key}": field_set(value) for key, value in document.items()}
    if isinstance(document, list) and document and isinstance(document[0], dict) and "name" in document[0]:
        return {f'k:{{"name":"{item["name"]}"}}': {".": {}} | field_set(item) for item in document}
    return {}


# --- what runs ----------------------------------------------------------------------------------------------------


def container(
    name: str,
    image: str,
    *,
    cpu: str = "",
    memory: str = "",
    memory_limit: str = "",
    port: int = 0,
    probed: bool = False,
    env: dict[str, str] | None = None,
) -> Document:
    """A container of a pod template, with defaults filled in; with ``probed`` it has both probes on ``port``."""
    requests = {"cpu": cpu, "memory": memory}
    resources: Document = {"requests": {key: value for key, value in requests.items() if value}}
    if memory_limit:
        resources = {"limits": {"memory": memory_limit}, **resources}
    document: Document = {"name": name, "image": image}
    if port:
        document["ports"] = [{"name": "http", "containerPort": port, "protocol": "TCP"}]
    if env:
        document["env"] = [{"name": key, "value": value} for key, value in env.items()]
    document["resources"] = resources if any(resources.values()) else {}
    if probed:
        document["livenessProbe"] = _probe("/live", port)
        document["readinessProbe"] = _probe("/ready", port)
    return document | {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def _probe(path: str, port: int) -> Document:
    get = {"path": path, "port": port, "scheme": "HTTP"}
    return {
        "httpGet": get,
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def template(labels: dict[str, str], containers: list[Document], **spec: Any) -> Document:
    """A pod template with defaults filled in."""
    complete = {"containers": containers, "restartPolicy": "Always", "terminationGracePeriodSeconds": 30}
    complete |= {"dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler"}
    return {"metadata": {"labels": labels} if labels else {}, "spec": complete | spec}


def deployment(namespace: str, name: str, replicas: int, pod_template: Document, **fields: Any) -> Document:
    """An apps/v1 Deployment that selects its pods by ``app.kubernetes.io/name``."""
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
        "template": pod_template,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }
    return _workload("Deployment", namespace, name, spec, fields)


def stateful_set(
    namespace: str, name: str, replicas: int, pod_template: Document, storage: str, **fields: Any
) -> Document:
    """An apps/v1 StatefulSet, each pod with a volume ``data`` of ``storage`` bytes."""
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
        "template": pod_template,
        "volumeClaimTemplates": [
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": "data"},
                "spec": claim_spec(storage),
                "status": {"phase": "Pending"},
            }
        ],
        "serviceName": name,
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    }
    return _workload("StatefulSet", namespace, name, spec, fields)


def daemon_set(namespace: str, name: str, pod_template: Document, **fields: Any) -> Document:
    """An apps/v1 DaemonSet on every node."""
    spec = {
        "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
        "template": pod_template,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
        "revisionHistoryLimit": 10,
    }
    return _workload("DaemonSet", namespace, name, spec, fields)


def job_spec(pod_template: Document, backoff_limit: int = 6) -> Document:
    """The spec of a Job that runs one pod to its end."""
    return {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": backoff_limit,
        "template": pod_template,
        "completionMode": "NonIndexed",
        "suspend": False,
        "podReplacementPolicy": "TerminatingOrFailed",
    }


def job_labels(name: str, uid: str) -> dict[str, str]:
    """The labels by which a Job tells its pods."""
    return {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }


def job(namespace: str, name: str, spec: Document, uid: str, **fields: Any) -> Document:
    """A batch/v1 Job; its uid is part of its selector, hence given."""
    labels = job_labels(name, uid)
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    return {
        "kind": "Job",
        "apiVersion": "batch/v1",
        "metadata": metadata(
            name, namespace, uid=uid, **fields | {"labels": labels | fields.get("labels", {})}
        ),
        "spec": spec | {"selector": selector, "manualSelector": False},
        "status": {},
    }


def cron_job(namespace: str, name: str, schedule: str, spec: Document, **fields: Any) -> Document:
    """A batch/v1 CronJob."""
    cron = {
        "schedule": schedule,
        "concurrencyPolicy": "Forbid",
        "suspend": False,
        "jobTemplate": {"metadata": {}, "spec": spec},
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    }
    meta = metadata(name, namespace, **fields)
    return {"kind": "CronJob", "apiVersion": "batch/v1", "metadata": meta, "spec": cron, "status": {}}


def _workload(kind: str, namespace: str, name: str, spec: Document, fields: Document) -> Document:
    """``fields`` are further metadata; ``time``, when given, is when kubectl applied the manifest."""
    labels = {"app.kubernetes.io/name": name, **fields.pop("labels", {})}
    if time := fields.pop("time", ""):
        fields["managedFields"] = [
            managed_by("kubectl-client-side-apply", "apps/v1", time, {"f:spec": field_set(spec)})
        ]
    meta = metadata(name, namespace, labels=labels, **fields)
    return {"kind": kind, "apiVersion": "apps/v1", "metadata": meta, "spec": spec, "status": {}}


# --- what it runs on, and its storage -------------------------------------------------------------------------------


def namespace(name: str, labels: dict[str, str] | None = None) -> Document:
    """A v1 Namespace."""
    meta = metadata(name, labels={"kubernetes.io/metadata.name": name, **(labels or {})})
    spec = {"finalizers": ["kubernetes"]}
    return {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": meta,
        "spec": spec,
        "status": {"phase": "Active"},
    }


def config_map(namespace: str, name: str, data: dict[str, str]) -> Document:
    """A v1 ConfigMap."""
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata(name, namespace), "data": data}


def claim_spec(storage: str, storage_class: str = "standard") -> Document:
    """What a PersistentVolumeClaim asks for."""
    return {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": storage}},
        "storageClassName": storage_class,
        "volumeMode": "Filesystem",
    }


def claim(namespace: str, name: str, spec: Document, labels: dict[str, str] | None = None) -> Document:
    """A v1 PersistentVolumeClaim that waits for its volume."""
    meta = metadata(name, namespace, labels=labels, finalizers=["kubernetes.io/pvc-protection"])
    return {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "metadata": meta,
        "spec": spec,
        "status": {"phase": "Pending"},
    }


def volume_for(claim: Document) -> Document:
    """The v1 PersistentVolume that is bound to a claim."""
    meta, spec = claim["metadata"], claim["spec"]
    reference = {"kind": "PersistentVolumeClaim", "namespace": meta["namespace"], "name": meta["name"]}
    reference |= {"uid": meta["uid"], "apiVersion": "v1"}
    name = f"pvc-{meta['uid']}"
    return {
        "kind": "PersistentVolume",
        "apiVersion": "v1",
        "metadata": metadata(
            name,
            annotations={"pv.kubernetes.io/provisioned-by": "csi.sim.example"},
            finalizers=["kubernetes.io/pv-protection"],
        ),
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "csi": {"driver": "csi.sim.example", "fsType": "ext4", "volumeHandle": f"vol-{meta['uid'][:8]}"},
            "accessModes": spec["accessModes"],
            "claimRef": reference,
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec["storageClassName"],
            "volumeMode": "Filesystem",
        },
        "status": {"phase": "Bound"},
    }


def bind_claim(claim: Document) -> None:
    """Let a claim say that it has its volume."""
    name = f"pvc-{claim['metadata']['uid']}"
    notes = claim["metadata"].setdefault("annotations", {})
    notes |= {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
    claim["spec"]["volumeName"] = name
    capacity = {"storage": claim["spec"]["resources"]["requests"]["storage"]}
    claim["status"] = {"phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": capacity}


def storage_class(name: str) -> Document:
    """A storage.k8s.io/v1 StorageClass, the cluster's default."""
    notes = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "kind": "StorageClass",
        "apiVersion": "storage.k8s.io/v1",
        "metadata": metadata(name, annotations=notes),
        "provisioner": "csi.sim.example",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": True,
    }


# --- how it is reached and bounded ------------------------------------------------------------------------------------


def service(namespace: str, name: str, address: str, port: int = 80) -> Document:
    """A v1 Service of type ClusterIP in front of the pods of one workload; headless with the address ``None``."""
    spec = {
        "ports": [{"name": "http", "protocol": "TCP", "port": port, "targetPort": "http"}],
        "selector": {"app.kubernetes.io/name": name},
        "clusterIP": address,
        "clusterIPs": [address],
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }
    meta = metadata(name, namespace, labels={"app.kubernetes.io/name": name})
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": meta,
        "spec": spec,
        "status": {"loadBalancer": {}},
    }


def ingress(namespace: str, name: str, host: str) -> Document:
    """A networking.k8s.io/v1 Ingress that leads a host to a Service of its own name."""
    backend = {"service": {"name": name, "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "kind": "Ingress",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": metadata(name, namespace, labels={"app.kubernetes.io/name": name}),
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": [host], "secretName": f"{name}-tls"}],
            "rules": [{"host": host, "http": {"paths": [path]}}],
        },
        "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}},
    }


def autoscaler(namespace: str, name: str, minimum: int, maximum: int, target: int = 70) -> Document:
    """An autoscaling/v2 HorizontalPodAutoscaler of the Deployment of its own name, by CPU in percent of requests."""
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}}
    return {
        "kind": "HorizontalPodAutoscaler",
        "apiVersion": "autoscaling/v2",
        "metadata": metadata(name, namespace, labels={"app.kubernetes.io/name": name}),
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": name, "apiVersion": "apps/v1"},
            "minReplicas": minimum,
            "maxReplicas": maximum,
            "metrics": [{"type": "Resource", "resource": metric}],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}},
        },
        "status": {"desiredReplicas": 0, "currentMetrics": None},
    }


def disruption_budget(namespace: str, name: str, minimum: int | str) -> Document:
    """A policy/v1 PodDisruptionBudget for the pods of one workload."""
    status = {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}
    return {
        "kind": "PodDisruptionBudget",
        "apiVersion": "policy/v1",
        "metadata": metadata(name, namespace, labels={"app.kubernetes.io/name": name}),
        "spec": {"minAvailable": minimum, "selector": {"matchLabels": {"app.kubernetes.io/name": name}}},
        "status": status,
    }


def quota(namespace: str, name: str, hard: dict[str, str]) -> Document:
    """A v1 ResourceQuota."""
    meta = metadata(name, namespace)
    return {
        "kind": "ResourceQuota",
        "apiVersion": "v1",
        "metadata": meta,
        "spec": {"hard": hard},
        "status": {},
    }


# --- nodes ----------------------------------------------------------------------------------------------------------


def node(name: str, number: int, zone: str, capacity: dict[str, str], conditions: list[Document]) -> Document:
    """A v1 Node that is well; its addresses and its pods' range follow from its number."""
    address = f"10.{20 + number // 65_000}.{number // 250 % 256}.{number % 250 + 1}"
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": f"standard-{capacity['cpu']}",
        "topology.kubernetes.io/region": "sim",
        "topology.kubernetes.io/zone": zone,
    }
    status_fields: Document = {
        "f:status": {"f:conditions": {f'k:{{"type":"{each["type"]}"}}': {} for each in conditions}}
    }
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": metadata(
            name,
            labels=labels,
            annotations={"node.alpha.kubernetes.io/ttl": "0"},
            managedFields=[
                managed_by("kubelet", "v1", conditions[0]["lastHeartbeatTime"], status_fields, "status")
            ],
        ),
        "spec": {
            "podCIDR": f"10.{100 + number // 256}.{number % 256}.0/24",
            "providerID": f"sim://{zone}/{name}",
        },
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": conditions,
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": f"{number:032x}",
                "systemUUID": f"{number:032x}",
                "bootID": f"{number:032x}",
                "kernelVersion": "6.1.0-sim-amd64",
                "osImage": "Debian GNU/Linux 12 (simulated)",
                "containerRuntimeVersion": "containerd://2.1.0-sim",
                "kubeletVersion": "v1.36.2",
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }
