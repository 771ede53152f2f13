"""Three agents of one cluster, of which one leads: killed, frozen, told to stop, cut off."""

from __future__ import annotations

import time
from typing import Any

import pytest

from farwatch import __version__

from .conftest import Agent, Hub, Sim, Stage, eventually

pytestmark = pytest.mark.integration

LEASE = "/apis/coordination.k8s.io/v1/namespaces/farwatch/leases/farwatch-agent-leader"
ELECTING = ("--leader-election", "--lease-namespace", "farwatch")


class Crew:
    """The agents of one cluster, by the names their pods would have."""

    def __init__(self, stage: Stage) -> None:
        self.hub: Hub = stage.hub("--agent-grace", "30")
        self.sim: Sim = stage.sim()
        self.sim.put_namespace("farwatch")
        token = self.hub.add_cluster("crewed")
        self.agents: dict[str, Agent] = {
            name: stage.agent(self.hub, token, self.sim.kubeconfig, *ELECTING, "--pod-name", name)
            for name in ("a", "b", "c")
        }
        self.hub.wait_synced("crewed")
        for agent in self.agents.values():
            agent.wait_ready()
        found = self.hub.get("/clusters/crewed")
        assert found["agents"] == 3
        assert [(other["role"], other["version"]) for other in found["followers"]] == [
            ("standby", __version__)
        ] * 2

    @property
    def lease(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.sim.call("GET", LEASE)["spec"]
        return spec

    @property
    def leader(self) -> str:
        """The pod that has the Lease; empty when nobody has."""
        holder: str = self.lease["holderIdentity"]
        return holder.partition("_")[0]

    def wait_follower_of(self, former: str) -> str:
        """Wait until another leads, and tells the hub the cluster's objects."""
        name = eventually(
            lambda: self.leader not in {"", former} and self.leader, f"another than {former} leads"
        )
        self.agents[name].find_log(event="leads now")
        self.see_a_change(f"after-{former}-{name}-{time.monotonic_ns()}")
        return name

    def see_a_change(self, name: str) -> None:
        """What happens in the cluster is seen at the hub, once."""
        self.sim.put_namespace(name)
        eventually(lambda: name in self.hub.names("namespaces", "crewed"), f"the hub sees {name}")

    def changes_of(self, name: str) -> list[str]:
        return [change["operation"] for change in self.hub.all_changes("crewed") if change["name"] == name]

    def alerts(self) -> set[str]:
        return {
            alert["labels"]["alertname"]
            for alert in self.hub.get("/alerts", cluster="crewed")["items"]
            if alert["labels"]["alertname"].startswith("Farwatch")
        }


@pytest.fixture
def crew(stage: Stage) -> Crew:
    return Crew(stage)


def test_a_leader_that_dies_is_replaced_and_nobody_is_paged(crew: Crew) -> None:
    first = crew.leader
    assert (crew.lease["leaseDurationSeconds"], crew.lease["leaseTransitions"]) == (12, 0)
    crew.agents[first].kill()
    second = crew.wait_follower_of(first)
    assert crew.lease["leaseTransitions"] == 1
    assert crew.alerts() == set()
    # One that is told to stop gives the lease back: the last one need not wait for its end.
    assert crew.agents[second].terminate(seconds=10) == 0
    third = crew.wait_follower_of(second)
    assert {first, second, third} == {"a", "b", "c"}
    assert crew.agents[second].find_log(event="gave the lease back")
    assert crew.alerts() == set()


def test_a_leader_that_stood_still_does_nothing_when_it_goes_on(crew: Crew) -> None:
    first = crew.leader
    frozen = crew.agents[first]
    with frozen.frozen():
        second = crew.wait_follower_of(first)
        crew.see_a_change("while-it-stood-still")
    frozen.find_log(event="no longer leads")
    frozen.wait_ready()
    crew.see_a_change("after-it-went-on")
    assert crew.leader == second
    for name in ("while-it-stood-still", "after-it-went-on"):
        eventually(lambda name=name: crew.changes_of(name), f"the change log has {name}")
        assert crew.changes_of(name).count("created") == 1
    roles = [
        line["role"]
        for line in crew.hub.lines
        if line.get("event") == "agent connected" and line["pod"] == first
    ]
    assert roles[-1] == "standby"
    assert crew.alerts() == set()


def test_while_the_api_server_stands_still_nobody_leads_and_it_is_what_is_told(crew: Crew) -> None:
    first = crew.leader
    with crew.sim.frozen():
        crew.agents[first].find_log(event="no longer leads")
        crew.hub.wait_alert("FarwatchClusterApiDown", "crewed")
        assert "FarwatchAgentLost" not in crew.alerts()
    crew.hub.wait_alert("FarwatchClusterApiDown", "crewed", "resolved")
    leader = crew.wait_follower_of("")
    assert crew.agents[leader].running
    assert "FarwatchAgentLost" not in crew.alerts()
