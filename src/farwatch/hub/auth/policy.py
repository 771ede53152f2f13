"""Who may do what: the one decision, which denies whatever was not granted."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from farwatch.hub.auth.principal import Grant, Principal, PrincipalKind, Role, Scope


class Reach(StrEnum):
    """What a grant must cover for a permission."""

    PART = "part"
    """Any part of the cluster that something is of."""

    NAMESPACE = "namespace"
    """The namespace that something is in; what is in none needs a grant for its whole cluster."""

    CLUSTER = "cluster"
    """The whole cluster."""

    FLEET = "fleet"
    """Everything: what it is about is in no cluster."""


class Permission(StrEnum):
    """What can be permitted; ``RULES`` says which role it takes, and how far its grant must reach."""

    ALERTS_READ = "alerts.read"
    ALERTS_WRITE = "alerts.write"
    ALERTS_POST = "alerts.post"
    SILENCES_READ = "silences.read"
    SILENCES_WRITE = "silences.write"
    OBJECTS_READ = "objects.read"
    CLUSTERS_READ = "clusters.read"
    CLUSTERS_MANAGE = "clusters.manage"
    KEYS_MANAGE = "keys.manage"
    ALERTING_READ = "alerting.read"
    ALERTING_CONFIGURE = "alerting.configure"
    RECEIVERS_TEST = "receivers.test"
    SETTINGS_READ = "settings.read"
    METRICS_READ = "metrics.read"
    USERS_MANAGE = "users.manage"
    TOKENS_MANAGE = "tokens.manage"
    AUDIT_READ = "audit.read"
    BACKUPS_MANAGE = "backups.manage"
    OWN_ACCOUNT = "own.account"


class Rule(msgspec.Struct, frozen=True):
    """What a permission takes.

    Attributes:
        role: The least role that has it; None for everybody who is signed in.
        reach: How far the grant must reach.
        meaning: What it lets people do, in words.
    """

    role: Role | None
    reach: Reach
    meaning: str


RULES: Mapping[Permission, Rule] = {
    Permission.ALERTS_READ: Rule(
        Role.VIEWER,
        Reach.NAMESPACE,
        "see alerts with their evidence, notifications, history and the reasons why somebody was told",
    ),
    Permission.ALERTS_WRITE: Rule(Role.OPERATOR, Reach.NAMESPACE, "acknowledge and snooze alerts"),
    Permission.ALERTS_POST: Rule(Role.OPERATOR, Reach.NAMESPACE, "post alerts through Alertmanager's API"),
    Permission.SILENCES_READ: Rule(Role.VIEWER, Reach.NAMESPACE, "see silences and what they hush"),
    Permission.SILENCES_WRITE: Rule(Role.OPERATOR, Reach.NAMESPACE, "make, change and end silences"),
    Permission.OBJECTS_READ: Rule(
        Role.VIEWER, Reach.NAMESPACE, "see objects as they are, were, and how they changed"
    ),
    Permission.CLUSTERS_READ: Rule(Role.VIEWER, Reach.PART, "see clusters and their agents"),
    Permission.CLUSTERS_MANAGE: Rule(
        Role.ADMIN, Reach.CLUSTER, "add, label and remove clusters, and make their tokens and install links"
    ),
    Permission.KEYS_MANAGE: Rule(Role.ADMIN, Reach.FLEET, "make and revoke organisation keys"),
    Permission.ALERTING_READ: Rule(
        Role.VIEWER, Reach.FLEET, "see the alerting configuration, its versions and receivers"
    ),
    Permission.ALERTING_CONFIGURE: Rule(
        Role.ADMIN, Reach.FLEET, "change the alerting configuration and read it again"
    ),
    Permission.RECEIVERS_TEST: Rule(Role.OPERATOR, Reach.FLEET, "send a test notification to a receiver"),
    Permission.SETTINGS_READ: Rule(Role.VIEWER, Reach.FLEET, "see the hub's settings and disk use"),
    Permission.METRICS_READ: Rule(Role.VIEWER, Reach.FLEET, "scrape the hub's own metrics"),
    Permission.USERS_MANAGE: Rule(Role.ADMIN, Reach.FLEET, "manage users, teams and their grants"),
    Permission.TOKENS_MANAGE: Rule(Role.ADMIN, Reach.FLEET, "manage everybody's API tokens"),
    Permission.AUDIT_READ: Rule(Role.ADMIN, Reach.FLEET, "read, export and verify the audit log"),
    Permission.BACKUPS_MANAGE: Rule(Role.ADMIN, Reach.FLEET, "list and make backups"),
    Permission.OWN_ACCOUNT: Rule(None, Reach.FLEET, "manage one's own account, sessions and tokens"),
}


class Resource(msgspec.Struct, frozen=True):
    """What something is asked of.

    Attributes:
        cluster: The cluster it is of; empty for what is of none.
        cluster_labels: The labels of that cluster.
        namespace: The namespace it is in; empty for what is in none.
    """

    cluster: str = ""
    cluster_labels: Mapping[str, str] = {}
    namespace: str = ""


class Missing(msgspec.Struct, frozen=True, omit_defaults=True):
    """The grant that somebody lacks.

    Attributes:
        permission: What they wanted to use.
        role: The least role that has it.
        cluster: For which cluster; empty for all of them.
        namespace: For which namespace; empty for all of them.
    """

    permission: Permission
    role: Role
    cluster: str = ""
    namespace: str = ""


class Decision(msgspec.Struct, frozen=True):
    """Whether something is allowed, and why.

    Attributes:
        allowed: Whether it is.
        reason: The grant that allows it, or what is missing, in words for people.
        missing: The grant that would allow it; None if it is allowed.
    """

    allowed: bool
    reason: str
    missing: Missing | None = None


def decide(principal: Principal, permission: Permission, resource: Resource | None = None) -> Decision:
    """Whether somebody may do something with a thing.

    Args:
        principal: Who asks.
        permission: What they want to do.
        resource: With what. None asks whether they may do it anywhere at all; what they then see is to be filtered.
            Permissions that reach the fleet are of everything, whatever is given.
    """
    rule = RULES[permission]
    if principal.permissions is not None and permission not in principal.permissions:
        return Decision(
            allowed=False,
            reason=f"{_name(principal)} holds a token that may not use {permission}: use one that may",
            missing=_missing(permission, rule, resource),
        )
    if rule.role is None:
        if principal.kind is not PrincipalKind.ANONYMOUS:
            return Decision(allowed=True, reason="everybody who is signed in may")
    else:
        for grant in principal.grants:
            if grant.role.includes(rule.role) and _covers(grant, rule.reach, resource):
                return Decision(allowed=True, reason=f"granted: {describe(grant)}")
    missing = _missing(permission, rule, resource)
    anywhere = resource is None and rule.reach is not Reach.FLEET
    reason = _explain(principal, rule, missing, anywhere=anywhere)
    return Decision(allowed=False, reason=reason, missing=missing)


def grants_for(principal: Principal, permission: Permission) -> tuple[Grant, ...]:
    """The grants by which somebody has a permission somewhere; none where their token may not use it."""
    rule = RULES[permission]
    if rule.role is None or (principal.permissions is not None and permission not in principal.permissions):
        return ()
    return tuple(
        grant
        for grant in principal.grants
        if grant.role.includes(rule.role) and _covers(grant, rule.reach, None)
    )


def permissions_of(role: Role) -> list[Permission]:
    """What a role has, in the order of ``Permission``."""
    return [permission for permission, rule in RULES.items() if rule.role is None or role.includes(rule.role)]


def describe(grant: Grant) -> str:
    """A grant in words: ``operator in the namespace shop of the cluster prod-eu``."""
    return f"{grant.role} {describe_scope(grant.scope)}"


def describe_scope(scope: Scope) -> str:
    """Where something holds, in words."""
    if scope.everywhere:
        return "everywhere"
    labels = ", ".join(f"{name}={value}" for name, value in sorted(scope.cluster_labels.items()))
    namespaces = _count("namespace", scope.namespaces)
    clusters = _count("cluster", scope.clusters) if scope.clusters else "every cluster"
    where = f"{namespaces} of {clusters}" if scope.namespaces else clusters
    return f"in {where} labelled {labels}" if labels else f"in {where}"


def _covers(grant: Grant, reach: Reach, resource: Resource | None) -> bool:
    """Whether a grant reaches as far as a permission needs; without a resource, whether it does anywhere."""
    scope = grant.scope
    if reach is Reach.FLEET:
        return scope.everywhere
    if reach is Reach.CLUSTER and scope.namespaces:
        return False
    if resource is None:
        return True
    if not scope.covers_cluster(resource.cluster, resource.cluster_labels):
        return False
    return reach is Reach.PART or scope.covers_namespace(resource.namespace)


def _missing(permission: Permission, rule: Rule, resource: Resource | None) -> Missing:
    role = rule.role or Role.VIEWER
    if resource is None or rule.reach is Reach.FLEET:
        return Missing(permission, role)
    namespace = resource.namespace if rule.reach is Reach.NAMESPACE else ""
    return Missing(permission, role, resource.cluster, namespace)


def _explain(principal: Principal, rule: Rule, missing: Missing, *, anywhere: bool) -> str:
    scope = Scope(
        clusters=(missing.cluster,) if missing.cluster else (),
        namespaces=(missing.namespace,) if missing.namespace else (),
    )
    where = "somewhere" if anywhere else describe_scope(scope)
    return (
        f"{_name(principal)} may not {rule.meaning}: {missing.permission} is missing, which takes the role "
        f"{missing.role} {where}; who manages users can grant it"
    )


def _name(principal: Principal) -> str:
    return principal.name or "who is not signed in"


def _count(noun: str, names: tuple[str, ...]) -> str:
    return f"the {noun} {names[0]}" if len(names) == 1 else f"the {noun}s {', '.join(names)}"
