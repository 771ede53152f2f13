"""An agent under exactly the rights of the table: everything works, and everything else is denied.

Against the simulated API server with its roles enforced, and against a real one where there is one
(test_real_api_server.py says how to have one).
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes
import pytest

from .conftest import ask
from .test_real_api_server import ASSETS, CRASH_LOOPING, KUBECONFIG, control_plane, pod
from .worlds import RBAC, Account, World, simulated

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
READ = ("get", "list", "watch")
WATCHED = {
    ("", "namespaces"),
    ("", "nodes"),
    ("", "persistentvolumes"),
    ("", "pods"),
    ("", "events"),
    ("", "services"),
    ("", "configmaps"),
    ("", "persistentvolumeclaims"),
    ("", "resourcequotas"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("policy", "poddisruptionbudgets"),
    ("networking.k8s.io", "ingresses"),
}
"""What may be read by default, written down once more: that the table is as it should be is what is tested."""

DANGEROUS = (
    ("create", "", "pods/exec"),
    ("get", "", "pods/exec"),
    ("create", "", "pods/attach"),
    ("create", "", "pods/portforward"),
    ("get", "", "pods/proxy"),
    ("create", "", "services/proxy"),
    ("get", "", "nodes/proxy"),
    ("create", "", "nodes/proxy"),
    ("get", "", "nodes/metrics"),
    ("create", "", "pods/eviction"),
    ("create", "", "pods/ephemeralcontainers"),
    ("create", "", "serviceaccounts/token"),
    ("update", "", "pods/status"),
    ("patch", "apps", "deployments/scale"),
    ("impersonate", "", "users"),
    ("impersonate", "", "groups"),
    ("escalate", RBAC, "clusterroles"),
    ("bind", RBAC, "clusterroles"),
    ("approve", "certificates.k8s.io", "signers"),
    ("*", "*", "*"),
)

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("permissions"), pytest.mark.timeout(300)]


# --- two worlds -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["simulated", pytest.param("real", marks=pytest.mark.real_api_server)])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, eventually: Any
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp(request.param)
    is_real = request.param == "real"
    with contextlib.ExitStack() as parts:
        if not is_real:
            admin = parts.enter_context(simulated(folder))
        elif KUBECONFIG:
            admin = Path(KUBECONFIG)
        elif ASSETS:
            admin = parts.enter_context(control_plane(folder, eventually))
        else:
            pytest.skip(
                "no real API server: set KUBEBUILDER_ASSETS (etcd, kube-apiserver) or FARWATCH_TEST_KUBECONFIG"
            )
        made = World(admin, folder, is_real=is_real)
        parts.callback(made.clean_up)
        yield made


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    return common_stage.hub()


@pytest.fixture
def cluster(hub: Any, world: World) -> Iterator[str]:
    """A name at the hub; a cluster is one there at a time, so that it is removed afterwards."""
    name = f"c-{secrets.token_hex(4)}"
    yield name
    hub.delete(f"/clusters/{name}")


def permissions(hub: Any, cluster: str, eventually: Any) -> Any:
    return eventually(lambda: hub.get(f"/clusters/{cluster}").get("permissions"), "the agent's rights")


def states(hub: Any, cluster: str) -> dict[str, str]:
    return {watch["kind"]: watch["state"] for watch in hub.get(f"/clusters/{cluster}")["watches"]}


# --- everything works -----------------------------------------------------------------------------------------


def test_under_the_tables_rights_everything_is_seen_with_logs_and_a_leader(
    stage: Any, hub: Any, world: World, cluster: str, eventually: Any
) -> None:
    home = world.install()
    flags = ("--leader-election", "--lease-namespace", home)
    agent = stage.linked_agent(hub, cluster, world.kubeconfig_of(home), *flags)

    assert len(states(hub, cluster)) == len(WATCHED)
    assert set(states(hub, cluster).values()) == {"synced"}
    lease = world.find("Lease", "farwatch-agent-leader", home, "coordination.k8s.io/v1")
    assert lease["spec"]["holderIdentity"]
    world.core.create_namespaced_pod(home, pod("broken"))
    world.core.patch_namespaced_pod_status("broken", home, {"status": CRASH_LOOPING})

    def find_alert() -> Any:
        found = hub.get("/alerts", cluster=cluster, label="alertname=KubePodCrashLooping")["items"]
        return next(iter(found), None)

    alert = eventually(find_alert, "an alert about the pod")
    evidence = hub.get(f"/alerts/{alert['fingerprint']}/evidence")
    assert "forbidden" not in {gap["code"] for gap in evidence.get("missing", ())}
    if not world.is_real:  # a pod that no kubelet runs has no logs to show
        assert [log["pod"] for log in evidence["logs"]] == ["broken"]

    told = permissions(hub, cluster, eventually)
    assert (told["missing"], told["excess"], told["problem"]) == ([], [], "")
    agent.find_log(event="has the rights that it needs and no others")
    assert agent.terminate() == 0
    assert "orbidden" not in agent.log


def test_in_some_namespaces_roles_are_enough_and_what_they_cannot_give_is_no_trouble(
    common_stage: Any, hub: Any, world: World, cluster: str, eventually: Any
) -> None:
    seen, unseen = world.namespace(), world.namespace()
    home = world.install("--watch-namespaces", seen)
    for namespace in (seen, unseen):
        world.core.create_namespaced_config_map(namespace, {"metadata": {"name": f"in-{namespace}"}})

    agent = common_stage.linked_agent(hub, cluster, world.kubeconfig_of(home), "--namespaces", seen)

    assert hub.names("configmaps", cluster) >= {f"in-{seen}"}
    assert f"in-{unseen}" not in hub.names("configmaps", cluster)
    without = {kind for kind, state in states(hub, cluster).items() if state != "synced"}
    assert without == {"Namespace", "Node", "PersistentVolume"}
    assert {states(hub, cluster)[kind] for kind in without} == {"absent"}
    told = permissions(hub, cluster, eventually)
    assert (told["missing"], told["excess"]) == ([], [])
    agent.find_log(event="has the rights that it needs and no others")
    assert not [
        alert
        for alert in common_stage.sink.told("FarwatchWatchDenied", "firing")
        if alert["labels"]["cluster"] == cluster
    ]
    assert agent.terminate() == 0


def test_what_is_left_out_or_switched_off_is_not_seen_and_needs_no_right(
    stage: Any, hub: Any, world: World, cluster: str, eventually: Any
) -> None:
    seen, unseen = world.namespace(), world.namespace()
    home = world.install("--without", "features.events", "--without", "evidence.podLogs")
    for namespace in (seen, unseen):
        world.core.create_namespaced_config_map(namespace, {"metadata": {"name": f"in-{namespace}"}})
    flags = ("--exclude-namespaces", unseen, "--no-events", "--allowed-calls", "agent.status")

    stage.linked_agent(hub, cluster, world.kubeconfig_of(home), *flags)

    assert f"in-{unseen}" not in hub.names("configmaps", cluster)
    assert f"in-{seen}" in hub.names("configmaps", cluster)
    assert seen in hub.names("namespaces", cluster)
    assert unseen not in hub.names("namespaces", cluster)
    assert "Event" not in states(hub, cluster)
    told = permissions(hub, cluster, eventually)
    assert (told["missing"], told["excess"]) == ([], [])
    world.core.create_namespaced_config_map(unseen, {"metadata": {"name": "later"}})
    world.core.create_namespaced_config_map(seen, {"metadata": {"name": "later-seen"}})
    eventually(lambda: "later-seen" in hub.names("configmaps", cluster), "what is watched")
    assert "later" not in hub.names("configmaps", cluster)


# --- everything else is denied --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def account(world: World) -> Iterator[tuple[Account, str]]:
    """The agent's account by default, and its namespace."""
    home = world.install()
    made = Account(world.kubeconfig_of(home))
    yield made, home
    made.client.close()


