from collections.abc import Mapping
from typing import Any

import pytest

from farwatch.sim.server.api import Api, WatchRequest
from farwatch.sim.server.faults import Answer, Faults
from farwatch.sim.server.identity import ANONYMOUS, User, service_account
from farwatch.sim.server.rbac import Authorizer
from farwatch.sim.store import Store

NOBODY = User("nobody", ("system:authenticated",))
RBAC = "rbac.authorization.k8s.io"


def grant(store: Store, subject: Mapping[str, str], namespace: str = "", **rule: list[str]) -> None:
    scope = {"namespace": namespace} if namespace else {}
    prefix = "" if namespace else "cluster"
    kind = "Role" if namespace else "ClusterRole"
    store.create(f"{prefix}roles", {"metadata": {"name": "reader", **scope}, "rules": [rule]})
    store.create(
        f"{prefix}rolebindings",
        {
            "metadata": {"name": "reader", **scope},
            "subjects": [subject],
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": "reader"},
        },
    )


def test_forbidden_is_answered_as_recorded(
    ask: Any, authorizer: Authorizer, answers: Mapping[str, Any]
) -> None:
    authorizer.enforced = True
    ask.user = NOBODY
    assert list(ask("GET", "/api/v1/pods")) == answers["forbidden"]


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        (
            "GET",
            "/api/v1/namespaces/shop/pods/web/log",
            'pods "web" is forbidden: User "nobody" cannot get resource "pods/log" in API group "" in the namespace "shop"',
        ),
        (
            "POST",
            "/apis/apps/v1/namespaces/shop/deployments",
            'deployments.apps is forbidden: User "nobody" cannot create resource "deployments" in API group "apps" in the namespace "shop"',
        ),
        ("GET", "/metrics", 'forbidden: User "nobody" cannot get path "/metrics"'),
    ],
)
def test_refusals_name_what_was_asked(
    ask: Any, authorizer: Authorizer, method: str, path: str, message: str
) -> None:
    authorizer.enforced = True
    ask.user = NOBODY
    code, status = ask(method, path, {})
    assert (code, status["message"]) == (403, message)


@pytest.mark.parametrize(
    ("subject", "user"),
    [
        ({"kind": "User", "name": "nobody"}, NOBODY),
        ({"kind": "Group", "name": "system:authenticated"}, NOBODY),
        (
            {"kind": "ServiceAccount", "name": "agent", "namespace": "shop"},
            service_account("shop", "agent"),
        ),
    ],
)
def test_a_cluster_role_grants_everywhere(
    ask: Any, store: Store, authorizer: Authorizer, subject: dict[str, str], user: User
) -> None:
    authorizer.enforced = True
    ask.user = user
    grant(store, subject, verbs=["get", "list"], apiGroups=[""], resources=["pods"])
    assert ask("GET", "/api/v1/pods")[0] == 200
    assert ask("GET", "/api/v1/namespaces/shop/pods")[0] == 200
    assert ask("GET", "/api/v1/pods", watch="true")[0] == 403
    assert ask("GET", "/api/v1/nodes")[0] == 403
    assert ask("GET", "/apis/apps/v1/deployments")[0] == 403


def test_a_role_grants_in_its_namespace_only(ask: Any, store: Store, authorizer: Authorizer) -> None:
    authorizer.enforced = True
    ask.user = NOBODY
    grant(
        store,
        {"kind": "User", "name": "nobody"},
        "shop",
        verbs=["*"],
        apiGroups=["*"],
        resources=["pods/log", "configmaps"],
        resourceNames=["c"],
    )
    assert ask("GET", "/api/v1/namespaces/shop/configmaps/c")[0] == 404
    assert ask("GET", "/api/v1/namespaces/shop/configmaps/d")[0] == 403
    assert ask("GET", "/api/v1/configmaps")[0] == 403
    assert ask("GET", "/api/v1/namespaces/shop/pods/c/log")[0] == 404
    assert ask("GET", "/api/v1/namespaces/shop/pods/c")[0] == 403


