"""Bookmarks: watch events that carry only a resource version.

The server encodes an empty object of the kind, so that the body holds whatever the kind's Go type does not omit; the
bodies here are the recorded ones.
"""

from __future__ import annotations

from typing import Any

import msgspec

from farwatch.sim.collection import encode_event
from farwatch.sim.resources import Resource

_TEMPLATE: dict[str, Any] = {"metadata": {}, "spec": {"containers": None}}
_BODIES: dict[str, dict[str, Any]] = {
    "pods": {"spec": {"containers": None}, "status": {}},
    "statefulsets": {
        "spec": {
            "replicas": 0,
            "selector": None,
            "template": _TEMPLATE,
            "serviceName": "",
            "updateStrategy": {},
        },
        "status": {"replicas": 0, "availableReplicas": 0},
    },
    "leases": {"spec": {}},
    "deployments": {
        "spec": {"replicas": 0, "selector": None, "template": _TEMPLATE, "strategy": {}},
        "status": {},
    },
    "replicasets": {
        "spec": {"replicas": 0, "selector": None, "template": _TEMPLATE},
        "status": {"replicas": 0},
    },
    "poddisruptionbudgets": {
        "spec": {},
        "status": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
    },
    "daemonsets": {
        "spec": {"selector": None, "template": _TEMPLATE, "updateStrategy": {}},
        "status": {
            "currentNumberScheduled": 0,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": 0,
            "numberReady": 0,
        },
    },
    "events": {
        "involvedObject": {},
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    },
    "resourcequotas": {"spec": {}, "status": {}},
    "jobs": {"spec": {"template": _TEMPLATE}, "status": {}},
    "cronjobs": {
        "spec": {"schedule": "", "jobTemplate": {"metadata": {}, "spec": {"template": _TEMPLATE}}},
        "status": {},
    },
    "horizontalpodautoscalers": {
        "spec": {"scaleTargetRef": {"kind": "", "name": ""}, "maxReplicas": 0},
        "status": {"desiredReplicas": 0, "currentMetrics": None},
    },
    "services": {"spec": {}, "status": {"loadBalancer": {}}},
    "namespaces": {"spec": {}, "status": {}},
    "nodes": {
        "spec": {},
        "status": {
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
            "nodeInfo": dict.fromkeys(
                (
                    "machineID",
                    "systemUUID",
                    "bootID",
                    "kernelVersion",
                    "osImage",
                    "containerRuntimeVersion",
                    "kubeletVersion",
                    "kubeProxyVersion",
                    "operatingSystem",
                    "architecture",
                ),
                "",
            ),
        },
    },
    "persistentvolumeclaims": {"spec": {"resources": {}}, "status": {}},
}


def encode_bookmark(resource: Resource, version: int, *, initial_events_end: bool = False) -> bytes:
    """One line of a watch stream; ``initial_events_end`` marks the end of a streaming list."""
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    if initial_events_end:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    bookmark = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
    return encode_event("BOOKMARK", msgspec.json.encode(bookmark | _BODIES.get(resource.name, {})))