def served(world: World) -> list[tuple[str, str, str, bool]]:
    """Of every resource of the API server: group, version, plural and whether it is in namespaces."""
    found = {
        (each.group or "", each.api_version, each.name, each.namespaced)
        for each in world.dynamic.resources.search()
        if each.name
        and "/" not in each.name
        and not each.kind.endswith("List")
        and not each.name.endswith("reviews")
    }
    return sorted(found)


def path_of(group: str, version: str, plural: str, namespace: str) -> str:
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def requests_of(verb: str, collection: str) -> tuple[str, str, Any, dict[str, str]]:
    one = f"{collection}/some-name"
    body = {"metadata": {"name": "some-name"}}
    return {
        "get": ("GET", one, None, {}),
        "list": ("GET", collection, None, {"limit": "1"}),
        "watch": ("GET", collection, None, {"watch": "1", "timeoutSeconds": "1"}),
        "create": ("POST", collection, body, {}),
        "update": ("PUT", one, body, {}),
        "patch": ("PATCH", one, {"metadata": {"labels": {"a": "b"}}}, {}),
        "delete": ("DELETE", one, None, {}),
        "deletecollection": ("DELETE", collection, None, {}),
    }[verb]


def test_every_verb_on_every_resource_is_denied_but_reading_what_is_watched(
    world: World, account: tuple[Account, str]
) -> None:
    asker, home = account
    resources = served(world)
    assert {(group, plural) for group, _, plural, _ in resources} > WATCHED | {
        ("", "secrets"),
        (RBAC, "roles"),
    }

    wrong = []
    for (group, version, plural, namespaced), verb in itertools.product(resources, VERBS):
        own_lease = plural == "leases" and verb == "create"
        trust = plural == "clustertrustbundles"  # Kubernetes lets every ServiceAccount read them
        for namespace in (
            (home, "") if namespaced and verb in ("list", "watch") else (home if namespaced else "",)
        ):
            method, path, body, query = requests_of(verb, path_of(group, version, plural, namespace))
            is_read = ((group, plural) in WATCHED or trust) and verb in READ
            if is_read and verb == "watch":
                continue  # that it is allowed, the agent shows
            status = asker.send(method, path, body, **query)
            expected_denied = not (is_read or own_lease)
            if expected_denied and status == 405:
                continue  # nobody may: the resource has no such verb
            if (status == 403) != expected_denied:
                wrong.append(f"{verb} {plural}.{group} in {namespace or 'the cluster'}: {status}")
    assert wrong == []


