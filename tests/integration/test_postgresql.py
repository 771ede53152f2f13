"""Records on a real PostgreSQL: the hub's own tests of them run on it, and a hub lives with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Stage, eventually
from .postgresql import Server, needs_postgresql, serve

pytestmark = [pytest.mark.integration, needs_postgresql, pytest.mark.xdist_group("postgresql")]

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "tests" / "unit" / "hub"

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
"""Tests of what is written into the records; they say ``Records.open`` and do not look at the file (the one that does is left out)."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve() as server:
        yield server


@pytest.mark.timeout(600)
def test_what_holds_of_records_in_sqlite_holds_in_postgresql(server: Server, tmp_path: Path) -> None:
    files = [str(UNIT / name) for name in RECORDS]
    assert [name for name in files if not Path(name).exists()] == []
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))
    } | {"FARWATCH_TEST_DATABASE": server.url()}
    options = (
        "-q",
        "-n0",
        "-k",
        "not test_secrets_are_not_stored",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        str(tmp_path / "inner"),
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 80
    made = server.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'test_%'")
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
