from __future__ import annotations

from typing import Any

import pytest

from farwatch.kube.kinds import KINDS
from farwatch.link.frames import CloseCode, WatchState


def states(hub: Any) -> dict[str, WatchState]:
    return {kind.kind: kind.state for kind in hub.statuses[-1].kinds} if hub.statuses else {}


async def test_the_hub_sees_what_is_there_and_then_each_change(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    api_server.put("nodes", "n1")
    api_server.put("pods", "a", "shop")
    agent = run_agent(cluster_name="prod-eu", namespaces="")
    await agent.eventually_ready()
    await eventually(lambda: ("shop", "a") in hub.view.get("Pod", {}))

    api_server.put("pods", "b", "shop")
    version = api_server.put("pods", "a", "shop", status={"phase": "Failed"})
    api_server.delete("pods", "b", "shop")
    await eventually(lambda: len(hub.changes) == 3)

    assert [(kind, item.name, item.document is None, item.after_gap) for kind, item in hub.changes] == [
        ("Pod", "b", False, False),
        ("Pod", "a", False, False),
        ("Pod", "b", True, False),
    ]
    assert hub.view["Pod"] == {("shop", "a"): version}
    assert ("", "n1") in hub.view["Node"]
    assert KINDS["Pod"].msgpack_decoder.decode(hub.changes[1][1].document).status.phase == "Failed"
    hello = hub.hellos[0].agent
    assert (hello.cluster_uid, hello.cluster_name, hello.role) == (
        "5f0f6f2e-0000-4000-8000-000000000001",
        "prod-eu",
        "cluster",
    )
    assert set(states(hub).values()) == {WatchState.SYNCED}
    assert hub.statuses[-1].api_server_reachable


async def test_told_to_stop_it_sends_what_is_left_and_says_farewell(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    agent = run_agent()
    await agent.eventually_ready()
    await eventually(lambda: "Pod" in hub.view)

    await agent.stop()

    assert [close.code for close in hub.closes] == [CloseCode.SHUTTING_DOWN]
    assert not hub.linked


async def test_a_refused_token_is_told_and_tried_again(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    hub.refusal = (CloseCode.REVOKED_TOKEN, "this token was revoked", 0.01)
    agent = run_agent(metrics_listen="127.0.0.1:0")
    await eventually(lambda: hub.hellos)
    await eventually(lambda: any(line.get("code") == "revoked_token" for line in agent.logs))
    status, text = await agent.read("/readyz")
    assert status == 503
    assert "(revoked_token): this token was revoked" in text
    assert (await agent.read("/healthz"))[0] == 200

    hub.refusal = None
    await agent.eventually_ready()

    _, metrics = await agent.read("/metrics", "metrics_listen")
    assert 'farwatch_agent_link_refusals_total{code="revoked_token"}' in metrics
    assert "t0ken" not in str(agent.logs)


async def test_what_changed_while_the_hub_was_away_is_shown_when_it_is_back(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    api_server.put("pods", "a", "shop")
    api_server.put("pods", "b", "shop")
    agent = run_agent()
    await agent.eventually_ready()
    await eventually(lambda: len(hub.view.get("Pod", {})) == 2)

    await hub.vanish()
    await eventually(lambda: any(line["event"] == "no link to the hub" for line in agent.logs))
    api_server.delete("pods", "a", "shop")
    version = api_server.put("pods", "b", "shop", status={"phase": "Failed"})
    assert "link: " in (await agent.read("/readyz"))[1]
    await hub.start()

    await eventually(lambda: hub.view.get("Pod") == {("shop", "b"): version})
    await agent.eventually_ready()


async def test_a_denied_kind_is_reported_in_the_servers_words_and_the_others_go_on(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    api_server.denied = {"persistentvolumes"}
    agent = run_agent()
    await agent.eventually_ready()
    await eventually(lambda: states(hub).get("Event") is WatchState.SYNCED)

    (denied,) = (kind for kind in hub.statuses[-1].kinds if kind.state is not WatchState.SYNCED)
    assert (denied.kind, denied.state) == ("PersistentVolume", WatchState.DENIED)
    assert "persistentvolumes is forbidden" in denied.message


async def test_a_missing_right_to_the_identity_is_named(hub: Any, api_server: Any, run_agent: Any) -> None:
    api_server.identity_denied = True
    agent = run_agent()
    text = ""
    while "identity" not in text:
        _, text = await agent.read("/readyz")
    while "grant" not in text:
        _, text = await agent.read("/readyz")
    assert "grant the verb get on the resource namespaces with the name kube-system" in text
    assert hub.hellos == []

    api_server.identity_denied = False
    await agent.eventually_ready()


async def test_a_silent_api_server_is_told_at_the_hub_and_found_again(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    api_server.put("pods", "a", "shop")
    agent = run_agent()
    await agent.eventually_ready()
    await eventually(lambda: hub.statuses and hub.statuses[-1].api_server_reachable)

    await api_server.stop()
    await eventually(lambda: not hub.statuses[-1].api_server_reachable)
    assert "does not answer" in hub.statuses[-1].api_server_message
    assert "API server: " in (await agent.read("/readyz"))[1]
    assert hub.linked

    api_server.put("pods", "b", "shop")
    await api_server.start()
    await eventually(lambda: hub.statuses[-1].api_server_reachable)
    await eventually(lambda: ("shop", "b") in hub.view["Pod"])
    assert [item.name for kind, item in hub.changes if kind == "Pod"] == ["b"]
    await agent.eventually_ready()


async def test_it_starts_without_an_api_server_and_links_once_there_is_one(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    await api_server.stop()
    agent = run_agent()
    await eventually(lambda: any("identity is not known" in line["event"] for line in agent.logs))
    assert (await agent.read("/healthz"))[0] == 200
    await api_server.start()
    await agent.eventually_ready()


# --- several agents -------------------------------------------------------------------------------------------


def roles(hub: Any) -> list[str]:
    return [str(hello.agent.role) for hello in hub.hellos]


async def test_one_who_is_elected_says_so_and_does_the_work(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    api_server.put("pods", "a", "shop")
    agent = run_agent(leader_election="true", lease_namespace="farwatch", pod_name="agent-0")
    await eventually(lambda: ("shop", "a") in hub.view.get("Pod", {}))
    assert roles(hub)[-1] == "cluster"
    assert api_server.lease["metadata"]["namespace"] == "farwatch"
    assert api_server.lease["spec"]["holderIdentity"].startswith("agent-0_")

    await agent.stop()
    assert api_server.lease["spec"]["holderIdentity"] == ""
    assert [close.code for close in hub.closes][-1] is CloseCode.SHUTTING_DOWN


async def test_one_who_stands_by_has_a_link_is_ready_and_tells_no_objects(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    api_server.lease = {
        "metadata": {
            "name": "farwatch-agent-leader",
            "namespace": "farwatch",
            "uid": "lease",
            "resourceVersion": "1",
        },
        "spec": {"holderIdentity": "another", "leaseDurationSeconds": 3600, "leaseTransitions": 0},
    }
    agent = run_agent(role="node", node_name="n1", lease_namespace="farwatch", metrics_listen="127.0.0.1:0")
    await agent.eventually_ready()
    assert roles(hub) == ["node"]
    assert hub.hellos[0].agent.node == "n1"
    assert hub.view == {}
    assert "farwatch_agent_leader 0\n" in (await agent.read("/metrics", "metrics_listen"))[1]

    # The other one gives the lease back.
    api_server.lease["metadata"]["resourceVersion"] = "2"
    api_server.lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1}
    await eventually(lambda: "Pod" in hub.view)
    assert roles(hub) == ["node", "cluster"]
    assert api_server.lease["spec"]["leaseTransitions"] == 1


async def test_one_who_is_replaced_stops_watching_and_stands_by(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    run_agent(leader_election="true", lease_namespace="farwatch")
    await eventually(lambda: "Pod" in hub.view)
    api_server.lease["metadata"]["resourceVersion"] = "99999"
    api_server.lease["spec"] |= {"holderIdentity": "another", "leaseDurationSeconds": 3600}
    await eventually(lambda: roles(hub)[-1] == "standby")
    api_server.put("pods", "late", "shop")
    assert "late" not in [item.name for _, item in hub.changes]


async def test_without_the_right_to_elect_it_says_what_to_grant(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    api_server.lease_denied = True
    agent = run_agent(leader_election="true", lease_namespace="farwatch")
    await eventually(lambda: any("lease cannot be read" in line["event"] for line in agent.logs))
    status, text = await agent.read("/readyz")
    assert status == 503
    assert "election: the lease farwatch/farwatch-agent-leader may not be used" in text


async def test_a_hub_hears_of_an_agent_whose_api_server_is_away(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farwatch.agent.main.IDENTITY_SECONDS", 0.01)
    await api_server.stop()
    run_agent()
    await eventually(lambda: hub.hellos and any(not status.api_server_reachable for status in hub.statuses))
    assert hub.hellos[0].agent.cluster_uid == ""
    await api_server.start()
    await eventually(lambda: hub.hellos[-1].agent.cluster_uid)
    await eventually(lambda: "Pod" in hub.view)
