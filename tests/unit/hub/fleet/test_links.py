from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy.exc import OperationalError

from farwatch.hub.fleet import AgentAwayError, CallFailedError
from farwatch.hub.store.errors import TelemetryClosedError
from farwatch.link import codec
from farwatch.link.channel import HANDSHAKE_SECONDS
from farwatch.link.events import SessionState
from farwatch.link.frames import (
    AgentInfo,
    AgentStatus,
    Changes,
    CloseCode,
    Heartbeat,
    Hello,
    Item,
    KindStatus,
    SnapshotBegin,
    SnapshotItems,
    WatchState,
)

HEARTBEAT = 10.0


# --- coming in ------------------------------------------------------------------------------------------------


async def test_an_agent_with_its_token_is_welcomed_under_the_clusters_name(hub: Any) -> None:
    agent = await hub.connected("prod")
    assert agent.events[0].welcome.cluster == "prod"
    view = hub.links.agent("prod")
    assert (view.connected, view.lost, view.peer) == (True, False, "10.0.0.1:4711")
    assert view.agent.kubernetes_version == "v1.36.0"
    assert hub.kinds_of_changes() == ["agent_found"]


async def bad_token(hub: Any) -> tuple[str, str]:
    return "fwa_000000000000_" + "x" * 43, "uid-1"


async def no_token(hub: Any) -> tuple[str, str]:
    return "", "uid-1"


async def revoked_token(hub: Any) -> tuple[str, str]:
    issued = await hub.fleet.add("prod")
    await hub.fleet.revoke("prod", issued.id)
    return issued.token, "uid-1"


async def foreign_cluster(hub: Any) -> tuple[str, str]:
    issued = await hub.fleet.add("prod")
    rightful = AgentInfo(version="1", instance="i", role="cluster", cluster_name="", cluster_uid="uid-1")
    await hub.clusters.authenticate(issued.token, rightful)
    return issued.token, "uid-2"


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (bad_token, CloseCode.BAD_TOKEN, "does not know this token"),
        (no_token, CloseCode.BAD_TOKEN, "does not know this token"),
        (revoked_token, CloseCode.REVOKED_TOKEN, "was revoked at 2026-"),
        (foreign_cluster, CloseCode.FOREIGN_CLUSTER, "belongs to cluster 'prod'"),
    ],
)
async def test_a_token_that_is_not_good_is_refused_with_its_reason_and_a_long_wait(
    hub: Any, given: Any, code: CloseCode, words: str
) -> None:
    token, uid = await given(hub)
    agent = hub.agent()
    await agent.connect(token, uid=uid)
    await agent.serving
    assert (agent.closed.code, agent.closed.retry_after_seconds) == (code, 60.0)
    assert words in agent.closed.reason
    assert hub.links.counters.refused == {code: 1}
    assert hub.links.counters.closed == {code: 1}
    assert hub.kinds_of_changes() == ["agent_refused"]


async def test_an_agent_of_a_role_this_hub_does_not_take_is_refused(hub: Any) -> None:
    agent = hub.agent()
    await agent.connect((await hub.fleet.add("prod")).token, role="oracle")
    assert agent.closed.code is CloseCode.WRONG_STATE
    assert "takes agents of the roles cluster, node, standby, not 'oracle'" in agent.closed.reason


async def test_an_agent_with_endless_words_is_refused(hub: Any) -> None:
    agent = hub.agent()
    await agent.connect((await hub.fleet.add("prod")).token, version="x" * 10_000)
    assert agent.closed.code is CloseCode.BAD_FRAME


async def test_an_agent_of_another_protocol_is_refused(hub: Any) -> None:
    agent = hub.agent()
    await agent.connect((await hub.fleet.add("prod")).token, protocol=99)
    assert agent.closed.code is CloseCode.UNSUPPORTED_PROTOCOL
    assert hub.links.counters.closed == {"unsupported_protocol": 1}


async def test_who_was_refused_is_told_of_the_cluster_whose_token_it_showed_or_that_it_claims(
    hub: Any,
) -> None:
    foreign, _ = await foreign_cluster(hub)
    for token in (foreign, (await bad_token(hub))[0], (await bad_token(hub))[0]):
        await hub.agent().connect(token, uid="uid-2")
    (of_its_token,) = hub.links.refusals("prod")
    assert (of_its_token.code, of_its_token.count) == (CloseCode.FOREIGN_CLUSTER, 1)
    assert "belongs to cluster 'prod'" in of_its_token.reason
    (claimed,) = hub.links.refusals("mine")
    assert (claimed.code, claimed.count, claimed.calls_itself) == (CloseCode.BAD_TOKEN, 2, "mine")
    assert [change.cluster for change in hub.changes] == ["prod", "mine"]


