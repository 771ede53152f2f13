"""The agent's chart, installed into a cluster by real Helm and by kubectl, and gone again without a trace."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest

from ..conftest import Process, Stage, eventually
from .agentvalues import LEAST, TOKEN
from .charts import CHARTS, Chart, Object, Rendered, hook
from .cluster import Cluster, HelmFailure, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("agent-chart")]

RICH: Object = LEAST | {
    "replicas": 2,
    "watchNamespaces": ["shop", "default"],
    "actions": {"enabled": True, "allow": ["restart", "scale"]},
    "proxy": {"https": "http://proxy.example.com:3128"},
    "metrics": {"enabled": True},
    "networkPolicy": {"enabled": True},
}
DOCS = CHARTS.parent / "docs"
NUMBERS = itertools.count(1)
EVERYWHERE: Object = LEAST | {"mode": "daemonset", "agentToken": TOKEN.replace("x", "y")}


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart("farwatch-agent")


@pytest.fixture(scope="module")
def cluster(common_stage: Stage) -> Cluster:
    return Cluster.simulate(common_stage)


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A name for a namespace of this test alone, which is gone in the end."""
    name = f"farwatch-{next(NUMBERS)}"
    yield name
    cluster.kubectl("delete", "namespace", name, "--ignore-not-found")
    eventually(lambda: cluster.get("namespace", name) is None, f"{name} is gone")


def adopt(cluster: Cluster, job: Object) -> Process:
    """Run what the Job would run."""
    done = cluster.run_container(job["spec"]["template"]["spec"], job["metadata"]["namespace"])
    assert done.wait() == 0, done.log
    return done


def owners(cluster: Cluster, *targets: tuple[str, str, str]) -> set[str]:
    """Who owns these objects: kind, name, namespace."""
    found = [cluster.get(*target)["metadata"].get("ownerReferences", []) for target in targets]
    return {
        f"{owner['kind']}/{owner['name']}"
        for references in found
        for owner in references or [{"kind": "", "name": ""}]
    }


def outside(namespace: str) -> tuple[tuple[str, str, str], ...]:
    """What a release with the least values has outside its namespace: kind, name, namespace."""
    return (
        ("clusterrole", f"{namespace}:farwatch-agent", ""),
        ("clusterrolebinding", f"{namespace}:farwatch-agent", ""),
        ("role", f"{namespace}:farwatch-agent:identity", "kube-system"),
        ("rolebinding", f"{namespace}:farwatch-agent:identity", "kube-system"),
    )


def test_helm_installs_and_upgrades_it_and_uninstall_leaves_nothing(
    cluster: Cluster, chart: Chart, namespace: str
) -> None:
    cluster.kubectl("create", "namespace", namespace)
    before = cluster.lasting()

    installed = cluster.helm(
        "install", chart.path, "farwatch-agent", LEAST, namespace=namespace, wait="watcher"
    )

    assert installed["status"] == "deployed"
    assert cluster.get("deployment", "farwatch-agent", namespace)["status"]["readyReplicas"] == 1
    assert all(cluster.get(*target) for target in outside(namespace))
    assert not [each for each in cluster.lasting() if each.endswith("adopt")], "the hook's rights are gone"

    upgraded = cluster.helm("upgrade", chart.path, "farwatch-agent", RICH, namespace=namespace)
    assert (upgraded["status"], upgraded["revision"]) == ("deployed", 2)
    assert cluster.get("clusterrole", f"{namespace}:farwatch-agent") is None
    roles = [each["metadata"] for each in cluster.get("roles")]
    assert {role["namespace"] for role in roles if role["name"] == f"{namespace}:farwatch-agent"} == {
        "shop",
        "default",
    }

    cluster.helm("upgrade", chart.path, "farwatch-agent", EVERYWHERE, namespace=namespace)
    assert cluster.get("deployment", "farwatch-agent", namespace) is None
    nodes = len(cluster.get("nodes"))

    def ready() -> bool:
        status = cluster.get("daemonset", "farwatch-agent", namespace)["status"]
        return bool(status.get("numberReady") == nodes)

    eventually(ready, "an agent is on every node")

    cluster.helm("rollback", "farwatch-agent", version=1, namespace=namespace)
    assert cluster.get("daemonset", "farwatch-agent", namespace) is None

    cluster.helm("uninstall", "farwatch-agent", namespace=namespace)
    assert cluster.lasting() == before
    assert not cluster.get("jobs", namespace=namespace)


