"""What the server serves: /version, /api, /apis, resource lists, and as much OpenAPI as kubectl asks for."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

from farwatch.sim.resources import RESOURCES, Resource

Document = dict[str, Any]

VERSION: Document = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "98b35193b2ac7a23a673325f5e9b830ecd5ba406",
    "gitTreeState": "clean",
    "buildDate": "2026-07-20T00:00:00Z",
    "goVersion": "go1.27.3-X:nojsonv2",
    "compiler": "gc",
    "platform": "linux/amd64",
}

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
"""The media type of discovery in one answer."""

_READ, _CREATE = ("get", "list"), ("create",)
_CHANGE = ("get", "patch", "update")
METRICS = "metrics.k8s.io"
_METRICS_VERSION = "v1beta1"
_VIRTUAL: dict[tuple[str, str], tuple[Resource, ...]] = {
    ("authentication.k8s.io", "v1"): (
        Resource(name="selfsubjectreviews", kind="SelfSubjectReview", namespaced=False, verbs=_CREATE),
    ),
    ("authorization.k8s.io", "v1"): (
        Resource(name="localsubjectaccessreviews", kind="LocalSubjectAccessReview", verbs=_CREATE),
        Resource(
            name="selfsubjectaccessreviews", kind="SelfSubjectAccessReview", namespaced=False, verbs=_CREATE
        ),
        Resource(
            name="selfsubjectrulesreviews", kind="SelfSubjectRulesReview", namespaced=False, verbs=_CREATE
        ),
        Resource(name="subjectaccessreviews", kind="SubjectAccessReview", namespaced=False, verbs=_CREATE),
    ),
    (METRICS, _METRICS_VERSION): (
        Resource(name="nodes", kind="NodeMetrics", namespaced=False, verbs=_READ),
        Resource(name="pods", kind="PodMetrics", verbs=_READ),
    ),
}
"""Groups of which nothing is stored: they are computed when asked."""

_SUBRESOURCES: dict[str, Document] = {
    "binding": {"kind": "Binding", "verbs": _CREATE},
    "eviction": {"group": "policy", "version": "v1", "kind": "Eviction", "verbs": _CREATE},
    "finalize": {"verbs": ("update",)},
    "log": {"verbs": ("get",)},
    "scale": {"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": _CHANGE},
    "status": {"verbs": _CHANGE},
    "token": {
        "group": "authentication.k8s.io",
        "version": "v1",
        "kind": "TokenRequest",
        "verbs": _CREATE,
    },
}


def find_document(path: str, address: str) -> Document | None:
    """The answer to a discovery path of a server at ``address``; None when nothing is there."""
    found: Document | None = None
    match path.strip("/").split("/"):
        case ["version"]:
            found = VERSION
        case ["api"]:
            found = api_versions(address)
        case ["apis"]:
            found = api_groups()
        case ["api", version]:
            found = resource_list("", version)
        case ["apis", group]:
            found = api_group(group)
        case ["apis", group, version]:
            found = resource_list(group, version)
        case ["openapi", "v3"]:
            found = openapi_index()
        case ["openapi", "v3", *rest]:
            found = openapi_document("/".join(rest))
    return found


def groups() -> dict[tuple[str, str], list[Resource]]:
    """The resources by group and version, the core group first."""
    found: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in RESOURCES.values():
        found[resource.group, resource.version].append(resource)
    for group, resources in _VIRTUAL.items():
        found[group].extend(resources)
    return found


def api_versions(address: str) -> Document:
    """The answer to ``/api``."""
    where = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": where}


def api_groups() -> Document:
    """The answer to ``/apis``."""
    listed = [_group(group, version) for group, version in groups() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def api_group(name: str) -> Document | None:
    """The answer to ``/apis/<name>``."""
    for group, version in groups():
        if group == name:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, version)}
    return None


def resource_list(group: str, version: str) -> Document | None:
    """The answer to ``/api/v1`` and ``/apis/<group>/<version>``."""
    resources = groups().get((group, version))
    if resources is None:
        return None
    listed: list[Document] = []
    for resource in sorted(resources, key=lambda resource: resource.name):
        listed.append(_described(resource))
        listed += [_described_subresource(resource, name) for name in resource.subresources]
    head: Document = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if group else {})
    return head | {"groupVersion": f"{group}/{version}" if group else version, "resources": listed}


def aggregated(*, core: bool) -> Document:
    """Everything about the core group, or about all others, in one answer."""
    items = [
        {
            "metadata": {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None},
            "versions": [
                {
                    "version": version,
                    "resources": [_aggregated_resource(group, version, resource) for resource in resources],
                    "freshness": "Current",
                }
            ],
        }
        for (group, version), resources in groups().items()
        if core == (not group)
    ]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }


def openapi_index() -> Document:
    """The answer to ``/openapi/v3``."""
    paths = {}
    for group, version in groups():
        path = _root(group, version)
        digest = hashlib.sha256(path.encode()).hexdigest()[:32].upper()
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


def openapi_document(path: str) -> Document | None:
    """The answer to ``/openapi/v3/<path>``: which objects can be patched, with server-side validation and dry run.

    That is what kubectl asks before it applies; schemas are left to the built-in types of the client.
    """
    paths = {}
    for (group, version), resources in groups().items():
        if _root(group, version) != path:
            continue
        for resource in resources:
            scope = "namespaces/{namespace}/" if resource.namespaced else ""
            paths[f"/{path}/{scope}{resource.name}/{{name}}"] = {"patch": _patch_operation(resource)}
    if not paths:
        return None
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION["gitVersion"]},
        "paths": paths,
        "components": {"schemas": {}},
    }


# --- pieces ---------------------------------------------------------------------------------------------------


def _root(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _group(group: str, version: str) -> Document:
    served = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [served], "preferredVersion": served}


def _described(resource: Resource) -> Document:
    described: Document = {
        "name": resource.name,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": resource.verbs,
    }
    if resource.short_names:
        described["shortNames"] = resource.short_names
    if resource.categories:
        described["categories"] = resource.categories
    return described


def _described_subresource(resource: Resource, name: str) -> Document:
    head = {"name": f"{resource.name}/{name}", "singularName": "", "namespaced": resource.namespaced}
    return head | {"kind": resource.kind} | _SUBRESOURCES[name]


def _aggregated_resource(group: str, version: str, resource: Resource) -> Document:
    described: Document = {
        "resource": resource.name,
        "responseKind": {"group": group, "version": version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": resource.verbs,
    }
    if resource.short_names:
        described["shortNames"] = resource.short_names
    if resource.categories:
        described["categories"] = resource.categories
    if resource.subresources:
        described["subresources"] = [
            {
                "subresource": name,
                "responseKind": {
                    "group": _SUBRESOURCES[name].get("group", group),
                    "version": _SUBRESOURCES[name].get("version", version),
                    "kind": _SUBRESOURCES[name].get("kind", resource.kind),
                },
                "verbs": _SUBRESOURCES[name]["verbs"],
            }
            for name in resource.subresources
        ]
    return described


def _patch_operation(resource: Resource) -> Document:
    return {
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string"}}
            for name in ("dryRun", "fieldManager", "fieldValidation", "force")
        ],
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {
            "group": resource.group,
            "version": resource.version,
            "kind": resource.kind,
        },
    }
