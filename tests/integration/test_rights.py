"""What an agent may see: roles that grant some kinds, no watch, or only some namespaces."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farwatch.sim.apiserver import ApiServer
from farwatch.sim.server.identity import User
from farwatch.sim.store import Store

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("rights")]


class GuardedCluster:
    """An API server that enforces roles, in a thread; its users are ``agent`` (whom the kubeconfig names) and nobody else."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.store = Store(time.time)
        self._server = ApiServer(self.store, users={"agents-token": User("agent")}, rbac=True)
        self._wait(self._server.start())
        self.kubeconfig = self._server.write_kubeconfig(folder / "guarded.kubeconfig", token="agents-token")
        for name in ("kube-system", "a", "b", "c"):
            self.put("namespaces", name)

    def put(self, resource: str, name: str, namespace: str = "", **fields: Any) -> None:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})

        async def create() -> None:
            self.store.create(resource, {"metadata": metadata, **fields})

        self._wait(create())

    def grant(self, *verbs: str, resources: tuple[str, ...] = ("*",), namespace: str = "", name: str) -> None:
        """A role of this name for the agent, in a namespace or in the whole cluster."""
        kind = "Role" if namespace else "ClusterRole"
        rule = {"apiGroups": ["*"], "resources": list(resources), "verbs": list(verbs)}
        self.put(f"{kind.lower()}s", name, namespace, rules=[rule])
        self.put(
            f"{kind.lower()}bindings",
            name,
            namespace,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "agent"}],
        )

    def close(self) -> None:
        self._wait(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GuardedCluster]:
    cluster = GuardedCluster(tmp_path)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    return common_stage.hub()


def test_a_kind_that_may_not_be_watched_is_told_and_the_others_go_on(
    common_stage: Any, stage: Any, hub: Any, guarded: GuardedCluster, eventually: Any
) -> None:
    everything = ("namespaces", "nodes", "pods", "services", "events", "deployments", "replicasets")
    guarded.grant("get", "list", "watch", resources=everything, name="reader")
    agent = stage.linked_agent(hub, "denied", guarded.kubeconfig)

    told = eventually(
        lambda: [
            alert
            for alert in common_stage.sink.told("FarwatchWatchDenied", "firing")
            if alert["labels"]["cluster"] == "denied"
        ],
        "somebody is told of the missing rights",
    )[0]

    assert "StatefulSet" in told["annotations"]["description"]
    states = {watch["kind"]: watch for watch in hub.get("/clusters/denied")["watches"]}
    assert {kind for kind, watch in states.items() if watch["state"] == "synced"} == {
        "Namespace",
        "Node",
        "Pod",
        "Service",
        "Event",
        "Deployment",
        "ReplicaSet",
    }
    assert 'User "agent" cannot list resource "jobs" in API group "batch"' in states["Job"]["message"]
    guarded.put("namespaces", "still-seen")
    eventually(lambda: "still-seen" in hub.names("namespaces", "denied"), "a change of another kind")
    agent.wait_ready()


def test_a_cluster_that_grants_no_watch_is_polled(
    stage: Any, hub: Any, guarded: GuardedCluster, eventually: Any
) -> None:
    guarded.grant("get", "list", name="lister")
    agent = stage.linked_agent(hub, "polled", guarded.kubeconfig, "--poll", "1s")
    assert {watch["state"] for watch in hub.get("/clusters/polled")["watches"]} == {"synced"}

    guarded.put("services", "new", "a", spec={"ports": [{"port": 80}]})

    eventually(lambda: hub.names("services", "polled") == {"new"}, "the new service")
    agent.wait_ready()


def test_an_agent_of_some_namespaces_needs_no_right_to_the_others(
    stage: Any, hub: Any, guarded: GuardedCluster, eventually: Any
) -> None:
    guarded.grant("get", resources=("namespaces",), name="identity")
    for namespace in ("a", "b"):
        guarded.grant("get", "list", "watch", namespace=namespace, name="reader")
    for namespace in ("a", "b", "c"):
        guarded.put("services", f"in-{namespace}", namespace, spec={"ports": [{"port": 80}]})

    stage.linked_agent(hub, "some", guarded.kubeconfig, "--namespaces", "a,b")

    assert hub.names("services", "some") == {"in-a", "in-b"}
    guarded.put("services", "later-in-c", "c", spec={"ports": [{"port": 80}]})
    guarded.put("services", "later-in-b", "b", spec={"ports": [{"port": 80}]})
    eventually(lambda: "later-in-b" in hub.names("services", "some"), "the later service")
    assert hub.names("services", "some") == {"in-a", "in-b", "later-in-b"}
    watches = {watch["kind"]: watch["state"] for watch in hub.get("/clusters/some")["watches"]}
    assert (watches["Service"], watches["Node"]) == ("synced", "absent")


def crash_loop(guarded: GuardedCluster, name: str) -> None:
    """A pod of its own that crashes again and again."""
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-11-20T21:15:00Z"}}
    app = {
        "name": "app",
        "image": "app:1",
        "imageID": "",
        "ready": False,
        "restartCount": 5,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": ended,
    }
    spec = {"nodeName": "node-1", "containers": [{"name": "app", "image": "app:1"}]}
    guarded.put("pods", name, "a", spec=spec, status={"phase": "Running", "containerStatuses": [app]})


def evidence_of(hub: Any, cluster: str, pod: str, eventually: Any) -> Any:
    """What was gathered about the crash loop of this pod."""

    def find() -> Any:
        items = hub.get("/alerts", cluster=cluster, label="alertname=KubePodCrashLooping")["items"]
        return next((item for item in items if item["labels"]["workload"] == pod), None)

    found = eventually(find, f"an alert about {pod}")
    return hub.get(f"/alerts/{found['fingerprint']}/evidence")


def test_without_the_right_to_logs_alerts_say_so_and_with_it_they_have_them(
    stage: Any, hub: Any, guarded: GuardedCluster, eventually: Any
) -> None:
    guarded.grant("get", resources=("namespaces",), name="identity")
    guarded.grant("list", "watch", resources=("namespaces", "nodes", "pods", "events"), name="reader")
    stage.linked_agent(hub, "logless", guarded.kubeconfig)
    crash_loop(guarded, "before")

    without = evidence_of(hub, "logless", "before", eventually)

    assert "logs" not in without
    (gap,) = without["missing"]
    assert (gap["part"], gap["code"]) == ("logs", "forbidden")
    assert "grant it get on pods/log" in gap["words"]
    assert 'cannot get resource "pods/log"' in gap["words"]

    guarded.grant("get", resources=("pods/log",), name="logs")
    crash_loop(guarded, "after")

    granted = evidence_of(hub, "logless", "after", eventually)

    assert [(log["pod"], log["container"]) for log in granted["logs"]] == [("after", "app")]
    assert "forbidden" not in {gap["code"] for gap in granted.get("missing", ())}
