"""Labels, other names and organisation keys, with real agents in simulated clusters."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("clusters")]


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    return common_stage.hub()


@pytest.fixture(scope="module")
def sim(common_stage: Any) -> Any:
    return common_stage.sim()


@pytest.fixture(scope="module")
def other_sim(common_stage: Any) -> Any:
    return common_stage.sim("--seed", "2", name="other-sim")


def uid_of(sim: Any) -> str:
    return str(sim.call("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"])


def test_an_alert_carries_its_clusters_labels_and_goes_on_under_those_that_replace_them(
    stage: Any, eventually: Any
) -> None:
    hub, sim = stage.hub(), stage.sim()
    stage.cli(hub, "cluster", "add", "prod", "--label", "env=prod", "--label", "team=a")
    token = hub.post("/clusters/prod/tokens", {})["token"]
    stage.agent(hub, token, sim.kubeconfig)
    hub.wait_synced("prod")
    sim.make_trouble("crash-loop", namespace="shop", workload="web")
    before = hub.wait_alert("KubePodCrashLooping", "prod")
    assert (before["labels"]["env"], before["labels"]["team"]) == ("prod", "a")
    assert stage.sink.wait_told("KubePodCrashLooping")["labels"]["env"] == "prod"

    done = stage.cli(hub, "cluster", "label", "prod", "env=staging", "team-", "region=eu")
    assert done.output == "Labels of prod: env=staging region=eu\n"

    (after,) = hub.get("/alerts", label="alertname=KubePodCrashLooping")["items"]
    assert after["startsAt"] == before["startsAt"]
    assert {name: after["labels"].get(name) for name in ("env", "team", "region")} == {
        "env": "staging",
        "team": None,
        "region": "eu",
    }
    resolved = stage.sink.wait_told("KubePodCrashLooping", "resolved")
    assert resolved["labels"]["env"] == "prod"
    eventually(
        lambda: (
            "staging" in {one["labels"]["env"] for one in stage.sink.told("KubePodCrashLooping", "firing")}
        ),
        "people hear of the alert as it is now",
    )

    sim.mend()
    eventually(
        lambda: (
            "staging" in {one["labels"]["env"] for one in stage.sink.told("KubePodCrashLooping", "resolved")}
        ),
        "it ends under the labels that it has",
    )
    assert hub.get("/alerts", label="alertname=KubePodCrashLooping")["items"] == []


def test_an_alert_that_is_posted_for_a_cluster_is_labelled_where_it_says_nothing_itself(
    stage: Any, hub: Any
) -> None:
    hub.post("/clusters", {"name": "posted", "labels": {"env": "prod", "team": "a"}})
    alert = {"labels": {"alertname": "Posted", "cluster": "posted", "team": "its-own"}}
    assert hub.ask("POST", "/api/v2/alerts", [alert]).status == 200
    (found,) = hub.get("/alerts", label="alertname=Posted")["items"]
    assert (found["labels"]["env"], found["labels"]["team"]) == ("prod", "its-own")


def test_a_renamed_clusters_agent_comes_back_and_its_alerts_are_raised_under_the_new_name(
    stage: Any, hub: Any, sim: Any, eventually: Any
) -> None:
    agent = stage.linked_agent(hub, "before", sim.kubeconfig)
    sim.make_trouble("crash-loop", namespace="shop", workload="checkout")
    old = hub.wait_alert("KubePodCrashLooping", "before")

    done = stage.cli(hub, "cluster", "rename", "before", "after")

    assert "history stays under before" in done.output
    hub.wait_synced("after")
    assert agent.find_log(code="shutting_down")["retry_in_seconds"] < 10
    new = hub.wait_alert("KubePodCrashLooping", "after")
    assert new["labels"] == old["labels"] | {"cluster": "after"}
    eventually(
        lambda: hub.find_alert("KubePodCrashLooping", "before") is None, "the old name's alert is over"
    )
    assert hub.names("nodes", "before") == set()
    assert hub.names("nodes", "after")
    assert "before" not in [cluster["name"] for cluster in hub.get("/clusters")["items"]]
    assert hub.changes("before"), "history stays"
    sim.mend()
    agent.terminate()
    hub.delete("/clusters/after")


def test_an_organisation_key_registers_clusters_and_refuses_a_second_of_the_same_name(
    stage: Any, hub: Any, sim: Any, other_sim: Any, eventually: Any
) -> None:
    flags = ("--names", "org-*", "--label", "env=prod")
    key = json.loads(stage.cli(hub, "cluster", "keys", "create", "fleet", *flags, "--json").output)
    assert key["key"].startswith(f"fwo_{key['id']}_")

    first = stage.agent(hub, key["key"], sim.kubeconfig, "--cluster-name", "org-eu")
    first.wait_ready()
    hub.wait_synced("org-eu")
    found = hub.get("/clusters/org-eu")
    assert (found["uid"], found["labels"], found["registeredBy"]) == (uid_of(sim), {"env": "prod"}, key["id"])

    foreign = stage.agent(hub, key["key"], other_sim.kubeconfig, "--cluster-name", "org-eu")
    said = foreign.find_log(code="foreign_cluster")["reason"]
    assert "clusterName is that of cluster 'org-eu', which is another cluster" in said
    assert said in foreign.wait_unready("link: refused (foreign_cluster)")
    foreign.terminate()

    outside = stage.agent(hub, key["key"], other_sim.kubeconfig, "--cluster-name", "elsewhere")
    assert "is for clusters named 'org-*', not 'elsewhere'" in outside.find_log(code="bad_token")["reason"]
    outside.terminate()

    second = stage.agent(hub, key["key"], other_sim.kubeconfig, "--cluster-name", "org-us")
    second.wait_ready()
    hub.wait_synced("org-us")
    first.wait_ready()

    # The hub's name for it holds, whatever the agent is still told to call itself.
    stage.cli(hub, "cluster", "rename", "org-us", "called-otherwise")
    hub.wait_synced("called-otherwise")

    stage.cli(hub, "cluster", "keys", "revoke", key["id"])
    for agent in (first, second):
        assert "was revoked" in agent.find_log(code="revoked_token")["reason"]
    assert hub.get("/clusters/org-eu")["name"] == "org-eu"
    eventually(lambda: hub.get("/clusters/org-eu")["agentState"] != "connected", "the agent is away")
    assert key["key"] not in hub.log + first.log + second.log
    for cluster in ("org-eu", "called-otherwise"):
        hub.delete(f"/clusters/{cluster}")


def test_what_is_known_of_a_cluster_is_shown(stage: Any, hub: Any, sim: Any) -> None:
    agent = stage.linked_agent(hub, "shown", sim.kubeconfig)
    shown = stage.cli(hub, "cluster", "show", "shown").output
    assert uid_of(sim) in shown
    assert "Watches" in shown
    assert "valid" in shown
    listed = stage.cli(hub, "cluster", "list").output
    assert "LABELS" in listed
    agent.terminate()
    hub.delete("/clusters/shown")
