"""Records on a real PostgreSQL: the hub's own tests of them run on it, and a hub lives with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Stage, eventually
from .postgresql import Server, needs_postgresql, serve
from .reruns import rerun

pytestmark = [pytest.mark.integration, needs_postgresql, pytest.mark.xdist_group("postgresql")]

RECORDS = (
    "audit/test_log.py",
    "auth/test_people.py",
    "auth/test_sessions.py",
    "auth/test_tokens.py",
    "auth/test_users.py",
    "auth/routes/test_users.py",
    "alerting/test_acknowledgements.py",
    "alerting/test_journal.py",
    "alerting/test_restart.py",
    "alerting/test_silences.py",
    "evidence/test_store.py",
    "fleet/test_bootstrap.py",
    "fleet/test_clusters.py",
    "fleet/test_keys.py",
    "install/test_installs.py",
    "test_take_up.py",
    "watchdog/test_life.py",
    "store/test_postgresql.py",
)
"""Tests of what is written into the records; they say ``Records.open``."""

NOT_THERE = ("test_secrets_are_not_stored", "test_killed_anywhere")
"""One looks into SQLite's file; the others repeat the same few statements at every step of a timeline, for half of the time."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve() as server:
        yield server


@pytest.mark.timeout(600)
def test_what_holds_of_records_in_sqlite_holds_in_postgresql(server: Server, tmp_path: Path) -> None:
    passed = rerun(RECORDS, tmp_path, without=NOT_THERE, FARWATCH_TEST_DATABASE=server.url())
    assert passed > 80
    made = server.sql("SELECT count(*) FROM made")
    assert int(made) > 80, "the tests ran on something else"


def test_a_hub_keeps_its_records_there_and_outlives_a_kill_and_a_restart_of_the_database(
    server: Server, stage: Stage
) -> None:
    server.sql("CREATE DATABASE hub")
    url = stage.folder / "url"
    url.write_text(server.url("hub") + "?sslmode=prefer\n")
    flags = ("--database-file", url)
    sim = stage.sim()
    hub = stage.hub(*flags)
    agent = stage.linked_agent(hub, "dev", sim.kubeconfig)
    sim.make_trouble("crash-loop")
    fingerprint = hub.wait_alert("KubePodCrashLooping", "dev")["fingerprint"]
    stage.sink.wait_told("KubePodCrashLooping")
    assert not (stage.folder / "hub-data" / "records.db").exists()
    assert server.sql("SELECT name FROM clusters", "hub") == "dev"

    hub.kill()
    port = int(hub.url.rpartition(":")[2])
    hub = stage.hub(*flags, port=port)
    agent.wait_ready()
    hub.wait_synced("dev")
    assert hub.wait_alert("KubePodCrashLooping", "dev")["fingerprint"] == fingerprint
    assert len(stage.sink.told("KubePodCrashLooping", "firing")) == 1, "told once, by whichever of the two"

    reset = stage.run("admin", "reset", "--database-file", url)
    assert reset.wait() == 0, reset.log
    assert "takes it in within 5 seconds" in reset.output
    password = reset.output.splitlines()[0].rpartition(" ")[2]
    signed_in = {"username": "admin", "password": password}
    eventually(
        lambda: hub.ask("POST", "/api/v1/session", signed_in, token="").status == 200, "the reset is known"
    )

    server.stop()
    server.start()
    eventually(
        lambda: hub.ask("POST", "/api/v1/clusters", {"name": "new"}).status == 201, "the hub writes again"
    )
    assert server.sql("SELECT count(*) FROM clusters", "hub") == "2"
    assert hub.terminate() == 0


def test_a_database_that_cannot_be_reached_is_one_line_without_the_password(stage: Stage) -> None:
    hub = stage.run(
        "hub",
        "--data",
        stage.folder / "d",
        "--listen",
        "127.0.0.1:0",
        FARWATCH_DATABASE="postgresql://me:hunter2@127.0.0.1:1/x",
    )
    assert hub.wait() == 2
    assert hub.log.startswith("farwatch hub: records database ")
    assert "cannot be opened" in hub.log
    assert "hunter2" not in hub.log
    assert hub.log.count("\n") == 1
