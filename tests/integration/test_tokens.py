"""Who may link: tokens that are wrong, revoked, rotated, or of another cluster."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("tokens")]


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    return common_stage.hub()


@pytest.fixture(scope="module")
def sim(common_stage: Any) -> Any:
    return common_stage.sim()


@pytest.mark.parametrize("token", ["wrong", "fwa_0123456789ab_" + "x" * 43])
def test_a_wrong_token_is_refused_with_the_reason_in_log_and_readyz(
    stage: Any, hub: Any, sim: Any, token: str
) -> None:
    before = hub.metric("farwatch_link_refused_total", code="bad_token")
    agent = stage.agent(hub, token, sim.kubeconfig)

    said = agent.find_log(code="bad_token")

    assert said["outcome"] == "refused"
    assert said["retry_in_seconds"] >= 60
    assert "the hub does not know this token: make one with 'farwatch cluster add'" in said["reason"]
    assert said["reason"] in agent.wait_unready("link: refused (bad_token)")
    assert hub.metric("farwatch_link_refused_total", code="bad_token") == before + 1
    assert token not in agent.log + hub.log


def test_a_revoked_token_ends_the_link_and_opens_none(
    stage: Any, hub: Any, sim: Any, eventually: Any
) -> None:
    token = hub.add_cluster("revoked")
    agent = stage.agent(hub, token, sim.kubeconfig)
    hub.wait_synced("revoked")

    stage.cli(hub, "cluster", "revoke-tokens", "revoked")

    assert "was revoked" in agent.find_log(code="revoked_token")["reason"]
    agent.wait_unready("link: refused (revoked_token)")
    eventually(lambda: hub.get("/clusters/revoked")["agentState"] != "connected", "the agent is away")
    again = stage.agent(hub, token, sim.kubeconfig)
    assert "of cluster 'revoked' was revoked at " in again.find_log(code="revoked_token")["reason"]
    assert hub.get("/clusters/revoked")["agentState"] != "connected"
    (shown,) = hub.get("/clusters/revoked/tokens")["items"]
    assert shown["state"] == "revoked"


def test_a_foreign_cluster_is_refused_and_the_rightful_one_stays(stage: Any, hub: Any, sim: Any) -> None:
    token = hub.add_cluster("bound")
    rightful = stage.agent(hub, token, sim.kubeconfig)
    hub.wait_synced("bound")
    other = stage.sim("--seed", "2", name="other-sim")

    foreign = stage.agent(hub, token, other.kubeconfig)

    said = foreign.find_log(code="foreign_cluster")["reason"]
    assert "belongs to cluster 'bound', which is another cluster" in said
    assert "add this cluster under a name of its own" in said
    foreign.wait_unready("link: refused (foreign_cluster)")
    rightful.wait_ready()
    uid = sim.call("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    assert hub.get("/clusters/bound")["uid"] == uid


def test_after_a_rotation_both_tokens_open_and_without_overlap_only_the_new_one(
    stage: Any, hub: Any, sim: Any
) -> None:
    old = hub.add_cluster("rotated")
    new = hub.post("/clusters/rotated/tokens", {"overlapSeconds": 3600})["token"]

    first = stage.agent(hub, old, sim.kubeconfig)
    hub.wait_synced("rotated")
    second = stage.agent(hub, new, sim.kubeconfig)
    assert "another agent of 'rotated' connected" in first.find_log(code="superseded")["reason"]
    second.wait_ready()

    done = stage.cli(hub, "cluster", "rotate-token", "rotated", "--overlap", "0", "--json")
    newest = json.loads(done.output)
    assert newest["name"] == "rotated"
    states = [token["state"] for token in hub.get("/clusters/rotated/tokens")["items"]]
    assert states == ["valid", "expired", "expired"]
    late = stage.agent(hub, old, sim.kubeconfig)
    assert "was rotated out and ended" in late.find_log(code="revoked_token")["reason"]
    stage.agent(hub, newest["token"], sim.kubeconfig).wait_ready()


def test_an_agent_whose_token_file_was_rotated_in_time_is_back_at_once(
    stage: Any, hub: Any, sim: Any
) -> None:
    file = stage.folder / "token"
    file.write_text(hub.add_cluster("filed"))
    where = ("--hub", hub.url, "--kubeconfig", sim.kubeconfig, "--health-listen", "127.0.0.1:0")
    agent = stage.run("agent", *where, "--token-file", file)
    hub.wait_synced("filed")
    (old,) = hub.get("/clusters/filed/tokens")["items"]
    file.write_text(hub.post("/clusters/filed/tokens", {})["token"])

    hub.delete(f"/clusters/filed/tokens/{old['id']}")

    assert agent.find_log(code="revoked_token")["retry_in_seconds"] < 10
    agent.find_logs(2, event="linked")


def test_a_removed_cluster_loses_its_link_and_its_objects(stage: Any, hub: Any, sim: Any) -> None:
    agent = stage.linked_agent(hub, "removed", sim.kubeconfig)
    assert hub.names("nodes", "removed")

    stage.cli(hub, "cluster", "remove", "removed")

    assert "was removed from the fleet" in agent.find_log(code="bad_token")["reason"]
    assert hub.names("nodes", "removed") == set()
    assert "removed" not in [cluster["name"] for cluster in hub.get("/clusters")["items"]]