async def test_an_agent_whose_protocol_is_none_of_the_hubs_is_told_of_the_cluster_it_claims(hub: Any) -> None:
    await hub.agent().connect((await hub.fleet.add("mine")).token, protocol=99)
    (refused,) = hub.links.refusals("mine")
    assert refused.code is CloseCode.UNSUPPORTED_PROTOCOL
    assert "upgrade the older of the two" in refused.reason


async def test_refusals_are_forgotten_when_an_agent_was_let_in(hub: Any) -> None:
    issued = await hub.fleet.add("mine")
    await hub.agent().connect("fwa_000000000000_" + "x" * 43)
    assert hub.links.refusals("mine")
    await hub.agent().connect(issued.token)
    assert hub.links.refusals("mine") == []


async def test_a_peer_that_says_no_hello_is_let_go_after_a_while(hub: Any) -> None:
    silent = await hub.silent()
    hub.pass_time(HANDSHAKE_SECONDS)
    await silent.serving
    assert hub.links.counters.closed == {"heartbeat_lost": 1}


# --- what is not a frame --------------------------------------------------------------------------------------


def state(number: int, kind: str = "Pod", document: bytes | None = b"\x80") -> bytes:
    item = Item("shop", "x", "u", "1", document, 0.0)
    return codec.encode(number, Changes(kind=kind, items=[item]))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", CloseCode.BAD_FRAME),
        (b"\x00\xc1", CloseCode.BAD_FRAME),
        (b"\x07hello", CloseCode.BAD_FRAME),
        (b"\x01not zstd", CloseCode.BAD_FRAME),
        (b"\x00" + msgspec.msgpack.encode((2, {"frame": "unheard_of"})), CloseCode.BAD_FRAME),
        (b"\x00" + b"\xc0" * (9 * 1024 * 1024), CloseCode.FRAME_TOO_LARGE),
        (codec.encode(99, Heartbeat()), CloseCode.OUT_OF_ORDER),
        (state(4, kind="Node"), CloseCode.WRONG_STATE),
        (codec.encode(4, SnapshotItems(kind="Node", items=[])), CloseCode.WRONG_STATE),
    ],
)
async def test_a_message_that_is_wrong_closes_its_link_with_a_code_and_the_hub_goes_on(
    hub: Any, message: bytes, code: CloseCode
) -> None:
    agent = await hub.connected("prod")
    other = await hub.connected("other")
    await agent.send(message)
    await agent.serving
    assert agent.closed.code is code
    assert hub.links.counters.closed == {code: 1}
    await other.set("web", 1)
    assert hub.inventory.get("other", "Pod", "shop", "web") is not None


async def test_state_before_a_hello_is_refused(hub: Any) -> None:
    rude = await hub.silent()
    await rude._wire.send_bytes(codec.encode(1, SnapshotBegin(kind="Pod")))
    await rude.serving
    assert hub.links.counters.closed == {"wrong_state": 1}
    assert hub.inventory.clusters == []


async def test_a_second_hello_is_refused(hub: Any) -> None:
    agent = await hub.connected("prod")
    again = Hello(
        protocol_min=1,
        protocol_max=1,
        agent=AgentInfo(version="1", instance="i", role="cluster", cluster_name="n", cluster_uid="uid-1"),
    )
    await agent.send(codec.encode(4, again))
    assert agent.closed.code is CloseCode.WRONG_STATE


async def test_an_object_that_does_not_decode_costs_only_itself(hub: Any) -> None:
    agent = await hub.connected("prod")
    await agent.set("web", 1)
    agent.session.changed("Pod", Item("shop", "bad", "u", "1", b"\xc1", 0.0))
    await agent.settle()
    await agent.set("web", 2, phase="Failed")
    assert hub.inventory.counters.undecodable == 1
    assert hub.inventory.get("prod", "Pod", "shop", "web").status.phase == "Failed"
    assert agent.session.settled