def test_of_all_subresources_only_the_logs_of_pods_may_be_had(
    world: World, account: tuple[Account, str]
) -> None:
    asker, home = account
    found = {
        (each.group or "", name) for each in world.dynamic.resources.search() for name in subresources(each)
    }
    assert found > {("", "pods/log"), ("", "pods/status"), ("apps", "deployments/scale")}

    allowed = {
        (verb, group, name)
        for (group, name), verb in itertools.product(sorted(found), VERBS)
        if asker.may(verb, group, name, home)
    }
    assert allowed == {("get", "", "pods/log")}


def subresources(resource: Any) -> list[str]:
    """``pods/log`` and the others, as discovery lists them."""
    listed = getattr(resource, "subresources", None) or {}
    return [f"{resource.name}/{name}" for name in listed]


@pytest.mark.parametrize("right", DANGEROUS, ids=" ".join)
def test_what_would_give_more_is_denied_everywhere(
    world: World, account: tuple[Account, str], right: tuple[str, str, str]
) -> None:
    asker, home = account

    assert [place for place in ("", home, "kube-system") if asker.may(*right, place)] == []


def test_of_leases_only_its_own_may_be_read_and_written(world: World, account: tuple[Account, str]) -> None:
    asker, home = account
    leases = path_of("coordination.k8s.io", "v1", "leases", home)

    def lease(name: str) -> dict[str, Any]:
        kind = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
        return {**kind, "metadata": {"name": name}, "spec": {"holderIdentity": "me"}}

    own, other = "farwatch-agent-leader", "kube-controller-manager"
    assert asker.send("POST", leases, lease(own)) == 201
    assert asker.send("GET", f"{leases}/{own}") == 200
    assert asker.send("PUT", f"{leases}/{own}", lease(own)) == 200
    assert asker.send("POST", leases, lease(other)) == 201  # RBAC cannot tell which one is created
    assert asker.send("GET", f"{leases}/{other}") == 403
    assert asker.send("PUT", f"{leases}/{other}", lease(other)) == 403
    assert asker.send("DELETE", f"{leases}/{own}") == 403
    elsewhere = path_of("coordination.k8s.io", "v1", "leases", "kube-system")
    assert asker.send("POST", elsewhere, lease(own)) == 403


# --- what is amiss is found -----------------------------------------------------------------------------------


def bind_rule(world: World, home: str, rule: dict[str, list[str]]) -> None:
    """One more ClusterRole for the agent's account."""
    name = f"more-{secrets.token_hex(4)}"
    api = {"apiVersion": f"{RBAC}/v1"}
    world.put({**api, "kind": "ClusterRole", "metadata": {"name": name}, "rules": [rule]})
    world.put(
        {
            **api,
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": "farwatch-agent", "namespace": home}],
        }
    )


