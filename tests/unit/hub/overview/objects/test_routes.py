from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting import Alert
from farwatch.kube.kinds import KINDS
from farwatch.kube.objects import KubeObject

NOON = "2026-11-21T12:00:00Z"


def make(
    kind: str, name: str, version: int = 1, *, owner: tuple[str, str] | None = None, **rest: Any
) -> KubeObject:
    meta: dict[str, Any] = {
        "name": name,
        "namespace": "shop" if KINDS[kind].namespaced else "",
        "uid": f"uid-{name}",
        "resourceVersion": str(version),
        "generation": version,
        "creationTimestamp": NOON,
    }
    if owner:
        meta["ownerReferences"] = [
            {"kind": owner[0], "name": owner[1], "uid": f"uid-{owner[1]}", "controller": True}
        ]
    return msgspec.convert({"metadata": meta, **rest}, KINDS[kind].type)


def deployment(version: int, image: str) -> KubeObject:
    template = {
        "spec": {
            "containers": [
                {"name": "app", "image": image, "envFrom": [{"configMapRef": {"name": "web-config"}}]}
            ]
        }
    }
    status = {"replicas": 1, "updatedReplicas": 1, "unavailableReplicas": 1, "observedGeneration": version}
    return make("Deployment", "web", version, spec={"replicas": 1, "template": template}, status=status)


def crashing(version: int = 1) -> KubeObject:
    state = {
        "name": "app",
        "restartCount": 4,
        "image": "web:2",
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": NOON}},
    }
    return make(
        "Pod",
        "web-1",
        version,
        owner=("ReplicaSet", "web-a"),
        spec={"nodeName": "n1", "containers": [{"name": "app", "image": "web:2"}]},
        status={
            "phase": "Running",
            "containerStatuses": [state],
            "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
        },
    )


