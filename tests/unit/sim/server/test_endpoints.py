from collections.abc import Mapping
from typing import Any

import pytest

from farwatch.sim.store import Store

PODS = "/api/v1/namespaces/shop/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


def deployment(name: str = "web", **spec: Any) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "i:1"}]},
    }
    return {
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


def test_an_absent_object_is_answered_as_recorded(ask: Any, answers: Mapping[str, Any]) -> None:
    assert list(ask("GET", "/api/v1/namespaces/default/pods/absent")) == answers["absent object"]


def test_an_unknown_resource_is_answered_as_recorded(ask: Any, answers: Mapping[str, Any]) -> None:
    code, text = answers["unknown resource"]
    reply = ask.send("GET", "/apis/example.com/v1/widgets")
    assert (reply.code, reply.body.decode()) == (code, text)


def test_a_bad_continue_token_is_answered_as_recorded(ask: Any, answers: Mapping[str, Any]) -> None:
    assert list(ask("GET", "/api/v1/pods", limit=1, continue_="bogus")) == answers["bad continue token"]


def test_an_empty_page_is_answered_as_recorded(ask: Any, store: Store, answers: Mapping[str, Any]) -> None:
    code, page = answers["list with limit=1"]
    expected = page | {"metadata": {"resourceVersion": str(store.resource_version)}}
    assert ask("GET", "/api/v1/pods", limit=1) == (code, expected)


def test_items_of_a_list_do_not_say_what_they_are(ask: Any, pods: list[str]) -> None:
    listed = ask.get("/api/v1/pods")
    assert (listed["kind"], listed["apiVersion"]) == ("PodList", "v1")
    assert [item["metadata"]["name"] for item in listed["items"]] == pods
    assert all("kind" not in item and "apiVersion" not in item for item in listed["items"])


def test_a_created_deployment_is_completed_and_stored(ask: Any, store: Store) -> None:
    code, created = ask("POST", DEPLOYMENTS, deployment(), fieldManager="kubectl")
    assert code == 201
    assert created["spec"]["replicas"] == 1
    assert created["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert created["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert created["metadata"]["managedFields"][0]["manager"] == "kubectl"
    assert store.get("deployments", "shop", "web") == created


def test_a_created_pod_is_pending_whatever_its_body_claims(ask: Any) -> None:
    pod = {
        "metadata": {"generateName": "x-"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running"},
    }
    code, created = ask("POST", PODS, pod)
    assert code == 201
    assert created["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert created["spec"]["containers"][0]["imagePullPolicy"] == "Always"
    assert created["metadata"]["namespace"] == "shop"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "Pod"}, "cannot be handled as a Deployment"),
        ({"apiVersion": "v1"}, "does not match the expected API version (apps/v1)"),
        (
            {"metadata": {"name": "web", "namespace": "other"}},
            "does not match the namespace sent on the request",
        ),
        ({"metadata": {"name": "web", "resourceVersion": "1"}}, "resourceVersion should not be set"),
    ],
)
def test_a_body_that_contradicts_its_path_is_a_bad_request(
    ask: Any, change: dict[str, Any], message: str
) -> None:
    code, status = ask("POST", DEPLOYMENTS, deployment() | change)
    assert code == 400
    assert message in status["message"]


def test_a_body_that_lacks_what_it_needs_is_invalid(ask: Any) -> None:
    code, status = ask("POST", DEPLOYMENTS, {"metadata": {"name": "web"}})
    assert (code, status["reason"]) == (422, "Invalid")
    assert status["message"].startswith('Deployment.apps "web" is invalid: spec')


@pytest.mark.parametrize("body", [None, [], "x"])
def test_a_body_that_is_no_object_is_a_bad_request(ask: Any, body: Any) -> None:
    assert ask("POST", DEPLOYMENTS, body)[0] == 400


