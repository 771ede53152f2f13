"""Pods as the API server stores them when a controller asks for one."""

from __future__ import annotations

import random
from typing import Any

from farwatch.sim.engine.manifests import TOLERATION_SECONDS, field_set, managed_by
from farwatch.sim.engine.names import suffix

Document = dict[str, Any]

DAEMON_TOLERATIONS = [
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"},
    {"key": "node.kubernetes.io/disk-pressure", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/pid-pressure", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/network-unavailable", "operator": "Exists", "effect": "NoSchedule"},
]
"""What every DaemonSet's pod tolerates."""

_DEFAULT_TOLERATIONS = [
    {
        "key": f"node.kubernetes.io/{taint}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": TOLERATION_SECONDS,
    }
    for taint in ("not-ready", "unreachable")
]
_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
_TOKEN_SOURCES = [
    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    {
        "downwardAPI": {
            "items": [
                {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
            ]
        }
    },
]


def owned_by(owner: Document) -> Document:
    """That ``owner`` manages an object."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def new_pod(
    owner: Document, template: Document, randomness: random.Random, time: str, **changes: Document
) -> Document:
    """A pod for ``owner`` from a template, with what defaults and admission add; not named, not bound yet.

    ``changes``: ``labels`` to add to the template's, ``spec`` to lay over the template's, ``metadata`` to add.
    """
    meta, own = owner["metadata"], template.get("metadata") or {}
    spec = template["spec"] | changes.get("spec", {})
    token = f"kube-api-access-{suffix(randomness)}"
    mount = {"name": token, "readOnly": True, "mountPath": _TOKEN_PATH}
    containers = [
        container | {"volumeMounts": [*container.get("volumeMounts", ()), mount]}
        for container in spec["containers"]
    ]
    volume = {"name": token, "projected": {"sources": _TOKEN_SOURCES, "defaultMode": 420}}
    complete = {"volumes": [*spec.get("volumes", ()), volume], "containers": containers}
    complete |= {key: value for key, value in spec.items() if key not in complete}
    defaults = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst"}
    defaults |= {"serviceAccountName": "default", "serviceAccount": "default", "securityContext": {}}
    defaults |= {"schedulerName": "default-scheduler", "tolerations": _DEFAULT_TOLERATIONS, "priority": 0}
    defaults |= {"enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority"}
    managed = {"f:metadata": {"f:labels": {".": {}}}, "f:spec": field_set(template["spec"])}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "generateName": f"{meta['name']}-",
            "namespace": meta["namespace"],
            "labels": (own.get("labels") or {}) | changes.get("labels", {}),
            "annotations": own.get("annotations") or {},
            "ownerReferences": [owned_by(owner)],
            "managedFields": [managed_by("kube-controller-manager", "v1", time, managed)],
            **changes.get("metadata", {}),
        },
        "spec": defaults | complete,
        "status": {"phase": "Pending", "qosClass": qos_class(complete["containers"])},
    }


def qos_class(containers: list[Document]) -> str:
    """How a node treats a pod that is short of memory, by requests and limits (``pkg/apis/core/v1/helper/qos``)."""
    resources = [container.get("resources") or {} for container in containers]
    if not any(each.get("requests") or each.get("limits") for each in resources):
        return "BestEffort"
    bounded = all({"cpu", "memory"} <= set(each.get("limits") or ()) for each in resources)
    exact = all((each.get("requests") or each.get("limits")) == each.get("limits") for each in resources)
    return "Guaranteed" if bounded and exact else "Burstable"


_CONDITION_FIELDS = ("lastProbeTime", "lastTransitionTime", "observedGeneration", "status", "type")
_CONDITIONS = ("ContainersReady", "Initialized", "PodReadyToStartContainers", "Ready")


def kubelet_fields(pod: Document, time: str) -> Document:
    """What ``managedFields`` says a kubelet set."""
    one_condition: Document = {".": {}} | {f"f:{field}": {} for field in _CONDITION_FIELDS}
    fields: Document = {f"f:{field}": {} for field in pod["status"] if field not in ("conditions", "podIPs")}
    fields["f:conditions"] = {f'k:{{"type":"{kind}"}}': one_condition for kind in _CONDITIONS}
    fields["f:podIPs"] = {".": {}, f'k:{{"ip":"{pod["status"].get("podIP", "")}"}}': {".": {}, "f:ip": {}}}
    return managed_by("kubelet", "v1", time, {"f:status": fields}, "status")
