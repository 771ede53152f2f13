"""How objects stand, in the field's words, found from the objects themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from farwatch.hub.inventory.statuses import others, pods, workloads
from farwatch.hub.inventory.statuses.status import Level, Status, utc
from farwatch.kube.objects import KubeObject

__all__ = ["Level", "Status", "status_of", "utc"]

_BY_KIND: dict[str, Callable[[Any], Status]] = {
    "Namespace": others.namespace_status,
    "Node": pods.node_status,
    "Deployment": workloads.deployment_status,
    "ReplicaSet": workloads.replica_set_status,
    "StatefulSet": workloads.stateful_set_status,
    "DaemonSet": workloads.daemon_set_status,
    "CronJob": workloads.cron_job_status,
    "Job": workloads.job_status,
    "Pod": pods.pod_status,
    "HorizontalPodAutoscaler": workloads.autoscaler_status,
    "PodDisruptionBudget": workloads.disruption_budget_status,
    "PersistentVolume": others.volume_status,
    "PersistentVolumeClaim": others.claim_status,
    "Service": others.service_status,
    "Ingress": others.ingress_status,
    "ResourceQuota": others.quota_status,
    "Event": others.event_status,
}


def status_of(kind: str, found: KubeObject) -> Status:
    """How an object stands.

    Args:
        kind: A name in ``KINDS``.
        found: An object of it.
    """
    return _BY_KIND.get(kind, others.plain_status)(found)
