"""The table grants what is used, and nothing that would give more."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest

from farwatch.agent.config import AgentConfig
from farwatch.agent.permissions.table import (
    CAPABILITIES,
    LEASE_NAME,
    SWITCHES,
    Account,
    Capability,
    Scope,
    find_granted,
)
from farwatch.kube.kinds import KINDS

NEVER = {
    "secrets",
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "pods/proxy",
    "nodes/proxy",
    "services/proxy",
}
RIGHTS_TO_RIGHTS = {"roles", "clusterroles", "rolebindings", "clusterrolebindings"}
CHANGING = {"create", "update", "patch", "delete", "deletecollection"}
BEYOND_VERBS = {"impersonate", "escalate", "bind", "approve", "sign", "use"}


def rights(*capabilities: Capability) -> set[tuple[str, str, str]]:
    """Group, resource and verb."""
    return {
        right
        for capability in capabilities
        for rule in capability.rules
        for right in product(rule.groups, rule.resources, rule.verbs)
    }


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda capability: capability.name)
def test_no_capability_gives_secrets_exec_proxy_wildcards_or_more_rights(capability: Capability) -> None:
    for group, resource, verb in rights(capability):
        assert "*" not in f"{group}{resource}{verb}"
        assert resource not in NEVER | RIGHTS_TO_RIGHTS
        assert not resource.endswith("/proxy")
        assert verb not in BEYOND_VERBS


def test_who_reads_changes_nothing_but_leases_and_asks_for_one_accounts_token() -> None:
    reading = [capability for capability in CAPABILITIES if capability.account is Account.READ]

    changing = {(resource, verb) for _, resource, verb in rights(*reading) if verb in CHANGING}

    assert changing == {("leases", "create"), ("leases", "update"), ("serviceaccounts/token", "create")}
    tokens = [rule for each in reading for rule in each.rules if "serviceaccounts/token" in rule.resources]
    assert all(len(rule.names) == 1 for rule in tokens)


def test_by_default_nothing_acts() -> None:
    assert find_granted({}, Account.ACT) == ()
    assert "act-token" not in {capability.name for capability in find_granted({})}


def test_exactly_what_is_watched_may_be_watched() -> None:
    watched = {(kind.group, kind.plural) for kind in KINDS.values()}

    assert {
        (group, resource) for group, resource, verb in rights(*find_granted({})) if verb == "watch"
    } == watched


def test_resources_without_a_namespace_are_never_granted_in_one() -> None:
    without = {kind.plural for kind in KINDS.values() if not kind.namespaced}
    for capability in CAPABILITIES:
        resources = {resource.partition("/")[0] for _, resource, _ in rights(capability)}
        if capability.scope is Scope.CLUSTER:
            assert resources <= without
        elif capability.scope is not Scope.KUBE_SYSTEM:
            assert not resources & without


def test_a_value_switches_what_is_named_after_it() -> None:
    def names(**switches: bool) -> set[str]:
        return {capability.name for capability in find_granted(switches)}

    default = names()
    assert default - names(**{"features.events": False}) == {"events"}
    assert default - names(**{"evidence.podLogs": False}) == {"pod-logs"}
    assert names(**{"features.nodeMetrics": True}) - default == {"node-metrics"}
    assert {capability.when for capability in CAPABILITIES if capability.when} <= SWITCHES.keys()


def test_names_are_unique_and_every_reason_is_a_sentence() -> None:
    names = [capability.name for capability in CAPABILITIES]
    assert len(set(names)) == len(names)
    assert all(capability.why[0].isupper() and capability.why.endswith(".") for capability in CAPABILITIES)
    assert all(capability.rules for capability in CAPABILITIES)


def test_the_lease_is_the_one_that_agents_use() -> None:
    defaults = {field.name: field.default for field in msgspec.structs.fields(AgentConfig)}

    assert defaults.get("lease_name", LEASE_NAME) == LEASE_NAME
