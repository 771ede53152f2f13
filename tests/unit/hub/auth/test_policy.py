from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.auth.policy import (
    RULES,
    Permission,
    Reach,
    Resource,
    decide,
    describe,
    grants_for,
    permissions_of,
)
from farwatch.hub.auth.principal import EVERYWHERE, Grant, Principal, PrincipalKind, Role, Scope, narrow

CLUSTERS = ("prod-eu", "prod-us", "dev")
NAMESPACES = ("shop", "payments", "kube-system")
LABELS = st.dictionaries(st.sampled_from(("env", "region")), st.sampled_from(("prod", "dev")), max_size=2)

scopes = st.builds(
    Scope,
    clusters=st.lists(st.sampled_from(CLUSTERS), unique=True, max_size=2).map(tuple),
    cluster_labels=LABELS,
    namespaces=st.lists(st.sampled_from(NAMESPACES), unique=True, max_size=2).map(tuple),
)
grants = st.builds(Grant, st.sampled_from(Role), scopes)
many_grants = st.lists(grants, max_size=4).map(tuple)
permissions = st.sampled_from(Permission)
resources = st.builds(Resource, st.sampled_from(("", *CLUSTERS)), LABELS, st.sampled_from(("", *NAMESPACES)))


def holding(*held: Grant, permissions: frozenset[str] | None = None) -> Principal:
    return Principal(PrincipalKind.USER, "u1", "alice", held, permissions=permissions)


class TestDecision:
    @given(many_grants, many_grants, permissions, st.none() | resources)
    def test_more_grants_never_allow_less(
        self,
        held: tuple[Grant, ...],
        more: tuple[Grant, ...],
        permission: Permission,
        resource: Resource | None,
    ) -> None:
        if decide(holding(*held), permission, resource).allowed:
            assert decide(holding(*held, *more), permission, resource).allowed
            assert decide(holding(*more, *held), permission, resource).allowed

    @given(grants, permissions, resources)
    def test_a_higher_role_never_allows_less(
        self, grant: Grant, permission: Permission, resource: Resource
    ) -> None:
        allowed = [decide(holding(Grant(role, grant.scope)), permission, resource).allowed for role in Role]
        assert allowed == sorted(allowed)

    @given(many_grants, permissions, resources)
    def test_nothing_is_allowed_outside_the_scope_of_every_grant(
        self, held: tuple[Grant, ...], permission: Permission, resource: Resource
    ) -> None:
        rule = RULES[permission]
        if rule.role is None or not decide(holding(*held), permission, resource).allowed:
            return
        reaching = [grant.scope for grant in held if grant.role.includes(rule.role)]
        match rule.reach:
            case Reach.FLEET:
                assert EVERYWHERE in reaching
            case Reach.CLUSTER:
                assert any(
                    scope.covers_cluster(resource.cluster, resource.cluster_labels) and not scope.namespaces
                    for scope in reaching
                )
            case Reach.PART:
                assert any(
                    scope.covers_cluster(resource.cluster, resource.cluster_labels) for scope in reaching
                )
            case Reach.NAMESPACE:
                assert any(
                    scope.covers_cluster(resource.cluster, resource.cluster_labels)
                    and scope.covers_namespace(resource.namespace)
                    for scope in reaching
                )

    @given(many_grants, permissions, resources)
    def test_what_is_allowed_with_a_thing_is_allowed_somewhere(
        self, held: tuple[Grant, ...], permission: Permission, resource: Resource
    ) -> None:
        if decide(holding(*held), permission, resource).allowed:
            assert decide(holding(*held), permission).allowed

    @pytest.mark.parametrize("permission", [own for own in Permission if RULES[own].role is not None])
    def test_no_grant_allows_nothing(self, permission: Permission) -> None:
        assert not decide(holding(), permission).allowed
        assert not decide(holding(), permission, Resource("dev", {}, "shop")).allowed

    def test_everybody_who_is_signed_in_has_an_account_of_their_own(self) -> None:
        assert decide(holding(), Permission.OWN_ACCOUNT).allowed
        assert not decide(Principal(PrincipalKind.ANONYMOUS, "", ""), Permission.OWN_ACCOUNT).allowed

    @pytest.mark.parametrize("permission", list(Permission))
    def test_an_admin_of_everything_may_do_everything(self, permission: Permission) -> None:
        assert decide(holding(Grant(Role.ADMIN)), permission, Resource("dev", {}, "")).allowed

    @given(many_grants, permissions, st.none() | resources)
    def test_says_what_is_missing_exactly_when_it_refuses(
        self, held: tuple[Grant, ...], permission: Permission, resource: Resource | None
    ) -> None:
        decision = decide(holding(*held), permission, resource)
        assert (decision.missing is None) is decision.allowed
        if decision.missing is not None:
            lacks = decision.missing
            granted = Grant(
                lacks.role,
                Scope(
                    (lacks.cluster,) if lacks.cluster else (),
                    namespaces=(lacks.namespace,) if lacks.namespace else (),
                ),
            )
            assert decide(holding(*held, granted), permission, resource).allowed

    def test_a_namespace_is_no_part_of_what_is_in_none(self) -> None:
        inside = holding(Grant(Role.ADMIN, Scope(namespaces=("shop",))))
        assert decide(inside, Permission.OBJECTS_READ, Resource("dev", {}, "shop")).allowed
        assert not decide(inside, Permission.OBJECTS_READ, Resource("dev", {}, "")).allowed
        assert decide(inside, Permission.CLUSTERS_READ, Resource("dev", {}, "")).allowed
        assert not decide(inside, Permission.CLUSTERS_MANAGE, Resource("dev", {}, "")).allowed

    def test_a_label_that_a_cluster_loses_takes_the_right_along(self) -> None:
        inside = holding(Grant(Role.VIEWER, Scope(cluster_labels={"env": "prod"})))
        assert decide(inside, Permission.ALERTS_READ, Resource("a", {"env": "prod"}, "shop")).allowed
        assert not decide(inside, Permission.ALERTS_READ, Resource("a", {}, "shop")).allowed

    def test_a_tokens_permissions_take_from_what_its_owner_may(self) -> None:
        scraping = holding(Grant(Role.ADMIN), permissions=frozenset({"metrics.read"}))
        assert decide(scraping, Permission.METRICS_READ).allowed
        refused = decide(scraping, Permission.ALERTS_READ)
        assert not refused.allowed
        assert "token" in refused.reason
        assert grants_for(scraping, Permission.ALERTS_READ) == ()

    def test_tokens_give_nobody_what_they_lack(self) -> None:
        claiming = holding(permissions=frozenset(Permission))
        assert not decide(claiming, Permission.ALERTS_READ).allowed


