"""The agent as the chart runs it: its container's command and environment, under its own account with the chart's rights."""

from __future__ import annotations

import functools
import itertools
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Agent, Hub, Process, Stage, eventually
from ..test_real_api_server import ASSETS, KUBECONFIG, control_plane
from .agentvalues import VALUE_SETS
from .charts import Chart, Object
from .cluster import Cluster

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("agent-chart-rights")]

NUMBERS = itertools.count(1)
KINDS_WITHOUT_NAMESPACE = {"Namespace", "Node", "PersistentVolume"}


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart("farwatch-agent")


REAL = pytest.param(
    "real",
    marks=[
        pytest.mark.real_api_server,
        pytest.mark.skipif(
            not (KUBECONFIG or ASSETS),
            reason="no real API server: set KUBEBUILDER_ASSETS (etcd, kube-apiserver) or FARWATCH_TEST_KUBECONFIG",
        ),
    ],
)


@pytest.fixture(scope="module", params=["simulated", REAL])
def cluster(
    request: pytest.FixtureRequest, common_stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    if request.param == "simulated":
        yield Cluster.simulate(common_stage)
    elif KUBECONFIG:
        yield Cluster(common_stage, Path(KUBECONFIG))
    else:
        with control_plane(tmp_path_factory.mktemp("control-plane"), eventually) as kubeconfig:
            yield Cluster(common_stage, kubeconfig)


@pytest.fixture(scope="module")
def hub(common_stage: Stage) -> Hub:
    return common_stage.hub()


class Installed:
    """An agent's chart, installed; `run` is its pod."""

    def __init__(self, cluster: Cluster, chart: Chart, hub: Hub) -> None:
        self.cluster = cluster
        self._chart = chart
        self.hub = hub
        self.name = f"installed-{next(NUMBERS)}-{secrets.token_hex(3)}"
        self._processes: list[Process] = []
        self._put: list[Object] = []

    def install(self, **values: Any) -> None:
        """Apply what the chart makes of these values, in a namespace of its own."""
        self.cluster.kubectl("create", "namespace", self.name)
        self.render(**values)
        self.cluster.apply(self.rendered.lasting)

    def render(self, **values: Any) -> Object:
        """Take these values, with the hub, and with a token unless they bring a key; what they are then."""
        base: Object = {"hub": {"url": self.hub.url, "allowInsecure": True}}
        if "apiKey" not in values:
            base["agentToken"] = self._token
        self.rendered = self._chart.render(base | values, namespace=self.name)
        return base | values

    @functools.cached_property
    def _token(self) -> str:
        return self.hub.add_cluster(self.name)

    @property
    def pod(self) -> Object:
        (workload,) = self.rendered.of("Deployment", "DaemonSet")
        spec: Object = workload["spec"]["template"]["spec"]
        return spec

    def start(self, pod: Object) -> Process:
        process = self.cluster.run_container(pod, self.name)
        self._processes.append(process)
        return process

    def run(self) -> Agent:
        """An agent that is synced."""
        agent = self.start(self.pod)
        assert isinstance(agent, Agent)
        agent.wait_ready()
        self.hub.wait_synced(self.name)
        return agent

    def helm(self, act: str, *arguments: Any, **options: Any) -> None:
        """Have Helm act on the release."""
        self.cluster.helm(act, *arguments, namespace=self.name, **options)

    @property
    def chart(self) -> Path:
        return self._chart.path

    @property
    def rights(self) -> Object:
        """What the agent told the hub of its rights, once it has."""

        def read() -> Any:
            return self.hub.get(f"/clusters/{self.name}").get("permissions")

        found: Object = eventually(read, "the hub is told of the rights")
        return found

    @property
    def watches(self) -> dict[str, str]:
        """The state of each kind's watch, as the hub was told."""
        return {watch["kind"]: watch["state"] for watch in self.hub.get(f"/clusters/{self.name}")["watches"]}

    def may(self, *questions: str, account: str = "farwatch-agent") -> list[str]:
        """Those of the questions that the API server says yes to: ``verb resource`` or ``verb resource namespace``."""
        reviews = [
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {
                    "user": f"system:serviceaccount:{self.name}:{account}",
                    "groups": [
                        "system:serviceaccounts",
                        f"system:serviceaccounts:{self.name}",
                        "system:authenticated",
                    ],
                    "resourceAttributes": attributes(question),
                },
            }
            for question in questions
        ]
        answers = self.cluster.ask(reviews)
        return [
            question
            for question, answer in zip(questions, answers, strict=True)
            if answer["status"]["allowed"]
        ]

    def put(self, name: str, namespace: str = "") -> None:
        """Make a ConfigMap, in the agent's namespace or another."""
        made = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": namespace or self.name},
        }
        self.cluster.apply([made])
        self._put.append(made)

    def clean_up(self) -> None:
        for process in self._processes:
            process.clean_up()
        self.cluster.delete([*self.rendered.lasting, *self._put])
        self.cluster.kubectl("delete", "namespace", self.name, "--wait=false", "--ignore-not-found")


