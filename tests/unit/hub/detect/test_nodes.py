from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.detect.state import ClusterState
from farwatch.hub.inventory import ObjectChange, Operation

HOUR = 3600


def flapping(kube: Any, *readiness: str, at: float = 0, every: float = 60) -> ClusterState:
    """A state that saw node-1 with these readiness values, one a minute, by the hub's clock."""
    state, before = ClusterState(), None
    moment = at
    for ready in readiness:
        node = kube.node(ready=ready)
        operation = Operation.UPDATED if before else Operation.CREATED
        change = ObjectChange(
            cluster="prod", kind="Node", operation=operation, time=0, before=before, after=node
        )
        state.apply(change, moment)
        before, moment = node, moment + every
    return state


class TestNotReadyAndUnreachable:
    def test_a_kubelet_that_says_not_ready_is_one(self, kube: Any, look: Any, start: float) -> None:
        node = kube.node(ready="False", since=HOUR)
        finding = look("KubeNodeNotReady", node, at=HOUR + 50)
        assert finding.since == pytest.approx(start + HOUR, abs=1)
        assert finding.grace == 0
        assert look("KubeNodeUnreachable", node, at=HOUR + 50) is None

    def test_a_node_that_is_just_starting_is_given_time(self, kube: Any, look: Any) -> None:
        assert look("KubeNodeNotReady", kube.node(ready="False", since=5), at=20).grace == 180

    def test_a_silent_kubelet_is_unreachable_and_not_merely_unready(self, kube: Any, look: Any) -> None:
        node = kube.node(ready="Unknown", since=HOUR)
        assert look("KubeNodeUnreachable", node, at=HOUR + 5) is not None
        assert look("KubeNodeNotReady", node, at=HOUR + 5) is None

    def test_the_recorded_silence_is_one_and_names_the_cordon(self, recorded: Any, look: Any) -> None:
        finding = look("KubeNodeUnreachable", recorded("Node", "sim-node-3", 150), at=150)
        assert "Kubelet stopped posting node status." in finding.facts
        assert "It is cordoned." in finding.facts

    @pytest.mark.parametrize(
        "name", ["KubeNodeNotReady", "KubeNodeUnreachable", "KubeNodePressure", "KubeNodeFlapping"]
    )
    def test_a_ready_node_is_none_though_it_is_cordoned(self, kube: Any, look: Any, name: str) -> None:
        assert look(name, kube.node(unschedulable=True), at=HOUR) is None

    def test_a_node_that_is_being_removed_is_none(self, kube: Any, look: Any) -> None:
        node = kube.node(ready="Unknown", meta={"deletionTimestamp": kube.at(9)})
        assert look("KubeNodeUnreachable", node, at=HOUR) is None


class TestPressure:
    def test_every_pressure_is_named(self, kube: Any, look: Any) -> None:
        node = kube.node(
            conditions=[
                kube.condition("MemoryPressure", "True", "KubeletHasInsufficientMemory", since=9),
                kube.condition("DiskPressure", "True", "KubeletHasDiskPressure", since=7),
                kube.condition("PIDPressure", "False", "KubeletHasSufficientPID"),
            ]
        )
        finding = look("KubeNodePressure", node, at=60)
        assert "MemoryPressure" in finding.facts
        assert "DiskPressure" in finding.facts
        assert "PIDPressure" not in finding.facts

    def test_a_pressure_nobody_knows_is_none(self, kube: Any, look: Any) -> None:
        node = kube.node(
            ready="Unknown", conditions=[kube.condition("MemoryPressure", "Unknown", "NodeStatusUnknown")]
        )
        assert look("KubeNodePressure", node, at=60) is None


class TestFlapping:
    def test_two_outages_within_the_window_are_one(self, kube: Any, look: Any, start: float) -> None:
        state = flapping(kube, "True", "False", "True", "Unknown", "True", at=start)
        finding = look("KubeNodeFlapping", kube.node(), at=250, state=state)
        assert "4 times within 15m" in finding.facts
        assert finding.until == start + 60 + 900

    def test_one_outage_is_none(self, kube: Any, look: Any, start: float) -> None:
        state = flapping(kube, "True", "Unknown", "True", at=start)
        assert look("KubeNodeFlapping", kube.node(), at=250, state=state) is None

    def test_not_ready_and_silent_are_one_outage(self, kube: Any, look: Any, start: float) -> None:
        state = flapping(kube, "True", "False", "Unknown", "False", "Unknown", "True", at=start)
        assert look("KubeNodeFlapping", kube.node(), at=400, state=state) is None

    def test_outages_far_apart_are_none(self, kube: Any, look: Any, start: float) -> None:
        state = flapping(kube, "True", "False", "True", "False", "True", at=start, every=600)
        assert look("KubeNodeFlapping", kube.node(), at=2500, state=state) is None
