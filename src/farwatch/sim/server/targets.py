"""What a URL path leads to."""

from __future__ import annotations

from dataclasses import dataclass

from farwatch.sim.resources import Resource
from farwatch.sim.server.discovery import METRICS, groups
from farwatch.sim.server.rbac import Attributes

_SCOPED = 2  # "namespaces", <namespace>


@dataclass(frozen=True, kw_only=True)
class Target:
    """A collection, an object or a subresource.

    Attributes:
        group: The API group in the path.
        resource: The resource; one of ``RESOURCES`` unless the group computes its answers.
        namespace: Empty for the whole cluster.
        name: Empty for a collection.
        subresource: ``status``, ``scale``, ``log`` ..., or empty.
    """

    group: str
    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def is_metrics(self) -> bool:
        """Whether it is one of metrics.k8s.io."""
        return self.group == METRICS

    @property
    def is_review(self) -> bool:
        """Whether what is posted there is a question that is answered and not kept."""
        return self.group in ("authentication.k8s.io", "authorization.k8s.io")

    def attributes(self, verb: str) -> Attributes:
        """What an authorizer is asked."""
        return Attributes(
            verb=verb,
            group=self.group,
            resource=self.resource.name,
            subresource=self.subresource,
            namespace=self.namespace,
            name=self.name,
        )


_GROUPS = groups()


def find_target(path: str) -> Target | None:
    """The target of a path like ``/apis/apps/v1/namespaces/shop/deployments/web/scale``; None when there is none."""
    match path.strip("/").split("/"):
        case ["api", version, *rest]:
            return _find("", version, rest)
        case ["apis", group, version, *rest]:
            return _find(group, version, rest)
    return None


def _find(group: str, version: str, rest: list[str]) -> Target | None:
    namespace = ""
    if len(rest) > _SCOPED and rest[0] == "namespaces" and _served(group, version, rest[2]):
        namespace, rest = rest[1], rest[2:]
    resource = _served(group, version, rest[0]) if rest else None
    if resource is None or not all(rest):
        return None
    name = rest[1] if len(rest) > 1 else ""
    subresource = "/".join(rest[2:])
    if subresource and subresource not in resource.subresources:
        return None
    if resource.name == "namespaces" and not group:
        namespace = name  # so do roles in a namespace govern the namespace itself
    if name and resource.namespaced and not namespace:
        return None
    return Target(group=group, resource=resource, namespace=namespace, name=name, subresource=subresource)


def _served(group: str, version: str, plural: str) -> Resource | None:
    return next((each for each in _GROUPS.get((group, version), ()) if each.name == plural), None)