@pytest.fixture
async def shop(api: Any) -> Any:
    """A Deployment whose pod crashes."""
    await api.add_cluster("prod")
    ready = {"conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "False"}]}
    event = {
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1"},
        "reason": "BackOff",
        "message": "Back-off restarting failed container",
        "type": "Warning",
        "count": 7,
        "lastTimestamp": NOON,
    }
    await api.tell(
        "prod",
        make("Node", "n1", status=ready),
        deployment(1, "web:2"),
        make("ReplicaSet", "web-a", owner=("Deployment", "web"), spec={"replicas": 1}),
        crashing(),
        make("Event", "web-1.1", **event),
        make("ConfigMap", "web-config", data={"a": "b"}),
    )
    return api


PODS = "/clusters/prod/objects/pods"
WEB = "/clusters/prod/objects/deployments/web"


async def test_a_pod_is_told_with_all_that_is_around_it(shop: Any) -> None:
    now = datetime.now(UTC)
    labels = {
        "alertname": "KubePodCrashLooping",
        "severity": "warning",
        "cluster": "prod",
        "namespace": "shop",
    }
    await shop.hub.alerting.put(
        [
            Alert(
                labels={**labels, "workload_kind": "Deployment", "workload": name},
                annotations={"summary": name},
                starts_at=now - timedelta(minutes=1),
            )
            for name in ("web", "other")
        ]
    )
    found = await shop.get(f"{PODS}/web-1/detail", namespace="shop")
    assert (found["status"]["word"], found["status"]["level"]) == ("CrashLoopBackOff", "bad")
    assert found["summary"] == (
        "A container ends soon after each start; the kubelet waits longer and longer before it starts it again. "
        "Container app: ended with exit code 1 (Error)."
    )
    assert [(one["kind"], one["name"]) for one in found["owners"]] == [
        ("ReplicaSet", "web-a"),
        ("Deployment", "web"),
    ]
    assert found["owners"][1]["status"]["word"] == "Unavailable"
    (container,) = found["containers"]
    assert (container["name"], container["image"], container["state"]) == ("app", "web:2", "Waiting")
    assert (container["reason"], container["restarts"]) == ("CrashLoopBackOff", 4)
    assert container["last"] == {"exitCode": 1, "reason": "Error", "finishedAt": NOON}
    assert found["conditions"][0]["level"] == "bad"
    assert [(event["reason"], event["count"]) for event in found["events"]] == [("BackOff", 7)]
    summaries = {mark["summary"] for mark in found["alerts"]}
    assert "web" in summaries
    assert "other" not in summaries
    assert (found["node"]["name"], found["node"]["status"]["word"]) == ("n1", "Ready")
    assert found["object"]["spec"]["nodeName"] == "n1"


async def test_a_deployment_is_told_with_what_it_runs_and_uses(shop: Any) -> None:
    found = await shop.get(f"{WEB}/detail", namespace="shop")
    assert [one["name"] for one in found["owned"]] == ["web-a"]
    assert [(one["name"], one["status"]["word"]) for one in found["pods"]] == [("web-1", "CrashLoopBackOff")]
    assert (found["ownedCount"], found["podCount"]) == (1, 1)
    assert [one["name"] for one in found["uses"]] == ["web-config"]
    assert found["containers"][0]["image"] == "web:2"
    assert [event["name"] for event in found["events"]] == ["web-1"]
    assert found["summary"] == "None of its replicas is there. 0 of 1 replicas are available."


async def test_a_node_is_told_with_its_pods(shop: Any) -> None:
    found = await shop.get("/clusters/prod/objects/nodes/n1/detail")
    assert [one["name"] for one in found["pods"]] == ["web-1"]
    assert {one["type"]: one["level"] for one in found["conditions"]} == {"Ready": "ok", "DiskPressure": "ok"}
    assert found["summary"] == "It is ready to run pods."


async def test_every_kind_can_be_told(shop: Any) -> None:
    await shop.tell("prod", *(make(kind, "thing") for kind in KINDS))
    for kind in KINDS.values():
        namespace = "shop" if kind.namespaced else ""
        found = await shop.get(f"/clusters/prod/objects/{kind.plural}/thing/detail", namespace=namespace)
        assert found["kind"] == kind.name
        assert found["summary"]


async def test_an_object_is_told_as_it_was_with_what_was_around_it(shop: Any) -> None:
    then = (await shop.get("/overview"))["at"]
    await shop.get("/overview")  # some milliseconds go by
    await shop.tell("prod", gone=[crashing(2), make("Node", "n1", 2)])
    assert (await shop.fault("GET", f"{PODS}/web-1/detail", namespace="shop"))[0] == 404
    found = await shop.get(f"{PODS}/web-1/detail", namespace="shop", at=then)
    assert (found["status"]["word"], found["at"]) == ("CrashLoopBackOff", then)
    assert found["knownSince"] < then
    assert [one["name"] for one in found["owners"]] == ["web-a", "web"]
    assert found["node"]["status"]["word"] == "Ready"
    assert (await shop.get("/clusters/prod/objects/nodes/n1/detail", at=then))["podCount"] == 1


async def test_the_history_of_an_object_says_what_each_change_amounts_to(shop: Any) -> None:
    await shop.tell("prod", deployment(2, "web:3"))
    await shop.tell("prod", gone=[deployment(3, "web:3")])
    found = await shop.get(f"{WEB}/history", namespace="shop", limit=2)
    assert [(one["operation"], one.get("words", "")) for one in found["items"]] == [
        ("deleted", ""),
        ("updated", "image of app web:2 → web:3"),
    ]
    assert found["items"][1]["status"]["word"] == "Unavailable"
    assert found["knownSince"]
    rest = await shop.get(f"{WEB}/history", namespace="shop", before=found["before"], documents=True)
    assert [one["operation"] for one in rest["items"]] == ["created"]
    assert rest["items"][0]["object"]["metadata"]["name"] == "web"
    assert "before" not in rest


async def test_an_object_is_compared_at_two_times(shop: Any) -> None:
    then = (await shop.get("/overview"))["at"]
    await shop.get("/overview")  # some milliseconds go by
    await shop.tell("prod", deployment(2, "web:3"))
    query = {"namespace": "shop", "from": then}
    found = await shop.get(f"{WEB}/diff", **query)
    assert found["words"] == ["image of app web:2 → web:3"]
    (field,) = [one for one in found["fields"] if one["path"].endswith("image")]
    assert (field["before"], field["after"]) == ("web:2", "web:3")
    assert found["from"]["object"]["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"
    assert found["to"]["object"]["spec"]["template"]["spec"]["containers"][0]["image"] == "web:3"
    same = await shop.get(f"{WEB}/diff", **query, to=then)
    assert same["fields"] == []
    await shop.tell("prod", gone=[deployment(3, "web:3")])
    gone = await shop.get(f"{WEB}/diff", **query)
    assert "object" not in gone["to"]
    assert gone["fields"] == []


async def test_what_makes_no_sense_is_told_so(shop: Any) -> None:
    for path, query, status, fault in (
        (
            f"{PODS}/nope/detail",
            {"namespace": "shop"},
            404,
            "cluster 'prod' has no Pod 'nope' in namespace 'shop'",
        ),
        (
            f"{PODS}/web-1/detail",
            {"namespace": "shop", "at": "2020-01-01T00:00:00Z"},
            404,
            "is not known to have had",
        ),
        (
            f"{PODS}/web-1/detail",
            {"namespace": "shop", "at": "2100-01-01T00:00:00Z"},
            400,
            "the time is to come",
        ),
        ("/clusters/nope/objects/pods/x/detail", {"at": NOON}, 404, "no cluster is named 'nope'"),
        ("/clusters/prod/objects/secrets/x/detail", {}, 400, "'secrets' is not a kind that is watched"),
        (f"{WEB}/diff", {"namespace": "shop"}, 400, "from"),
        (f"{WEB}/diff", {"namespace": "shop", "from": "noon"}, 400, "from: 'noon' is not a time"),
        (f"{WEB}/history", {"limit": 0}, 400, "limit: Expected `int` >= 1"),
    ):
        found = await shop.fault("GET", path, **query)
        assert (found[0], fault in found[1]) == (status, True), found
        assert len(found[1]) < 600
    strange = await shop.get("/clusters/o'hara%5C/objects/pods/x/history")
    assert strange["items"] == []