def test_an_update_under_another_name_is_a_bad_request(ask: Any) -> None:
    ask("POST", DEPLOYMENTS, deployment())
    code, status = ask("PUT", f"{DEPLOYMENTS}/web", deployment("db"))
    assert code == 400
    assert status["message"] == "the name of the object (db) does not match the name on the URL (web)"


def test_a_stale_update_is_a_conflict(ask: Any) -> None:
    _, created = ask("POST", DEPLOYMENTS, deployment())
    created["spec"]["replicas"] = 2
    assert ask("PUT", f"{DEPLOYMENTS}/web", created)[0] == 200
    created["spec"]["replicas"] = 3
    assert ask("PUT", f"{DEPLOYMENTS}/web", created)[0] == 409


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        (STRATEGIC, {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i:2"}]}}}}),
        (
            MERGE,
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i:2", "tty": True}]}}}},
        ),
        (JSON_PATCH, [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "i:2"}]),
    ],
)
def test_each_patch_type_changes_the_image(ask: Any, media_type: str, patch: Any) -> None:
    ask("POST", DEPLOYMENTS, deployment())
    code, patched = ask("PATCH", f"{DEPLOYMENTS}/web", patch, media_type=media_type)
    assert code == 200
    assert patched["spec"]["template"]["spec"]["containers"][0]["image"] == "i:2"
    assert patched["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("media_type", "patch", "code"),
    [
        ("text/plain", {}, 415),
        (JSON_PATCH, [{"op": "test", "path": "/spec/replicas", "value": 9}], 422),
        (JSON_PATCH, {}, 400),
        (MERGE, {"metadata": {"name": "other"}}, 422),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(ask: Any, media_type: str, patch: Any, code: int) -> None:
    ask("POST", DEPLOYMENTS, deployment())
    assert ask("PATCH", f"{DEPLOYMENTS}/web", patch, media_type=media_type)[0] == code


def test_status_is_its_own_subresource(ask: Any) -> None:
    ask("POST", DEPLOYMENTS, deployment())
    patch = {"spec": {"replicas": 9}, "status": {"replicas": 3}}
    _, patched = ask("PATCH", f"{DEPLOYMENTS}/web/status", patch, media_type=MERGE)
    assert (patched["spec"]["replicas"], patched["status"]) == (1, {"replicas": 3})
    assert ask.get(f"{DEPLOYMENTS}/web/status")["status"] == {"replicas": 3}


def test_scale_reads_and_writes_replicas(ask: Any, store: Store) -> None:
    ask("POST", DEPLOYMENTS, deployment())
    scale = ask.get(f"{DEPLOYMENTS}/web/scale")
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == (
        "Scale",
        {"replicas": 1},
        "app=web",
    )
    code, patched = ask("PATCH", f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 4}}, media_type=MERGE)
    assert (code, patched["spec"]) == (200, {"replicas": 4})
    assert store.get("deployments", "shop", "web")["spec"]["replicas"] == 4
    scale["spec"]["replicas"] = 5
    assert ask("PUT", f"{DEPLOYMENTS}/web/scale", scale)[0] == 409


def test_apply_creates_then_changes_then_removes_what_is_no_longer_named(ask: Any) -> None:
    wanted = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "labels": {"a": "b"}},
        "data": {"x": "1", "y": "2"},
    }
    path = "/api/v1/namespaces/shop/configmaps/c"
    code, created = ask("PATCH", path, wanted, media_type=APPLY, fieldManager="me")
    assert code == 201
    assert created["metadata"]["managedFields"][0]["operation"] == "Apply"
    del wanted["data"]["y"]  # type: ignore[attr-defined]
    code, applied = ask("PATCH", path, wanted, media_type=APPLY, fieldManager="me")
    assert (code, applied["data"]) == (200, {"x": "1"})
    wanted["data"] = {"x": "9"}
    code, status = ask("PATCH", path, wanted, media_type=APPLY, fieldManager="other")
    assert code == 409
    assert status["message"] == 'Apply failed with 1 conflict: conflict with "me": .data.x'
    code, forced = ask("PATCH", path, wanted, media_type=APPLY, fieldManager="other", force="true")
    assert (code, forced["data"]) == (200, {"x": "9"})
    assert ask("PATCH", path, wanted, media_type=APPLY)[0] == 422