def run_check(kubeconfig: Path, *flags: str) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "farwatch", "agent", "permissions", "--check", "--kubeconfig"]
    done = subprocess.run(
        [*command, kubeconfig, *flags], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_a_missing_right_and_one_too_much_are_told_in_log_hub_metrics_and_by_the_command(
    stage: Any, hub: Any, world: World, cluster: str, eventually: Any
) -> None:
    home = world.install("--without", "evidence.podLogs")
    bind_rule(world, home, {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]})
    kubeconfig = world.kubeconfig_of(home)

    assert run_check(kubeconfig) == (
        1,
        [
            "lacks get on pods/log in the whole cluster, for pod-logs",
            "has get, list on secrets in the whole cluster, which it never needs",
        ],
    )
    agent = stage.linked_agent(hub, cluster, kubeconfig, "--metrics-listen", "127.0.0.1:0")

    told = permissions(hub, cluster, eventually)
    assert [(note["verbs"], note["resources"], note["capability"]) for note in told["missing"]] == [
        (["get"], ["pods/log"], "pod-logs")
    ]
    assert [(note["verbs"], note["resources"]) for note in told["excess"]] == [(["get", "list"], ["secrets"])]
    lacks = agent.find_log(event="lacks rights that it needs; grant them, or switch off what they are for")
    assert (lacks["capability"], lacks["level"]) == ("pod-logs", "warning")
    beyond = agent.find_log(event="has rights that it never needs; take them from it")
    assert beyond["rights"] == "get, list on secrets in the whole cluster"
    port = agent.find_log(event="serving", setting="metrics_listen")["port"]
    metrics = ask("GET", f"http://127.0.0.1:{port}/metrics").text
    assert 'farwatch_agent_permission_findings{finding="missing"} 1' in metrics
    assert 'farwatch_agent_permission_findings{finding="excess"} 1' in metrics


def test_with_the_tables_rights_the_command_is_content(world: World) -> None:
    home = world.install()

    assert run_check(world.kubeconfig_of(home)) == (0, ["has the rights that it needs and no others"])


def test_a_right_that_is_taken_away_is_told_once_a_watch_is_denied(
    stage: Any, hub: Any, world: World, cluster: str, eventually: Any
) -> None:
    home = world.install()
    stage.linked_agent(hub, cluster, world.kubeconfig_of(home), "--poll", "1s")
    assert permissions(hub, cluster, eventually)["missing"] == []

    name = f"{home}-farwatch-agent"
    rules = world.find("ClusterRole", name)["rules"]
    kept = [rule for rule in rules if "events" not in rule["resources"]]
    kubernetes.client.RbacAuthorizationV1Api(world.client).patch_cluster_role(name, {"rules": kept})

    missing = eventually(lambda: permissions(hub, cluster, eventually)["missing"], "the missing right", 30)
    assert [(note["resources"], note["capability"]) for note in missing] == [(["events"], "events")]
    assert states(hub, cluster)["Event"] == "denied"


# --- going with the namespace ---------------------------------------------------------------------------------


def test_a_namespace_is_made_the_owner_and_the_right_to_do_so_is_given_up(
    world: World, eventually: Any
) -> None:
    home = world.install()
    name, helper = f"{home}-farwatch-agent", f"{home}-adopt"
    world.put(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "adopt", "namespace": home}}
    )
    wide = ["clusterroles", "clusterrolebindings"]
    rules = [
        {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": [home], "verbs": ["get"]},
        {"apiGroups": [RBAC], "resources": wide, "resourceNames": [name, helper], "verbs": ["get", "patch"]},
        {
            "apiGroups": [RBAC],
            "resources": ["roles", "rolebindings"],
            "resourceNames": [name],
            "verbs": ["get", "patch"],
        },
        {"apiGroups": [RBAC], "resources": wide, "resourceNames": [helper], "verbs": ["delete"]},
    ]
    api = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": helper}}
    world.put({**api, "kind": "ClusterRole", "rules": rules})
    world.put(
        {
            **api,
            "kind": "ClusterRoleBinding",
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": helper},
            "subjects": [{"kind": "ServiceAccount", "name": "adopt", "namespace": home}],
        }
    )
    command = [sys.executable, "-m", "farwatch", "agent", "adopt", "--namespace", home]
    command += ["--kubeconfig", str(world.kubeconfig_of(home, "adopt"))]
    command += ["--cluster-role", name, "--cluster-role-binding", name]
    command += ["--role", f"kube-system/{name}", "--role-binding", f"kube-system/{name}"]
    command += ["--then-drop", f"clusterrolebinding/{helper}", "--then-drop", f"clusterrole/{helper}"]

    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    uid = world.core.read_namespace(home).metadata.uid
    for kind, namespace in itertools.product(("Role", "RoleBinding"), ("", "kube-system")):
        found = world.find(kind if namespace else f"Cluster{kind}", name, namespace)
        assert [owner["uid"] for owner in found["metadata"]["ownerReferences"]] == [uid]
    assert world.find("ClusterRoleBinding", helper) is None
    if not world.is_real:  # where controllers run, the garbage collector removes the role after its binding
        assert world.find("ClusterRole", helper) is None
