"""What comes late, is stuck for a while, or is told to stop."""

from __future__ import annotations

import socket
from typing import Any

import pytest

pytestmark = pytest.mark.integration


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def test_an_agent_waits_for_an_api_server_and_a_hub_that_come_later(stage: Any, eventually: Any) -> None:
    ready_hub = stage.hub(data="ready")
    sim = stage.sim()
    sim_port, hub_port = int(sim.url.rpartition(":")[2]), free_port()
    token = ready_hub.add_cluster("late")
    assert (sim.terminate(), ready_hub.terminate()) == (0, 0)

    agent = stage.agent(f"http://127.0.0.1:{hub_port}", token, sim.kubeconfig)
    agent.wait_unready("link: waiting for the cluster's identity", "connection refused")
    stage.sim(port=sim_port)
    agent.wait_unready("link: unreachable (unreachable)", f"127.0.0.1:{hub_port}")
    assert agent.running
    hub = stage.hub(port=hub_port, data="ready")

    agent.wait_ready()
    hub.wait_synced("late")
    assert hub.names("nodes", "late")


def test_an_agent_waits_for_an_api_server_and_a_hub_that_are_stuck(stage: Any) -> None:
    hub, sim = stage.hub(), stage.sim()
    token = hub.add_cluster("stuck")
    with hub.frozen():
        with sim.frozen():
            agent = stage.agent(hub, token, sim.kubeconfig)
            assert "Pod: syncing" in agent.wait_unready("link: waiting for the cluster's identity")
        assert agent.wait_unready("link: connecting")
        assert agent.running
    agent.wait_ready()
    hub.wait_synced("stuck")


def test_agent_hub_and_cluster_end_in_order_when_they_are_told_to(stage: Any) -> None:
    hub, sim = stage.hub(), stage.sim()
    token = hub.add_cluster("ending")
    first = stage.agent(hub, token, sim.kubeconfig)
    hub.wait_synced("ending")

    assert first.terminate(seconds=10) == 0
    assert [line["event"] for line in first.lines[-2:]] == ["stopping", "stopped"]
    assert hub.find_log(event="agent left")["code"] == "shutting_down"
    second = stage.agent(hub, token, sim.kubeconfig)
    hub.wait_synced("ending")
    assert hub.terminate(seconds=10) == 0
    assert second.find_log(code="shutting_down")["reason"] == "the hub stops; come back soon"
    assert second.terminate(seconds=10) == 0
    assert sim.terminate(seconds=10) == 0
    assert "Traceback" not in hub.log + first.log + second.log + sim.log
