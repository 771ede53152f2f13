from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.evidence.evidence import Relation
from farwatch.hub.evidence.scope import ObjectRef, find_scope

WEB = ObjectRef("Deployment", "shop", "web")


def failing(scope: Any) -> tuple[str, str] | None:
    return scope.failing and (scope.failing.pod.metadata.name, scope.failing.status.name)


def test_the_newest_failing_pod_of_a_workload_is_looked_at(kube: Any, objects: Any) -> None:
    objects.put(
        kube.pod("web-6d4f-old", created=0, statuses=[kube.looping()]),
        kube.pod("web-6d4f-new", created=60, statuses=[kube.looping()], node="node-2"),
        kube.pod("web-6d4f-well", created=90, statuses=[{"ready": True, "state": {"running": {}}}]),
        kube.pod("cart-77-x", owner="ReplicaSet/cart-77", created=99, statuses=[kube.looping()]),
    )

    scope = find_scope(kube.alert().labels, objects)

    assert failing(scope) == ("web-6d4f-new", "app")
    assert scope.related[WEB] is Relation.SUBJECT
    assert scope.related[ObjectRef("Node", "", "node-2")] is Relation.NODE
    assert scope.concerned >= {
        WEB,
        ObjectRef("ReplicaSet", "shop", "web-6d4f"),
        ObjectRef("Pod", "shop", "web-6d4f-old"),
        ObjectRef("Pod", "shop", "web-6d4f-new"),
    }
    assert ObjectRef("Pod", "shop", "web-6d4f-well") not in scope.concerned
    assert ObjectRef("Pod", "shop", "cart-77-x") not in scope.concerned


def test_the_container_that_the_alert_names_is_the_one(kube: Any, objects: Any) -> None:
    objects.put(kube.pod(statuses=[kube.looping(), kube.looping(name="proxy")]))
    labels = kube.alert().labels
    assert failing(find_scope(labels, objects)) == ("web-6d4f-x2", "app")
    assert failing(find_scope(labels | {"container": "proxy"}, objects)) == ("web-6d4f-x2", "proxy")


@pytest.mark.parametrize(
    ("status", "is_failing"),
    [
        ({"state": {"waiting": {"reason": "ImagePullBackOff"}}}, True),
        ({"state": {"waiting": {"reason": "ContainerCreating"}}}, False),
        ({"state": {"waiting": {"reason": "ContainerCreating"}}, "lastState": "crashed"}, True),
        ({"state": "crashed"}, True),
        ({"state": {"terminated": {"exitCode": 0}}}, False),
        ({"state": {"running": {}}, "ready": False}, True),
        ({"state": {"running": {}}, "ready": True, "lastState": "crashed"}, True),
        ({"state": {"running": {}}, "ready": True}, False),
        ({"ready": False}, False),
    ],
)
def test_which_containers_fail(kube: Any, objects: Any, status: dict[str, Any], is_failing: bool) -> None:
    told = {name: kube.crashed() if value == "crashed" else value for name, value in status.items()}
    objects.put(kube.pod(statuses=[told]))
    assert (find_scope(kube.alert().labels, objects).failing is not None) is is_failing


def test_a_container_that_is_down_goes_before_one_that_is_only_not_ready(kube: Any, objects: Any) -> None:
    objects.put(
        kube.pod("web-6d4f-down", created=0, statuses=[kube.looping()]),
        kube.pod("web-6d4f-slow", created=60, statuses=[{"state": {"running": {}}, "ready": False}]),
    )
    assert failing(find_scope(kube.alert().labels, objects)) == ("web-6d4f-down", "app")


