"""Nodes, and where pods go."""

from typing import Any

from farwatch.sim.engine.conditions import NOT_READY, PRESSED, READY, RELAXED, Pressure

Lab = Any  # of conftest.py, which tests cannot import


def taints(lab: Lab, node: str) -> list[tuple[str, str]]:
    found = lab.store.get("nodes", "", node)["spec"].get("taints") or []
    return [(each["key"].removeprefix("node.kubernetes.io/"), each["effect"]) for each in found]


def test_kubelets_renew_their_leases_every_ten_seconds(lab: Lab) -> None:
    lab.advance(20)
    before = lab.store.get("leases", "kube-node-lease", "sim-node-1")["spec"]["renewTime"]
    lab.advance(11)

    assert lab.store.get("leases", "kube-node-lease", "sim-node-1")["spec"]["renewTime"] > before


def test_a_stopped_kubelet_renews_no_lease(lab: Lab) -> None:
    lab.advance(20)
    lab.engine.nodes.stop_kubelet("sim-node-1")
    before = lab.store.get("leases", "kube-node-lease", "sim-node-1")
    lab.advance(200)

    assert lab.store.get("leases", "kube-node-lease", "sim-node-1") == before


def test_pods_of_a_lost_node_are_evicted_after_five_minutes_and_end_when_it_is_back(lab: Lab) -> None:
    lab.deploy("web", 6)
    lab.advance(10)
    stranded = {pod["metadata"]["name"] for pod in lab.pods("web") if pod["spec"]["nodeName"] == "sim-node-1"}
    lab.engine.nodes.stop_kubelet("sim-node-1")
    lab.advance(300)
    assert not [pod for pod in lab.pods("web") if "deletionTimestamp" in pod["metadata"]]

    lab.advance(80)
    going = {pod["metadata"]["name"] for pod in lab.pods("web") if "deletionTimestamp" in pod["metadata"]}
    assert going == stranded
    reasons = {
        each["reason"]
        for pod in lab.pods("web")
        for each in pod["status"]["conditions"]
        if each["type"] == "DisruptionTarget"
    }
    assert reasons == {"DeletionByTaintManager"}
    assert len(lab.pods("web")) == 6 + len(stranded)

    lab.engine.nodes.start_kubelet("sim-node-1")
    lab.advance(30)
    assert len(lab.pods("web")) == 6
    assert taints(lab, "sim-node-1") == []


def test_a_kubelet_that_is_back_in_time_changes_nothing(lab: Lab) -> None:
    lab.deploy("web", 6)
    lab.advance(10)
    lab.engine.nodes.stop_kubelet("sim-node-1")
    lab.advance(40)
    lab.engine.nodes.start_kubelet("sim-node-1")
    lab.advance(60)

    assert "NodeNotReady" not in lab.reasons("")
    assert taints(lab, "sim-node-1") == []


def test_pressure_is_told_with_its_event_and_taint(lab: Lab) -> None:
    lab.engine.nodes.post("sim-node-2", PRESSED[Pressure.DISK])
    lab.advance(1)
    assert taints(lab, "sim-node-2") == [("disk-pressure", "NoSchedule")]

    lab.engine.nodes.post("sim-node-2", RELAXED[Pressure.DISK])
    lab.advance(1)
    assert taints(lab, "sim-node-2") == []
    assert lab.reasons("sim-node-2") == ["NodeHasDiskPressure", "NodeHasNoDiskPressure"]


def test_a_node_that_says_it_is_not_ready_has_its_pods_marked_until_it_recovers(lab: Lab) -> None:
    lab.deploy("web", 3)
    lab.advance(10)
    lab.engine.nodes.post("sim-node-1", NOT_READY)
    lab.advance(2)
    assert taints(lab, "sim-node-1") == [("not-ready", "NoSchedule"), ("not-ready", "NoExecute")]
    assert any(not facts.ready for facts in lab.engine.world.pods.on_node("sim-node-1"))

    lab.engine.nodes.post("sim-node-1", READY)
    lab.advance(5)
    assert taints(lab, "sim-node-1") == []
    assert all(facts.ready for facts in lab.engine.world.pods.on_node("sim-node-1"))


def test_a_cordoned_node_takes_no_pods(lab: Lab) -> None:
    for node in ("sim-node-1", "sim-node-3"):
        lab.store.modify("nodes", "", node, lambda each: each["spec"].update(unschedulable=True))
    lab.deploy("web", 4)
    lab.advance(10)

    assert {pod["spec"]["nodeName"] for pod in lab.pods("web")} == {"sim-node-2"}
    assert lab.reasons("sim-node-1") == ["NodeNotSchedulable"]


def test_pods_are_spread(lab: Lab) -> None:
    lab.deploy("web", 9)
    lab.advance(10)

    placed = [pod["spec"]["nodeName"] for pod in lab.pods("web")]
    assert {placed.count(f"sim-node-{number}") for number in (1, 2, 3)} == {3}


def test_what_fits_nowhere_waits_until_there_is_room(lab: Lab) -> None:
    lab.deploy("full", 3, resources={"requests": {"cpu": "3500m"}})
    lab.advance(10)
    lab.deploy("large", 1, resources={"requests": {"cpu": "1"}})
    lab.advance(10)
    condition = lab.pods("large")[0]["status"]["conditions"][0]
    assert condition["message"] == (
        "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, "
        "preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
    )

    lab.store.delete("deployments", "shop", "full")
    lab.advance(10)

    assert lab.pods("large")[0]["status"]["phase"] == "Running"


def test_the_pods_of_a_deleted_node_go_with_it(lab: Lab) -> None:
    lab.deploy("web", 3)
    lab.advance(10)
    lab.store.delete("nodes", "", "sim-node-2")
    lab.advance(60)

    assert len(lab.pods("web")) == 3
    assert "sim-node-2" not in {pod["spec"]["nodeName"] for pod in lab.pods("web")}