async def test_a_fault_of_the_hub_ends_one_link_with_a_code_and_is_counted(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await hub.connected("prod")

    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(hub.inventory, "apply", fail)
    await agent.set("web", 1)
    await agent.serving
    assert agent.closed.code is CloseCode.INTERNAL_ERROR
    assert hub.links.counters.closed == {"internal_error": 1}


# --- state ----------------------------------------------------------------------------------------------------


async def test_a_snapshot_and_changes_arrive_and_are_acknowledged(hub: Any) -> None:
    agent = await hub.connected("prod")
    await agent.set("web", 1)
    await agent.set("web", 2, phase="Failed")
    assert hub.inventory.get("prod", "Pod", "shop", "web").status.phase == "Failed"
    assert [row.operation for row in hub.store.rows] == ["created", "updated"]
    assert {row.cluster for row in hub.store.rows} == {"prod"}
    assert agent.session.settled


async def test_detection_hears_of_a_change_before_it_is_durable_and_the_agent_after(hub: Any) -> None:
    agent = await hub.connected("prod")
    hub.store.at_once = False
    heard: list[Any] = []
    hub.inventory.subscribe(heard.extend)
    await agent.set("web", 1)
    assert len(heard) == 1
    assert agent.session.unacknowledged == 1
    hub.store.settle()
    await agent.settle()
    assert agent.session.unacknowledged == 0


async def test_a_frame_that_changed_nothing_is_acknowledged_after_those_before_it(hub: Any) -> None:
    agent = await hub.connected("prod")
    hub.store.at_once = False
    await agent.set("web", 1)
    await agent.set("web", 1)
    assert agent.session.unacknowledged == 2
    hub.store.settle()
    await agent.settle()
    assert agent.session.unacknowledged == 0


async def test_acknowledgements_wait_for_the_oldest_write(hub: Any) -> None:
    agent = await hub.connected("prod")
    before = agent.acknowledged[-1]
    hub.store.at_once = False
    await agent.set("web", 1)
    first = hub.store._waiting.pop()
    await agent.set("web", 2, phase="Failed")
    hub.store.settle()
    await agent.settle()
    assert agent.acknowledged[-1] == before
    first.set_result(None)
    await agent.settle()
    assert agent.acknowledged[-1] == before + 2


async def test_a_change_that_cannot_be_kept_is_never_acknowledged(hub: Any) -> None:
    agent = await hub.connected("prod")
    before = agent.acknowledged
    hub.store.at_once = False
    await agent.set("web", 1)
    hub.store.settle(TelemetryClosedError("closing"))
    await agent.settle()
    assert agent.acknowledged == before
    assert agent.closed.code is CloseCode.INTERNAL_ERROR


async def test_credit_is_granted_as_frames_are_worked_off(hub: Any) -> None:
    agent = await hub.connected("prod")
    phase = "x" * 200_000
    for version in range(1, 40):
        await agent.set("web", version, phase=f"{phase}{version}")
    assert agent.closed is None
    assert hub.inventory.get("prod", "Pod", "shop", "web").metadata.resource_version == "39"


async def test_what_changed_in_a_gap_is_a_change(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    agent = await hub.connected(token=issued.token)
    await agent.set("same", 1)
    await agent.set("changed", 1)
    await agent.set("went", 1)
    await agent.drop()
    hub.store.rows.clear()
    again = hub.agent()
    again.objects = agent.objects
    del again.objects["Pod"]["went"]
    again.objects["Pod"]["changed"] = msgspec.structs.replace(
        again.objects["Pod"]["changed"],
        metadata=msgspec.structs.replace(
            again.objects["Pod"]["changed"].metadata, resource_version="2", labels={"a": "b"}
        ),
    )
    await again.connect(issued.token)
    assert [(row.operation, row.name, row.after_gap) for row in hub.store.rows] == [
        ("updated", "changed", True),
        ("deleted", "went", True),
    ]


def status(**states: WatchState) -> AgentStatus:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    return AgentStatus(
        api_server_reachable=True,
        api_server_since=since,
        kinds=tuple(KindStatus(kind=kind, state=state, since=since) for kind, state in states.items()),
    )


async def test_a_cluster_is_synced_once_every_kind_that_can_be_had_was_compared(hub: Any) -> None:
    agent = await hub.connected("prod")
    agent.session.status(status(Pod=WatchState.SYNCED, Job=WatchState.SYNCING, Node=WatchState.DENIED))
    await agent.settle()
    assert "cluster_synced" not in hub.kinds_of_changes()

    agent.objects["Job"] = {}
    agent.session.kind_synced("Job")
    await agent.settle()
    assert hub.kinds_of_changes().count("cluster_synced") == 1

    agent.session.status(status(Pod=WatchState.SYNCED, Job=WatchState.SYNCED, Node=WatchState.DENIED))
    await agent.settle()
    assert hub.kinds_of_changes().count("cluster_synced") == 1


async def test_a_cluster_is_synced_anew_after_each_reconnect(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    for reconnects in (1, 2):
        agent = await hub.connected(token=issued.token)
        agent.session.status(status(Pod=WatchState.SYNCED))
        await agent.settle()
        assert hub.kinds_of_changes().count("cluster_synced") == reconnects
        await agent.drop()


async def test_a_newer_link_of_the_same_cluster_supersedes_the_older(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    older = await hub.connected(token=issued.token)
    newer = await hub.connected(token=issued.token)
    await older.settle()
    await older.serving
    assert older.closed.code is CloseCode.SUPERSEDED
    assert newer.closed is None
    assert hub.links.agent("prod").connected
    await newer.set("web", 1)
    assert newer.session.settled
    assert hub.kinds_of_changes() == ["agent_found"]


async def test_those_who_stand_by_are_known_and_disturb_nobody(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    leader = await hub.connected(token=issued.token)
    first = await hub.connected(token=issued.token, role="standby", instance="b")
    await hub.connected(token=issued.token, role="node", instance="a")
    assert [(view.instance, view.role) for view in hub.links.followers("prod")] == [
        ("a", "node"),
        ("b", "standby"),
    ]
    again = await hub.connected(token=issued.token, role="standby", instance="b")
    await first.settle()
    assert first.closed.code is CloseCode.SUPERSEDED
    await again.drop()
    assert [view.instance for view in hub.links.followers("prod")] == ["a"]
    await leader.set("web", 1)
    assert leader.session.settled
    assert leader.closed is None


async def test_objects_are_taken_from_the_one_that_leads_alone(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    await hub.connected(token=issued.token)
    standby = await hub.connected(token=issued.token, role="standby", instance="b")
    standby.session.kind_synced("Pod")
    standby.objects = {"Pod": {}}
    await standby.set("forged", 1)
    assert standby.closed.code is CloseCode.WRONG_STATE
    assert hub.inventory.kinds("prod").get("Pod", 0) == 0


async def test_a_cluster_has_no_end_of_agents(hub: Any) -> None:
    hub.links._connections.max_followers = 1
    issued = await hub.fleet.add("prod")
    await hub.connected(token=issued.token, role="node", instance="a")
    crowd = hub.agent()
    await crowd.connect(issued.token, role="node", instance="b")
    assert crowd.closed.code is CloseCode.OVERLOADED
    assert "has 1 agents already: do several clusters share a token?" in crowd.closed.reason


async def test_a_revoked_token_ends_the_links_of_those_who_stand_by_too(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    standby = await hub.connected(token=issued.token, role="standby", instance="b")
    await hub.fleet.revoke("prod", issued.id)
    await standby.settle()
    assert standby.closed.code is CloseCode.REVOKED_TOKEN


async def test_a_removed_cluster_takes_those_who_stand_by_along(hub: Any) -> None:
    standby = await hub.connected("prod", role="standby")
    await hub.fleet.remove("prod")
    await standby.settle()
    await standby.serving
    assert standby.closed.code is CloseCode.BAD_TOKEN
    assert hub.links.followers("prod") == []


async def test_a_leader_that_falls_silent_has_the_grace_while_another_stands_by(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    leader = await hub.connected(token=issued.token)
    standby = await hub.connected(token=issued.token, role="standby", instance="b")
    for _ in range(7):
        hub.pass_time(HEARTBEAT / 2)
        standby.session.tick()
        await standby.settle()
    await leader.serving
    assert hub.links.counters.closed == {"heartbeat_lost": 1}
    assert hub.kinds_of_changes() == ["agent_found"]
    await hub.connected(token=issued.token, instance="b")
    hub.pass_time(5)
    assert hub.kinds_of_changes() == ["agent_found"]


async def test_a_peer_that_takes_no_bytes_is_let_go(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farwatch.hub.fleet.connection.SEND_SECONDS", 0.01)
    agent = await hub.connected("prod")
    agent.hub_end.stuck = True
    await agent.set("web", 1)
    await agent.serving
    assert hub.links.counters.closed == {"disconnected": 1}


# --- coming and going -----------------------------------------------------------------------------------------


async def test_a_reconnect_within_the_grace_raises_nothing(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    agent = await hub.connected(token=issued.token)
    await agent.drop()
    hub.pass_time(29)
    await hub.connected(token=issued.token)
    hub.pass_time(5)
    assert hub.kinds_of_changes() == ["agent_found"]


async def test_an_agent_that_does_not_come_back_is_lost_and_then_found(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    agent = await hub.connected(token=issued.token)
    left = hub.clock.now
    await agent.drop()
    hub.pass_time(31)
    assert hub.kinds_of_changes() == ["agent_found", "agent_lost"]
    assert (hub.changes[-1].time, hub.changes[-1].detail) == (left, "the connection broke")
    assert hub.links.agent("prod").lost
    await hub.connected(token=issued.token)
    assert hub.kinds_of_changes() == ["agent_found", "agent_lost", "agent_found"]


async def test_an_agent_that_falls_silent_is_lost_after_three_missed_heartbeats(hub: Any) -> None:
    agent = await hub.connected("prod")
    for _ in range(3):
        hub.pass_time(HEARTBEAT)
        await asyncio.sleep(0)
    assert hub.kinds_of_changes() == ["agent_found"]
    hub.pass_time(HEARTBEAT / 2)
    await agent.serving
    assert hub.kinds_of_changes() == ["agent_found", "agent_lost"]
    assert hub.links.counters.closed == {"heartbeat_lost": 1}


async def test_heartbeats_keep_a_quiet_link_open(hub: Any) -> None:
    agent = await hub.connected("prod")
    for _ in range(20):
        hub.pass_time(HEARTBEAT)
        agent.session.tick()
        await agent.settle()
    assert agent.session.state is SessionState.OPEN
    assert hub.kinds_of_changes() == ["agent_found"]


async def test_after_a_restart_agents_have_time_to_come_back(hub: Any, records: Any) -> None:
    issued = await hub.fleet.add("prod")
    await hub.fleet.add("never-seen")
    rightful = AgentInfo(version="1", instance="i", role="cluster", cluster_name="", cluster_uid="uid-1")
    await hub.clusters.authenticate(issued.token, rightful)
    await hub.links.close()
    again = type(hub)(records, hub.clock, hub.links._settings)
    await again.links.start()
    again.pass_time(119)
    assert again.changes == []
    again.pass_time(2)
    assert [(change.cluster, change.kind.value) for change in again.changes] == [("prod", "agent_lost")]
    await again.links.close()


async def test_a_stopping_hub_says_so_to_every_agent_and_keeps_when_they_were_seen(hub: Any) -> None:
    agent = await hub.connected("prod")
    await hub.links.close()
    await agent.settle()
    assert agent.closed.code is CloseCode.SHUTTING_DOWN
    found = await hub.clusters.get("prod")
    assert (found.agent_version, found.kubernetes_version) == ("1.0", "v1.36.0")
    assert found.last_seen.timestamp() == hub.clock.now


async def test_an_agent_that_came_just_before_the_hub_was_killed_is_expected_at_its_next_start(
    hub: Any, records: Any
) -> None:
    await hub.connected("prod")
    again = type(hub)(records, hub.clock, hub.links._settings)
    await again.links.start()
    again.pass_time(121)
    assert again.kinds_of_changes() == ["agent_lost"]
    await again.links.close()


async def test_an_agent_that_comes_while_sightings_are_written_is_seen_as_well(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.connected("early")
    write = hub.clusters.record_sightings

    async def write_slowly(sightings: Any) -> None:
        monkeypatch.setattr(hub.clusters, "record_sightings", write)
        await hub.connected("late")
        await write(sightings)

    monkeypatch.setattr(hub.clusters, "record_sightings", write_slowly)
    await hub.links.keep_sightings()
    hub.clock.now += 60
    await hub.links.keep_sightings()
    assert [(cluster.name, cluster.last_seen.timestamp()) for cluster in await hub.clusters.list()] == [
        ("early", hub.clock.now),
        ("late", hub.clock.now),
    ]


async def test_when_an_agent_left_is_kept_even_if_it_could_not_be_written_at_first(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await hub.connected("prod")
    hub.clock.now += 20
    await agent.drop()
    left_at = hub.clock.now
    with monkeypatch.context() as broken:

        async def fail(_sightings: Any) -> None:
            raise OperationalError("UPDATE clusters", {}, Exception("disk I/O error"))

        broken.setattr(hub.clusters, "record_sightings", fail)
        await hub.links.keep_sightings()
    hub.clock.now += 60
    await hub.links.keep_sightings()
    assert (await hub.clusters.get("prod")).last_seen.timestamp() == left_at


async def test_after_a_reconnect_a_snapshot_is_acknowledged_only_when_what_it_repeats_is_durable(
    hub: Any,
) -> None:
    token = (await hub.fleet.add("prod")).token
    hub.store.at_once = False
    first = await hub.connected(token=token)
    await first.set("web", 1)
    await first.drop()
    second = hub.agent()
    second.objects = first.objects
    await second.connect(token)
    assert hub.links.counters.opened == 2
    assert second.acknowledged == []
    hub.store.settle()
    await second.settle()
    assert max(second.acknowledged) > 0
    assert [row.name for row in hub.store.rows] == ["web"]


# --- tokens and clusters that go ------------------------------------------------------------------------------


async def test_revoking_a_token_closes_the_link_that_was_opened_with_it(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    agent = await hub.connected(token=issued.token)
    other = await hub.connected("other")
    await hub.fleet.revoke("prod", issued.id)
    await agent.settle()
    assert agent.closed.code is CloseCode.REVOKED_TOKEN
    assert other.closed is None


async def test_a_rotated_token_keeps_its_link_until_its_end(hub: Any) -> None:
    issued = await hub.fleet.add("prod")
    agent = await hub.connected(token=issued.token)
    await hub.fleet.rotate("prod", overlap_seconds=5)
    await agent.settle()
    assert agent.closed is None
    hub.clock.now += 5
    await hub.links.keep_sightings()
    await agent.settle()
    assert agent.closed.code is CloseCode.REVOKED_TOKEN


async def test_a_removed_cluster_leaves_nothing_behind(hub: Any) -> None:
    agent = await hub.connected("prod")
    await agent.set("web", 1)
    await hub.fleet.remove("prod")
    await agent.settle()
    await agent.serving
    assert agent.closed.code is CloseCode.BAD_TOKEN
    assert hub.inventory.clusters == []
    assert hub.store.forgotten == ["prod"]
    assert hub.links.agents() == []
    hub.pass_time(1000)
    assert hub.kinds_of_changes() == ["agent_found", "cluster_removed"]


@pytest.mark.parametrize(
    ("how", "code"), [("remove", CloseCode.BAD_TOKEN), ("revoke", CloseCode.REVOKED_TOKEN)]
)
async def test_an_agent_whose_token_goes_while_it_is_looked_up_does_not_come_in(
    hub: Any, monkeypatch: pytest.MonkeyPatch, how: str, code: CloseCode
) -> None:
    issued = await hub.fleet.add("prod")
    look_up = hub.clusters.authenticate

    async def look_up_slowly(token: str, uid: str) -> Any:
        found = await look_up(token, uid)
        monkeypatch.setattr(hub.clusters, "authenticate", look_up)
        await (hub.fleet.remove("prod") if how == "remove" else hub.fleet.revoke("prod", issued.id))
        return found

    monkeypatch.setattr(hub.clusters, "authenticate", look_up_slowly)
    agent = hub.agent()
    await agent.connect(issued.token)
    assert agent.closed.code is code
    assert hub.links.agents() == []


# --- calls ----------------------------------------------------------------------------------------------------


async def test_a_call_brings_the_agents_answer(hub: Any) -> None:
    agent = await hub.connected("prod")
    call = asyncio.create_task(hub.links.call("prod", "agent.status", {"deep": True}, user="admin"))
    await agent.settle()
    request = agent.requests[0]
    assert (request.method, request.user, msgspec.msgpack.decode(request.params)) == (
        "agent.status",
        "admin",
        {"deep": True},
    )
    agent.session.reply(request.id, {"ok": 1})
    await agent.settle()
    assert msgspec.msgpack.decode(await call) == {"ok": 1}


async def test_the_parts_of_a_streamed_answer_come_one_by_one(hub: Any) -> None:
    agent = await hub.connected("prod")
    parts: list[Any] = []

    async def read() -> None:
        async for part in hub.links.stream("prod", "pod.logs", timeout_seconds=30):
            text = msgspec.msgpack.decode(part)
            parts.append(text)

    reading = asyncio.create_task(read())
    await agent.settle()
    request = agent.requests[0]
    agent.session.reply(request.id, "one", final=False)
    await agent.settle()
    assert parts == ["one"]
    agent.session.reply(request.id, "two")
    await agent.settle()
    await reading
    assert parts == ["one", "two"]


async def test_a_call_that_fails_says_why(hub: Any) -> None:
    agent = await hub.connected("prod")
    call = asyncio.create_task(hub.links.call("prod", "pod.delete"))
    await agent.settle()
    agent.session.fail(agent.requests[0].id, "not_allowed", "this agent is read only")
    await agent.settle()
    with pytest.raises(CallFailedError, match="read only") as failed:
        await call
    assert failed.value.code == "not_allowed"


async def test_a_call_without_an_answer_ends_at_its_deadline(hub: Any) -> None:
    agent = await hub.connected("prod")
    call = asyncio.create_task(hub.links.call("prod", "agent.status", timeout_seconds=5))
    await agent.settle()
    hub.pass_time(5)
    with pytest.raises(CallFailedError) as failed:
        await call
    assert failed.value.code == "deadline_exceeded"


async def test_a_call_to_an_agent_that_is_away_says_so(hub: Any) -> None:
    with pytest.raises(AgentAwayError, match="'prod' is not connected"):
        await hub.links.call("prod", "agent.status")


async def test_a_call_ends_when_its_agent_leaves(hub: Any) -> None:
    agent = await hub.connected("prod")
    call = asyncio.create_task(hub.links.call("prod", "agent.status"))
    await agent.settle()
    await agent.drop()
    with pytest.raises(AgentAwayError, match="left before it answered"):
        await call


async def test_a_call_that_nobody_waits_for_is_cancelled_at_the_agent(hub: Any) -> None:
    agent = await hub.connected("prod")
    call = asyncio.create_task(hub.links.call("prod", "agent.status"))
    await agent.settle()
    call.cancel()
    await agent.settle()
    assert type(agent.events[-1]).__name__ == "CallCancelled"


async def test_a_renamed_clusters_agent_is_sent_away_and_comes_back_under_the_new_name(hub: Any) -> None:
    issued = await hub.fleet.add("old")
    agent = await hub.connected(token=issued.token)
    await agent.set("web-1", 1)
    await hub.fleet.rename("old", "new")
    await agent.settle()
    assert agent.closed.code == CloseCode.SHUTTING_DOWN
    assert "'old' is called 'new' from now on" in agent.closed.reason
    assert hub.links.agent("old") is None
    assert not hub.links.agent("new").connected
    assert hub.inventory.clusters == []
    assert hub.store.forgotten == ["old"]
    assert hub.changes[-1].kind == "cluster_removed"
    assert hub.changes[-1].cluster == "old"

    back = await hub.connected(token=issued.token)
    await back.set("web-1", 1)
    assert hub.links.agent("new").connected
    assert hub.inventory.get("new", "Pod", "shop", "web-1")


async def test_a_renamed_cluster_whose_agent_does_not_come_back_is_lost_under_the_new_name(hub: Any) -> None:
    issued = await hub.fleet.add("old")
    agent = await hub.connected(token=issued.token)
    await agent.drop()
    await hub.links.keep_sightings()
    await hub.fleet.rename("old", "new")
    hub.pass_time(121)
    (lost,) = [change for change in hub.changes if change.kind == "agent_lost"]
    assert lost.cluster == "new"


async def test_revoking_an_organisation_key_closes_the_links_that_came_with_it(hub: Any) -> None:
    key = await hub.clusters.keys.create("fleet")
    agent = await hub.connected(token=key.secret)
    assert hub.links.agent("mine").connected
    await hub.fleet.revoke_key(key.key.id)
    await agent.settle()
    assert agent.closed.code == CloseCode.REVOKED_TOKEN


async def test_an_agent_that_does_not_know_its_cluster_yet_is_asked_back_soon(
    hub: Any,
) -> None:
    agent = hub.agent()
    await agent.connect((await hub.fleet.add("prod")).token, uid="")
    assert agent.closed.retry_after_seconds == 5