def attributes(question: str) -> dict[str, str]:
    """``patch deployments.apps/scale shop`` as a review asks it; without a namespace in default, with ``-`` in none."""
    verb, what, namespace = (*question.split(), "default")[:3]
    qualified, _, subresource = what.partition("/")
    resource, _, group = qualified.partition(".")
    return {
        "verb": verb,
        "group": group,
        "resource": resource,
        "subresource": subresource,
        "namespace": "" if namespace == "-" else namespace,
    }


@pytest.fixture
def installed(cluster: Cluster, chart: Chart, hub: Hub) -> Iterator[Installed]:
    found = Installed(cluster, chart, hub)
    yield found
    found.clean_up()


DENIED = (
    "list secrets",
    "get secrets",
    "create pods/exec",
    "create pods/attach",
    "create pods/portforward",
    "get pods/proxy",
    "get nodes/proxy -",
    "get nodes/metrics -",
    "create pods",
    "delete pods",
    "patch deployments.apps",
    "update deployments.apps/scale",
    "patch nodes -",
    "create serviceaccounts/token",
    "list serviceaccounts",
    "list roles.rbac.authorization.k8s.io",
    "impersonate users -",
    "delete configmaps",
    "create events",
    "list leases.coordination.k8s.io",
    "update leases.coordination.k8s.io",
    "delete leases.coordination.k8s.io",
)


def test_with_the_default_rights_everything_is_seen_and_nothing_else_is_allowed(
    hub: Hub, installed: Installed
) -> None:
    installed.install()
    agent = installed.run()

    assert set(installed.watches.values()) == {"synced"}
    assert set(installed.watches) > KINDS_WITHOUT_NAMESPACE
    installed.put("seen")
    eventually(lambda: "seen" in hub.names("configmaps", installed.name), "what is made later is seen")
    lease = installed.cluster.get("lease", "farwatch-agent-leader", installed.name)
    assert lease["spec"]["holderIdentity"]
    assert installed.may(*DENIED) == []
    allowed = ("list pods", "get pods/log", "watch events", "get configmaps", "list nodes -")
    assert installed.may(*allowed) == [*allowed]
    assert exact(installed.rights)
    assert agent.terminate() == 0


def exact(rights: Object) -> bool:
    """Whether the agent itself found that it has the rights it needs and no others."""
    return bool(rights["complete"]) and not rights.get("missing") and not rights.get("excess")


def test_with_some_namespaces_only_they_are_seen(hub: Hub, installed: Installed) -> None:
    installed.install(watchNamespaces=[installed.name, "kube-public"])
    installed.put("seen")
    installed.put(f"hidden-{installed.name}", "default")
    installed.run()

    states = {kind: state for kind, state in installed.watches.items() if kind not in KINDS_WITHOUT_NAMESPACE}
    assert set(states.values()) == {"synced"}
    names = hub.names("configmaps", installed.name)
    assert "seen" in names
    assert f"hidden-{installed.name}" not in names
    assert (
        installed.may("list pods default", "list pods -", "list nodes -", "list namespaces -", *DENIED) == []
    )


def test_what_is_switched_off_is_neither_granted_nor_asked_for(installed: Installed) -> None:
    installed.install(features={"events": False}, evidence={"podLogs": False})
    installed.run()

    assert "Event" not in installed.watches
    assert set(installed.watches.values()) == {"synced"}
    assert installed.may("list events", "get pods/log", *DENIED) == []
    assert exact(installed.rights)


def test_who_reads_cannot_act_and_who_acts_cannot_read(installed: Installed) -> None:
    installed.install(actions={"enabled": True, "allow": ["restart", "scale"], "namespaces": ["default"]})

    act = "farwatch-agent-act"
    acts = ("patch deployments.apps", "patch deployments.apps/scale", "get statefulsets.apps/scale")
    others = (
        "list pods",
        "get secrets",
        "delete pods",
        "patch nodes -",
        "patch deployments.apps kube-system",
    )
    assert installed.may(*acts, account=act) == [*acts]
    assert installed.may(*others, account=act) == []
    assert installed.may(*acts, *DENIED) == []
    token = ("-n", installed.name, "create", "token")
    reader = f"{installed.name}:farwatch-agent"
    assert installed.cluster.kubectl(*token, act, account=reader)
    assert "forbidden" in installed.cluster.kubectl(*token, "farwatch-agent", account=reader, code=1)


