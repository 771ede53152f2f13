"""One line installs an agent: a real hub, curl and kubectl, and clusters side by side in one kubeconfig."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

KUBECTL = shutil.which("kubectl")
CURL = shutil.which("curl")
APPLY_SECONDS = 120

pytestmark = [
    pytest.mark.integration,
    pytest.mark.xdist_group("install"),
    pytest.mark.skipif(not (KUBECTL and CURL), reason="kubectl and curl are what people paste the line for"),
]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    """A hub that knows its own address."""
    port = free_port()
    return common_stage.hub("--external-url", f"http://127.0.0.1:{port}", port=port)


@pytest.fixture(scope="module")
def sims(common_stage: Any) -> dict[str, Any]:
    """Two clusters: contexts side by side."""
    return {"eu": common_stage.sim(name="sim-eu"), "us": common_stage.sim("--seed", "2", name="sim-us")}


@pytest.fixture(scope="module")
def kubeconfig(common_stage: Any, sims: dict[str, Any]) -> Path:
    """One file with a context for each."""
    merged: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [],
        "users": [],
        "contexts": [],
    }
    for name, sim in sims.items():
        own = yaml.safe_load(sim.kubeconfig.read_text())
        merged["clusters"].append({"name": name, "cluster": own["clusters"][0]["cluster"]})
        merged["users"].append({"name": name, "user": own["users"][0]["user"]})
        merged["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    file: Path = common_stage.folder / "merged.kubeconfig"
    file.write_text(yaml.safe_dump(merged))
    return file


def shell(line: str, kubeconfig: Path) -> subprocess.CompletedProcess[str]:
    """What a person's shell makes of a line."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(
        ["/bin/sh", "-c", line],
        env=environment | {"KUBECONFIG": str(kubeconfig)},
        cwd=kubeconfig.parent,
        capture_output=True,
        text=True,
        timeout=APPLY_SECONDS,
        check=False,
    )


def on(context: str, line: str) -> str:
    return line.replace("kubectl", f"kubectl --context {context}")


def token_in(sim: Any, namespace: str = "farwatch") -> str:
    """The agent's token, as the Secret in a cluster holds it."""
    secret = sim.call("GET", f"/api/v1/namespaces/{namespace}/secrets/farwatch-agent")
    return base64.b64decode(secret["data"]["AGENT_TOKEN"]).decode()


def make_link(hub: Any, cluster: str, **options: Any) -> dict[str, Any]:
    hub.add_cluster(cluster)
    link: dict[str, Any] = hub.post(f"/clusters/{cluster}/install", options)
    return link


