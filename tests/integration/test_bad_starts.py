"""What cannot be used is told in one line that names it and says what to do, with exit code 2."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
users: [{name: test, user: {}}]
"""

ROUTE = "route: {receiver: r}\n"
RECEIVERS = "receivers: [{name: r, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]\n"


def assert_refused(process: Any, *words: str) -> None:
    assert process.wait() == 2, process.log
    assert process.output == ""
    assert len(process.log.splitlines()) == 1, process.log
    assert [word for word in words if word not in process.log] == [], process.log


# --- the hub --------------------------------------------------------------------------------------------------


def test_a_second_hub_on_the_same_data_is_refused_and_the_first_goes_on(stage: Any) -> None:
    first = stage.hub()
    pid = (stage.folder / "hub-data" / "hub.lock").read_text().strip()

    second = stage.run(*stage.hub_arguments(), **stage.hub_environment)

    assert_refused(second, str(stage.folder / "hub-data"), "another hub", f"(pid {pid})", "stop that one")
    assert first.get("/clusters")["items"] == []


def test_a_taken_port_is_refused(stage: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        hub = stage.run(*stage.hub_arguments(port=port), **stage.hub_environment)
        assert_refused(hub, f"127.0.0.1:{port}", "another --listen")
        sim = stage.run("sim", "--listen", f"127.0.0.1:{port}", "--pods", "0")
        assert_refused(sim, f"127.0.0.1:{port}", "another address")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--database", "mysql://db/x"), ("records database", "postgresql://user@host/database")),
        (("--database", "postgresql://db/x?a=b"), ("parameter 'a'", "only sslmode")),
        (("--database-file", "nowhere"), ("--database-file nowhere", "No such file")),
        (("--bootstrap-cluster", "home"), ("--bootstrap-token-file", "give both")),
        (("--bootstrap-cluster", "home", "--bootstrap-token-file", "token"), ("not an agent token", "fwa_")),
        (("--bootstrap-cluster", "My Home", "--bootstrap-token-file", "token"), ("'My Home'",)),
        (("--backups", "a&b"), ("--backups", "choose another directory")),
    ],
)
def test_where_records_backups_and_the_first_cluster_cannot_be_is_refused(
    stage: Any, flags: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (stage.folder / "token").write_text("nonsense")
    assert_refused(stage.run(*stage.hub_arguments(*flags), **stage.hub_environment), *words)


def test_a_data_directory_that_is_a_file_is_refused(stage: Any) -> None:
    (stage.folder / "occupied").write_text("a file")
    hub = stage.run(*stage.hub_arguments(data="occupied"), **stage.hub_environment)
    assert_refused(hub, str(stage.folder / "occupied"), "name another")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_an_unwritable_data_directory_is_refused(stage: Any) -> None:
    locked = stage.folder / "locked"
    locked.mkdir(mode=0o500)
    hub = stage.run(*stage.hub_arguments(data="locked"), **stage.hub_environment)
    assert_refused(hub, str(locked), "Permission denied", "make it writable")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (ROUTE + RECEIVERS + "tracing: {}\n", "`tracing` is not supported yet"),
        ("route: {receiver: nobody}\n" + RECEIVERS, "nobody"),
        ("route: [\n", ""),
        ("", "is empty"),
    ],
    ids=["unsupported key", "unknown receiver", "no YAML", "empty"],
)
def test_a_bad_alerting_file_is_refused(stage: Any, content: str, problem: str) -> None:
    file = stage.folder / "bad.yml"
    file.write_text(content)
    hub = stage.run("hub", "--data", stage.folder / "d", "--listen", "127.0.0.1:0", "--alerting", file)
    assert_refused(hub, "bad.yml", problem)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("detect: {detectors: {KubePodCrashed: {hold: 1s}}}\n", "there is no detector 'KubePodCrashed'"),
        ("detect: {detectors: {KubePodNotReady: {hold: soon}}}\n", "'soon' is no duration"),
        ("[", "not YAML"),
    ],
    ids=["unknown detector", "no duration", "no YAML"],
)
def test_a_bad_detectors_file_is_refused(stage: Any, content: str, problem: str) -> None:
    file = stage.folder / "bad.yml"
    file.write_text(content)
    hub = stage.run("hub", "--data", stage.folder / "d", "--listen", "127.0.0.1:0", "--detectors", file)
    assert_refused(hub, problem)