def test_on_every_node_an_agent_links_and_one_of_them_leads(hub: Hub, installed: Installed) -> None:
    installed.install(mode="daemonset")
    installed.run()

    assert set(installed.watches.values()) == {"synced"}
    assert hub.names("namespaces", installed.name) >= {"kube-system", installed.name}


@pytest.fixture
def unknown(stage: Stage, cluster: Cluster, chart: Chart) -> Iterator[Installed]:
    """An agent whose cluster its hub has never seen: a hub knows clusters again whatever they call themselves."""
    found = Installed(cluster, chart, stage.hub())
    yield found
    found.clean_up()


def test_with_an_organisation_key_the_cluster_registers_itself_by_its_name(unknown: Installed) -> None:
    key = unknown.hub.post("/organisation-keys", {"name": "for tests", "labels": {"env": "test"}})["key"]
    unknown.install(apiKey=key, clusterName=unknown.name)
    unknown.run()

    found = unknown.hub.get(f"/clusters/{unknown.name}")
    assert (found["agentState"], found["labels"]) == ("connected", {"env": "test"})
    assert set(unknown.watches.values()) == {"synced"}


def test_the_helm_test_passes_with_the_charts_rights_and_fails_without_one(installed: Installed) -> None:
    installed.install()
    pod = installed.rendered.find("Pod")["spec"]

    passed = installed.start(pod)
    assert passed.wait() == 0, passed.output + passed.log

    installed.cluster.kubectl("delete", "clusterrolebinding", f"{installed.name}:farwatch-agent")
    failed = installed.start(pod)
    assert failed.wait() != 0
    assert "pods" in failed.output + failed.log


def test_the_lease_is_the_releases_stays_so_while_agents_write_it_and_goes_with_it(
    installed: Installed,
) -> None:
    without_hook: Object = {"ownerReferences": {"enabled": False}}  # which a kubelet would have to run
    values = installed.render(**without_hook)
    installed.helm("install", installed.chart, "farwatch-agent", values, create_namespace=True)
    agent = installed.run()
    lease = ("lease", "farwatch-agent-leader", installed.name)
    assert installed.cluster.get(*lease)["spec"]["holderIdentity"]

    installed.helm("upgrade", installed.chart, "farwatch-agent", values | {"logLevel": "debug"})

    upgraded = installed.cluster.get(*lease)
    assert upgraded["spec"]["holderIdentity"], "an upgrade takes nobody's lead"
    assert upgraded["metadata"]["annotations"]["meta.helm.sh/release-name"] == "farwatch-agent"
    installed.helm("uninstall", "farwatch-agent")
    assert installed.cluster.get(*lease) is None
    agent.find_log(logger="farwatch.kube.election", event="the lease cannot be read or written for now")
    assert installed.cluster.get(*lease) is None, "without its rights the agent cannot make it anew"


def test_a_lease_that_agents_made_themselves_is_no_hindrance(installed: Installed) -> None:
    installed.cluster.kubectl("create", "namespace", installed.name)
    made = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "farwatch-agent-leader"},
    }
    installed.cluster.apply([made | {"metadata": made["metadata"] | {"namespace": installed.name}}])
    values = installed.render(ownerReferences={"enabled": False})
    installed.helm("install", installed.chart, "farwatch-agent", values)
    installed.helm("upgrade", installed.chart, "farwatch-agent", values)
    assert installed.cluster.get("lease", "farwatch-agent-leader", installed.name)


@pytest.mark.parametrize("cluster", [REAL], indirect=True)
def test_a_real_api_server_takes_every_object_of_every_set_of_values(cluster: Cluster, chart: Chart) -> None:
    name = f"dry-{secrets.token_hex(3)}"
    cluster.kubectl("create", "namespace", name)
    homes = {name, "kube-system", None}
    try:
        for values in VALUE_SETS.values():
            objects = [
                each
                for each in chart.render(values, namespace=name).objects
                if each["apiVersion"] != "monitoring.coreos.com/v1"
                and each["metadata"].get("namespace") in homes
            ]
            cluster.apply(objects, "--dry-run=server")
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")