def test_the_hook_gives_everything_to_the_namespace_and_then_gives_up_its_rights(
    cluster: Cluster, chart: Chart, namespace: str
) -> None:
    before = cluster.lasting()
    cluster.cordon()
    try:
        installing = cluster.start_helm(
            "install", chart.path, "farwatch-agent", LEAST, namespace=namespace, create_namespace=True
        )
        job = wait_for(cluster, "job", "farwatch-agent-adopt", namespace)
        said = adopt(cluster, job).output
    finally:
        cluster.cordon("uncordon")
    assert installing.wait()["status"] == "deployed"

    assert owners(cluster, *outside(namespace)) == {f"Namespace/{namespace}"}
    assert not [each for each in cluster.lasting() if each.endswith("adopt")]
    assert "gave up its own rights" in said
    upgraded = cluster.helm(
        "upgrade", chart.path, "farwatch-agent", LEAST | {"replicas": 2}, namespace=namespace
    )
    assert upgraded["status"] == "deployed"
    assert owners(cluster, *outside(namespace)) == {f"Namespace/{namespace}"}, "an upgrade leaves it so"

    cluster.kubectl("delete", "namespace", namespace)

    eventually(lambda: cluster.lasting() == before, "nothing is left of it")


@pytest.mark.parametrize("values", [LEAST, RICH, EVERYWHERE], ids=["least", "some-namespaces", "daemonset"])
def test_kubectl_applies_it_and_deleting_the_namespace_leaves_nothing(
    cluster: Cluster, chart: Chart, namespace: str, values: Object
) -> None:
    before = cluster.lasting()
    rendered = chart.render(values, namespace=namespace)
    cluster.kubectl("create", "namespace", namespace)
    plain = [each for each in rendered.objects if hook(each) != "test"]

    cluster.apply(plain)
    cluster.apply(plain)  # again changes nothing, and is no error
    adopt(cluster, rendered.find("Job"))

    assert {each.rpartition("/")[2] for each in cluster.lasting() - before} == {
        namespace,
        *what_stays(rendered),
    }
    cluster.kubectl("delete", "namespace", namespace)
    eventually(lambda: cluster.lasting() == before, "nothing is left of it")


def what_stays(rendered: Rendered) -> set[str]:
    """The names there are once the hook is through: its account, without any right by then, is in the namespace."""
    return {each["metadata"]["name"] for each in rendered.lasting if each["kind"] != "Job"} | {
        "farwatch-agent-adopt"
    }


def test_without_owner_references_uninstall_still_leaves_nothing(
    cluster: Cluster, chart: Chart, namespace: str
) -> None:
    cluster.kubectl("create", "namespace", namespace)
    before = cluster.lasting()
    values = LEAST | {"ownerReferences": {"enabled": False}}
    cluster.helm("install", chart.path, "watcher", values, namespace=namespace)
    assert f"ClusterRole//{namespace}:watcher-farwatch-agent" in cluster.lasting()
    cluster.helm("uninstall", "watcher", namespace=namespace)
    assert cluster.lasting() == before


def test_what_a_deleted_namespace_leaves_without_owner_references_goes_as_the_page_says(
    cluster: Cluster, chart: Chart, namespace: str
) -> None:
    before = cluster.lasting()
    values = LEAST | {"ownerReferences": {"enabled": False}}
    cluster.helm("install", chart.path, "farwatch-agent", values, namespace=namespace, create_namespace=True)
    cluster.kubectl("delete", "namespace", namespace)
    assert {each.split("/")[0] for each in cluster.lasting() - before} == {
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
    }

    page = (DOCS / "permissions.md").read_text().partition("## What goes with the namespace")[2]
    commands = [line for line in page.partition("\n## ")[0].splitlines() if line.startswith("kubectl ")]
    assert len(commands) == 2
    for command in commands:
        cluster.kubectl(*command.split()[1:])

    assert cluster.lasting() == before


def test_values_that_cannot_be_used_install_nothing(cluster: Cluster, chart: Chart) -> None:
    before = cluster.lasting()
    with pytest.raises(HelmFailure, match="agentToken: not set, and neither is apiKey"):
        cluster.helm("install", chart.path, "farwatch-agent", {"hub": LEAST["hub"]}, namespace="default")
    assert cluster.lasting() == before


