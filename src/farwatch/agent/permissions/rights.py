"""What an account may do, held against the table: what is missing, and what is too much. Decided without I/O.

Rules add up and are never negative, as RBAC has it: https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple, Self

from farwatch.agent.config import AgentConfig
from farwatch.agent.permissions.table import CAPABILITIES, LEASE_NAME, Account, Capability, Rule, Scope
from farwatch.calls import Method
from farwatch.link.frames import PermissionNote

EVERYWHERE = ""
"""Stands for the whole cluster where a namespace's name is expected."""

KUBE_SYSTEM = "kube-system"

_ALL = "*"


class Right(NamedTuple):
    """One verb on one resource, or on one path that is none: the atoms that rules are made of.

    An empty name means every object. What a rule grants may have ``*`` in any place but the name.
    """

    verb: str
    resource: str = ""
    group: str = ""
    name: str = ""
    path: str = ""


_NOT_USED_YET = frozenset({"node-metrics", "act-token"})
"""What may be granted, while this version of the agent does without."""

_ACCESS_TOKEN = "serviceaccounts/token"  # noqa: S105 - a resource's name

_EVERYBODYS = frozenset(
    {
        Right("create", "selfsubjectaccessreviews", "authorization.k8s.io"),
        Right("create", "selfsubjectrulesreviews", "authorization.k8s.io"),
        Right("create", "selfsubjectreviews", "authentication.k8s.io"),
        Right("get", "clustertrustbundles", "certificates.k8s.io"),
        Right("list", "clustertrustbundles", "certificates.k8s.io"),
        Right("watch", "clustertrustbundles", "certificates.k8s.io"),
    }
)
"""What Kubernetes grants to everybody who is known, or to every ServiceAccount: system:basic-user,
system:cluster-trust-bundle-discovery."""

_EVERYBODYS_PATHS = (
    "/api",
    "/apis",
    "/healthz",
    "/livez",
    "/openapi",
    "/readyz",
    "/version",
    "/.well-known/openid-configuration",
    "/openid/v1/jwks",
)
"""Likewise, with what is below them: system:discovery, system:public-info-viewer,
system:service-account-issuer-discovery."""


@dataclass(frozen=True)
class Grant:
    """What an account may do in a namespace, or in the whole cluster, as far as the API server says.

    Attributes:
        rules: Of resources.
        paths: Verbs and paths that are no resources.
        complete: Whether that is all; an authorizer that is not RBAC may not list what it grants.
    """

    rules: tuple[Rule, ...] = ()
    paths: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    complete: bool = True

    def covers(self, right: Right) -> bool:
        """Whether some rule grants it."""
        return any(_covers(rule, right) for rule in self.rules)

    def rights(self) -> Iterator[Right]:
        """Every right that the rules name, wildcards as they are."""
        for rule in self.rules:
            yield from split_rule(rule)
        for verbs, paths in self.paths:
            yield from (Right(verb, path=path) for verb, path in product(verbs, paths))