def test_dry_run_answers_and_writes_nothing(ask: Any, store: Store) -> None:
    version = store.resource_version
    code, created = ask("POST", DEPLOYMENTS, deployment(), dryRun="All")
    assert (code, created["metadata"]["name"]) == (201, "web")
    assert store.resource_version == version


def test_a_deletion_is_answered_with_success_or_the_marked_object(ask: Any, pods: list[str]) -> None:
    _, created = ask("POST", DEPLOYMENTS, deployment())
    code, status = ask("DELETE", f"{DEPLOYMENTS}/web")
    assert code == 200
    assert status == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {
            "name": "web",
            "group": "apps",
            "kind": "deployments",
            "uid": created["metadata"]["uid"],
        },
    }
    _, pod = ask("DELETE", f"{PODS}/p2", {"gracePeriodSeconds": 7})
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 7
    assert ask("DELETE", f"{PODS}/p3", {"propagationPolicy": "Sometimes"})[0] == 400


def test_the_deletion_of_a_service_is_answered_with_the_service(ask: Any) -> None:
    path = "/api/v1/namespaces/shop/services"
    ask("POST", path, {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    code, deleted = ask("DELETE", f"{path}/web")
    assert (code, deleted["kind"], deleted["metadata"]["name"]) == (200, "Service", "web")


def test_a_collection_is_deleted_by_selector(ask: Any, pods: list[str], store: Store) -> None:
    code, deleted = ask("DELETE", PODS, {"gracePeriodSeconds": 0}, fieldSelector="metadata.name!=p6")
    assert code == 200
    assert len(deleted["items"]) == 4
    assert [pod["metadata"]["name"] for pod in store.list("pods")] == ["p0", "p1", "p6"]


def test_an_eviction_respects_disruption_budgets(ask: Any, pods: list[str], store: Store) -> None:
    store.create(
        "poddisruptionbudgets",
        {
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}},
            "status": {"disruptionsAllowed": 0, "desiredHealthy": 5, "currentHealthy": 5},
        },
    )
    code, status = ask("POST", f"{PODS}/p2/eviction", {})
    assert code == 429
    assert status["details"]["causes"][0]["message"] == (
        "The disruption budget web needs 5 healthy pods and has 5 currently"
    )
    budget = store.get("poddisruptionbudgets", "shop", "web")
    store.update("poddisruptionbudgets", budget | {"status": {"disruptionsAllowed": 1}}, "status")
    assert ask("POST", f"{PODS}/p2/eviction", {})[0] == 201
    assert "deletionTimestamp" in store.get("pods", "shop", "p2")["metadata"]


def test_a_binding_puts_a_pod_on_a_node_once(ask: Any, store: Store) -> None:
    ask("POST", PODS, {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
    assert ask("POST", f"{PODS}/x/binding", {"target": {"name": "n1"}})[0] == 201
    bound = store.get("pods", "shop", "x")
    assert bound["spec"]["nodeName"] == "n1"
    assert bound["status"]["conditions"][0]["type"] == "PodScheduled"
    assert ask("POST", f"{PODS}/x/binding", {"target": {"name": "n2"}})[0] == 409


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", f"{DEPLOYMENTS}/web/status", 405),
        ("DELETE", "/api/v1/namespaces", 405),
        ("GET", "/api/v1/pods/web", 404),
        ("GET", f"{DEPLOYMENTS}/web/log", 404),
        ("OPTIONS", PODS, 405),
    ],
)
def test_what_cannot_be_done_is_refused(ask: Any, method: str, path: str, code: int) -> None:
    assert ask(method, path, {})[0] == code
