"""The main path against a real API server: one that is named, or one that is started with its etcd from envtest's files.

``FARWATCH_TEST_KUBECONFIG`` names a kubeconfig; a namespace is made there and removed again. ``KUBEBUILDER_ASSETS`` names
the directory with ``etcd`` and ``kube-apiserver``, as ``setup-envtest use -p path`` prints it; both then run on loopback.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import kubernetes
import pytest

from farwatch.sim.server.certificates import Certificate, make_certificate
from farwatch.sim.server.kubeconfig import write_kubeconfig

KUBECONFIG = os.environ.get("FARWATCH_TEST_KUBECONFIG", "")
ASSETS = os.environ.get("KUBEBUILDER_ASSETS", "")
TOKEN = "the-administrators-token-for-one-test-run"
CLUSTER = "real"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.real_api_server,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (KUBECONFIG or ASSETS),
        reason="no real API server: set KUBEBUILDER_ASSETS (etcd, kube-apiserver) or FARWATCH_TEST_KUBECONFIG",
    ),
]


# --- a control plane of two processes -------------------------------------------------------------------------


@contextlib.contextmanager
def running(folder: Path, program: str, flags: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program of the assets, until the block is left; its output is in the folder."""
    path = Path(ASSETS) / program
    if not path.is_file():
        pytest.fail(f"KUBEBUILDER_ASSETS={ASSETS} holds no {program}")
    with (folder / f"{program}.log").open("wb") as log:
        process = subprocess.Popen([path, *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        return [
            held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)
        ]


def etcd_flags(folder: Path, client_url: str, peer_url: str) -> list[str]:
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client_url}",
        f"--advertise-client-urls={client_url}",
        f"--listen-peer-urls={peer_url}",
        f"--initial-advertise-peer-urls={peer_url}",
        f"--initial-cluster=default={peer_url}",
        "--unsafe-no-fsync=true",
    ]


def api_server_flags(folder: Path, port: int, etcd_url: str, certificate: Certificate) -> list[str]:
    """As envtest starts it, but that its administrator shows a token instead of a certificate."""
    tokens = folder / "tokens.csv"
    tokens.write_text(f'{TOKEN},test-admin,test-admin,"system:masters"\n')
    return [
        f"--etcd-servers={etcd_url}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--tls-cert-file={certificate.certificate}",
        f"--tls-private-key-file={certificate.key}",
        f"--token-auth-file={tokens}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://127.0.0.1/",
        f"--service-account-key-file={certificate.key}",
        f"--service-account-signing-key-file={certificate.key}",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--allow-privileged=true",
        "--disable-admission-plugins=ServiceAccount",
    ]


def answers(url: str, certificate: Certificate) -> bool:
    request = urllib.request.Request(f"{url}/readyz", headers={"Authorization": f"Bearer {TOKEN}"})  # noqa: S310
    trust = ssl.create_default_context(cafile=str(certificate.certificate))
    try:
        with urllib.request.urlopen(request, context=trust, timeout=5) as answer:  # noqa: S310
            ready: bool = answer.status == 200
            return ready
    except OSError:
        return False


@contextlib.contextmanager
def control_plane(folder: Path, eventually: Any) -> Iterator[Path]:
    """etcd and kube-apiserver; the kubeconfig of their administrator."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate for the real API server")
    certificate = make_certificate(folder)
    client_port, peer_port, port = free_ports(3)
    etcd_url, url = f"http://127.0.0.1:{client_port}", f"https://127.0.0.1:{port}"
    with contextlib.ExitStack() as parts:
        etcd = parts.enter_context(
            running(folder, "etcd", etcd_flags(folder, etcd_url, f"http://127.0.0.1:{peer_port}"))
        )
        api_server = parts.enter_context(
            running(folder, "kube-apiserver", api_server_flags(folder, port, etcd_url, certificate))
        )

        def ready() -> bool:
            for process, name in ((etcd, "etcd"), (api_server, "kube-apiserver")):
                log = folder / f"{name}.log"
                assert process.poll() is None, f"{name} ended:\n{log.read_text(errors='replace')[-4000:]}"
            return answers(url, certificate)

        eventually(ready, "the real API server is ready", 120)
        yield write_kubeconfig(
            folder / "kubeconfig", url, name="real", token=TOKEN, certificate=certificate.certificate
        )


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory, eventually: Any) -> Iterator[Path]:
    if KUBECONFIG:
        yield Path(KUBECONFIG)
        return
    with control_plane(tmp_path_factory.mktemp("control-plane"), eventually) as found:
        yield found


# --- the main path --------------------------------------------------------------------------------------------


@pytest.fixture
def core(kubeconfig: Path) -> Iterator[Any]:
    """The official client."""
    with kubernetes.config.new_client_from_config(config_file=str(kubeconfig)) as client:
        yield kubernetes.client.CoreV1Api(client)


@pytest.fixture
def namespace(core: Any) -> Iterator[str]:
    name = f"farwatch-test-{secrets.token_hex(4)}"
    core.create_namespace({"metadata": {"name": name, "labels": {"made-by": "farwatch-tests"}}})
    yield name
    core.delete_namespace(name)


def container(name: str = "app") -> dict[str, Any]:
    return {"name": name, "image": "registry.example/app:1", "resources": {"requests": {"cpu": "10m"}}}


def deployment(name: str) -> dict[str, Any]:
    """Without replicas: nothing is to run."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container()]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
    }


