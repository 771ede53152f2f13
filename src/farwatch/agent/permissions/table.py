"""The one table of rights: what each of the agent's capabilities needs, where it is granted, and why.

The charts, the page "Permissions and trust", ``farwatch agent permissions`` and the agent's own check are all made from it.
It names what it grants, one by one: nothing in it is a wildcard, a Secret, an exec or a proxy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from farwatch.kube.kinds import EVENT, KINDS, LEASE, Kind

LEASE_NAME = "farwatch-agent-leader"
"""The Lease by which the agents of a cluster elect one."""

ACT_ACCOUNT = "ACT_ACCOUNT"
"""Stands in a rule's resource names for the ServiceAccount that acts, whose name is the installation's."""


class Scope(StrEnum):
    """Where a capability is granted."""

    CLUSTER = "cluster"
    """Of resources without a namespace: by a ClusterRole, or not at all where only some namespaces are watched."""

    NAMESPACED = "namespaced"
    """By a ClusterRole, or by a Role in each namespace where only some are watched."""

    KUBE_SYSTEM = "kube-system"
    """By a Role in the namespace kube-system."""

    OWN = "own"
    """By a Role in the agent's own namespace."""


class Account(StrEnum):
    """Whose the right is: one ServiceAccount reads, another acts, so that neither can do what the other may."""

    READ = "read"
    ACT = "act"


@dataclass(frozen=True)
class Rule:
    """A rule as RBAC has it: each verb on each resource of each group, of all objects or of those named."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Capability:
    """Something the agent can do, and the rights it takes.

    Attributes:
        name: Unique, for machines and for reports.
        why: What the rights are for, in one sentence.
        scope: Where they are granted.
        rules: The rights.
        account: Whose they are.
        when: The chart's value that switches them on; empty means that they are always needed.
    """

    name: str
    why: str
    scope: Scope
    rules: tuple[Rule, ...]
    account: Account = Account.READ
    when: str = ""


SWITCHES: dict[str, bool] = {
    "features.events": True,
    "evidence.podLogs": True,
    "features.nodeMetrics": False,
    "actions.enabled": False,
    "actions.restart": False,
    "actions.scale": False,
    "actions.delete-pod": False,
    "actions.cordon": False,
    "actions.run-job": False,
}
"""Each value that switches capabilities, and whether it is on where nobody says otherwise."""

_WATCH = ("get", "list", "watch")


def _watch(*kinds: Kind) -> tuple[Rule, ...]:
    """One rule for each API group, in the order in which the kinds are watched."""
    groups: dict[str, list[str]] = {}
    for kind in kinds:
        groups.setdefault(kind.group, []).append(kind.plural)
    return tuple(Rule((group,), tuple(resources), _WATCH) for group, resources in groups.items())


CAPABILITIES: tuple[Capability, ...] = (
    Capability(
        "identity",
        "The UID of the namespace kube-system tells which cluster this is; without it there is no link.",
        Scope.KUBE_SYSTEM,
        (Rule(("",), ("namespaces",), ("get",), ("kube-system",)),),
    ),
    Capability(
        "cluster-objects",
        "Nodes, namespaces and volumes are watched; where only some namespaces are watched the agent does without.",
        Scope.CLUSTER,
        _watch(*(kind for kind in KINDS.values() if not kind.namespaced)),
    ),
    Capability(
        "objects",
        "Workloads and what belongs to them are watched; of ConfigMaps only digests are kept.",
        Scope.NAMESPACED,
        _watch(*(kind for kind in KINDS.values() if kind.namespaced and kind.name != EVENT)),
    ),
    Capability(
        "events",
        "Events tell why a pod does not start, and go into the evidence of alerts.",
        Scope.NAMESPACED,
        _watch(KINDS[EVENT]),
        when="features.events",
    ),
    Capability(
        "pod-logs",
        "The last lines of a container that crashed go into the evidence of its alert, with secrets masked.",
        Scope.NAMESPACED,
        (Rule(("",), ("pods/log",), ("get",)),),
        when="evidence.podLogs",
    ),
    Capability(
        "leader-election",
        "Of several agents one is elected by a Lease; that it may create Leases cannot be narrowed to a name.",
        Scope.OWN,
        (
            Rule((LEASE.group,), (LEASE.plural,), ("create",)),
            Rule((LEASE.group,), (LEASE.plural,), ("get", "update"), (LEASE_NAME,)),
        ),
    ),
    Capability(
        "node-metrics",
        "The kubelets' numbers of CPU, memory and disk are read at the nodes themselves.",
        Scope.CLUSTER,
        (Rule(("",), ("nodes/metrics", "nodes/stats"), ("get",)),),
        when="features.nodeMetrics",
    ),
    Capability(
        "act-token",
        "To act, the agent asks for a short-lived token of the account that may, and of no other.",
        Scope.OWN,
        (Rule(("",), ("serviceaccounts/token",), ("create",), (ACT_ACCOUNT,)),),
        when="actions.enabled",
    ),
    Capability(
        "restart",
        "A rollout is restarted as `kubectl rollout restart` does it: by an annotation of the pod template.",
        Scope.NAMESPACED,
        (Rule(("apps",), ("deployments", "statefulsets", "daemonsets"), ("patch",)),),
        Account.ACT,
        "actions.restart",
    ),
    Capability(
        "scale",
        "The number of replicas is read and set.",
        Scope.NAMESPACED,
        (
            Rule(
                ("apps",), ("deployments/scale", "statefulsets/scale", "replicasets/scale"), ("get", "patch")
            ),
        ),
        Account.ACT,
        "actions.scale",
    ),
    Capability(
        "delete-pod",
        "A pod is deleted, so that its controller makes a new one.",
        Scope.NAMESPACED,
        (Rule(("",), ("pods",), ("delete",)),),
        Account.ACT,
        "actions.delete-pod",
    ),
    Capability(
        "cordon",
        "A node is marked so that no new pods come to it, and unmarked.",
        Scope.CLUSTER,
        (Rule(("",), ("nodes",), ("get", "patch")),),
        Account.ACT,
        "actions.cordon",
    ),
    Capability(
        "run-job",
        "A Job is made from a CronJob, now.",
        Scope.NAMESPACED,
        (
            Rule(("batch",), ("cronjobs",), ("get",)),
            Rule(("batch",), ("jobs",), ("create",)),
        ),
        Account.ACT,
        "actions.run-job",
    ),
)
"""Every capability there is, in the order in which people read them."""


def find_granted(switches: dict[str, bool], account: Account = Account.READ) -> tuple[Capability, ...]:
    """What an account is granted where the values are such; a value that is not named has its default."""
    values = SWITCHES | switches
    return tuple(
        capability
        for capability in CAPABILITIES
        if capability.account is account and (not capability.when or values[capability.when])
    )
