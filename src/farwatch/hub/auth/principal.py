"""Who asks, and what was granted to them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What somebody may do, from least to most; each role may do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Its place in the order of roles, from 0."""
        return _RANKS[self]

    def includes(self, other: Role) -> bool:
        """Whether who has this role may do what the other one may."""
        return self.rank >= other.rank


_RANKS = {role: rank for rank, role in enumerate(Role)}


class Scope(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Where something holds. What is empty does not narrow it, and what is not must all hold: empty is everywhere.

    Attributes:
        clusters: Names of clusters, of which one must match.
        cluster_labels: Labels that the cluster must have, by name.
        namespaces: Names of namespaces, of which one must match. Things of a whole cluster are in none, and so is
            everything outside them.
    """

    clusters: tuple[str, ...] = ()
    cluster_labels: dict[str, str] = {}
    namespaces: tuple[str, ...] = ()

    @property
    def everywhere(self) -> bool:
        """Whether it narrows nothing."""
        return not (self.clusters or self.cluster_labels or self.namespaces)

    def covers_cluster(self, cluster: str, labels: Mapping[str, str]) -> bool:
        """Whether something of this cluster may be in it, in whichever namespace."""
        if self.clusters and cluster not in self.clusters:
            return False
        return all(labels.get(name) == value for name, value in self.cluster_labels.items())

    def covers_namespace(self, namespace: str) -> bool:
        """Whether it reaches this namespace; an empty name stands for what is in none."""
        return not self.namespaces or namespace in self.namespaces

    def following(self, old: str, new: str | None) -> Scope | None:
        """It, with a cluster under its new name, or without it where there is none; None if nothing is left of it."""
        if old not in self.clusters:
            return self
        names = (new if name == old else name for name in self.clusters)
        clusters = tuple(dict.fromkeys(name for name in names if name is not None))
        # Without any name it would be every cluster.
        return Scope(clusters, self.cluster_labels, self.namespaces) if clusters else None

    def narrowed(self, other: Scope) -> Scope | None:
        """Where both hold; None if that is nowhere."""
        clusters = _common(self.clusters, other.clusters)
        namespaces = _common(self.namespaces, other.namespaces)
        labels = self.cluster_labels | other.cluster_labels
        agree = all(labels[name] == value for name, value in self.cluster_labels.items())
        if clusters is None or namespaces is None or not agree:
            return None
        return Scope(clusters, labels, namespaces)


EVERYWHERE = Scope()


class Grant(msgspec.Struct, frozen=True, omit_defaults=True):
    """A role, and where its holder has it."""

    role: Role
    scope: Scope = EVERYWHERE

    def following(self, old: str, new: str | None) -> Grant | None:
        """It, where its scope is of a cluster under its new name, or is not of it any more; None if that leaves nothing."""
        scope = self.scope.following(old, new)
        return None if scope is None else Grant(self.role, scope)


class PrincipalKind(StrEnum):
    """What somebody showed to be let in."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - a kind, not a token
    ANONYMOUS = "anonymous"


class Principal(msgspec.Struct, frozen=True):
    """Who asks.

    Attributes:
        kind: What they showed.
        id: Whose request it is: the user's id, or a service token's own.
        name: As the record calls them.
        grants: What they hold, together with their teams and narrowed by their token. They may do whatever any one
            of these allows.
        token_id: The API token they showed; empty if none.
        session_id: The session they are in; empty if none.
        permissions: The names of the only permissions that their token may use of those; None for no such limit.
    """

    kind: PrincipalKind
    id: str
    name: str
    grants: tuple[Grant, ...] = ()
    token_id: str = ""
    session_id: str = ""
    permissions: frozenset[str] | None = None


def narrow(grants: tuple[Grant, ...], limits: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """What both allow: how the grants of a token narrow those of its owner.

    Of two parts of a cluster that have nothing in common nothing is left, not even that the cluster is there: who may see
    nothing in it has no use for that.
    """
    return tuple(
        Grant(min(grant.role, limit.role, key=lambda role: role.rank), scope)
        for grant in grants
        for limit in limits
        if (scope := grant.scope.narrowed(limit.scope)) is not None
    )


def _common(mine: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...] | None:
    """The names in both, where none means all; None if there is none."""
    if not mine or not others:
        return mine or others
    return tuple(name for name in mine if name in others) or None
