"""The table as RBAC objects, for those who install without Helm, and for tests that grant exactly it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from farwatch.agent.permissions.rendering import write_rule
from farwatch.agent.permissions.table import (
    ACT_ACCOUNT,
    SWITCHES,
    Account,
    Capability,
    Rule,
    Scope,
    find_granted,
)

_RBAC = "rbac.authorization.k8s.io"
_KUBE_SYSTEM = "kube-system"

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Installation:
    """What the rights are granted to, and where.

    Attributes:
        namespace: The agent's own.
        account: The ServiceAccount that reads; the one that acts has ``-actions`` behind it.
        watched: Grant in these namespaces only, and nothing of the cluster's; empty grants everywhere.
        switches: The chart's values that are not as they are by default.
    """

    namespace: str = "farwatch"
    account: str = "farwatch-agent"
    watched: Sequence[str] = ()
    switches: Mapping[str, bool] = field(default_factory=dict)

    def name(self, account: Account) -> str:
        """The ServiceAccount's name, which its roles have as well."""
        return self.account if account is Account.READ else f"{self.account}-actions"


def make_manifests(installation: Installation) -> list[Manifest]:
    """ServiceAccounts, roles and bindings, with exactly the rights of the table."""
    acts = (SWITCHES | dict(installation.switches))["actions.enabled"]
    accounts = (Account.READ, Account.ACT) if acts else (Account.READ,)
    return [manifest for account in accounts for manifest in _grant(installation, account)]


def _grant(installation: Installation, account: Account) -> Iterator[Manifest]:
    name, home = installation.name(account), installation.namespace
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": home}}
    granted = find_granted(dict(installation.switches), account)
    places: dict[str, set[Scope]] = {}
    for namespace, scope in _list_places(installation):
        places.setdefault(namespace, set()).add(scope)
    for namespace, scopes in places.items():
        rules = _collect(installation, granted, scopes)
        if rules:
            yield from _bind(installation, name, namespace, rules)


def _list_places(installation: Installation) -> Iterator[tuple[str, Scope]]:
    """Where what is granted; the empty namespace is the whole cluster."""
    if installation.watched:
        yield from ((namespace, Scope.NAMESPACED) for namespace in installation.watched)
    else:
        yield from (("", Scope.CLUSTER), ("", Scope.NAMESPACED))
    yield _KUBE_SYSTEM, Scope.KUBE_SYSTEM
    yield installation.namespace, Scope.OWN


def _collect(
    installation: Installation, granted: Sequence[Capability], scopes: Collection[Scope]
) -> list[dict[str, list[str]]]:
    return [
        write_rule(_name_account(rule, installation))
        for capability in granted
        if capability.scope in scopes
        for rule in capability.rules
    ]


def _name_account(rule: Rule, installation: Installation) -> Rule:
    acting = installation.name(Account.ACT)
    names = tuple(acting if name == ACT_ACCOUNT else name for name in rule.names)
    return Rule(rule.groups, rule.resources, rule.verbs, names)


def _bind(
    installation: Installation, name: str, namespace: str, rules: list[dict[str, list[str]]]
) -> Iterator[Manifest]:
    """A role and its binding in a namespace, or (empty) in the whole cluster; their names tell whose they are."""
    prefix = "" if namespace else "Cluster"
    named = name if namespace == installation.namespace else f"{installation.namespace}-{name}"
    metadata = {"name": named} | ({"namespace": namespace} if namespace else {})
    api = {"apiVersion": f"{_RBAC}/v1"}
    yield {**api, "kind": f"{prefix}Role", "metadata": metadata, "rules": rules}
    yield {
        **api,
        "kind": f"{prefix}RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": _RBAC, "kind": f"{prefix}Role", "name": named},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": installation.namespace}],
    }
