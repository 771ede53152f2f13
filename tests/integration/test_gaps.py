"""Whatever stops, and however: nothing acknowledged is lost, what happened meanwhile is seen, nobody is told twice."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
from typing import Any

import pytest

pytestmark = pytest.mark.integration

CLUSTER = "prod"


def change_in_every_way(sim: Any, eventually: Any) -> None:
    """One namespace appears, one changes, one goes."""
    sim.put_namespace("appeared")
    sim.patch("/api/v1/namespaces/changing", {"metadata": {"labels": {"changed": "yes"}}})
    sim.call("DELETE", "/api/v1/namespaces/going")
    eventually(lambda: "going" not in sim.names("/api/v1/namespaces"), "the namespace is gone")


def prepare_changes(hub: Any, sim: Any, eventually: Any) -> None:
    sim.put_namespace("changing")
    sim.put_namespace("going")
    eventually(lambda: {"changing", "going"} <= hub.names("namespaces", CLUSTER), "both namespaces")


def wait_seen_after_gap(hub: Any, eventually: Any) -> None:
    """Each of the changes is in the history, as found after a gap."""
    expected = {("appeared", "created"), ("changing", "updated"), ("going", "deleted")}

    def seen() -> bool:
        changes = hub.changes(CLUSTER, kind="Namespace")
        return expected <= {
            (change["name"], change["operation"]) for change in changes if change.get("afterGap")
        }

    eventually(seen, "the changes of the gap")
    assert hub.names("namespaces", CLUSTER, labels="changed=yes") == {"changing"}
    assert "going" not in hub.names("namespaces", CLUSTER)


def identify(changes: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {
        (
            change["sequence"],
            change["time"],
            change["kind"],
            change["name"],
            change["uid"],
            change["operation"],
        )
        for change in changes
    }


def test_what_changed_while_an_agent_was_dead_is_seen_when_it_is_back(stage: Any, eventually: Any) -> None:
    hub, sim = stage.hub(), stage.sim()
    token = hub.add_cluster(CLUSTER)
    agent = stage.agent(hub, token, sim.kubeconfig)
    hub.wait_synced(CLUSTER)
    prepare_changes(hub, sim, eventually)

    agent.kill()
    lost = stage.sink.wait_told("FarwatchAgentLost")
    assert lost["labels"]["cluster"] == CLUSTER
    assert hub.get(f"/clusters/{CLUSTER}")["agentState"] == "lost"
    change_in_every_way(sim, eventually)
    stage.agent(hub, token, sim.kubeconfig)

    wait_seen_after_gap(hub, eventually)
    stage.sink.wait_told("FarwatchAgentLost", "resolved")
    assert hub.get(f"/clusters/{CLUSTER}")["agentState"] == "connected"
    assert len(stage.sink.told("FarwatchAgentLost", "firing")) == 1


def test_an_agent_that_falls_silent_is_lost_and_found(stage: Any, eventually: Any) -> None:
    hub, sim = stage.hub(), stage.sim()
    agent = stage.linked_agent(hub, CLUSTER, sim.kubeconfig)
    prepare_changes(hub, sim, eventually)

    with agent.frozen():
        hub.wait_alert("FarwatchAgentLost", CLUSTER)
        change_in_every_way(sim, eventually)

    eventually(lambda: hub.find_alert("FarwatchAgentLost", CLUSTER) is None, "the agent is found")
    eventually(lambda: "appeared" in hub.names("namespaces", CLUSTER), "the new namespace")
    eventually(lambda: "going" not in hub.names("namespaces", CLUSTER), "the deletion")
    agent.wait_ready()
    assert hub.metric("farwatch_link_closed_total", code="heartbeat_lost") == 1


def test_a_killed_hub_loses_no_change_and_no_alert_and_tells_nobody_twice(
    stage: Any, eventually: Any
) -> None:
    sink, hub, sim = stage.sink, stage.hub(), stage.sim()
    agent = stage.linked_agent(hub, CLUSTER, sim.kubeconfig)
    prepare_changes(hub, sim, eventually)
    sim.make_trouble("crash-loop", namespace="shop", workload="web")
    sent = sink.wait_told("KubePodCrashLooping")
    wait_noted(stage, eventually, "KubePodCrashLooping")
    sink.status = 503
    sim.make_trouble("image-pull", namespace="shop", workload="checkout")
    eventually(lambda: sink.refused, "a message that is not taken")
    due = hub.find_alert("KubePodImagePullFailed", CLUSTER)
    known = identify(hub.all_changes(CLUSTER))

    hub.kill()
    change_in_every_way(sim, eventually)
    agent.wait_unready("link: ")
    sink.status = 200
    hub = stage.restart(hub)

    assert known <= identify(hub.all_changes(CLUSTER))
    firing = hub.find_alert("KubePodCrashLooping", CLUSTER)
    assert (firing["fingerprint"], firing["labels"]) == (sent["fingerprint"], sent["labels"])
    assert same_time(firing["startsAt"], sent["startsAt"])
    assert sink.wait_told("KubePodImagePullFailed")["fingerprint"] == due["fingerprint"]
    hub.wait_synced(CLUSTER)
    wait_seen_after_gap(hub, eventually)
    agent.wait_ready()
    sim.mend()
    resolved = sink.wait_told("KubePodCrashLooping", "resolved")
    assert resolved["startsAt"] == sent["startsAt"]
    sink.wait_told("KubePodImagePullFailed", "resolved")
    assert len(sink.told("KubePodCrashLooping", "firing")) == 1
    assert len(sink.told("KubePodImagePullFailed", "firing")) == 1


def wait_noted(stage: Any, eventually: Any, alertname: str) -> None:
    """Wait until it is written down who was told. A kill before lets the message come twice, as documented."""
    records = sqlite3.connect(f"file:{stage.folder}/hub-data/records.db?mode=ro", uri=True)
    with contextlib.closing(records):
        query = "SELECT count(*) FROM notification_log WHERE group_key LIKE ?"
        eventually(
            lambda: records.execute(query, (f'%alertname="{alertname}"%',)).fetchone()[0],
            f"it is noted that somebody was told of {alertname}",
        )


def same_time(one: str, other: str) -> bool:
    """Whether two RFC 3339 texts in UTC say the same, whatever their fraction ends in."""
    return one.rstrip("0Z").rstrip(".") == other.rstrip("0Z").rstrip(".")


def test_what_ends_and_what_begins_while_both_are_dead_is_told(stage: Any, eventually: Any) -> None:
    sink, hub, sim = stage.sink, stage.hub(), stage.sim()
    token = hub.add_cluster(CLUSTER)
    agent = stage.agent(hub, token, sim.kubeconfig)
    hub.wait_synced(CLUSTER)
    sim.make_trouble("crash-loop", namespace="shop", workload="web")
    sink.wait_told("KubePodCrashLooping")
    wait_noted(stage, eventually, "KubePodCrashLooping")

    hub.kill()
    agent.kill()
    sim.mend()
    sim.make_trouble("image-pull", namespace="shop", workload="checkout")
    hub = stage.restart(hub)
    assert hub.find_alert("KubePodCrashLooping", CLUSTER)
    stage.agent(hub, token, sim.kubeconfig)

    sink.wait_told("KubePodImagePullFailed")
    sink.wait_told("KubePodCrashLooping", "resolved")
    assert len(sink.told("KubePodCrashLooping", "firing")) == 1
    assert sink.told("FarwatchAgentLost", "firing") == []


@pytest.mark.timeout(180)
def test_killed_at_any_moment_of_a_busy_day_the_hub_has_what_it_showed(stage: Any, eventually: Any) -> None:
    hub, sim = stage.hub(), stage.sim("--churn", "60", "--pods", "40")
    token = hub.add_cluster(CLUSTER)
    agent = stage.agent(hub, token, sim.kubeconfig)
    hub.wait_synced(CLUSTER)
    chance = random.Random()  # noqa: S311 - moments, not secrets
    known: set[tuple[Any, ...]] = set()

    for _ in range(3):
        time.sleep(chance.uniform(0, 2))  # the moment is what is tried here
        known |= identify(hub.all_changes(CLUSTER))
        hub.kill()
        if chance.random() < 0.5:
            agent.kill()
            agent = stage.agent(hub, token, sim.kubeconfig)
        hub = stage.restart(hub)
        missing = known - identify(hub.all_changes(CLUSTER))
        assert not missing
        hub.wait_synced(CLUSTER)

    def agree() -> bool:
        there = {
            (pod["metadata"]["name"], pod["metadata"]["resourceVersion"])
            for pod in sim.call("GET", "/api/v1/pods")["items"]
        }
        page = hub.get("/objects/pods", cluster=CLUSTER, limit=1000)
        here = {
            (item["object"]["metadata"]["name"], item["object"]["metadata"]["resourceVersion"])
            for item in page["items"]
        }
        return here == there

    eventually(agree, "the hub has the pods as the API server has them")


@pytest.mark.timeout(180)
def test_an_api_server_that_is_killed_is_told_and_so_is_its_return(stage: Any) -> None:
    hub, sim = stage.hub(), stage.sim()
    agent = stage.linked_agent(hub, CLUSTER, sim.kubeconfig)

    sim.kill()
    down = stage.sink.wait_told("FarwatchClusterApiDown")
    assert down["labels"]["cluster"] == CLUSTER
    assert "connection refused" in down["annotations"]["description"]
    assert "does not answer: connection refused" in agent.wait_unready("API server: ")
    assert "link: " not in agent.ask_ready().text
    found = hub.get(f"/clusters/{CLUSTER}")
    assert (found["agentState"], found["apiServerReachable"]) == ("connected", False)
    assert hub.names("nodes", CLUSTER)
    stage.sim(port=int(sim.url.rpartition(":")[2]))

    stage.sink.wait_told("FarwatchClusterApiDown", "resolved")
    agent.wait_ready()
    assert hub.get(f"/clusters/{CLUSTER}")["apiServerReachable"] is True


def test_what_happens_to_pods_while_the_api_server_fails_on_them_is_seen_afterwards(
    stage: Any, eventually: Any
) -> None:
    hub, sim = stage.hub(), stage.sim()
    agent = stage.linked_agent(hub, CLUSTER, sim.kubeconfig)
    before = hub.names("pods", CLUSTER)

    sim.call("PUT", "/_sim/faults", {"answers": [{"code": 500, "resource": "pods"}]})
    sim.call("POST", "/_sim/faults/cut")
    agent.wait_unready("Pod: failing")
    sim.make_trouble("image-pull", namespace="shop", workload="web")
    eventually(lambda: count_running_versions(sim, "web") == 2, "the rollout has made its first pod")
    sim.call("POST", "/_sim/faults/expire")
    sim.call("PUT", "/_sim/faults", {})

    stage.sink.wait_told("KubePodImagePullFailed")
    agent.wait_ready()

    def created_in_gap() -> list[str]:
        changes = hub.changes(CLUSTER, kind="Pod", namespace="shop")
        return [
            change["name"]
            for change in changes
            if change["operation"] == "created" and change.get("afterGap")
            # A cron job may run at any moment.
            if change["name"].startswith("web-") and change["name"] not in before
        ]

    (_,) = eventually(created_in_gap, "the pod of the gap")
    eventually(lambda: hub.names("pods", CLUSTER) == set(sim.names("/api/v1/pods")), "the same pods")


def count_running_versions(sim: Any, deployment: str) -> int:
    """How many ReplicaSets of a Deployment have pods."""
    found = sim.call("GET", "/apis/apps/v1/namespaces/shop/replicasets")["items"]
    return sum(
        each["metadata"]["ownerReferences"][0]["name"] == deployment and each["status"]["replicas"] > 0
        for each in found
    )
