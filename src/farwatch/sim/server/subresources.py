"""Views and acts beside an object: scale, binding, eviction."""

from __future__ import annotations

from typing import Any

from farwatch.sim.errors import StatusError, bad_request, conflict, describe
from farwatch.sim.resources import RESOURCES
from farwatch.sim.selectors import from_label_selector
from farwatch.sim.store import Store
from farwatch.sim.times import format_time

Document = dict[str, Any]


def read_scale(workload: Document) -> Document:
    """The ``autoscaling/v1`` Scale of a workload."""
    metadata = workload["metadata"]
    labels = ((workload["spec"].get("selector") or {}).get("matchLabels") or {}).items()
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept},
        "spec": {"replicas": workload["spec"].get("replicas", 0)},
        "status": {
            "replicas": (workload.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels)),
        },
    }


def write_scale(workload: Document, scale: Document) -> Document:
    """The workload with the replicas of a Scale, and its resourceVersion so that a stale one is noticed."""
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        raise bad_request(f"spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0")
    version = (scale.get("metadata") or {}).get("resourceVersion")
    metadata = workload["metadata"] | ({"resourceVersion": version} if version else {})
    return workload | {"metadata": metadata, "spec": workload["spec"] | {"replicas": replicas}}


def bind(store: Store, namespace: str, name: str, binding: Document) -> None:
    """Put a pod on a node, as a scheduler asks for; StatusError 409 when it is on one already."""
    pod = store.get("pods", namespace, name)
    node = (binding.get("target") or {}).get("name", "")
    if pod["spec"].get("nodeName"):
        why = f'pod {name} is already assigned to node "{pod["spec"]["nodeName"]}"'
        raise conflict(RESOURCES["pods"], name, why)
    pod["spec"]["nodeName"] = node
    store.update("pods", pod)
    store.modify("pods", namespace, name, lambda bound: _mark_scheduled(bound, store.clock()), "status")


def _mark_scheduled(pod: Document, now: float) -> None:
    conditions = pod.setdefault("status", {}).setdefault("conditions", [])
    conditions[:] = [condition for condition in conditions if condition["type"] != "PodScheduled"]
    conditions.append(
        {
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": format_time(now),
        }
    )


def evict(store: Store, namespace: str, name: str, options: Document, *, dry_run: bool) -> None:
    """Delete a pod unless a PodDisruptionBudget forbids it; then StatusError 429."""
    pod = store.get("pods", namespace, name)
    for budget in store.list("poddisruptionbudgets", namespace):
        selector = from_label_selector(budget["spec"].get("selector"))
        status = budget.get("status") or {}
        if selector.matches(pod["metadata"].get("labels") or {}) and not status.get("disruptionsAllowed"):
            raise _disrupted(name, budget, status)
    store.delete("pods", namespace, name, grace_period=options.get("gracePeriodSeconds"), dry_run=dry_run)


def _disrupted(pod: str, budget: Document, status: Document) -> StatusError:
    needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
    name = budget["metadata"]["name"]
    cause = {
        "reason": "DisruptionBudget",
        "message": f"The disruption budget {name} needs {needs} healthy pods and has {has} currently",
    }
    details = describe(RESOURCES["pods"], pod) | {"causes": [cause]}
    message = "Cannot evict pod as it would violate the pod's disruption budget."
    return StatusError(429, "TooManyRequests", message, details)