class TestNarrowing:
    @given(many_grants, many_grants, permissions, resources)
    def test_allows_what_both_allow_and_nothing_else(
        self, held: tuple[Grant, ...], limits: tuple[Grant, ...], permission: Permission, resource: Resource
    ) -> None:
        def both_allow(permission: Permission, resource: Resource) -> bool:
            return all(decide(holding(*some), permission, resource).allowed for some in (held, limits))

        narrowed = decide(holding(*narrow(held, limits)), permission, resource).allowed
        if RULES[permission].reach is Reach.PART:  # it takes a part that both have, however small
            parts = [Resource(resource.cluster, resource.cluster_labels, name) for name in ("", *NAMESPACES)]
            assert narrowed == any(both_allow(Permission.OBJECTS_READ, part) for part in parts)
        else:
            assert narrowed == both_allow(permission, resource)

    @pytest.mark.parametrize("permission", Permission)
    def test_of_parts_of_a_cluster_that_have_nothing_in_common_nothing_is_left(
        self, permission: Permission
    ) -> None:
        held = (Grant(Role.ADMIN, Scope(clusters=("dev",), namespaces=("shop",))),)
        limits = (Grant(Role.ADMIN, Scope(clusters=("dev",), namespaces=("payments",))),)

        assert narrow(held, limits) == ()
        for namespace in ("", "shop", "payments"):
            allowed = decide(
                holding(*narrow(held, limits)), permission, Resource("dev", namespace=namespace)
            ).allowed
            assert allowed == (permission is Permission.OWN_ACCOUNT)  # which takes no grant

    def test_whose_parts_overlap_still_see_their_cluster(self) -> None:
        held = (Grant(Role.VIEWER, Scope(clusters=("dev",), namespaces=("shop", "payments"))),)
        limits = (Grant(Role.OPERATOR, Scope(namespaces=("payments", "kube-system"))),)

        narrowed = narrow(held, limits)

        assert narrowed == (Grant(Role.VIEWER, Scope(clusters=("dev",), namespaces=("payments",))),)
        assert decide(holding(*narrowed), Permission.CLUSTERS_READ, Resource("dev")).allowed


class TestWords:
    def test_a_refusal_names_who_what_and_where(self) -> None:
        decision = decide(
            holding(Grant(Role.VIEWER)), Permission.ALERTS_WRITE, Resource("prod-eu", {}, "shop")
        )
        assert decision.reason == (
            "alice may not acknowledge and snooze alerts: alerts.write is missing, which takes the role operator in "
            "the namespace shop of the cluster prod-eu; who manages users can grant it"
        )

    @pytest.mark.parametrize(
        ("permission", "where"),
        [(Permission.ALERTS_READ, "viewer somewhere;"), (Permission.AUDIT_READ, "admin everywhere;")],
    )
    def test_who_has_a_right_nowhere_is_told_whether_a_part_of_the_fleet_would_do(
        self, permission: Permission, where: str
    ) -> None:
        assert f"takes the role {where}" in decide(holding(), permission).reason

    @pytest.mark.parametrize(
        ("scope", "words"),
        [
            (EVERYWHERE, "viewer everywhere"),
            (Scope(("a", "b")), "viewer in the clusters a, b"),
            (Scope(namespaces=("shop",)), "viewer in the namespace shop of every cluster"),
            (Scope(cluster_labels={"env": "prod"}), "viewer in every cluster labelled env=prod"),
            (
                Scope(("a",), {"r": "eu", "e": "p"}, ("x", "y")),
                "viewer in the namespaces x, y of the cluster a labelled e=p, r=eu",
            ),
        ],
    )
    def test_a_grant_reads_as_a_sentence(self, scope: Scope, words: str) -> None:
        assert describe(Grant(Role.VIEWER, scope)) == words

    def test_each_role_has_what_the_one_below_has_and_more(self) -> None:
        viewer, operator, admin = (set(permissions_of(role)) for role in Role)
        assert viewer < operator < admin == set(Permission)

    def test_every_permission_has_a_rule(self) -> None:
        assert set(RULES) == set(Permission)


class TestPage:
    def test_lists_every_permission_as_it_is(self) -> None:
        page = (Path(__file__).parents[4] / "docs/access.md").read_text()
        covers = {
            Reach.PART: "a part of the cluster",
            Reach.NAMESPACE: "the namespace",
            Reach.CLUSTER: "the whole cluster",
            Reach.FLEET: "everywhere",
        }
        table = "\n".join(
            f"| `{permission}` | {rule.role or 'everybody'} | {covers[rule.reach]} | {rule.meaning} |"
            for permission, rule in RULES.items()
        )
        assert f"|---|---|---|---|\n{table}\n\n" in page
