"""A namespace takes with it what was installed outside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from farwatch.agent.adopt import PATIENCE_SECONDS, AdoptError, Adoption, build_parser
from farwatch.agent.command import main
from farwatch.agent.errors import ConfigError
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import Clock
from farwatch.kube.config import load_kubeconfig
from farwatch.sim.apiserver import ApiServer
from farwatch.sim.server.identity import service_account
from farwatch.sim.store import Store

HELPER = "farwatch:adopt"
RBAC = "rbac.authorization.k8s.io"
ARGUMENTS = [
    *("--namespace", "farwatch"),
    *("--cluster-role", "farwatch:agent", "--cluster-role-binding", "farwatch:agent"),
    *("--role", "kube-system/farwatch:identity", "--role-binding", "kube-system/farwatch:identity"),
    *("--then-drop", f"clusterrolebinding/{HELPER}", "--then-drop", f"clusterrole/{HELPER}"),
]


class Cluster:
    """A simulated API server that enforces roles, with an installation in it."""

    def __init__(self, store: Store, server: ApiServer, kubeconfig: Path) -> None:
        self.store, self.server, self.kubeconfig = store, server, kubeconfig

    def put(self, resource: str, name: str, namespace: str = "", **fields: Any) -> None:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        metadata |= fields.pop("metadata", {})
        self.store.create(resource, {"metadata": metadata, **fields})

    def grant(self, *rules: dict[str, Any]) -> None:
        """A helper's rights, as the chart gives them."""
        self.put("clusterroles", HELPER, rules=list(rules))
        self.put(
            "clusterrolebindings",
            HELPER,
            roleRef={"apiGroup": RBAC, "kind": "ClusterRole", "name": HELPER},
            subjects=[{"kind": "ServiceAccount", "name": "adopt", "namespace": "farwatch"}],
        )

    def owners(self, resource: str, name: str, namespace: str = "") -> list[tuple[str, str]]:
        found = self.store.get(resource, namespace, name)["metadata"].get("ownerReferences", ())
        return [(each["kind"], each["name"]) for each in found]

    def has(self, resource: str, name: str) -> bool:
        return self.store.find(resource, "", name) is not None


def rule(resources: list[str], names: list[str], *verbs: str, group: str = RBAC) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "resourceNames": names, "verbs": list(verbs)}


