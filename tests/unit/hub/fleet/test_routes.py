from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock

import msgspec
import pytest
from aiohttp import WSMsgType
from litestar.exceptions import WebSocketDisconnect
from uvicorn.protocols.utils import ClientDisconnected

from farwatch.hub.alerting import Alert
from farwatch.hub.fleet import AgentView, Cluster
from farwatch.hub.fleet.routes import AgentState, _LitestarSocket, view
from farwatch.kube.objects import Node, ObjectMeta, Pod
from farwatch.link.frames import (
    SUBPROTOCOL,
    AgentInfo,
    AgentStatus,
    KindStatus,
    PermissionNote,
    PermissionReport,
    WatchState,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class TestClusters:
    async def test_one_that_is_added_shows_its_agents_token_once(self, api: Any) -> None:
        answer = await api.ask("POST", "/api/v1/clusters", {"name": "prod-eu-1"})
        assert answer.status_code == 201
        issued = answer.json()
        assert issued["name"] == "prod-eu-1"
        assert issued["token"].startswith(f"fwa_{issued['id']}_")
        assert issued["token"] not in (await api.ask("GET", "/api/v1/clusters/prod-eu-1/tokens")).text

    async def test_one_whose_agent_never_came_says_so(self, api: Any) -> None:
        await api.add_cluster("prod")
        found = await api.get("/clusters/prod")
        assert found["agentState"] == "never_connected"
        assert (found["nodes"], found["pods"], found["alerts"]) == (0, 0, 0)
        assert "lastSeenAt" not in found

    async def test_are_listed_by_name_with_what_is_in_them_and_wrong_with_them(self, api: Any) -> None:
        await api.add_cluster("prod")
        await api.add_cluster("dev")
        pods = [Pod(metadata=ObjectMeta(name=name, namespace="shop", uid=name)) for name in ("a", "b")]
        await api.tell("prod", Node(metadata=ObjectMeta(name="n", uid="n")), *pods)
        labels = {"alertname": "Broken", "severity": "warning", "cluster": "prod"}
        await api.hub.alerting.put([Alert(labels=labels, annotations={}, starts_at=datetime.now(UTC))])
        found = (await api.get("/clusters"))["items"]
        assert [(item["name"], item["nodes"], item["pods"], item["alerts"]) for item in found] == [
            ("dev", 0, 0, 0),
            ("prod", 1, 2, 1),
        ]

    @pytest.mark.parametrize(
        ("name", "status", "detail"),
        [
            ("prod", 409, "cluster 'prod' exists already: rotate its token"),
            ("", 400, "cannot be a cluster's name"),
            ("Prod", 400, "lower case letters"),
            ("-prod", 400, "cannot be a cluster's name"),
            ("prod/eu", 400, "cannot be a cluster's name"),
            ("x" * 64, 400, "at most 63"),
            ("x" * 100_000, 400, "at most 63"),
            ("prod\n", 400, "cannot be a cluster's name"),
            ("pröd", 400, "cannot be a cluster's name"),
        ],
    )
    async def test_a_name_that_cannot_be_is_refused(
        self, api: Any, name: str, status: int, detail: str
    ) -> None:
        await api.add_cluster("prod")
        found = await api.fault("POST", "/clusters", {"name": name})
        assert found[0] == status
        assert detail in found[1]
        assert len(found[1]) < 400

    async def test_what_is_asked_of_an_unknown_one_is_not_found(self, api: Any) -> None:
        for method, path, body in (
            ("GET", "/clusters/nope", None),
            ("DELETE", "/clusters/nope", None),
            ("GET", "/clusters/nope/tokens", None),
            ("POST", "/clusters/nope/tokens", {}),
            ("DELETE", "/clusters/nope/tokens", None),
        ):
            status, detail = await api.fault(method, path, body)
            assert (status, "no cluster is named 'nope'" in detail) == (404, True), (method, path)

    async def test_removing_one_takes_its_tokens_and_objects_and_leaves_its_history(self, api: Any) -> None:
        await api.add_cluster("prod")
        await api.tell("prod", Pod(metadata=ObjectMeta(name="web-1", namespace="shop", uid="u")))
        assert (await api.ask("DELETE", "/api/v1/clusters/prod")).status_code == 204
        assert (await api.get("/clusters"))["items"] == []
        assert (await api.get("/objects/Pod"))["items"] == []
        assert len((await api.get("/clusters/prod/changes"))["items"]) == 1
        assert (await api.fault("DELETE", "/clusters/prod"))[0] == 404


class TestTokens:
    async def test_a_rotated_one_stays_valid_for_the_overlap(self, api: Any) -> None:
        first = await api.add_cluster("prod")
        answer = await api.ask("POST", "/api/v1/clusters/prod/tokens", {"overlapSeconds": 60})
        assert answer.status_code == 201
        assert answer.json()["token"] != first
        newest, oldest = (await api.get("/clusters/prod/tokens"))["items"]
        assert newest["state"] == oldest["state"] == "valid"
        assert "expiresAt" in oldest
        assert "expiresAt" not in newest

    async def test_without_an_overlap_the_former_one_ends_at_once(self, api: Any) -> None:
        await api.add_cluster("prod")
        await api.ask("POST", "/api/v1/clusters/prod/tokens", {"overlapSeconds": 0})
        found = (await api.get("/clusters/prod/tokens"))["items"]
        assert sorted(token["state"] for token in found) == ["expired", "valid"]

    @pytest.mark.parametrize(
        "body", [{"overlapSeconds": -1}, {"overlapSeconds": 10**9}, {"overlap": 1}, {"overlapSeconds": "x"}]
    )
    async def test_an_overlap_that_makes_no_sense_is_refused(self, api: Any, body: dict[str, Any]) -> None:
        await api.add_cluster("prod")
        assert (await api.fault("POST", "/clusters/prod/tokens", body))[0] == 400
        assert len((await api.get("/clusters/prod/tokens"))["items"]) == 1

    async def test_one_is_revoked_alone(self, api: Any) -> None:
        await api.add_cluster("prod")
        await api.ask("POST", "/api/v1/clusters/prod/tokens", {})
        newest, oldest = (await api.get("/clusters/prod/tokens"))["items"]
        path = f"/api/v1/clusters/prod/tokens/{oldest['id']}"
        assert (await api.ask("DELETE", path)).status_code == 204
        assert (await api.ask("DELETE", path)).status_code == 204
        found = {token["id"]: token["state"] for token in (await api.get("/clusters/prod/tokens"))["items"]}
        assert found == {newest["id"]: "valid", oldest["id"]: "revoked"}

    async def test_all_are_revoked_together(self, api: Any) -> None:
        await api.add_cluster("prod")
        await api.ask("POST", "/api/v1/clusters/prod/tokens", {})
        assert (await api.ask("DELETE", "/api/v1/clusters/prod/tokens")).status_code == 204
        found = (await api.get("/clusters/prod/tokens"))["items"]
        assert [token["state"] for token in found] == ["revoked", "revoked"]

    async def test_one_of_another_cluster_is_not_found(self, api: Any) -> None:
        await api.add_cluster("prod")
        await api.add_cluster("dev")
        (mine,) = (await api.get("/clusters/prod/tokens"))["items"]
        status, detail = await api.fault("DELETE", f"/clusters/dev/tokens/{mine['id']}")
        assert status == 404
        assert "cluster 'dev' has no token" in detail


class TestAgents:
    def test_one_that_is_connected_tells_how_it_stands(self) -> None:
        denied = KindStatus(kind="Node", state=WatchState.DENIED, since=NOON, message="forbidden")
        agent = AgentView(
            cluster="prod",
            connected=True,
            lost=False,
            since=NOON,
            peer="10.0.0.1:1",
            agent=AgentInfo(
                version="1.2",
                instance="i",
                role="cluster",
                cluster_name="p",
                cluster_uid="u",
                kubernetes_version="v1.36",
            ),
            status=AgentStatus(
                api_server_reachable=False,
                api_server_since=NOON,
                api_server_message="refused",
                kinds=(denied,),
                permissions=PermissionReport(
                    checked_at=NOON,
                    missing=(PermissionNote(verbs=("get",), resources=("pods/log",), capability="pod-logs"),),
                    excess=(PermissionNote(verbs=("*",), resources=("secrets",), namespace="shop"),),
                ),
            ),
        )
        shown = view(Cluster(name="prod", created_at=NOON), agent, 2, {"Node": 3, "Pod": 40, "Event": 9}, 2)
        assert shown.agents == 3
        assert shown.agent_state is AgentState.CONNECTED
        assert (shown.agent_version, shown.kubernetes_version) == ("1.2", "v1.36")
        assert (shown.api_server_reachable, shown.api_server_message) == (False, "refused")
        assert (shown.nodes, shown.pods, shown.alerts) == (3, 40, 2)
        assert [(watch.kind, watch.state, watch.message) for watch in shown.watches] == [
            ("Node", WatchState.DENIED, "forbidden")
        ]
        assert shown.permissions is not None
        assert [note.capability for note in shown.permissions.missing] == ["pod-logs"]
        assert [(note.resources, note.namespace) for note in shown.permissions.excess] == [
            (("secrets",), "shop")
        ]
        assert msgspec.to_builtins(shown)["permissions"]["checkedAt"] == "2026-11-20T12:00:00Z"

    @pytest.mark.parametrize(("lost", "state"), [(True, AgentState.LOST), (False, AgentState.AWAY)])
    def test_one_that_left_is_away_until_it_is_lost(self, lost: bool, state: AgentState) -> None:
        agent = AgentView(cluster="prod", connected=False, lost=lost, since=NOON, reason="it went")
        record = Cluster(name="prod", created_at=NOON, kubernetes_version="v1.35", agent_version="1.1")
        shown = view(record, agent, 0, {}, 0)
        assert shown.agent_state is state
        assert shown.agent_reason == "it went"
        assert (shown.agent_version, shown.kubernetes_version) == ("1.1", "v1.35")
        assert shown.api_server_reachable is None


class TestLinks:
    async def test_removing_a_cluster_closes_its_agents_link(self, api: Any, agent_of: Any) -> None:
        token = await api.add_cluster("prod")
        agent = agent_of(api.hub.fleet.links)
        agent.objects = {"Pod": {}}
        await agent.connect(token)
        assert agent.welcomed
        found = await api.get("/clusters/prod")
        assert found["agentState"] == "connected"
        assert found["agentAddress"] == "10.0.0.1:4711"

        assert (await api.ask("DELETE", "/api/v1/clusters/prod")).status_code == 204
        await agent.settle()
        assert agent.closed.code == "bad_token"
        assert "removed from the fleet" in agent.closed.reason
        await agent.serving
        assert (await api.get("/clusters"))["items"] == []

    async def test_revoking_its_token_closes_it_and_the_agent_is_away(self, api: Any, agent_of: Any) -> None:
        agent = agent_of(api.hub.fleet.links)
        agent.objects = {"Pod": {}}
        await agent.connect(await api.add_cluster("prod"))
        await api.ask("DELETE", "/api/v1/clusters/prod/tokens")
        await agent.settle()
        assert agent.closed.code == "revoked_token"
        await agent.serving
        found = await api.get("/clusters/prod")
        assert found["agentState"] == "away"
        assert "was revoked" in found["agentReason"]

    async def test_the_endpoint_takes_connections_whatever_their_token(self, served: Any) -> None:
        headers = {"Authorization": "Bearer a-bad-guess"}
        async with served.http.ws_connect("/link", protocols=[SUBPROTOCOL], headers=headers) as socket:
            assert socket.protocol == SUBPROTOCOL

    async def test_a_message_that_is_no_frame_closes_it_with_a_word_and_the_hub_goes_on(
        self, served: Any
    ) -> None:
        async with served.http.ws_connect("/link", protocols=[SUBPROTOCOL]) as socket:
            await socket.send_bytes(b"nonsense")
            last_words = await socket.receive_bytes(timeout=30)
            assert b"bad_frame" in last_words
            assert (await socket.receive(timeout=30)).type is WSMsgType.CLOSE
        async with served.http.get("/healthz") as answer:
            assert answer.status == 200

    async def test_text_closes_it_as_well(self, served: Any) -> None:
        async with served.http.ws_connect("/link", protocols=[SUBPROTOCOL]) as socket:
            await socket.send_str("hello")
            while not socket.closed:
                await socket.receive(timeout=30)

    @pytest.mark.parametrize(
        "error", [WebSocketDisconnect(detail="left"), RuntimeError("closed"), ClientDisconnected()]
    )
    async def test_a_peer_that_is_gone_is_a_broken_connection_whatever_the_server_calls_it(
        self, error: Exception
    ) -> None:
        gone = AsyncMock(**{f"{name}.side_effect": error for name in ("send_bytes", "receive_data", "close")})
        socket = _LitestarSocket(gone)
        for work in (socket.send_bytes(b"x"), socket.receive_bytes(), socket.close()):
            with pytest.raises(ConnectionError):
                await work


class TestLabels:
    async def test_are_given_when_a_cluster_is_added_and_changed_one_by_one(self, api: Any) -> None:
        body = {"name": "prod", "labels": {"env": "prod", "team": "a"}}
        assert (await api.ask("POST", "/api/v1/clusters", body)).status_code == 201
        change = {"labels": {"team": None, "region": "eu"}}
        answer = await api.ask("PATCH", "/api/v1/clusters/prod", change)
        assert answer.status_code == 200
        assert answer.json()["labels"] == {"env": "prod", "region": "eu"}
        assert (await api.get("/clusters/prod"))["labels"] == {"env": "prod", "region": "eu"}

    async def test_are_on_the_clusters_alerts_at_once(self, api: Any) -> None:
        await api.add_cluster("prod")
        labels = {"alertname": "Broken", "cluster": "prod"}
        await api.hub.alerting.put([Alert(labels=labels, annotations={}, starts_at=datetime.now(UTC))])
        await api.ask("PATCH", "/api/v1/clusters/prod", {"labels": {"env": "prod"}})
        (found,) = (await api.get("/alerts"))["items"]
        assert found["labels"] == labels | {"env": "prod"}
        assert (await api.get("/clusters/prod"))["alerts"] == 1

    async def test_lead_where_routes_say_in_an_explanation_too(self, api: Any) -> None:
        await api.ask("POST", "/api/v1/clusters", {"name": "prod", "labels": {"env": "prod"}})
        answer = await api.ask("POST", "/api/v1/alerting/explain", {"labels": {"cluster": "prod"}})
        assert answer.json()["labels"] == {"cluster": "prod", "env": "prod"}

    @pytest.mark.parametrize(
        ("labels", "detail"),
        [
            ({"cluster": "x"}, "the label 'cluster' is the alerts' own"),
            ({"alertname": "x"}, "the alerts' own"),
            ({"my-env": "x"}, "cannot be a label's name"),
            ({"env": ""}, "use 1 to 256"),
            ({"env": 1}, "Expected `str"),
            ({f"l{number}": "x" for number in range(40)}, "more than the 32"),
        ],
    )
    async def test_that_cannot_be_are_refused_by_name(
        self, api: Any, labels: dict[str, Any], detail: str
    ) -> None:
        await api.add_cluster("prod")
        for method, path, body in (
            ("PATCH", "/clusters/prod", {"labels": labels}),
            ("POST", "/clusters", {"name": "other", "labels": labels}),
            ("POST", "/organisation-keys", {"name": "k", "labels": labels}),
        ):
            status, found = await api.fault(method, path, body)
            assert status == 400
            assert detail in found
        assert [item["name"] for item in (await api.get("/clusters"))["items"]] == ["prod"]


class TestRenaming:
    async def test_a_cluster_has_its_new_name_and_its_history_the_old_one(self, api: Any) -> None:
        token = await api.add_cluster("old")
        await api.tell("old", Pod(metadata=ObjectMeta(name="web-1", namespace="shop", uid="u")))
        answer = await api.ask("PATCH", "/api/v1/clusters/old", {"name": "new", "labels": {"env": "x"}})
        assert (answer.status_code, answer.json()["name"], answer.json()["labels"]) == (
            200,
            "new",
            {"env": "x"},
        )
        assert [item["name"] for item in (await api.get("/clusters"))["items"]] == ["new"]
        assert (await api.get("/objects/Pod"))["items"] == []
        assert len((await api.get("/clusters/old/changes"))["items"]) == 1
        assert (await api.get("/clusters/new/tokens"))["items"][0]["state"] == "valid"
        assert token not in answer.text

    @pytest.mark.parametrize(
        ("body", "status", "detail"),
        [
            ({"name": "taken"}, 409, "'taken' exists already"),
            ({"name": "Not this"}, 400, "cannot be a cluster's name"),
            ({"name": 1}, 400, "name"),
            ({"nme": "x"}, 400, "unknown field `nme`"),
        ],
    )
    async def test_to_what_cannot_be_is_refused(
        self, api: Any, body: dict[str, Any], status: int, detail: str
    ) -> None:
        for name in ("prod", "taken"):
            await api.add_cluster(name)
        found = await api.fault("PATCH", "/clusters/prod", body)
        assert found[0] == status
        assert detail in found[1]

    async def test_to_the_same_name_and_of_nothing_changes_nothing(self, api: Any) -> None:
        await api.add_cluster("prod")
        for body in ({"name": "prod"}, {}):
            answer = await api.ask("PATCH", "/api/v1/clusters/prod", body)
            assert (answer.status_code, answer.json()["name"]) == (200, "prod")
        assert (await api.fault("PATCH", "/clusters/nope", {}))[0] == 404


class TestOrganisationKeys:
    async def test_one_is_shown_once_listed_and_revoked(self, api: Any) -> None:
        body = {"name": "fleet", "clusterNames": "prod-*", "labels": {"env": "prod"}}
        answer = await api.ask("POST", "/api/v1/organisation-keys", body)
        assert answer.status_code == 201
        key = answer.json()
        assert key["key"].startswith(f"fwo_{key['id']}_")
        (shown,) = (await api.get("/organisation-keys"))["items"]
        assert (shown["name"], shown["clusterNames"], shown["labels"]) == ("fleet", "prod-*", {"env": "prod"})
        assert key["key"] not in str(shown)
        for _ in range(2):
            gone = await api.ask("DELETE", f"/api/v1/organisation-keys/{key['id']}")
            assert gone.status_code == 204
        assert (await api.get("/organisation-keys"))["items"][0]["revokedAt"]

    @pytest.mark.parametrize(
        ("body", "detail"),
        [
            ({}, "name"),
            ({"name": ""}, "length >= 1"),
            ({"name": "k", "clusterNames": "Prod*"}, "fits no cluster's name"),
            ({"name": "k", "clusternames": "x"}, "unknown field"),
        ],
    )
    async def test_one_that_cannot_be_is_refused(self, api: Any, body: dict[str, Any], detail: str) -> None:
        status, found = await api.fault("POST", "/organisation-keys", body)
        assert status == 400
        assert detail in found

    async def test_one_that_is_not_there_is_named(self, api: Any) -> None:
        status, detail = await api.fault("DELETE", "/organisation-keys/nope")
        assert status == 404
        assert "no organisation key 'nope'" in detail

    async def test_an_agent_with_one_registers_its_cluster(self, api: Any, agent_of: Any) -> None:
        made = await api.ask("POST", "/api/v1/organisation-keys", {"name": "k", "labels": {"env": "prod"}})
        labels = {"alertname": "Posted", "cluster": "mine"}
        await api.hub.alerting.put([Alert(labels=labels, annotations={}, starts_at=datetime.now(UTC))])
        agent = agent_of(api.hub.fleet.links)
        agent.objects = {"Pod": {}}
        await agent.connect(made.json()["key"])
        assert agent.welcomed
        found = await api.get("/clusters/mine")
        assert (found["agentState"], found["labels"], found["registeredBy"]) == (
            "connected",
            {"env": "prod"},
            made.json()["id"],
        )
        assert (await api.get("/alerts"))["items"][0]["labels"]["env"] == "prod"