def test_the_line_installs_an_agent_in_each_of_two_contexts_and_a_shared_token_is_refused(
    stage: Any, hub: Any, sims: dict[str, Any], kubeconfig: Path
) -> None:
    for context in sims:
        done = stage.cli(hub, "cluster", "add", f"prod-{context}", "--label", f"region={context}")
        assert "farwatch cluster install" in done.output
        line = stage.cli(hub, "cluster", "install", f"prod-{context}", "--command-only").output.strip()
        applied = shell(on(context, line), kubeconfig)
        assert applied.returncode == 0, applied.stderr
        assert "deployment.apps/farwatch-agent created" in applied.stdout
        assert "job.batch/farwatch-agent-adopt created" in applied.stdout

        again = shell(on(context, line), kubeconfig)
        assert again.returncode != 0
        assert "410" in again.stderr
        assert "no objects passed to apply" in again.stderr

    agents = {}
    for context, sim in sims.items():
        agents[context] = stage.agent(hub, token_in(sim), sim.kubeconfig)
        hub.wait_synced(f"prod-{context}")
        found = hub.get(f"/clusters/prod-{context}")
        assert found["uid"] == sim.call("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
        assert found["labels"] == {"region": context}

    foreign = stage.agent(hub, token_in(sims["eu"]), sims["us"].kubeconfig)
    said = foreign.find_log(code="foreign_cluster")["reason"]
    assert "belongs to cluster 'prod-eu', which is another cluster" in said
    for agent in agents.values():
        agent.wait_ready()


def test_the_checked_line_applies_what_has_the_checksum_and_nothing_else(
    hub: Any, sims: dict[str, Any], kubeconfig: Path
) -> None:
    good, bad = (
        make_link(hub, "checked", namespace="checked"),
        make_link(hub, "tampered", namespace="tampered"),
    )
    applied = shell(on("eu", good["checkedCommand"]), kubeconfig)
    assert "farwatch-agent.yaml: OK" in applied.stdout
    assert "deployment.apps/farwatch-agent created" in applied.stdout

    other = bad["checkedCommand"].replace(bad["sha256"], "0" * 64)
    refused = shell(on("eu", other), kubeconfig)
    assert "farwatch-agent.yaml: FAILED" in refused.stdout
    assert "tampered" not in sims["eu"].names("/api/v1/namespaces")
    assert not (kubeconfig.parent / "farwatch-agent.yaml").exists()


def test_the_preview_on_the_command_line_is_what_is_delivered_but_for_the_token(stage: Any, hub: Any) -> None:
    hub.add_cluster("previewed")
    done = stage.cli(hub, "cluster", "install", "previewed", "--preview", "--json", "--mode", "full")
    link = json.loads(done.output)
    delivered = hub.ask("GET", urlsplit(link["url"]).path, token="")
    assert delivered.status == 200
    assert hashlib.sha256(delivered.text.encode()).hexdigest() == link["sha256"]
    preview, text = link["preview"].splitlines(), delivered.text.splitlines()
    differing = [whole for masked, whole in zip(preview, text, strict=True) if masked != whole]
    assert [line.split(":")[0].strip() for line in differing] == ["AGENT_TOKEN"]
    assert "kind: DaemonSet" in preview


def test_a_link_outlives_the_hub_and_ends_with_its_time(stage: Any) -> None:
    port = free_port()
    own = stage.hub("--external-url", f"http://127.0.0.1:{port}", port=port)
    link, late = make_link(own, "prod"), make_link(own, "late")
    assert own.terminate() == 0
    # Nobody waits an hour: what is written down is made so much older.
    with sqlite3.connect(stage.folder / "hub-data" / "records.db") as records:
        records.execute("UPDATE install_links SET expires_at = created_at - 1 WHERE id = ?", (late["id"],))
    records.close()
    own = stage.hub("--external-url", f"http://127.0.0.1:{port}", port=port)

    answer = own.ask("GET", urlsplit(link["url"]).path, token="")
    assert hashlib.sha256(answer.text.encode()).hexdigest() == link["sha256"]
    gone = own.ask("GET", urlsplit(late["url"]).path, token="")
    assert gone.status == 410
    assert "ended unused" in gone.text
    assert own.metric("farwatch_install_links_refused_total", reason="expired") == 1
    assert own.metric("farwatch_install_links_delivered_total") == 1
    assert urlsplit(link["url"]).path.rpartition("/")[2] not in own.log


@pytest.mark.parametrize("tail", ["abc", "x;id", "%0aid"])
def test_a_damaged_link_is_nothing_to_a_shell_and_to_kubectl(
    hub: Any, sims: dict[str, Any], kubeconfig: Path, tail: str
) -> None:
    link = make_link(hub, f"damaged-{tail[-3:].strip(';')}")
    url = link["url"][:-3] + tail
    piped = shell(on("eu", f"curl -sSL '{url}' | kubectl apply -f -"), kubeconfig)
    assert "no objects passed to apply" in piped.stderr
    run = shell(f"curl -sSL '{url}' | sh", kubeconfig)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert hub.ask("GET", urlsplit(link["url"]).path, token="").status == 200


def test_head_does_not_use_a_link_up(hub: Any, kubeconfig: Path) -> None:
    link = make_link(hub, "looked-at")
    for _ in range(2):
        looked = shell(f"curl -fsSI {link['url']}", kubeconfig)
        assert "200" in looked.stdout.splitlines()[0]
    assert hub.ask("GET", urlsplit(link["url"]).path, token="").status == 200


def test_a_hub_without_an_address_says_which_flag_is_missing(stage: Any) -> None:
    own = stage.hub()
    own.add_cluster("prod")
    done = stage.cli(own, "cluster", "install", "prod")
    assert done.wait() == 1
    assert "--external-url https://hub.example.com" in done.log


def test_the_chart_is_served_as_helm_takes_it(hub: Any, tmp_path: Path) -> None:
    link = make_link(hub, "by-helm")
    words = link["helmCommand"].split()
    parts = urlsplit(words[words.index("farwatch-agent") + 1])
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    connection.request("GET", parts.path)
    answer = connection.getresponse()
    assert answer.status == 200
    archive = tmp_path / "chart.tgz"
    archive.write_bytes(answer.read())
    connection.close()
    # In a process of its own, as Helm's library wants it.
    script = f"from helm_python import Chart; print(Chart.load({str(archive)!r}).metadata['name'])"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    if loaded.returncode and "ModuleNotFoundError" in loaded.stderr:
        pytest.skip("helm-python-sdk is not installed")
    assert loaded.stdout == "farwatch-agent\n"
