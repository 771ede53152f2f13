from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from farwatch.hub.alerting import Alert
from farwatch.kube.objects import Condition, Deployment, KubeObject, Node, NodeStatus, ObjectMeta, Pod


def pod(name: str, version: int = 1, *, namespace: str = "shop", phase: str = "Running") -> Pod:
    meta = {"name": name, "namespace": namespace, "uid": name, "resourceVersion": str(version)}
    return msgspec.convert({"metadata": meta, "status": {"phase": phase}}, Pod)


def node(name: str, *, ready: str = "True") -> Node:
    status = NodeStatus(conditions=(Condition(type="Ready", status=ready),))
    return Node(metadata=ObjectMeta(name=name, uid=name, resource_version="1"), status=status)


def deployment(version: int, image: str, name: str = "web") -> KubeObject:
    document = {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": "d",
            "resourceVersion": str(version),
            "generation": version,
        },
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "app", "image": image}]}}},
    }
    return msgspec.convert(document, Deployment)


async def fire(api: Any, severity: str, **labels: str) -> None:
    now = datetime.now(UTC)
    await api.hub.alerting.put(
        [
            Alert(
                labels={"alertname": "Broken", "severity": severity, **labels},
                annotations={"summary": f"{severity} trouble"},
                starts_at=now - timedelta(minutes=1),
            )
        ]
    )


async def test_an_empty_fleet_has_an_overview(api: Any) -> None:
    found = await api.get("/overview")
    assert (found["clusters"], found["lately"], found["trouble"]) == ([], [], [])
    assert found["total"]["pods"] == {"total": 0, "ok": 0}


async def test_each_cluster_has_a_tile_with_what_is_in_it_and_wrong_with_it(api: Any) -> None:
    await api.add_cluster("prod")
    await api.tell("prod", pod("a"), pod("b", phase="Succeeded"), pod("c", phase="Failed"))
    await api.tell("prod", node("n1"), node("n2", ready="False"))
    await fire(api, "critical", cluster="prod")
    await fire(api, "warning", cluster="prod", namespace="shop")
    (tile,) = (await api.get("/overview"))["clusters"]
    assert tile["pods"] == {"total": 3, "ok": 2, "levels": {"ok": 1, "bad": 1, "done": 1}}
    assert tile["nodes"] == {"total": 2, "ok": 1, "levels": {"ok": 1, "bad": 1}}
    assert tile["alerts"] == {"critical": 1, "warning": 1}
    assert tile["agent"]["state"] == "never_connected"
    assert tile["health"] == {
        "level": "bad",
        "reasons": [
            "1 critical alert",
            "1 node not ready",
            "1 warning",
            "1 pod in trouble",
            "no agent has connected yet",
        ],
    }


async def test_clusters_are_chosen_by_their_labels_and_so_is_everything_else(api: Any) -> None:
    for name, env in (("prod", "prod"), ("dev", "test")):
        await api.ask("POST", "/api/v1/clusters", {"name": name, "labels": {"env": env}})
        await api.tell(name, pod("a"), deployment(1, "web:1"))
        await fire(api, "warning", cluster=name)
    await fire(api, "info")
    found = await api.get("/overview", labels="env=prod")
    assert [tile["name"] for tile in found["clusters"]] == ["prod"]
    assert found["total"]["alerts"] == {"warning": 1}
    assert [line["clusters"] for line in found["lately"]] == [["prod"]]
    assert found["labels"] == {"env": ["prod", "test"]}
    assert (await api.get("/overview"))["total"]["alerts"] == {"warning": 2, "info": 1}


async def test_what_changed_lately_is_told_with_old_and_new_and_how_it_stands_now(api: Any) -> None:
    await api.add_cluster("prod")
    await api.tell("prod", deployment(1, "web:1"))
    await api.tell("prod", deployment(2, "web:2"), *(pod(f"web-{number}") for number in range(5)))
    rollout, created = (await api.get("/overview"))["lately"]
    assert (rollout["effect"], rollout["words"]) == ("rollout", "image of app web:1 → web:2")
    assert (rollout["kind"], rollout["name"], rollout["clusters"]) == ("Deployment", "web", ["prod"])
    assert rollout["status"]["word"] == "Unavailable"
    assert created["effect"] == "created"


async def test_a_selector_that_is_none_is_refused(api: Any) -> None:
    status, detail = await api.fault("GET", "/overview", labels="env=prod,,")
    assert status == 400
    assert "label selector 'env=prod,,' cannot be read" in detail