@dataclass(frozen=True)
class Need:
    """A right that the agent's settings ask for, and what for."""

    capability: str
    namespace: str
    right: Right


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What of the table an agent uses, as its settings have it.

    Attributes:
        home: The agent's own namespace.
        namespaces: The namespaces it watches; empty for the whole cluster.
        watches: Whether it watches; otherwise it only lists.
        events: Whether it watches events.
        logs: Whether it shows the logs of pods.
        lease: Namespace and name of the Lease it is elected by; None where nobody is elected.
    """

    home: str
    namespaces: tuple[str, ...] = ()
    watches: bool = True
    events: bool = True
    logs: bool = True
    lease: tuple[str, str] | None = None

    @classmethod
    def of(cls, config: AgentConfig, home: str) -> Self:
        """What these settings make an agent do whose own namespace is ``home``."""
        return cls(
            home=home,
            namespaces=config.namespaces,
            watches=config.poll is None,
            events=config.events,
            logs=Method.POD_LOGS in config.allowed_calls,
            lease=(config.lease_namespace or home, config.lease_name) if config.elects else None,
        )

    @property
    def places(self) -> tuple[str, ...]:
        """Where to look for rights: in the whole cluster, and where the table grants some in a namespace."""
        lease_namespace = self.lease[0] if self.lease else self.home
        return tuple(dict.fromkeys((EVERYWHERE, *self.namespaces, KUBE_SYSTEM, self.home, lease_namespace)))

    def needs(self) -> Iterator[Need]:
        """Every right it cannot do without."""
        for capability in CAPABILITIES:
            for namespace in self._needed_in(capability):
                for right in self._rights(capability):
                    if right.verb != "watch" or self.watches:
                        yield Need(capability.name, namespace, right)

    def allowed(self, namespace: str) -> frozenset[Right]:
        """Every right that the table gives to who reads, as far as it holds in a namespace or everywhere."""
        scopes = {Scope.CLUSTER}
        if not self.namespaces or namespace in self.namespaces:
            scopes.add(Scope.NAMESPACED)
        if namespace == KUBE_SYSTEM:
            scopes.add(Scope.KUBE_SYSTEM)
        if namespace in (self.home, self.lease[0] if self.lease else self.home):
            scopes.add(Scope.OWN)
        return frozenset(
            right
            for capability in CAPABILITIES
            if capability.account is Account.READ and capability.scope in scopes
            for right in self._rights(capability)
        )

    def _needed_in(self, capability: Capability) -> tuple[str, ...]:
        if capability.name == "leader-election":
            return (self.lease[0],) if self.lease else ()
        unused = (
            capability.account is not Account.READ
            or (capability.name == "events" and not self.events)
            or (capability.name == "pod-logs" and not self.logs)
            or capability.name in _NOT_USED_YET
        )
        if unused:
            return ()
        match capability.scope:
            case Scope.CLUSTER:
                return () if self.namespaces else (EVERYWHERE,)
            case Scope.NAMESPACED:
                return self.namespaces or (EVERYWHERE,)
            case Scope.KUBE_SYSTEM:
                return (KUBE_SYSTEM,)
        return (self.home,)

    def _rights(self, capability: Capability) -> Iterator[Right]:
        lease_name = self.lease[1] if self.lease else LEASE_NAME
        for rule in capability.rules:
            for right in split_rule(rule):
                yield right._replace(name=lease_name) if right.name == LEASE_NAME else right


def split_rule(rule: Rule) -> Iterator[Right]:
    """The rights that a rule is made of."""
    for group, resource, verb, name in product(rule.groups, rule.resources, rule.verbs, rule.names or ("",)):
        yield Right(verb, resource, group, name)


def find_missing(needs: Iterable[Need], grants: dict[str, Grant]) -> list[Need]:
    """The needs that no rule covers, by the grants of the namespaces they are in."""
    return [need for need in needs if not grants[need.namespace].covers(need.right)]


def find_excess(usage: Usage, grants: dict[str, Grant]) -> list[tuple[str, Right]]:
    """What is granted beyond the table, and where; what holds everywhere is told once."""
    found: list[tuple[str, Right]] = []
    everywhere = frozenset(grants[EVERYWHERE].rights())
    for namespace, grant in grants.items():
        allowed = usage.allowed(namespace)
        known = everywhere if namespace else frozenset[Right]()
        beyond = {
            right: None for right in grant.rights() if right not in known and not _is_allowed(right, allowed)
        }
        found += [(namespace, right) for right in beyond]
    return found


def note_missing(missing: Iterable[Need]) -> list[PermissionNote]:
    """The needs told together: one note for the same verbs, of the same capability, in the same namespace."""
    verbs: dict[tuple[str, str, str, str], list[str]] = {}
    for need in missing:
        right = need.right
        key = (need.capability, need.namespace, qualify(right), right.name)
        verbs.setdefault(key, []).append(right.verb)
    return _note(verbs)


def note_excess(excess: Iterable[tuple[str, Right]]) -> list[PermissionNote]:
    """Likewise for what is too much."""
    verbs: dict[tuple[str, str, str, str], list[str]] = {}
    for namespace, right in excess:
        verbs.setdefault(("", namespace, qualify(right), right.name), []).append(right.verb)
    return _note(verbs)


def qualify(right: Right) -> str:
    """``pods``, ``deployments.apps``, ``*.*`` or the path: what the right is about."""
    return right.path or (f"{right.resource}.{right.group}" if right.group else right.resource)


def describe_note(note: PermissionNote) -> str:
    """``list, watch on pods, deployments.apps in the whole cluster``."""
    names = f" named {', '.join(note.names)}" if note.names else ""
    where = f"in {note.namespace}" if note.namespace else "in the whole cluster"
    return f"{', '.join(note.verbs)} on {', '.join(note.resources)}{names} {where}"


def _note(verbs: dict[tuple[str, str, str, str], list[str]]) -> list[PermissionNote]:
    about: dict[tuple[str, str, tuple[str, ...], str], list[str]] = {}
    for (capability, namespace, resource, name), listed in verbs.items():
        about.setdefault((capability, namespace, tuple(listed), name), []).append(resource)
    return [
        PermissionNote(
            capability=capability,
            namespace=namespace,
            verbs=listed,
            resources=tuple(resources),
            names=(name,) if name else (),
        )
        for (capability, namespace, listed, name), resources in about.items()
    ]


def _is_allowed(right: Right, allowed: Collection[Right]) -> bool:
    if right.path:
        return right.verb == "get" and any(_is_below(right.path, path) for path in _EVERYBODYS_PATHS)
    if right.resource == _ACCESS_TOKEN and right.verb == "create" and right.name:
        # Whose token it is, only the installation knows; one that is named is what the table grants.
        return any(known.resource == _ACCESS_TOKEN for known in allowed)
    return right in _EVERYBODYS or right in allowed or right._replace(name="") in allowed


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")


def _covers(rule: Rule, right: Right) -> bool:
    return (
        _names(rule.verbs, right.verb)
        and _names(rule.groups, right.group)
        and _names_resource(rule.resources, right.resource)
        and (not rule.names or right.name in rule.names)
    )


def _names(listed: Sequence[str], wanted: str) -> bool:
    return _ALL in listed or wanted in listed


def _names_resource(listed: Sequence[str], wanted: str) -> bool:
    _, slash, subresource = wanted.partition("/")
    return _names(listed, wanted) or bool(slash and f"*/{subresource}" in listed)