def test_rules_may_cover_paths(ask: Any, store: Store, authorizer: Authorizer) -> None:
    authorizer.enforced = True
    ask.user = NOBODY
    grant(store, {"kind": "User", "name": "nobody"}, verbs=["get"], nonResourceURLs=["/logs/*"])
    assert ask("GET", "/logs/kubelet")[0] == 404
    assert ask("GET", "/metrics")[0] == 403


@pytest.mark.parametrize(
    ("attributes", "allowed"),
    [
        ({"resourceAttributes": {"verb": "list", "resource": "pods"}}, True),
        ({"resourceAttributes": {"verb": "delete", "resource": "pods"}}, False),
        ({"nonResourceAttributes": {"verb": "get", "path": "/x"}}, False),
    ],
)
def test_access_reviews_tell_what_is_granted(
    ask: Any, store: Store, authorizer: Authorizer, attributes: dict[str, Any], allowed: bool
) -> None:
    authorizer.enforced = True
    ask.user = NOBODY
    grant(store, {"kind": "User", "name": "nobody"}, verbs=["list"], apiGroups=[""], resources=["pods"])
    for kind, path, spec in (
        ("SelfSubjectAccessReview", "selfsubjectaccessreviews", attributes),
        ("SubjectAccessReview", "subjectaccessreviews", attributes | {"user": "nobody"}),
    ):
        code, review = ask("POST", f"/apis/authorization.k8s.io/v1/{path}", {"spec": spec})
        assert (code, review["kind"], review["status"]) == (201, kind, {"allowed": allowed})


def test_a_rules_review_lists_what_is_granted(ask: Any, store: Store, authorizer: Authorizer) -> None:
    authorizer.enforced = True
    ask.user = NOBODY
    rule = {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}
    grant(store, {"kind": "User", "name": "nobody"}, "shop", **rule)
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    _, review = ask("POST", path, {"spec": {"namespace": "shop"}})
    assert review["status"] == {"resourceRules": [rule], "nonResourceRules": [], "incomplete": False}


def test_whoami_tells_name_and_groups(ask: Any) -> None:
    _, review = ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    assert review["status"]["userInfo"]["username"] == "admin"


def test_an_anonymous_user_sees_health_and_version_only(ask: Any) -> None:
    ask.user = ANONYMOUS
    assert ask.send("GET", "/readyz").body == b"ok"
    assert ask("GET", "/version")[0] == 200
    for path in ("/api", "/api/v1/pods"):
        code, status = ask("GET", path)
        assert code == 401
        assert status == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": "Unauthorized",
            "reason": "Unauthorized",
            "code": 401,
        }


# --- metrics --------------------------------------------------------------------------------------------------


def test_metrics_tell_running_pods_and_ready_nodes(ask: Any, store: Store, pods: list[str]) -> None:
    for name, ready in (("n1", "True"), ("n2", "False")):
        store.create(
            "nodes",
            {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}},
        )
    store.modify("pods", "shop", "p2", lambda pod: pod["status"].update(phase="Pending"), "status")
    root = "/apis/metrics.k8s.io/v1beta1"
    listed = ask.get(f"{root}/namespaces/shop/pods")
    assert listed["kind"] == "PodMetricsList"
    assert [item["metadata"]["name"] for item in listed["items"]] == pods[3:]
    assert listed["items"][0]["containers"][0]["usage"] == {"cpu": "2000000n", "memory": "16384Ki"}
    assert [node["metadata"]["name"] for node in ask.get(f"{root}/nodes")["items"]] == ["n1"]
    assert ask.get(f"{root}/nodes/n1")["usage"] == {"cpu": "162000000n", "memory": "1019904Ki"}
    assert len(ask.get(f"{root}/pods", labelSelector="app=db")["items"]) == 2
    assert ask("GET", f"{root}/namespaces/shop/pods/p2")[0] == 404
    assert ask("DELETE", f"{root}/nodes/n1")[0] == 405


# --- faults ---------------------------------------------------------------------------------------------------