@pytest.mark.parametrize("flag", ["--alerting", "--detectors"])
def test_a_missing_file_is_refused_by_name(stage: Any, flag: str) -> None:
    missing = stage.folder / "missing.yml"
    hub = stage.run("hub", "--data", stage.folder / "d", "--listen", "127.0.0.1:0", flag, missing)
    assert_refused(hub, str(missing), "No such file")


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("--listen", "somewhere"), "somewhere"),
        (("--listen", "127.0.0.1:99999"), "99999"),
        (("--log-level", "loud"), "'loud' is none of debug, info, warning, error"),
    ],
)
def test_a_bad_flag_of_the_hub_is_refused(stage: Any, flags: tuple[str, str], problem: str) -> None:
    assert_refused(stage.run("hub", "--data", stage.folder / "d", *flags), problem)


def test_a_short_admin_token_is_refused_without_showing_it(stage: Any) -> None:
    hub = stage.run(*stage.hub_arguments(), FARWATCH_ADMIN_TOKEN="hunter2")
    assert_refused(hub, "FARWATCH_ADMIN_TOKEN", "choose a longer one")
    assert "hunter2" not in hub.log


def test_damaged_records_are_refused(stage: Any) -> None:
    (stage.folder / "hub-data").mkdir()
    (stage.folder / "hub-data" / "records.db").write_bytes(
        b"this is no database, and long enough to see " * 100
    )
    hub = stage.run(*stage.hub_arguments(), **stage.hub_environment)
    assert_refused(hub, "records.db")


# --- the agent ------------------------------------------------------------------------------------------------


@pytest.fixture
def kubeconfig(stage: Any) -> Path:
    file: Path = stage.folder / "kubeconfig"
    file.write_text(KUBECONFIG)
    return file


def test_a_kubeconfig_without_the_named_context_is_refused(stage: Any, kubeconfig: Path) -> None:
    agent = stage.agent("http://127.0.0.1:1", "t", kubeconfig, "--context", "prod")
    assert_refused(agent, "no context 'prod'; it has test")


def test_a_missing_kubeconfig_is_refused(stage: Any) -> None:
    missing = stage.folder / "missing"
    assert_refused(stage.agent("http://127.0.0.1:1", "t", missing), f"{missing}: no such file")


def test_without_a_kubeconfig_outside_a_pod_the_agent_says_what_to_give(stage: Any) -> None:
    agent = stage.run("agent", "--hub", "http://127.0.0.1:1", "--token", "t", KUBERNETES_SERVICE_HOST="")
    assert_refused(agent, "kubeconfig")


def test_an_unknown_key_in_the_agents_file_is_refused(stage: Any, kubeconfig: Path) -> None:
    file = stage.folder / "agent.yaml"
    file.write_text(f"hub: http://127.0.0.1:1\ntoken: t\nkubeconfig: {kubeconfig}\nnamspaces: [shop]\n")
    agent = stage.run("agent", "--config", file)
    assert_refused(agent, str(file), "unknown setting 'namspaces'; allowed: hub, token")


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"FARWATCH_HUB": "http://hub.example.com"}, "would send the token in the clear; use https://"),
        ({"FARWATCH_POLL": "often"}, "FARWATCH_POLL: 'often': not a duration"),
        ({"FARWATCH_NAMSPACES": "shop"}, "FARWATCH_NAMSPACES"),
    ],
)
def test_a_bad_setting_of_the_agent_is_refused(
    stage: Any, kubeconfig: Path, environment: dict[str, str], problem: str
) -> None:
    settings = {
        "FARWATCH_HUB": "http://127.0.0.1:1",
        "FARWATCH_TOKEN": "t",
        "FARWATCH_KUBECONFIG": str(kubeconfig),
    }
    assert_refused(stage.run("agent", **settings | environment), problem)


def test_a_taken_health_port_is_refused(stage: Any, kubeconfig: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        agent = stage.run(
            *("agent", "--hub", "http://127.0.0.1:1", "--token", "t", "--kubeconfig", kubeconfig),
            *("--health-listen", address),
        )
        assert_refused(agent, f"health_listen: cannot listen on {address}", "choose another address")