CLUSTER_WIDE = ["clusterroles", "clusterrolebindings"]
ENOUGH = (
    rule(["namespaces"], ["farwatch"], "get", group=""),
    rule(CLUSTER_WIDE, ["farwatch:agent", HELPER], "get", "patch"),
    rule(["roles", "rolebindings"], ["farwatch:identity"], "get", "patch"),
    rule(CLUSTER_WIDE, [HELPER], "delete"),
)


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    store = Store(time.time)
    server = ApiServer(store, users={"adopts-token": service_account("farwatch", "adopt")}, rbac=True)
    await server.start()
    made = Cluster(store, server, server.write_kubeconfig(tmp_path / "kubeconfig", token="adopts-token"))
    for namespace in ("farwatch", "kube-system"):
        made.put("namespaces", namespace)
    for kind in ("role", "rolebinding"):
        reference = {"roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "farwatch:agent"}}
        content: dict[str, Any] = {"rules": []} if kind == "role" else reference
        made.put(f"cluster{kind}s", "farwatch:agent", **content)
        made.put(f"{kind}s", "farwatch:identity", "kube-system", **content)
    yield made
    await server.stop()


class Patience:
    """Time that passes by waiting only."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits = 0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waits += 1
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, sleep=self.sleep, random=lambda: 0.9)


async def adopt(cluster: Cluster, *arguments: str, patience: Patience | None = None) -> list[str]:
    """What was told."""
    flags = build_parser().parse_args(arguments or ARGUMENTS)
    told: list[str] = []
    async with KubeClient(load_kubeconfig(cluster.kubeconfig)) as client:
        adoption = Adoption(client, flags.namespace, told.append, (patience or Patience()).clock)
        await adoption.run(flags.targets, flags.drops)
    return told


async def test_roles_and_bindings_belong_to_the_namespace_and_the_helpers_rights_are_gone(
    cluster: Cluster,
) -> None:
    cluster.grant(*ENOUGH)

    told = await adopt(cluster)

    owner = [("Namespace", "farwatch")]
    assert cluster.owners("clusterroles", "farwatch:agent") == owner
    assert cluster.owners("clusterrolebindings", "farwatch:agent") == owner
    assert cluster.owners("roles", "farwatch:identity", "kube-system") == owner
    assert cluster.owners("rolebindings", "farwatch:identity", "kube-system") == owner
    assert not cluster.has("clusterrolebindings", HELPER)
    assert not cluster.has("clusterroles", HELPER)
    assert told[0] == "ClusterRole farwatch:agent belongs to Namespace farwatch now"
    assert told[-1] == f"gave up its own rights: ClusterRoleBinding {HELPER}, ClusterRole {HELPER}"


async def test_with_the_namespace_everything_goes(cluster: Cluster) -> None:
    cluster.grant(*ENOUGH)
    await adopt(cluster)

    cluster.store.delete("namespaces", "", "farwatch")
    while cluster.store.find("namespaces", "", "farwatch"):  # noqa: ASYNC110 - the server's housekeeping tells nobody
        await asyncio.sleep(0.02)

    assert not cluster.has("clusterroles", "farwatch:agent")
    assert not cluster.has("clusterrolebindings", "farwatch:agent")
    assert cluster.store.find("roles", "kube-system", "farwatch:identity") is None


async def test_to_do_it_again_changes_nothing_and_other_owners_stay(cluster: Cluster) -> None:
    cluster.grant(*ENOUGH)
    other = {"apiVersion": "v1", "kind": "Namespace", "name": "kube-system"}
    other["uid"] = cluster.store.get("namespaces", "", "kube-system")["metadata"]["uid"]
    document = cluster.store.get("clusterroles", "", "farwatch:agent")
    document["metadata"]["ownerReferences"] = [other]
    cluster.store.update("clusterroles", document)
    once = ARGUMENTS[:4]

    await adopt(cluster, *once)
    version = cluster.store.get("clusterroles", "", "farwatch:agent")["metadata"]["resourceVersion"]
    told = await adopt(cluster, *once)

    assert told == ["ClusterRole farwatch:agent belongs to Namespace farwatch already"]
    after = cluster.store.get("clusterroles", "", "farwatch:agent")["metadata"]
    assert after["resourceVersion"] == version
    assert {each["name"] for each in after["ownerReferences"]} == {"farwatch", "kube-system"}


async def test_rights_that_come_a_little_later_are_waited_for(cluster: Cluster) -> None:
    patience = Patience()
    wait = patience.sleep

    async def sleep(seconds: float) -> None:
        if patience.waits == 2:
            cluster.grant(*ENOUGH)
        await wait(seconds)

    patience.sleep = sleep  # type: ignore[method-assign]
    await adopt(cluster, patience=patience)

    assert cluster.owners("clusterroles", "farwatch:agent") == [("Namespace", "farwatch")]
    assert patience.waits == 3


async def test_where_it_is_not_allowed_it_ends_in_time_and_says_what_stays(cluster: Cluster) -> None:
    cluster.grant(ENOUGH[0], rule(CLUSTER_WIDE, ["farwatch:agent"], "get"))
    patience = Patience()

    with pytest.raises(AdoptError) as failed:
        await adopt(cluster, patience=patience)

    assert "cannot set the owner of ClusterRole farwatch:agent: 403 Forbidden" in str(failed.value)
    assert "stays behind" in str(failed.value)
    assert patience.now <= PATIENCE_SECONDS
    assert cluster.has("clusterrolebindings", HELPER)


async def test_what_kubernetes_made_itself_is_left_alone(cluster: Cluster) -> None:
    label = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    cluster.put("clusterroles", "cluster-admin", metadata={"labels": label}, rules=[])
    cluster.grant(ENOUGH[0], rule(CLUSTER_WIDE, ["cluster-admin"], "get", "patch"))

    with pytest.raises(AdoptError, match="Kubernetes' own"):
        await adopt(cluster, "--namespace", "farwatch", "--cluster-role", "cluster-admin")

    assert cluster.owners("clusterroles", "cluster-admin") == []


async def test_a_wrong_name_is_told(cluster: Cluster) -> None:
    cluster.grant(ENOUGH[0], rule(CLUSTER_WIDE, ["farwatch:agnet"], "get", "patch"))

    with pytest.raises(AdoptError, match="ClusterRole farwatch:agnet is not there"):
        await adopt(cluster, "--namespace", "farwatch", "--cluster-role", "farwatch:agnet")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "--namespace"),
        (["--namespace", "kube-system"], "'kube-system' is never deleted"),
        (["--namespace", "x", "--role", "just-a-name"], "'just-a-name' is not NAMESPACE/NAME of a Role"),
        (["--namespace", "x", "--cluster-role", "a/b"], "'a/b' is not NAME of a ClusterRole"),
        (
            ["--namespace", "x", "--then-drop", "secret/x"],
            "'secret/x' does not begin with one of clusterrole/",
        ),
        (["--namespace", "x", "--then-drop", "role/x"], "'x' is not NAMESPACE/NAME of a Role"),
    ],
)
def test_a_wrong_command_line_is_named(arguments: list[str], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        build_parser().parse_args(arguments)
    assert problem in str(refused.value)


def test_the_process_says_why_it_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("nothing: here")

    assert main(["adopt", "--namespace", "x", "--kubeconfig", str(kubeconfig)], {}) == 2
    assert str(kubeconfig) in capsys.readouterr().err