def test_owners_scalers_and_neighbours_are_related(kube: Any, objects: Any) -> None:
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    objects.put(
        kube.deployment(owner="Application/shop"),
        kube.build("HorizontalPodAutoscaler", "web", spec=target),
    )

    scope = find_scope(kube.alert().labels, objects)

    assert scope.relation(ObjectRef("Application", "shop", "shop")) is Relation.OWNER
    assert scope.relation(ObjectRef("HorizontalPodAutoscaler", "shop", "web")) is Relation.SCALER
    assert scope.relation(ObjectRef("Deployment", "shop", "cart")) is Relation.NAMESPACE
    assert scope.relation(ObjectRef("Deployment", "other", "cart")) is None
    assert scope.relation(ObjectRef("Node", "", "node-9")) is None


def test_the_config_maps_that_a_workload_takes_in_are_its_configuration(kube: Any, objects: Any) -> None:
    containers = [
        {
            "name": "app",
            "image": "web:1",
            "envFrom": [{"configMapRef": {"name": "all"}}, {"secretRef": {"name": "db"}}],
            "env": [
                {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "level"}}},
                {"name": "PLAIN", "value": "hidden"},
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
        }
    ]
    volumes = [
        {"name": "a", "configMap": {"name": "mounted"}},
        {
            "name": "b",
            "projected": {"sources": [{"configMap": {"name": "projected"}}, {"serviceAccountToken": {}}]},
        },
        {"name": "c", "emptyDir": {}},
    ]
    objects.put(kube.deployment(spec={"template": {"spec": {"containers": containers, "volumes": volumes}}}))

    scope = find_scope(kube.alert().labels, objects)

    configuration = {ref for ref, relation in scope.related.items() if relation is Relation.CONFIGURATION}
    assert configuration == {
        ObjectRef("ConfigMap", "shop", name) for name in ("all", "one", "mounted", "projected")
    }
    assert "hidden" not in str(objects.get("prod", *WEB))


def test_an_autoscalers_alert_is_about_what_it_scales(kube: Any, objects: Any) -> None:
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    objects.put(
        kube.build("HorizontalPodAutoscaler", "most", spec=target), kube.pod(statuses=[kube.looping()])
    )
    labels = {"namespace": "shop", "workload_kind": "HorizontalPodAutoscaler", "workload": "most"}

    scope = find_scope(kube.alert("KubeHpaMaxedOut", **labels).labels | {"cluster": "prod"}, objects)

    assert scope.relation(ObjectRef("HorizontalPodAutoscaler", "shop", "most")) is Relation.SUBJECT
    assert scope.relation(WEB) is Relation.OWNER
    assert failing(scope) == ("web-6d4f-x2", "app")


def test_a_failed_jobs_pods_tell_about_it_and_its_cron_job_too(kube: Any, objects: Any) -> None:
    objects.put(
        kube.build("Job", "tick-1", owner="CronJob/tick"),
        kube.pod("tick-1-x", owner="Job/tick-1", phase="Failed", statuses=[{"state": kube.crashed()}]),
    )
    about_cron = {"namespace": "shop", "workload_kind": "CronJob", "workload": "tick"}
    scope = find_scope(kube.alert("KubeCronJobFailed", **about_cron).labels | {"cluster": "prod"}, objects)
    assert failing(scope) == ("tick-1-x", "app")
    assert ObjectRef("Job", "shop", "tick-1") in scope.concerned


def test_a_node_and_a_namespace_have_no_pods_of_their_own(kube: Any, objects: Any) -> None:
    objects.put(kube.pod(statuses=[kube.looping()]))
    node = find_scope({"alertname": "KubeNodeNotReady", "cluster": "prod", "node": "node-1"}, objects)
    assert (node.has_pods, node.failing) == (False, None)
    assert node.relation(ObjectRef("Node", "", "node-1")) is Relation.SUBJECT
    namespace = find_scope({"alertname": "x", "cluster": "prod", "namespace": "shop"}, objects)
    assert namespace.relation(WEB) is Relation.NAMESPACE


def test_owners_in_a_circle_come_to_an_end(kube: Any, objects: Any) -> None:
    objects.put(kube.deployment(owner="Deployment/web"))
    assert find_scope(kube.alert().labels, objects).failing is None