def test_a_failure_is_answered_as_often_as_asked(ask: Any, api: Api) -> None:
    api.faults = Faults(answers=[Answer(code=429, times=2, resource="pods", verb="list", retry_after=3)])
    reply = ask.send("GET", "/api/v1/pods")
    assert (reply.code, reply.headers) == (429, {"Retry-After": "3"})
    assert ask("GET", "/api/v1/nodes")[0] == 200
    assert ask("GET", "/api/v1/pods")[0] == 429
    assert ask("GET", "/api/v1/pods")[0] == 200


def test_a_resource_can_be_denied_or_missing(ask: Any, api: Api) -> None:
    api.faults = Faults(deny={"nodes"}, absent={"pods"})
    assert ask("GET", "/api/v1/nodes")[0] == 403
    assert ask("GET", "/api/v1/pods")[1]["message"] == "the server could not find the requested resource"


def test_streaming_lists_can_be_missing(ask: Any, api: Api) -> None:
    query = {"watch": "true", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    assert isinstance(ask.send("GET", "/api/v1/pods", **query), WatchRequest)
    api.faults = Faults(no_streaming_lists=True)
    assert ask("GET", "/api/v1/pods", **query)[0] == 422


def test_a_watch_of_one_object_selects_it(ask: Any) -> None:
    asked = ask.send("GET", "/api/v1/namespaces/shop/pods/web", watch="true")
    assert asked.options.fields.matches({"metadata.name": "web"})
    assert not asked.options.fields.matches({"metadata.name": "db"})


# --- discovery ------------------------------------------------------------------------------------------------


def test_the_version_is_the_recorded_one(ask: Any, discovered: Mapping[str, Any]) -> None:
    assert ask.get("/version") == discovered["/version"]


def test_what_is_discovered_is_described_as_recorded(ask: Any, discovered: Mapping[str, Any]) -> None:
    compared = 0
    for path, recorded in discovered.items():
        if not path.startswith(("/api/v1", "/apis/")):
            continue
        known = {resource["name"]: resource for resource in recorded["resources"]}
        answered = ask.get(path)
        assert answered["groupVersion"] == recorded["groupVersion"]
        for resource in answered["resources"]:
            expected = dict(known[resource["name"]])
            expected.pop("storageVersionHash", None)
            assert resource == expected
            compared += 1
    assert compared > 50


def test_aggregated_discovery_says_the_same_as_the_lists(ask: Any) -> None:
    ask.headers["Accept"] = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    aggregated = {
        (item["metadata"].get("name", ""), resource["resource"]): resource
        for path in ("/api", "/apis")
        for item in ask.get(path)["items"]
        for version in item["versions"]
        for resource in version["resources"]
    }
    ask.headers.clear()
    for group in ("", *(each["name"] for each in ask.get("/apis")["groups"])):
        version = "v1beta1" if group == "metrics.k8s.io" else "v2" if group == "autoscaling" else "v1"
        path = f"/apis/{group}/{version}" if group else "/api/v1"
        for listed in ask.get(path)["resources"]:
            name, _, subresource = listed["name"].partition("/")
            found = aggregated[group, name]
            if subresource:
                assert subresource in [each["subresource"] for each in found["subresources"]]
            else:
                assert (found["verbs"], found["responseKind"]["kind"]) == (listed["verbs"], listed["kind"])


def test_openapi_names_every_kind_that_can_be_patched(ask: Any) -> None:
    paths = ask.get("/openapi/v3")["paths"]
    assert {"api/v1", "apis/apps/v1"} <= paths.keys()
    document = ask.get("/openapi/v3/apis/apps/v1")
    operation = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert operation["x-kubernetes-group-version-kind"]["kind"] == "Deployment"


@pytest.mark.parametrize("path", ["/", "/apis/example.com", "/apis/apps/v9", "/openapi/v3/apis/x/v1", "/x"])
def test_a_path_to_nowhere_is_not_found(ask: Any, path: str) -> None:
    assert ask("GET", path)[0] == 404