def test_a_hook_that_does_not_get_through_leaves_no_right_and_the_next_upgrade_mends_it(
    cluster: Cluster, chart: Chart, namespace: str
) -> None:
    where: Object = {"namespace": namespace}
    cluster.cordon()
    try:
        with pytest.raises(HelmFailure, match="post-install"):
            cluster.helm(
                "install", chart.path, "farwatch-agent", LEAST, create_namespace=True, timeout=3, **where
            )
    finally:
        cluster.cordon("uncordon")
    assert all(cluster.get(*target) for target in outside(namespace)), "what was installed stays"
    assert not [each for each in cluster.lasting() if each.endswith("adopt")]

    assert cluster.helm("upgrade", chart.path, "farwatch-agent", LEAST, **where)["status"] == "deployed"

    assert not [each for each in cluster.lasting() if each.endswith("adopt")]
    cluster.helm("uninstall", "farwatch-agent", **where)


def tenancy(user: str, namespace: str, *rules: Object) -> list[Object]:
    """Rights of a user in a namespace; everything where no rules are given."""
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    metadata = {"name": user, "namespace": namespace}
    api = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": metadata}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
    return [
        api | {"kind": "Role", "rules": list(rules) or [everything]},
        api | {"kind": "RoleBinding", "roleRef": reference, "subjects": [subject]},
    ]


def test_who_rules_some_namespaces_can_install_it_there_and_nowhere_else(
    cluster: Cluster, chart: Chart, namespace: str
) -> None:
    tenant = f"tenant-of-{namespace}"
    own_roles = {
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["roles", "rolebindings"],
        "verbs": ["*"],
    }
    identity = {
        "apiGroups": [""],
        "resources": ["namespaces"],
        "resourceNames": ["kube-system"],
        "verbs": ["get"],
    }
    cluster.kubectl("create", "namespace", namespace)
    cluster.apply(
        [
            *tenancy(tenant, namespace),
            *tenancy(tenant, "shop"),
            *tenancy(tenant, "kube-system", own_roles, identity),
        ]
    )
    before = cluster.lasting()
    theirs = LEAST | {"watchNamespaces": ["shop"], "ownerReferences": {"enabled": False}}
    where: Object = {"namespace": namespace, "user": tenant}

    assert cluster.helm("install", chart.path, "farwatch-agent", theirs, **where)["status"] == "deployed"
    cluster.helm("uninstall", "farwatch-agent", **where)

    assert cluster.lasting() == before
    elsewhere = theirs | {"watchNamespaces": ["shop", "default"]}
    with pytest.raises(HelmFailure, match=r'cannot .* resource "roles" .* in the namespace "default"'):
        cluster.helm("install", chart.path, "elsewhere", elsewhere, **where)
    with pytest.raises(HelmFailure, match=r'cannot .* resource "clusterroles"'):
        cluster.helm("install", chart.path, "everywhere", LEAST, **where)
    for release in ("elsewhere", "everywhere"):
        cluster.helm("uninstall", release, namespace=namespace, ignore_not_found=True)
    assert cluster.lasting() == before
    cluster.delete([*tenancy(tenant, "shop"), *tenancy(tenant, "kube-system")])


def test_helm_test_asks_the_installed_agent_for_its_rights(
    cluster: Cluster, chart: Chart, namespace: str
) -> None:
    where: Object = {"namespace": namespace}
    values = LEAST | {"ownerReferences": {"enabled": False}}
    cluster.helm("install", chart.path, "farwatch-agent", values, create_namespace=True, **where)
    cluster.cordon()  # the pod is to do what is done here, not what the simulated kubelet makes of it
    try:
        testing = cluster.start_helm("test", "farwatch-agent", **where)
        pod = wait_for(cluster, "pod", "farwatch-agent-test", namespace)
        done = cluster.run_container(pod["spec"], namespace)
        assert done.wait() == 0, done.output + done.log
        ended = json.dumps({"status": {"phase": "Succeeded"}})
        cluster.kubectl(
            "-n", namespace, "patch", "pod", "farwatch-agent-test", "--subresource=status", "-p", ended
        )
        testing.wait()
    finally:
        cluster.cordon("uncordon")
    assert cluster.get("pod", "farwatch-agent-test", namespace) is None
    cluster.helm("uninstall", "farwatch-agent", **where)
