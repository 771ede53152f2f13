"""What an account has, held against the table: nothing too little, nothing too much."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.agent.config import load
from farwatch.agent.permissions.rights import (
    EVERYWHERE,
    Grant,
    Need,
    Right,
    Usage,
    describe_note,
    find_excess,
    find_missing,
    note_excess,
    note_missing,
    split_rule,
)
from farwatch.agent.permissions.table import CAPABILITIES, Account, Capability, Rule, Scope, find_granted
from farwatch.kube.kinds import KINDS

HOME = "farwatch"
ENOUGH = {"hub": "https://hub.example.com", "token": "t0ken"}

EVERYBODYS = Grant(
    (
        Rule(("authorization.k8s.io",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews"), ("create",)),
        Rule(("authentication.k8s.io",), ("selfsubjectreviews",), ("create",)),
    ),
    (
        (("get",), ("/healthz", "/livez", "/readyz", "/version", "/version/")),
        (("get",), ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", "/version/")),
        (("get",), ("/.well-known/openid-configuration/", "/openid/v1/jwks", "/openid/v1/jwks/")),
    ),
)


def usage(**settings: Any) -> Usage:
    return Usage.of(load(ENOUGH | settings, {}), HOME)


def rules(*capabilities: Capability) -> tuple[Rule, ...]:
    return tuple(rule for capability in capabilities for rule in capability.rules)


def as_granted(used: Usage, **switches: bool) -> dict[str, Grant]:
    """What the chart gives: by ClusterRole, or by Roles in the watched namespaces."""
    scoped: dict[str, set[Scope]] = {place: set() for place in used.places}
    for namespace in used.namespaces or (EVERYWHERE,):
        scoped[namespace].add(Scope.NAMESPACED)
    if not used.namespaces:
        scoped[EVERYWHERE].add(Scope.CLUSTER)
    scoped["kube-system"].add(Scope.KUBE_SYSTEM)
    scoped[HOME].add(Scope.OWN)
    for place in scoped:  # what holds everywhere holds in each namespace as well
        scoped[place] |= scoped[EVERYWHERE]
    return {
        place: Grant(
            EVERYBODYS.rules + rules(*(each for each in find_granted(switches) if each.scope in scopes)),
            EVERYBODYS.paths,
        )
        for place, scopes in scoped.items()
    }


def with_rule(grants: dict[str, Grant], place: str, *more: Rule) -> dict[str, Grant]:
    return {
        each: Grant(grant.rules + more, grant.paths) if place in (each, EVERYWHERE) else grant
        for each, grant in grants.items()
    }


def told_missing(used: Usage, grants: dict[str, Grant]) -> list[str]:
    return [describe_note(note) for note in note_missing(find_missing(used.needs(), grants))]


def told_excess(used: Usage, grants: dict[str, Grant]) -> list[str]:
    return [describe_note(note) for note in note_excess(find_excess(used, grants))]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"namespaces": "a,b"},
        {"namespaces": "kube-system"},
        {"namespaces": HOME},
        {"leader_election": "true"},
        {"role": "node", "node_name": "n", "namespaces": "a"},
        {"poll": "60s", "events": "false", "allowed_calls": "agent.status"},
    ],
)
def test_what_the_table_grants_is_neither_too_little_nor_too_much(settings: dict[str, str]) -> None:
    used = usage(**settings)
    grants = as_granted(used)

    assert told_missing(used, grants) == []
    assert told_excess(used, grants) == []


def test_every_feature_switched_on_is_not_too_much() -> None:
    used = usage(leader_election="true")
    grants = as_granted(used, **{"features.nodeMetrics": True, "actions.enabled": True})

    assert told_excess(used, grants) == []


def test_without_any_right_everything_is_missing_and_told_in_few_words() -> None:
    used = usage(leader_election="true")

    notes = note_missing(find_missing(used.needs(), dict.fromkeys(used.places, EVERYBODYS)))

    assert {note.capability for note in notes} == {
        "identity",
        "cluster-objects",
        "objects",
        "events",
        "pod-logs",
        "leader-election",
    }
    (objects,) = [note for note in notes if note.capability == "objects"]
    assert set(objects.verbs) == {"get", "list", "watch"}
    assert {"pods", "deployments.apps", "jobs.batch"} <= set(objects.resources)
    assert len(notes) <= 7


def test_one_missing_verb_is_named_with_what_it_is_for() -> None:
    used = usage()
    grants = as_granted(used)
    every = grants[EVERYWHERE]
    watched = tuple(
        Rule(rule.groups, rule.resources, ("get", "list")) if "ingresses" in rule.resources else rule
        for rule in every.rules
    )

    assert told_missing(used, grants | {EVERYWHERE: Grant(watched)}) == [
        "watch on ingresses.networking.k8s.io in the whole cluster"
    ]


def test_a_right_in_one_namespace_is_none_in_the_cluster() -> None:
    used = usage()
    grants = as_granted(used, **{"features.events": False})
    grants = with_rule(grants, HOME, *rules(*(each for each in CAPABILITIES if each.name == "events")))

    assert told_missing(used, grants) == ["get, list, watch on events in the whole cluster"]


def test_a_namespace_without_its_role_is_named() -> None:
    used = usage(namespaces="a,b")
    grants = as_granted(used) | {"b": EVERYBODYS}

    assert {need.namespace for need in find_missing(used.needs(), grants)} == {"b"}


def test_what_has_no_namespace_is_not_needed_where_namespaces_are_named() -> None:
    needed = {
        need.right.resource for need in usage(namespaces="a").needs() if need.namespace != "kube-system"
    }

    assert not needed & {kind.plural for kind in KINDS.values() if not kind.namespaced}


@pytest.mark.parametrize(
    ("settings", "capability"),
    [
        ({"events": "false"}, "events"),
        ({"allowed_calls": "agent.status"}, "pod-logs"),
        ({}, "leader-election"),
        ({}, "node-metrics"),
        ({}, "act-token"),
    ],
)
def test_what_is_not_used_is_not_needed(settings: dict[str, str], capability: str) -> None:
    assert capability not in {need.capability for need in usage(**settings).needs()}


def test_who_lists_only_needs_no_watch() -> None:
    assert "watch" not in {need.right.verb for need in usage(poll="60s").needs()}


def test_the_lease_is_the_one_of_the_settings() -> None:
    used = usage(leader_election="true", lease_name="mine", lease_namespace="elsewhere")

    needs = [need for need in used.needs() if need.capability == "leader-election"]

    assert {need.namespace for need in needs} == {"elsewhere"}
    assert {need.right.name for need in needs if need.right.verb == "update"} == {"mine"}
    assert "elsewhere" in used.places


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Rule(("",), ("secrets",), ("get", "list")), "get, list on secrets in the whole cluster"),
        (Rule(("",), ("secrets",), ("get",), ("one",)), "get on secrets named one in the whole cluster"),
        (Rule(("",), ("pods/exec",), ("create",)), "create on pods/exec in the whole cluster"),
        (Rule(("",), ("nodes/proxy",), ("get",)), "get on nodes/proxy in the whole cluster"),
        (Rule(("",), ("pods",), ("delete",)), "delete on pods in the whole cluster"),
        (Rule(("",), ("pods",), ("*",)), "* on pods in the whole cluster"),
        (Rule(("apps",), ("*",), ("get",)), "get on *.apps in the whole cluster"),
        (Rule(("*",), ("*",), ("*",)), "* on *.* in the whole cluster"),
        (
            Rule(("",), ("serviceaccounts/token",), ("create",)),
            "create on serviceaccounts/token in the whole cluster",
        ),
        (
            Rule(("",), ("serviceaccounts/token",), ("create",), ("any",)),
            "create on serviceaccounts/token named any in the whole cluster",
        ),
        (
            Rule(("coordination.k8s.io",), ("leases",), ("create",)),
            "create on leases.coordination.k8s.io in the whole cluster",
        ),
    ],
)
def test_what_the_table_does_not_give_is_too_much(rule: Rule, told: str) -> None:
    used = usage()

    assert told_excess(used, with_rule(as_granted(used), EVERYWHERE, rule)) == [told]


def test_what_holds_in_one_namespace_only_is_told_with_it() -> None:
    used = usage(namespaces="a,b")
    secrets = Rule(("",), ("secrets",), ("get",))

    assert told_excess(used, with_rule(as_granted(used), "b", secrets)) == ["get on secrets in b"]


def test_the_whole_cluster_is_too_much_where_namespaces_are_named() -> None:
    used = usage(namespaces="a")
    pods = Rule(("",), ("pods", "nodes"), ("list",))

    assert told_excess(used, with_rule(as_granted(used), EVERYWHERE, pods)) == [
        "list on pods in the whole cluster"
    ]


def test_any_other_lease_in_its_own_namespace_is_too_much() -> None:
    used = usage(leader_election="true")
    leases = Rule(("coordination.k8s.io",), ("leases",), ("update",))

    assert told_excess(used, with_rule(as_granted(used), HOME, leases)) == [
        "update on leases.coordination.k8s.io in farwatch"
    ]


def test_of_the_account_that_acts_one_token_may_be_asked_for_in_its_own_namespace() -> None:
    used = usage()
    token = Rule(("",), ("serviceaccounts/token",), ("create",), ("farwatch-agent-actions",))

    assert told_excess(used, with_rule(as_granted(used), HOME, token)) == []


@pytest.mark.parametrize(
    ("verbs", "path", "is_too_much"),
    [
        (("get",), "/metrics", True),
        (("get",), "*", True),
        (("*",), "/healthz", True),
        (("get",), "/versions", True),
        (("get",), "/healthz/etcd", False),
    ],
)
def test_a_path_that_not_everybody_may_see_is_too_much(
    verbs: tuple[str, ...], path: str, is_too_much: bool
) -> None:
    used = usage()
    grants = as_granted(used)
    grants[EVERYWHERE] = Grant(grants[EVERYWHERE].rules, (*EVERYBODYS.paths, (verbs, (path,))))

    assert bool(told_excess(used, grants)) is is_too_much


def test_the_actors_rights_are_too_much_for_the_reader() -> None:
    used = usage()
    for capability in CAPABILITIES:
        if capability.account is Account.ACT:
            changing = [rule for rule in capability.rules if {"patch", "delete", "create"} & set(rule.verbs)]
            assert told_excess(used, with_rule(as_granted(used), EVERYWHERE, *changing)), capability.name


words = st.sampled_from(["", "*", "apps", "pods", "pods/log", "*/log", "get", "list", "one"])
some = st.lists(words, min_size=1, max_size=3).map(tuple)
any_rule = st.builds(Rule, some, some, some, st.one_of(st.just(()), some))


@given(any_rule, st.builds(Right, words, words, words, words))
def test_a_right_is_covered_as_rbac_has_it(rule: Rule, right: Right) -> None:
    """Against the simulated API server's own authorizer."""
    from farwatch.sim.server.rbac import Attributes, _grants  # noqa: PLC0415

    resource, _, subresource = right.resource.partition("/")
    asked = Attributes(
        verb=right.verb, group=right.group, resource=resource, subresource=subresource, name=right.name
    )
    written = {
        "apiGroups": rule.groups,
        "resources": rule.resources,
        "verbs": rule.verbs,
        "resourceNames": rule.names,
    }
    assert Grant((rule,)).covers(right) == _grants(written, asked)  # type: ignore[arg-type]


@given(st.lists(any_rule, max_size=4))
def test_everything_granted_is_either_in_the_table_or_told(found: list[Rule]) -> None:
    used = usage()
    grants = dict.fromkeys(used.places, Grant(tuple(found)))

    told = {right for _, right in find_excess(used, grants)}

    for right in (right for rule in found for right in split_rule(rule)):
        if "*" in (right.verb, right.resource, right.group):
            assert right in told


def test_a_need_is_told_with_its_capability() -> None:
    (note,) = note_missing([Need("pod-logs", "", Right("get", "pods/log"))])

    assert (note.capability, note.verbs, note.resources) == ("pod-logs", ("get",), ("pods/log",))
