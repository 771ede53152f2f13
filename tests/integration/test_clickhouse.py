"""A hub whose telemetry is on a server that speaks ClickHouse's HTTP interface; no real one was at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .clickhouse import QUOTED, ClickHouse, serve
from .conftest import Hub, Stage, eventually
from .postgresql import needs_postgresql
from .postgresql import serve as serve_postgresql
from .reruns import rerun

pytestmark = pytest.mark.integration

TELEMETRY = ("alerting/history", "inventory/test_log.py", "test_take_up.py")
"""Tests of what is written into the telemetry and asked of it."""


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with serve() as server:
        yield server


@pytest.mark.timeout(300)
def test_what_holds_of_embedded_telemetry_holds_on_a_server(server: ClickHouse, tmp_path: Path) -> None:
    assert rerun(TELEMETRY, tmp_path, FARWATCH_TEST_TELEMETRY=server.url("")) > 60
    made = server.sql("SELECT count() FROM system.databases WHERE name LIKE 'test_%'")
    assert int(made) > 50, "the tests ran on something else"


def loads_engine(hub: Hub) -> bool:
    return "chdb" in Path(f"/proc/{hub._process.pid}/maps").read_text()


@pytest.fixture
def mortal() -> Iterator[ClickHouse]:
    """A server that may be killed."""
    with serve() as server:
        yield server


def test_a_hub_on_a_server_outlives_a_kill_and_the_servers_own(mortal: ClickHouse, stage: Stage) -> None:
    url = stage.folder / "url"
    url.write_text(mortal.url("whole") + "\n")
    flags = ("--telemetry-file", url)
    sim = stage.sim()
    hub = stage.hub(*flags)
    agent = stage.linked_agent(hub, "dev", sim.kubeconfig)
    sim.make_trouble("crash-loop")
    fingerprint = hub.wait_alert("KubePodCrashLooping", "dev")["fingerprint"]
    stage.sink.wait_told("KubePodCrashLooping")
    acknowledged = {change["sequence"] for change in hub.all_changes("dev")}
    assert acknowledged
    assert not (stage.folder / "hub-data" / "telemetry").exists()
    assert not loads_engine(hub)

    hub.kill()
    hub = stage.hub(*flags, port=int(hub.url.rpartition(":")[2]))
    agent.wait_ready()
    hub.wait_synced("dev")
    assert acknowledged <= {change["sequence"] for change in hub.all_changes("dev")}
    assert hub.wait_alert("KubePodCrashLooping", "dev")["fingerprint"] == fingerprint
    assert len(stage.sink.told("KubePodCrashLooping", "firing")) == 1, "told once, by whichever of the two"

    mortal.kill()
    sim.make_trouble("image-pull")
    hub.wait_alert("KubePodImagePullFailed", "dev")
    refused = hub.ask("GET", "/api/v1/clusters/dev/changes")
    assert refused.status == 503
    assert f"127.0.0.1:{mortal.port}/whole" in refused.json["detail"]
    mortal.start()

    def kept() -> bool:
        history = hub.ask("GET", "/api/v1/history/alerts?alertname=KubePodImagePullFailed")
        return history.status == 200 and bool(history.json["items"])

    eventually(kept, "what happened while the server was away is in its history")
    sequences = [change["sequence"] for change in hub.all_changes("dev")]
    assert len(sequences) == len(set(sequences))

    made = hub.ask("POST", "/api/v1/backups", {})
    assert (made.status, made.json["records"], made.json["telemetry"]) == (201, True, False)
    assert agent.terminate() == 0
    assert hub.terminate() == 0
    assert QUOTED not in hub.log


@needs_postgresql
@pytest.mark.xdist_group("postgresql")
def test_with_both_databases_elsewhere_a_hub_needs_nothing_of_its_own(
    server: ClickHouse, stage: Stage
) -> None:
    with serve_postgresql() as postgresql:
        flags = ("--database", postgresql.url(), "--telemetry", server.url("nothing"))
        sim = stage.sim()
        hub = stage.hub(*flags, data="first")
        agent = stage.linked_agent(hub, "dev", sim.kubeconfig)
        sim.make_trouble("crash-loop")
        fingerprint = hub.wait_alert("KubePodCrashLooping", "dev")["fingerprint"]
        stage.sink.wait_told("KubePodCrashLooping")
        acknowledged = {change["sequence"] for change in hub.all_changes("dev")}
        hub.kill()
        assert [path.name for path in (stage.folder / "first").iterdir()] == ["hub.lock"]

        hub = stage.hub(*flags, port=int(hub.url.rpartition(":")[2]), data="second")
        agent.wait_ready()
        hub.wait_synced("dev")
        assert acknowledged <= {change["sequence"] for change in hub.all_changes("dev")}
        assert hub.wait_alert("KubePodCrashLooping", "dev")["fingerprint"] == fingerprint
        assert len(stage.sink.told("KubePodCrashLooping", "firing")) == 1
        refused = hub.ask("POST", "/api/v1/backups", {})
        assert refused.status == 503
        assert "keeps nothing itself" in refused.json["detail"]
        assert agent.terminate() == 0
        assert hub.terminate() == 0


def test_a_server_that_cannot_be_used_is_one_line_without_the_password(stage: Stage) -> None:
    hub = stage.run(
        "hub",
        "--data",
        stage.folder / "d",
        "--listen",
        "127.0.0.1:0",
        FARWATCH_TELEMETRY="http://me:hunter2@127.0.0.1:1/x",
    )
    assert hub.wait() == 2
    assert hub.log.startswith("farwatch hub: http://127.0.0.1:1/x: ")
    assert "hunter2" not in hub.log
    assert hub.log.count("\n") == 1
