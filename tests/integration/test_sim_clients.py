"""Clients that nobody here wrote work with the simulated API server: kubectl, the official client, lightkube."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import kubernetes
import kubernetes.config
import kubernetes.watch
import lightkube
import pytest
from kubernetes.leaderelection.electionconfig import Config as ElectionConfig
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Pod

from farwatch.sim.apiserver import ApiServer
from farwatch.sim.server.certificates import make_certificate
from farwatch.sim.server.identity import ADMIN_GROUP, User
from farwatch.sim.store import Store

OPENSSL = shutil.which("openssl")
pytestmark = [
    pytest.mark.integration,
    # Over plain HTTP kubectl sends no token, so that these clients are only tried the way they are used.
    pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed"),
]

T = TypeVar("T")
KUBECTL = shutil.which("kubectl")
needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")


@dataclass
class Sim:
    """A simulated API server in a thread of its own, since these clients block."""

    server: ApiServer
    loop: asyncio.AbstractEventLoop
    kubeconfig: Path

    @property
    def store(self) -> Store:
        return self.server.store

    def run(self, act: Callable[[], T]) -> T:
        """Do something in the server's thread."""

        async def called() -> T:
            return act()

        return self.wait(called())

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def kubectl(self, *arguments: str, stdin: str = "", code: int = 0) -> str:
        """What kubectl printed; on stderr when it was to fail."""
        assert KUBECTL
        done = subprocess.run(
            [
                KUBECTL,
                "--kubeconfig",
                str(self.kubeconfig),
                "--cache-dir",
                str(self.kubeconfig.parent),
                *arguments,
            ],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout


def pod(name: str, app: str = "web", **status: Any) -> dict[str, Any]:
    running = {"name": "c", "ready": True, "restartCount": 2, "image": "nginx:1", "imageID": ""}
    running["state"] = {"running": {"startedAt": "2026-11-20T21:14:53Z"}}
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": app}},
        "spec": {
            "nodeName": "node-1",
            "containers": [{"name": "c", "image": "nginx:1", "resources": {"requests": {"cpu": "100m"}}}],
        },
        "status": {"phase": "Running", "podIP": "10.0.0.7", "containerStatuses": [running]} | status,
    }