def pod(name: str) -> dict[str, Any]:
    """One that no scheduler takes, so that no kubelet overwrites what the test says of it."""
    spec = {"schedulerName": "nobody", "containers": [container()], "automountServiceAccountToken": False}
    return {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


CRASH_LOOPING = {
    "phase": "Running",
    "containerStatuses": [
        {
            "name": "app",
            "image": "registry.example/app:1",
            "imageID": "",
            "ready": False,
            "restartCount": 5,
            "state": {
                "waiting": {
                    "reason": "CrashLoopBackOff",
                    "message": "back-off 2m40s restarting failed container=app",
                }
            },
            "lastState": {
                "terminated": {
                    "exitCode": 1,
                    "reason": "Error",
                    "startedAt": "2026-01-01T00:00:00Z",
                    "finishedAt": "2026-01-01T00:00:02Z",
                }
            },
        }
    ],
}


def test_a_crash_loop_in_a_real_api_server_is_told(
    stage: Any, core: Any, namespace: str, kubeconfig: Path, eventually: Any
) -> None:
    hub = stage.hub()
    agent = stage.linked_agent(hub, CLUSTER, kubeconfig)
    states = {watch["kind"]: watch["state"] for watch in hub.get(f"/clusters/{CLUSTER}")["watches"]}
    assert set(states.values()) == {"synced"}
    identity = core.read_namespace("kube-system").metadata.uid
    assert hub.get(f"/clusters/{CLUSTER}")["uid"] == identity

    kubernetes.client.AppsV1Api(core.api_client).create_namespaced_deployment(namespace, deployment("web"))
    core.create_namespaced_pod(namespace, pod("broken"))
    eventually(lambda: hub.names("deployments", CLUSTER, namespace=namespace) == {"web"}, "the Deployment")
    core.patch_namespaced_pod_status("broken", namespace, {"status": CRASH_LOOPING})

    told = stage.sink.wait_told("KubePodCrashLooping")
    expected = {"cluster": CLUSTER, "namespace": namespace, "workload_kind": "Pod", "workload": "broken"}
    assert expected.items() <= told["labels"].items()
    assert "1" in told["annotations"]["description"]
    core.delete_namespaced_pod("broken", namespace, grace_period_seconds=0)
    assert (
        stage.sink.wait_told("KubePodCrashLooping", "resolved")["labels"]["namespace"]
        == told["labels"]["namespace"]
    )

    def operations() -> list[str]:
        changes = hub.changes(CLUSTER, kind="Pod", namespace=namespace, name="broken")
        return [change["operation"] for change in reversed(changes)]

    first, *between, _ = eventually(
        lambda: operations()[-1:] == ["deleted"] and operations(), "its whole history"
    )
    assert (first, set(between)) == ("created", {"updated"})
    agent.wait_ready()


def test_what_changed_in_a_real_api_server_while_the_agent_was_dead_is_seen(
    stage: Any, core: Any, namespace: str, kubeconfig: Path, eventually: Any
) -> None:
    hub = stage.hub()
    token = hub.add_cluster(CLUSTER)
    agent = stage.agent(hub, token, kubeconfig)
    hub.wait_synced(CLUSTER)
    core.create_namespaced_service(
        namespace, {"metadata": {"name": "going"}, "spec": {"ports": [{"port": 80}]}}
    )
    eventually(lambda: hub.names("services", CLUSTER, namespace=namespace) == {"going"}, "the Service")

    agent.kill()
    core.delete_namespaced_service("going", namespace)
    core.create_namespaced_service(
        namespace, {"metadata": {"name": "new"}, "spec": {"ports": [{"port": 80}]}}
    )
    stage.agent(hub, token, kubeconfig)

    eventually(lambda: hub.names("services", CLUSTER, namespace=namespace) == {"new"}, "the other Service")
    expected = {("going", "deleted"), ("new", "created")}

    def found_after_gap() -> set[tuple[str, str]]:
        changes = hub.changes(CLUSTER, kind="Service", namespace=namespace)
        return {(change["name"], change["operation"]) for change in changes if change.get("afterGap")}

    eventually(lambda: found_after_gap() == expected, "both changes of the gap")
