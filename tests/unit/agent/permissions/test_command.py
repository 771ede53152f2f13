"""`farwatch agent permissions --check`, by hand."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from farwatch.agent.command import main
from farwatch.agent.permissions import command
from farwatch.agent.permissions.manifests import Installation, make_manifests
from farwatch.sim.apiserver import ApiServer
from farwatch.sim.server.identity import service_account
from farwatch.sim.store import Store

PLURALS = {
    "ServiceAccount": "serviceaccounts",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
}


@pytest.fixture
async def kubeconfig(tmp_path: Path) -> AsyncIterator[Path]:
    """Of an account with the table's rights in the namespace ``a``; its own namespace is ``farwatch``."""
    store = Store(time.time)
    server = ApiServer(store, users={"token": service_account("farwatch", "farwatch-agent")}, rbac=True)
    for namespace in ("farwatch", "kube-system", "a"):
        store.create("namespaces", {"metadata": {"name": namespace}})
    for manifest in make_manifests(Installation(watched=("a",))):
        store.create(PLURALS[manifest["kind"]], manifest)
    await server.start()
    path = server.write_kubeconfig(tmp_path / "kubeconfig", token="token")
    content = yaml.safe_load(path.read_text())
    content["contexts"][0]["context"]["namespace"] = "farwatch"
    path.write_text(yaml.safe_dump(content))
    yield path
    await server.stop()


async def check(kubeconfig: Path, *flags: str, **environment: str) -> int:
    parsed = command.build_parser().parse_args(["--check", "--kubeconfig", str(kubeconfig), *flags])
    return await command.check(parsed, environment)


async def test_an_account_is_held_against_the_settings_it_is_used_with(
    kubeconfig: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await check(kubeconfig, "--namespaces", "a") == 0
    assert capsys.readouterr().out == "has the rights that it needs and no others\n"

    assert await check(kubeconfig, FARWATCH_NAMESPACES="a,b") == 1
    told = capsys.readouterr().out.splitlines()
    assert "lacks get on pods/log in b, for pod-logs" in told
    assert not [line for line in told if " in a," in line]


async def test_settings_are_those_of_the_pod(kubeconfig: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pod = {
        "FARWATCH_HUB": "https://hub.example.com",
        "FARWATCH_TOKEN_FILE": "/var/run/farwatch/token",
        "FARWATCH_NAMESPACES": "a",
        "FARWATCH_LEADER_ELECTION": "true",
        "FARWATCH_LEASE_NAME": "another",
    }
    assert await check(kubeconfig, **pod) == 1

    assert capsys.readouterr().out.splitlines() == [
        "lacks get, update on leases.coordination.k8s.io named another in farwatch, for leader-election",
        "has get, update on leases.coordination.k8s.io named farwatch-agent-leader in farwatch, which it never needs",
    ]


def test_an_api_server_that_does_not_answer_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    cluster: dict[str, Any] = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "clusters": [cluster],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        "users": [{"name": "c", "user": {"token": "t"}}],
    }
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(content))

    assert main(["permissions", "--check", "--kubeconfig", str(kubeconfig)], {}) == 1

    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"127.0.0.1:{port} does not answer" in told


def test_a_wrong_setting_is_told_as_the_agent_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "--check"], {"FARWATCH_EVENTS": "perhaps"}) == 2
    assert "FARWATCH_EVENTS: 'perhaps': allowed: true, false" in capsys.readouterr().err
