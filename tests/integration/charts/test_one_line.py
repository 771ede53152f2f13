"""The hub's install link on a cluster that enforces roles: what it applies works, goes without a trace, and Helm takes it over."""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ..conftest import Hub, Stage, eventually
from .charts import CHARTS, Object
from .cluster import Cluster

CURL = shutil.which("curl")
NUMBERS = itertools.count(1)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.xdist_group("one-line"),
    pytest.mark.skipif(CURL is None, reason="curl downloads what the link stands for"),
]


@pytest.fixture(scope="module")
def cluster(common_stage: Stage) -> Cluster:
    return Cluster.simulate(common_stage)


@pytest.fixture(scope="module")
def hub(common_stage: Stage) -> Hub:
    """A hub that knows its own address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return common_stage.hub("--external-url", f"http://127.0.0.1:{port}", port=port)


@pytest.fixture
def name(cluster: Cluster) -> Iterator[str]:
    """A name for a cluster and its agent's namespace, which is gone in the end."""
    found = f"one-line-{next(NUMBERS)}"
    yield found
    cluster.kubectl("delete", "namespace", found, "--ignore-not-found")
    eventually(lambda: cluster.get("namespace", found) is None, f"{found} is gone")


def apply_line(hub: Hub, cluster: Cluster, name: str, **options: Any) -> list[Object]:
    """Make a link and run its line; what was applied, as the preview told it."""
    hub.add_cluster(name)
    link = hub.post(f"/clusters/{name}/install", {"namespace": name, **options})
    preview = hub.ask("GET", f"/api/v1/clusters/{name}/install/{link['id']}").text
    line = link["command"].replace("kubectl", f"kubectl --kubeconfig {cluster.kubeconfig}")
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    return [each for each in yaml.safe_load_all(preview) if each]


def run_pod(cluster: Cluster, objects: list[Object], kind: str) -> Any:
    (found,) = (each for each in objects if each["kind"] == kind)
    return cluster.run_container(found["spec"]["template"]["spec"], found["metadata"]["namespace"])


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, "Deployment"),
        ({"mode": "full", "features": {"events": False}}, "DaemonSet"),
        ({"watchNamespaces": ["shop"], "values": {"metrics": {"enabled": True}}}, "Deployment"),
    ],
    ids=["light", "full", "some-namespaces"],
)
def test_the_agent_works_with_what_the_line_applied_and_nothing_is_left_when_the_namespace_goes(
    hub: Hub, cluster: Cluster, name: str, options: dict[str, Any], kind: str
) -> None:
    before = cluster.lasting()
    objects = apply_line(hub, cluster, name, **options)

    agent = run_pod(cluster, objects, kind)
    hub.wait_synced(name)
    assert hub.names("pods", name)
    adopted = run_pod(cluster, objects, "Job")
    assert adopted.wait() == 0, adopted.log
    agent.terminate()

    cluster.kubectl("delete", "namespace", name)
    eventually(lambda: cluster.lasting() == before, "nothing is left of it")


def test_helm_takes_over_what_the_line_applied(hub: Hub, cluster: Cluster, name: str) -> None:
    before = cluster.lasting()
    objects = apply_line(hub, cluster, name)
    adopted = run_pod(cluster, objects, "Job")
    assert adopted.wait() == 0, adopted.log
    cluster.kubectl("-n", name, "delete", "job", "farwatch-agent-adopt", "--ignore-not-found")

    values = {
        "hub": {"url": hub.url, "allowInsecure": True},
        "agentToken": hub.post(f"/clusters/{name}/tokens", {})["token"],
        "replicas": 2,
    }
    done = cluster.helm("install", CHARTS / "farwatch-agent", "farwatch-agent", values, namespace=name)

    assert done["status"] == "deployed"
    assert cluster.get("deployment", "farwatch-agent", name)["spec"]["replicas"] == 2
    cluster.helm("uninstall", "farwatch-agent", namespace=name)
    cluster.kubectl("delete", "namespace", name)
    eventually(lambda: cluster.lasting() == before, "nothing is left of it")
