"""What the server fills in when a client leaves it out, for the kinds that people create by hand.

Source: pkg/apis/*/v1/defaults.go of Kubernetes; the admission plugins ServiceAccount, DefaultTolerationSeconds, Priority.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Document = dict[str, Any]

_TOLERATED_SECONDS = 300


def apply_defaults(resource: str, document: Document) -> None:
    """Complete a new or replaced object in place."""
    complete = _DEFAULTS.get(resource)
    if complete is not None:
        complete(document)


def fresh_status(resource: str, document: Document) -> Document | None:
    """The status of an object that was just created; None for kinds without one."""
    match resource:
        case "pods":
            return {"phase": "Pending", "qosClass": qos_class(document["spec"])}
        case "services":
            return {"loadBalancer": {}}
        case "persistentvolumeclaims" | "persistentvolumes":
            return {"phase": "Pending"}
        case "namespaces":
            return {"phase": "Active"}
        case "replicasets" | "statefulsets":
            return {"replicas": 0}
    return {}


def qos_class(spec: Document) -> str:
    """``Guaranteed``, ``Burstable`` or ``BestEffort``, from the containers' requests and limits."""
    resources = [container.get("resources") or {} for container in spec.get("containers") or ()]
    if not any(each.get("requests") or each.get("limits") for each in resources):
        return "BestEffort"
    for each in resources:
        limits = each.get("limits") or {}
        requests = limits | (each.get("requests") or {})
        if set(limits) < {"cpu", "memory"} or any(requests[name] != limits[name] for name in limits):
            return "Burstable"
    return "Guaranteed"


def complete_pod_spec(spec: Document) -> None:
    """Complete a pod's spec, or a template's, in place."""
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        _complete_container(container)
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")


def _complete_container(container: Document) -> None:
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    _, _, tag = str(container.get("image", "")).rpartition("/")[2].partition(":")
    container.setdefault("imagePullPolicy", "IfNotPresent" if tag not in ("", "latest") else "Always")
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(probe):
            container[probe] = {
                "timeoutSeconds": 1,
                "periodSeconds": 10,
                "successThreshold": 1,
                "failureThreshold": 3,
            } | container[probe]


def _complete_pod(pod: Document) -> None:
    spec = pod["spec"]
    complete_pod_spec(spec)
    account = spec.setdefault("serviceAccountName", spec.get("serviceAccount", "default"))
    spec.setdefault("serviceAccount", account)
    if "tolerations" not in spec:
        spec["tolerations"] = [
            {
                "key": f"node.kubernetes.io/{taint}",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": _TOLERATED_SECONDS,
            }
            for taint in ("not-ready", "unreachable")
        ]
    spec.setdefault("priority", 0)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _complete_template(owner: Document) -> None:
    complete_pod_spec(owner["spec"]["template"].setdefault("spec", {}))


def _complete_deployment(deployment: Document) -> None:
    _complete_template(deployment)
    spec = deployment["spec"]
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    _complete_strategy(spec.setdefault("strategy", {}), "25%", "25%")


def _complete_strategy(strategy: Document, surge: int | str, unavailable: int | str) -> None:
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", surge)
        rolling.setdefault("maxUnavailable", unavailable)


def _complete_replica_set(replica_set: Document) -> None:
    _complete_template(replica_set)
    replica_set["spec"].setdefault("replicas", 1)


def _complete_stateful_set(stateful_set: Document) -> None:
    _complete_template(stateful_set)
    spec = stateful_set["spec"]
    spec.setdefault("replicas", 1)
    spec.setdefault("serviceName", "")
    spec.setdefault("podManagementPolicy", "OrderedReady")
    spec.setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})


def _complete_daemon_set(daemon_set: Document) -> None:
    _complete_template(daemon_set)
    spec = daemon_set["spec"]
    _complete_strategy(spec.setdefault("updateStrategy", {}), 0, 1)
    spec.setdefault("revisionHistoryLimit", 10)


def _complete_job(job: Document) -> None:
    _complete_job_spec(job["spec"])


def _complete_job_spec(spec: Document) -> None:
    complete_pod_spec(spec["template"].setdefault("spec", {}))
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")


def _complete_cron_job(cron_job: Document) -> None:
    spec = cron_job["spec"]
    complete_pod_spec(spec["jobTemplate"]["spec"]["template"].setdefault("spec", {}))
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)


def _complete_service(service: Document) -> None:
    spec = service.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port["port"])


def _complete_claim(claim: Document) -> None:
    claim["spec"].setdefault("volumeMode", "Filesystem")
    finalizers = claim["metadata"].setdefault("finalizers", [])
    if not finalizers:
        finalizers.append("kubernetes.io/pvc-protection")


_DEFAULTS: dict[str, Callable[[Document], None]] = {
    "pods": _complete_pod,
    "deployments": _complete_deployment,
    "replicasets": _complete_replica_set,
    "statefulsets": _complete_stateful_set,
    "daemonsets": _complete_daemon_set,
    "jobs": _complete_job,
    "cronjobs": _complete_cron_job,
    "services": _complete_service,
    "persistentvolumeclaims": _complete_claim,
}
