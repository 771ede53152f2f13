from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch import __version__
from farwatch.calls.status import StatusAnswer
from farwatch.hub.fleet.errors import AgentAwayError, CallFailedError
from farwatch.hub.store import QueryError
from farwatch.kube.objects import Namespace, ObjectMeta
from farwatch.link.frames import (
    AgentInfo,
    AgentStatus,
    KindStatus,
    PermissionNote,
    PermissionReport,
    WatchState,
)

NOW = datetime.now(UTC)


async def test_settings_tell_what_is_kept_for_how_long_and_how_much_it_takes(api: Any) -> None:
    await api.add_cluster("prod")
    await api.tell("prod", Namespace(metadata=ObjectMeta(name="shop", uid="1", resource_version="1")))
    found = await api.get("/settings")
    assert found["version"] == __version__
    assert found["externalUrl"] == "https://hub.example"
    assert found["data"]["totalBytes"] > found["data"]["freeBytes"] > 0
    assert found["backups"]["path"].endswith("/backups")
    tables = {table["name"]: table for table in found["telemetry"]["tables"]}
    assert tables.keys() == {
        "changes",
        "objects",
        "alert_events",
        "notifications",
        "silence_events",
        "snapshots",
    }
    assert tables["changes"]["retentionDays"] == 14
    assert tables["changes"]["oldest"] >= (NOW - timedelta(days=1)).date().isoformat()
    assert tables["snapshots"]["retentionDays"] == 14
    assert "retentionDays" not in tables["objects"]
    assert "problem" not in found["telemetry"]
    if found["records"]["engine"] == "SQLite":
        assert found["records"]["diskBytes"] > 0
    assert "the-token-of-the-test" not in str(found)


async def test_a_store_that_does_not_answer_is_told_as_that(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise QueryError("not enough privileges")

    monkeypatch.setattr(api.hub.telemetry, "query", refuse)
    found = await api.get("/settings")
    assert found["telemetry"]["problem"] == "not enough privileges"
    assert found["telemetry"].get("tables", []) == []


def connect(api: Any, cluster: str, version: str) -> None:
    """As if an agent had come and told how it stands."""
    presence = api.hub.fleet.links._presence
    info = AgentInfo(
        version=version,
        instance="one",
        role="cluster",
        cluster_name=cluster,
        cluster_uid="u",
        pod="agent-0",
        node="n1",
    )
    presence.connect(cluster, "10.0.0.1:5", info)
    note = PermissionNote(verbs=("list",), resources=("secrets",))
    presence.report(
        cluster,
        AgentStatus(
            api_server_reachable=True,
            api_server_since=NOW,
            kinds=(
                KindStatus(kind="Pod", state=WatchState.SYNCED, since=NOW),
                KindStatus(kind="Node", state=WatchState.DENIED, since=NOW, message="forbidden"),
            ),
            permissions=PermissionReport(checked_at=NOW, missing=(note,), excess=()),
        ),
    )
    presence.follow(
        cluster, "10.0.0.2:5", msgspec.structs.replace(info, instance="two", role="node", node="n2")
    )


async def test_agents_tell_what_they_are_and_lack(api: Any) -> None:
    await api.add_cluster("prod")
    await api.add_cluster("empty")
    connect(api, "prod", "0.0.1")
    found = await api.get("/agents")
    empty, prod = found["items"]
    assert (empty["cluster"], empty["state"], empty["outdated"]) == ("empty", "never_connected", False)
    assert (prod["state"], prod["version"], prod["outdated"]) == ("connected", "0.0.1", True)
    assert (prod["pod"], prod["node"], prod["address"]) == ("agent-0", "n1", "10.0.0.1:5")
    assert [(watch["kind"], watch["message"]) for watch in prod["watches"]] == [("Node", "forbidden")]
    assert prod["watchedKinds"] == 1
    assert prod["permissions"]["missing"][0]["resources"] == ["secrets"]
    assert [(one["role"], one["node"]) for one in prod["followers"]] == [("node", "n2")]
    assert found["hubVersion"] == __version__
    assert found["changes"]["coalesced"] == 0


async def test_an_agent_that_answers_otherwise_is_told_as_that(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.add_cluster("prod")

    async def answer(*_: object, **__: object) -> bytes:
        return b"\x80"

    monkeypatch.setattr(api.hub.fleet.links, "call", answer)
    status, detail = await api.fault("GET", "/agents/prod/process")
    assert status == 503
    assert "update the older of the two" in detail


async def test_an_agent_is_asked_how_it_is(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.add_cluster("prod")
    status = AgentStatus(api_server_reachable=True, api_server_since=NOW)
    told = StatusAnswer(
        status=status, objects={"Pod": 3}, versions={"farwatch": "1"}, resident_bytes=50, link_connections=2
    )

    async def answer(*_: object, **__: object) -> bytes:
        return msgspec.msgpack.encode(told)

    monkeypatch.setattr(api.hub.fleet.links, "call", answer)
    assert await api.get("/agents/prod/process") == {
        "objects": {"Pod": 3},
        "versions": {"farwatch": "1"},
        "residentBytes": 50,
        "linkConnections": 2,
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [(AgentAwayError("the agent of prod is not connected"), 409), (CallFailedError("late", "too late"), 503)],
)
async def test_an_agent_that_cannot_be_asked_is_told_as_that(
    api: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    await api.add_cluster("prod")

    async def fail(*_: object, **__: object) -> bytes:
        raise error

    monkeypatch.setattr(api.hub.fleet.links, "call", fail)
    assert await api.fault("GET", "/agents/prod/process") == (status, str(error))
    assert (await api.fault("GET", "/agents/none/process"))[0] == 404