def fill(store: Store) -> None:
    for name in ("default", "kube-system", "shop"):
        store.create("namespaces", {"metadata": {"name": name}})
    store.create(
        "nodes",
        {
            "metadata": {"name": "node-1"},
            "spec": {},
            "status": {
                "allocatable": {"cpu": "4", "memory": "16Gi"},
                "capacity": {"cpu": "4", "memory": "16Gi"},
                "conditions": [{"type": "Ready", "status": "True"}],
                "nodeInfo": {"kubeletVersion": "v1.36.2"},
            },
        },
    )
    for i in range(5):
        store.create("pods", pod(f"web-{i}"))


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Sim]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sim")
    thread.start()
    store = Store(time.time)
    fill(store)
    users = {"admin-token": User("admin", (ADMIN_GROUP,)), "viewer-token": User("viewer")}
    server = ApiServer(store, users=users, rbac=True, certificate=make_certificate(tmp_path))
    made = Sim(server, loop, tmp_path / "kubeconfig")
    made.wait(server.start())
    server.write_kubeconfig(made.kubeconfig, token="admin-token")
    yield made
    made.wait(server.stop())
    made.wait(asyncio.sleep(0))  # connections close
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec:
      containers:
      - {name: c, image: nginx:1, env: [{name: A, value: "1"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {a: b}
"""


# --- kubectl --------------------------------------------------------------------------------------------------


@needs_kubectl
def test_kubectl_learns_version_and_resources(sim: Sim) -> None:
    told = json.loads(sim.kubectl("version", "-o", "json"))
    assert told["serverVersion"]["gitVersion"] == "v1.36.2"
    names = sim.kubectl("api-resources", "-o", "name").split()
    assert {"pods", "deployments.apps", "leases.coordination.k8s.io"} <= set(names)


@needs_kubectl
def test_kubectl_get_prints_the_usual_columns(sim: Sim) -> None:
    header, first, *_ = sim.kubectl("get", "pods", "-n", "shop", "-o", "wide").splitlines()
    assert header.split()[:7] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"]
    assert first.split()[:4] == ["web-0", "1/1", "Running", "2"]
    assert "node-1" in first
    assert sim.kubectl("get", "nodes", "--no-headers").split()[:3] == ["node-1", "Ready", "<none>"]
    everywhere = sim.kubectl("get", "pods", "-A", "--no-headers", "--chunk-size=2")
    assert [line.split()[1] for line in everywhere.splitlines()] == [f"web-{i}" for i in range(5)]


@needs_kubectl
def test_kubectl_selects_by_labels_and_fields(sim: Sim) -> None:
    sim.run(lambda: sim.store.create("pods", pod("db-0", app="db", phase="Pending")))
    query = ("get", "pods", "-n", "shop", "-o", "name")
    assert sim.kubectl(*query, "-l", "app in (db,x)").split() == ["pod/db-0"]
    assert sim.kubectl(*query, "--field-selector", "status.phase!=Running").split() == ["pod/db-0"]


@needs_kubectl
def test_kubectl_watches(sim: Sim) -> None:
    assert KUBECTL
    command = [
        KUBECTL,
        "--kubeconfig",
        str(sim.kubeconfig),
        "get",
        "pods",
        "-n",
        "shop",
        "-w",
        "--no-headers",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        listed = [process.stdout.readline().split()[0] for _ in range(5)]
        sim.run(lambda: sim.store.create("pods", pod("new")))
        seen = process.stdout.readline().split()
        process.terminate()
    assert listed == [f"web-{i}" for i in range(5)]
    assert seen[:3] == ["new", "1/1", "Running"]


@needs_kubectl
def test_kubectl_describes_with_events(sim: Sim) -> None:
    def report() -> None:
        about = sim.store.get("pods", "shop", "web-0")
        reference = {"kind": "Pod", "namespace": "shop", "name": "web-0", "uid": about["metadata"]["uid"]}
        event = {"type": "Warning", "reason": "BackOff", "message": "Back-off restarting", "count": 3}
        metadata = {"name": "web-0.1", "namespace": "shop"}
        sim.store.create("events", {"metadata": metadata, "involvedObject": reference, **event})

    sim.run(report)
    told = sim.kubectl("describe", "pod", "web-0", "-n", "shop")
    assert "node-1" in told
    assert "Back-off restarting" in told
    assert "web-0" in sim.kubectl("describe", "node", "node-1")
    assert "BackOff" in sim.kubectl("get", "events", "-n", "shop")


@needs_kubectl
def test_kubectl_reads_logs(sim: Sim) -> None:
    logs = sim.server.logs
    sim.run(lambda: logs.write("shop", "web-0", "c", "first", "second"))
    assert sim.kubectl("logs", "web-0", "-n", "shop") == "first\nsecond\n"
    assert sim.kubectl("logs", "web-0", "-n", "shop", "--tail=1") == "second\n"
    failed = sim.kubectl("logs", "web-0", "-n", "shop", "--previous", code=1)
    assert 'previous terminated container "c" in pod "web-0" not found' in failed
    sim.run(lambda: logs.restart("shop", "web-0", "c"))
    assert sim.kubectl("logs", "web-0", "-n", "shop", "-p") == "first\nsecond\n"


@needs_kubectl
def test_kubectl_follows_logs_until_the_container_ends(sim: Sim) -> None:
    assert KUBECTL
    logs = sim.server.logs
    sim.run(lambda: logs.write("shop", "web-0", "c", "first"))
    command = [KUBECTL, "--kubeconfig", str(sim.kubeconfig), "logs", "-f", "web-0", "-n", "shop"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "first\n"
        sim.run(lambda: logs.write("shop", "web-0", "c", "second"))
        assert process.stdout.readline() == "second\n"
        sim.run(lambda: logs.restart("shop", "web-0", "c"))
        assert process.stdout.readline() == ""
        assert process.wait(20) == 0


@needs_kubectl
def test_kubectl_applies_changes_and_deletes(sim: Sim) -> None:
    assert "deployment.apps/hello created" in sim.kubectl("apply", "-f", "-", stdin=MANIFEST)
    assert "unchanged" in sim.kubectl("apply", "-f", "-", stdin=MANIFEST)
    changed = MANIFEST.replace("nginx:1", "nginx:2").replace("data: {a: b}", "data: {c: d}")
    assert "configmap/settings configured" in sim.kubectl("apply", "-f", "-", stdin=changed)
    assert sim.run(lambda: sim.store.get("configmaps", "shop", "settings"))["data"] == {"c": "d"}
    sim.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=MANIFEST)
    deployment = sim.run(lambda: sim.store.get("deployments", "shop", "hello"))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["env"]) == ("nginx:1", [{"name": "A", "value": "1"}])
    sim.kubectl("delete", "-f", "-", stdin=MANIFEST)
    assert sim.run(lambda: sim.store.list("deployments")) == []


@needs_kubectl
@pytest.mark.parametrize(
    ("what", "field", "expected"),
    [
        ("deployment/a --image=nginx --port=80 --replicas=0", "{.spec.replicas}", "0"),
        ("job/a --image=busybox -- echo hi", "{.spec.template.spec.containers[0].command}", '["echo","hi"]'),
        ("cronjob/a --image=busybox --schedule=@daily", "{.spec.schedule}", "@daily"),
        ("configmap/a --from-literal=k=v", "{.data}", '{"k":"v"}'),
        ("secret/a generic --from-literal=k=v", "{.data}", '{"k":"dg=="}'),
        ("serviceaccount/a", "{.metadata.name}", "a"),
        ("role/a --verb=get --resource=pods", "{.rules[0].apiGroups}", '[""]'),
        ("rolebinding/a --role=a --user=eve", "{.subjects[0].name}", "eve"),
        ("quota/a --hard=pods=3", "{.spec.hard}", '{"pods":"3"}'),
        ("pdb/a --selector=a=b --min-available=50%", "{.spec.minAvailable}", "50%"),
        ("service/a clusterip --tcp=80:8080", "{.spec.ports[0].targetPort}", "8080"),
    ],
)
def test_kubectl_creates_in_protobuf(sim: Sim, what: str, field: str, expected: str) -> None:
    target, *flags = what.split()
    kind, name = target.split("/")
    how = [flags.pop(0)] if flags and not flags[0].startswith("-") else []
    sim.kubectl("create", kind, *how, name, "-n", "shop", *flags)
    assert sim.kubectl("get", target, "-n", "shop", "-o", f"jsonpath={field}") == expected


@needs_kubectl
def test_kubectl_scales_restarts_labels_and_cordons(sim: Sim) -> None:
    sim.kubectl("apply", "-f", "-", stdin=MANIFEST)
    sim.kubectl("scale", "deployment/hello", "-n", "shop", "--replicas=4")
    sim.kubectl("rollout", "restart", "deployment/hello", "-n", "shop")
    sim.kubectl("label", "pod", "web-0", "-n", "shop", "color=red")
    sim.kubectl("cordon", "node-1")
    deployment = sim.run(lambda: sim.store.get("deployments", "shop", "hello"))
    assert deployment["spec"]["replicas"] == 4
    template = deployment["spec"]["template"]["metadata"]
    assert "kubectl.kubernetes.io/restartedAt" in template["annotations"]
    assert sim.run(lambda: sim.store.get("pods", "shop", "web-0"))["metadata"]["labels"]["color"] == "red"
    assert "SchedulingDisabled" in sim.kubectl("get", "nodes")
    sim.kubectl("uncordon", "node-1")
    assert "SchedulingDisabled" not in sim.kubectl("get", "nodes")


@needs_kubectl
def test_kubectl_deletes_pods_and_waits_for_the_kubelet(sim: Sim) -> None:
    sim.kubectl("delete", "pod", "web-0", "-n", "shop", "--wait=false")
    marked = sim.run(lambda: sim.store.get("pods", "shop", "web-0"))["metadata"]
    assert marked["deletionGracePeriodSeconds"] == 30
    assert "Terminating" in sim.kubectl("get", "pod", "web-0", "-n", "shop")
    sim.kubectl("delete", "pod", "web-0", "-n", "shop", "--force", "--grace-period=0")
    assert "NotFound" in sim.kubectl("get", "pod", "web-0", "-n", "shop", code=1)


@needs_kubectl
def test_kubectl_tells_what_is_allowed_and_used(sim: Sim) -> None:
    assert sim.kubectl("auth", "can-i", "delete", "pods").strip() == "yes"
    sim.kubectl("auth", "can-i", "list", "pods", "--as=viewer", code=1)
    assert "admin" in sim.kubectl("auth", "whoami")
    failed = sim.kubectl("get", "pods", "--as=viewer", code=1)
    assert 'User "viewer" cannot list resource "pods" in API group "" in the namespace "default"' in failed
    assert sim.kubectl("top", "pod", "-n", "shop", "--no-headers").split()[0] == "web-0"
    assert sim.kubectl("top", "node", "--no-headers").split()[0] == "node-1"


# --- the official client --------------------------------------------------------------------------------------


@pytest.fixture
def official(sim: Sim) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own deprecations are not ours to mend
        client = kubernetes.config.new_client_from_config(str(sim.kubeconfig))
        with client:
            yield client


def test_the_official_client_lists_in_pages(sim: Sim, official: Any) -> None:
    core = kubernetes.client.CoreV1Api(official)
    page = core.list_namespaced_pod("shop", limit=2)
    names = [item.metadata.name for item in page.items]
    while page.metadata._continue:
        page = core.list_namespaced_pod("shop", limit=2, _continue=page.metadata._continue)
        names += [item.metadata.name for item in page.items]
    assert names == [f"web-{i}" for i in range(5)]
    assert page.items[0].status.container_statuses[0].restart_count == 2


def test_the_official_client_is_told_of_an_expired_page(sim: Sim, official: Any) -> None:
    core = kubernetes.client.CoreV1Api(official)
    page = core.list_namespaced_pod("shop", limit=2)
    sim.run(sim.server.expire_history)
    with pytest.raises(kubernetes.client.ApiException) as caught:
        core.list_namespaced_pod("shop", limit=2, _continue=page.metadata._continue)
    assert caught.value.status == 410


def test_the_official_client_watches(sim: Sim, official: Any) -> None:
    core = kubernetes.client.CoreV1Api(official)
    version = core.list_namespaced_pod("shop").metadata.resource_version

    def change() -> None:
        sim.store.create("pods", pod("new"))
        sim.store.modify("pods", "shop", "new", lambda each: each["status"].update(phase="Failed"), "status")
        sim.store.delete("pods", "shop", "new", grace_period=0)

    sim.run(change)
    stream = kubernetes.watch.Watch().stream(
        core.list_namespaced_pod, "shop", resource_version=version, timeout_seconds=1
    )
    seen = [(event["type"], event["object"].status.phase) for event in stream]
    assert seen == [
        ("ADDED", "Running"),
        ("MODIFIED", "Failed"),
        ("MODIFIED", "Failed"),
        ("DELETED", "Failed"),
    ]


def test_the_official_clients_watch_from_a_forgotten_version_is_gone(sim: Sim, official: Any) -> None:
    core = kubernetes.client.CoreV1Api(official)
    version = core.list_namespaced_pod("shop").metadata.resource_version
    sim.run(sim.server.expire_history)
    stream = kubernetes.watch.Watch().stream(
        core.list_namespaced_pod, "shop", resource_version=version, timeout_seconds=1
    )
    with pytest.raises(kubernetes.client.ApiException) as caught:
        list(stream)
    assert caught.value.status == 410


def test_the_official_client_patches_and_reads_scale_and_logs(sim: Sim, official: Any) -> None:
    core, apps = kubernetes.client.CoreV1Api(official), kubernetes.client.AppsV1Api(official)
    core.patch_namespaced_pod("web-0", "shop", {"metadata": {"labels": {"color": "red"}}})
    assert core.read_namespaced_pod("web-0", "shop").metadata.labels == {"app": "web", "color": "red"}
    container = kubernetes.client.V1Container(name="c", image="nginx:1")
    apps.create_namespaced_deployment(
        "shop",
        kubernetes.client.V1Deployment(
            metadata=kubernetes.client.V1ObjectMeta(name="hello"),
            spec=kubernetes.client.V1DeploymentSpec(
                selector=kubernetes.client.V1LabelSelector(match_labels={"app": "hello"}),
                template=kubernetes.client.V1PodTemplateSpec(
                    metadata=kubernetes.client.V1ObjectMeta(labels={"app": "hello"}),
                    spec=kubernetes.client.V1PodSpec(containers=[container]),
                ),
            ),
        ),
    )
    apps.patch_namespaced_deployment_scale("hello", "shop", {"spec": {"replicas": 3}})
    assert apps.read_namespaced_deployment_scale("hello", "shop").spec.replicas == 3
    sim.run(lambda: sim.server.logs.write("shop", "web-0", "c", "hello"))
    assert core.read_namespaced_pod_log("web-0", "shop") == "hello\n"
    evicted = kubernetes.client.V1Eviction(metadata=kubernetes.client.V1ObjectMeta(name="web-1"))
    core.create_namespaced_pod_eviction("web-1", "shop", evicted)
    assert core.read_namespaced_pod("web-1", "shop").metadata.deletion_timestamp is not None


def test_the_official_clients_lease_is_locked_optimistically(sim: Sim, official: Any) -> None:
    leases = kubernetes.client.CoordinationV1Api(official)
    lease = kubernetes.client.V1Lease(
        metadata=kubernetes.client.V1ObjectMeta(name="leader"),
        spec=kubernetes.client.V1LeaseSpec(holder_identity="a", lease_duration_seconds=15),
    )
    held = leases.create_namespaced_lease("shop", lease)
    held.spec.holder_identity = "b"
    leases.replace_namespaced_lease("leader", "shop", held)
    with pytest.raises(kubernetes.client.ApiException) as caught:
        leases.replace_namespaced_lease("leader", "shop", held)
    assert caught.value.status == 409
    assert leases.read_namespaced_lease("leader", "shop").spec.holder_identity == "b"


def test_the_official_leader_election_elects_one(sim: Sim, official: Any) -> None:
    def candidate(name: str) -> Any:
        lock = LeaseLock("election", "shop", name)
        lock.api_instance = kubernetes.client.CoordinationV1Api(official)
        return LeaderElection(ElectionConfig(lock, 17, 15, 5, lambda: None, lambda: None))

    first, second = candidate("first"), candidate("second")
    assert first.try_acquire_or_renew()
    assert not second.try_acquire_or_renew()
    assert first.try_acquire_or_renew()
    lease = sim.run(lambda: sim.store.get("leases", "shop", "election"))
    assert lease["spec"]["holderIdentity"] == "first"


def test_the_official_client_with_a_wrong_token_is_unauthorized(sim: Sim, official: Any) -> None:
    official.configuration.refresh_api_key_hook = None
    official.configuration.api_key["BearerToken"] = "Bearer wrong"
    with pytest.raises(kubernetes.client.ApiException) as caught:
        kubernetes.client.CoreV1Api(official).list_node()
    assert caught.value.status == 401
    assert json.loads(caught.value.body)["message"] == "Unauthorized"


# --- lightkube ------------------------------------------------------------------------------------------------


@pytest.fixture
def light(sim: Sim) -> Iterator[Any]:
    config = lightkube.KubeConfig.from_file(sim.kubeconfig)
    client = lightkube.Client(config=config, namespace="shop", field_manager="tests")
    yield client
    client._client._client.close()  # it offers no way of its own


def test_lightkube_lists_applies_waits_and_deletes(sim: Sim, light: Any) -> None:
    assert [each.metadata.name for each in light.list(Pod, labels={"app": "web"}, chunk_size=2)] == [
        f"web-{i}" for i in range(5)
    ]
    metadata = ObjectMeta(name="c", namespace="shop")
    light.apply(ConfigMap(metadata=metadata, data={"a": "1", "b": "2"}))
    assert light.apply(ConfigMap(metadata=metadata, data={"a": "3"})).data == {"a": "3"}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    sim.run(
        lambda: sim.store.modify("pods", "shop", "web-0", lambda each: each["status"].update(ready), "status")
    )
    assert light.wait(Pod, "web-0", for_conditions=["Ready"]).metadata.name == "web-0"
    light.delete(ConfigMap, "c")
    with pytest.raises(lightkube.ApiError) as caught:
        light.get(ConfigMap, "c")
    assert caught.value.status.code == 404


def test_lightkube_watches(sim: Sim, light: Any) -> None:
    events = light.watch(Pod, labels={"app": "web"}, server_timeout=20)
    first = [next(events) for _ in range(5)]
    sim.run(
        lambda: sim.store.modify(
            "pods", "shop", "web-3", lambda each: each["metadata"].update(labels={"app": "x"})
        )
    )
    left = next(events)
    events.close()
    assert {operation for operation, _ in first} == {"ADDED"}
    assert (left[0], left[1].metadata.name) == ("DELETED", "web-3")
