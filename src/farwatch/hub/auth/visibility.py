"""What somebody may see of what a route lists, and change of what it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers.base import BaseRouteHandler

from farwatch.hub.auth.access import CLUSTER_PARAMETER, ForbiddenError, entry_of
from farwatch.hub.auth.areas import EVERYTHING, Area, Areas
from farwatch.hub.auth.policy import Decision, Permission, Resource, decide, grants_for
from farwatch.hub.auth.principal import Principal

_NO_LABELS: Mapping[str, str] = {}


class ClusterDirectory:
    """The labels of the fleet's clusters, at hand: grants may be for clusters by their labels.

    Args:
        labels: Those of the clusters that are known already, by name.
    """

    def __init__(self, labels: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._labels = dict(labels or {})

    async def keep(self, cluster: str, labels: Mapping[str, str] | None) -> None:
        """Take in a cluster's labels; None: there is no such cluster any more."""
        if labels is None:
            self._labels.pop(cluster, None)
        else:
            self._labels[cluster] = labels

    def labels(self, cluster: str) -> Mapping[str, str]:
        """A cluster's labels; none of one that is unknown."""
        return self._labels.get(cluster, _NO_LABELS)

    def names(self) -> Iterable[str]:
        """The names of all clusters."""
        return self._labels.keys()


class Visibility:
    """What one permission of one principal extends to, for one request."""

    def __init__(self, principal: Principal, permission: Permission, directory: ClusterDirectory) -> None:
        self._principal = principal
        self._permission = permission
        self._directory = directory
        self._known: dict[tuple[str, str], bool] = {}
        self._grants = grants_for(principal, permission)

    @property
    def everything(self) -> bool:
        """Whether nothing needs to be filtered."""
        return any(grant.scope.everywhere for grant in self._grants)

    def sees(self, cluster: str, namespace: str = "") -> bool:
        """Whether something is within it; the namespace is empty for what is in none."""
        key = (cluster, namespace)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self.decide(cluster, namespace).allowed
        return known

    def sees_labels(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is within it."""
        return self.sees(labels.get("cluster", ""), labels.get("namespace", ""))

    def sees_object(self, cluster: str, kind: str, namespace: str, name: str) -> bool:
        """Whether an object is within it. Of its namespace, somebody sees the object of that name as well."""
        return self.sees(cluster, name if kind == "Namespace" else namespace)

    def sees_part(self, cluster: str) -> bool:
        """Whether anything of a cluster may be within it."""
        labels = self._directory.labels(cluster)
        return any(grant.scope.covers_cluster(cluster, labels) for grant in self._grants)

    def decide(self, cluster: str, namespace: str = "") -> Decision:
        """The decision about one thing, with its reason."""
        resource = Resource(cluster, self._directory.labels(cluster), namespace)
        return decide(self._principal, self._permission, resource)

    def require(self, cluster: str, namespace: str = "") -> None:
        """Let something be changed, or not.

        Raises:
            ForbiddenError: It may not; the message names the missing grant.
        """
        decision = self.decide(cluster, namespace)
        if not decision.allowed:
            raise ForbiddenError(decision)

    def require_cluster(self, cluster: str, labels: Mapping[str, str]) -> None:
        """Likewise, of a cluster as it is to be: its name and its labels.

        Raises:
            ForbiddenError: It may not.
        """
        decision = decide(self._principal, self._permission, Resource(cluster, labels))
        if not decision.allowed:
            raise ForbiddenError(decision)

    def require_labels(self, labels: Mapping[str, str]) -> None:
        """Likewise, of an alert with these labels."""
        self.require(labels.get("cluster", ""), labels.get("namespace", ""))

    def areas(self) -> Areas:
        """It, as a store is asked: clusters that are granted by their labels are those that have them now."""
        if self.everything:
            return EVERYTHING
        return tuple(
            Area(
                clusters=self._clusters(grant.scope.clusters, grant.scope.cluster_labels),
                namespaces=grant.scope.namespaces or None,
            )
            for grant in self._grants
        )

    def _clusters(self, names: tuple[str, ...], labels: Mapping[str, str]) -> tuple[str, ...] | None:
        if not labels:
            return names or None
        return tuple(
            name
            for name in self._directory.names()
            if (not names or name in names) and labels.items() <= self._directory.labels(name).items()
        )


def authorize_cluster(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let somebody call a route that is about one cluster, or not.

    Raises:
        NotFoundException: They may not know of such a cluster.
        ForbiddenError: They may not do this with it.
    """
    parameter, entry = handler.opt.get(CLUSTER_PARAMETER), entry_of(handler)
    if not parameter or not isinstance(entry, Permission):
        return
    cluster = connection.path_params[parameter]
    if not visibility(connection, Permission.CLUSTERS_READ).sees_part(cluster):
        raise NotFoundException(
            f"no cluster is named {cluster[:80]!r}: 'farwatch cluster list' names them all"
        )
    visibility(connection, entry).require(cluster)


def visibility(connection: ASGIConnection[Any, Any, Any, Any], permission: Permission) -> Visibility:
    """What a permission of who asks extends to."""
    principal: Principal = connection.state["principal"]
    directory: ClusterDirectory = connection.app.state.cluster_directory
    return Visibility(principal, permission, directory)
