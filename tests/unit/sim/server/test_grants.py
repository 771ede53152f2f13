"""Nobody hands on rights that they do not have."""

from typing import Any

import pytest

from farwatch.sim.server.identity import User
from farwatch.sim.server.rbac import Authorizer
from farwatch.sim.store import Store

RBAC = "rbac.authorization.k8s.io"
MAKER = User("maker", ("system:authenticated",))
ROLES = f"/apis/{RBAC}/v1/namespaces/shop/roles"
BINDINGS = f"/apis/{RBAC}/v1/namespaces/shop/rolebindings"
CLUSTER_ROLES = f"/apis/{RBAC}/v1/clusterroles"
MERGE = "application/merge-patch+json"

READ_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
READ_SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
WRITE_ROLES = {
    "apiGroups": [RBAC],
    "resources": ["roles", "rolebindings", "clusterroles"],
    "verbs": ["create", "update", "patch"],
}


def hold(store: Store, *rules: dict[str, Any], name: str = "held") -> None:
    """Give the maker these rights in the whole cluster."""
    store.create("clusterroles", {"metadata": {"name": name}, "rules": list(rules)})
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
    subjects = [{"kind": "User", "name": MAKER.name, "apiGroup": RBAC}]
    store.create(
        "clusterrolebindings", {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}
    )


@pytest.fixture
def maker(ask: Any, authorizer: Authorizer, store: Store) -> Any:
    """Asks as somebody who may write roles and read pods."""
    hold(store, WRITE_ROLES, READ_PODS)
    authorizer.enforced = True
    ask.user = MAKER
    return ask


def role(*rules: dict[str, Any], name: str = "made") -> dict[str, Any]:
    return {"metadata": {"name": name}, "rules": list(rules)}


def binding(name: str, kind: str = "Role") -> dict[str, Any]:
    return {
        "metadata": {"name": "made"},
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
        "subjects": [{"kind": "User", "name": "friend", "apiGroup": RBAC}],
    }


def test_a_role_of_what_one_has_may_be_made(maker: Any) -> None:
    assert maker("POST", ROLES, role(READ_PODS))[0] == 201
    assert maker("POST", CLUSTER_ROLES, role(READ_PODS | {"resourceNames": ["one"]}))[0] == 201


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (READ_SECRETS, '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'),
        (READ_PODS | {"verbs": ["*"]}, '{APIGroups:[""], Resources:["pods"], Verbs:["*"]}'),
        (READ_PODS | {"resources": ["*"]}, '{APIGroups:[""], Resources:["*"], Verbs:["list"]}'),
        (READ_PODS | {"resources": ["pods/log"]}, '{APIGroups:[""], Resources:["pods/log"], Verbs:["get"]}'),
        (
            READ_SECRETS | {"resourceNames": ["one"]},
            '{APIGroups:[""], Resources:["secrets"], ResourceNames:["one"], Verbs:["get"]}',
        ),
        (
            {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
            '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
        ),
    ],
)
def test_a_role_of_more_is_refused_and_what_is_missing_is_named(maker: Any, rule: Any, told: str) -> None:
    code, refused = maker("POST", CLUSTER_ROLES, role(rule))
    assert code == 403
    assert refused["message"].startswith(
        'clusterroles.rbac.authorization.k8s.io "made" is forbidden: user "maker" (groups=["system:authenticated"])'
        " is attempting to grant RBAC permissions not currently held:\n"
    )
    assert told in refused["message"]


def test_a_role_cannot_be_widened_by_any_kind_of_write(maker: Any) -> None:
    maker("POST", ROLES, role(READ_PODS))
    wider = role(READ_PODS, READ_SECRETS)
    assert maker("PUT", f"{ROLES}/made", wider)[0] == 403
    assert maker.send("PATCH", f"{ROLES}/made", {"rules": [READ_SECRETS]}, MERGE).code == 403
    applied = {"apiVersion": f"{RBAC}/v1", "kind": "Role"} | wider
    apply = "application/apply-patch+yaml"
    assert maker.send("PATCH", f"{ROLES}/made", applied, apply, fieldManager="m", force="true").code == 403
    assert (
        maker.send(
            "PATCH", f"{ROLES}/other", applied | role(READ_SECRETS, name="other"), apply, fieldManager="m"
        ).code
        == 403
    )


def test_a_role_of_more_may_be_given_an_owner_and_nothing_else(maker: Any, store: Store) -> None:
    store.create("clusterroles", role(READ_SECRETS))
    owner = {"apiVersion": "v1", "kind": "Namespace", "name": "shop", "uid": "u"}
    path = f"{CLUSTER_ROLES}/made"
    owned = {"metadata": {"ownerReferences": [owner]}}
    assert maker.send("PATCH", path, owned, MERGE).code == 200
    assert store.get("clusterroles", "", "made")["metadata"]["ownerReferences"] == [owner]
    labelled = {"metadata": {"ownerReferences": [], "labels": {"a": "b"}}}
    assert maker.send("PATCH", path, labelled, MERGE).code == 403


def test_only_a_role_of_what_one_has_may_be_bound(maker: Any, store: Store) -> None:
    shop = {"metadata": {"name": "more", "namespace": "shop"}, "rules": [READ_SECRETS]}
    store.create("roles", shop)
    store.create("clusterroles", role(READ_PODS, name="less"))
    assert maker("POST", BINDINGS, binding("more"))[0] == 403
    assert maker("POST", BINDINGS, binding("less", "ClusterRole"))[0] == 201


def test_who_may_escalate_or_bind_is_not_asked(maker: Any, store: Store) -> None:
    rule = {
        "apiGroups": [RBAC],
        "resources": ["roles"],
        "verbs": ["escalate", "bind"],
        "resourceNames": ["made"],
    }
    hold(store, rule, name="trusted")
    assert maker("POST", ROLES, role(READ_SECRETS))[0] == 201
    assert maker("POST", BINDINGS, binding("made"))[0] == 201
    assert maker("POST", ROLES, role(READ_SECRETS, name="other"))[0] == 403


def test_without_enforcement_everybody_may(maker: Any, authorizer: Authorizer) -> None:
    authorizer.enforced = False
    assert maker("POST", ROLES, role(READ_SECRETS))[0] == 201
