"""Label and field selectors: parsing, in the server's words when they are bad, and matching."""

from __future__ import annotations

from farwatch.sim.resources import RESOURCES

_OBJECT_FIELDS = ("metadata.name", "metadata.namespace")
_FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "replicasets": ("status.replicas",),
    "jobs": ("status.successful",),
    "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"),
}

SELECTABLE_FIELDS: dict[str, tuple[str, ...]] = {
    name: _OBJECT_FIELDS + _FIELDS.get(name, ()) for name in RESOURCES
}
"""By resource, the paths that field selectors may name (pkg/apis/*/v1/conversion.go of Kubernetes)."""
