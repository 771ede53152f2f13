"""The agent as the chart runs it: its container's command and environment, under its own account with the chart's rights."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Agent, Hub, Process, Stage, eventually
from .charts import Chart, Object
from .cluster import Cluster

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("agent-chart-rights")]

NUMBERS = itertools.count(1)
KINDS_WITHOUT_NAMESPACE = {"Namespace", "Node", "PersistentVolume"}


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart("farwatch-agent")


@pytest.fixture(scope="module")
def cluster(common_stage: Stage) -> Cluster:
    return Cluster(common_stage)


@pytest.fixture(scope="module")
def hub(common_stage: Stage) -> Hub:
    return common_stage.hub()


class Installed:
    """An agent's chart, installed; `run` is its pod."""

    def __init__(self, cluster: Cluster, chart: Chart, hub: Hub) -> None:
        self.cluster = cluster
        self._chart = chart
        self._hub = hub
        self.name = f"installed-{next(NUMBERS)}"
        self._processes: list[Process] = []

    def install(self, **values: Any) -> None:
        """Apply what the chart makes of these values, in a namespace of its own."""
        self.cluster.kubectl("create", "namespace", self.name)
        self.render(**values)
        self.cluster.apply(self.rendered.lasting)

    def render(self, **values: Any) -> Object:
        """Take these values, with the hub and a token; what they are then."""
        hub = {"url": self._hub.url, "allowInsecure": True}
        base = {"hub": hub, "agentToken": self._token}
        self.rendered = self._chart.render(base | values, namespace=self.name)
        return base | values

    @functools.cached_property
    def _token(self) -> str:
        return self._hub.add_cluster(self.name)

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
        self._hub.wait_synced(self.name)
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
            return self._hub.get(f"/clusters/{self.name}").get("permissions")

        found: Object = eventually(read, "the hub is told of the rights")
        return found

    @property
    def watches(self) -> dict[str, str]:
        """The state of each kind's watch, as the hub was told."""
        return {watch["kind"]: watch["state"] for watch in self._hub.get(f"/clusters/{self.name}")["watches"]}

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

    def clean_up(self) -> None:
        for process in self._processes:
            process.clean_up()
        self.cluster.kubectl("delete", "namespace", self.name, "--wait=false", "--ignore-not-found")


def attributes(question: str) -> dict[str, str]:
    """``patch deployments.apps/scale shop`` as a review asks it; without a namespace of a shop's."""
    verb, what, namespace = (*question.split(), "shop")[:3]
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
    assert hub.names("pods", installed.name)
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
    cluster = installed.cluster
    cluster.kubectl("-n", "default", "create", "configmap", f"seen-{installed.name}")
    cluster.kubectl("-n", "kube-public", "create", "configmap", f"hidden-{installed.name}")
    installed.install(watchNamespaces=["shop", "default"])
    installed.run()

    states = {kind: state for kind, state in installed.watches.items() if kind not in KINDS_WITHOUT_NAMESPACE}
    assert set(states.values()) == {"synced"}
    names = hub.names("configmaps", installed.name)
    assert f"seen-{installed.name}" in names
    assert f"hidden-{installed.name}" not in names
    assert (
        installed.may("list pods kube-system", "list pods -", "list nodes -", "list namespaces -", *DENIED)
        == []
    )


def test_what_is_switched_off_is_neither_granted_nor_asked_for(installed: Installed) -> None:
    installed.install(features={"events": False}, evidence={"podLogs": False})
    installed.run()

    assert "Event" not in installed.watches
    assert set(installed.watches.values()) == {"synced"}
    assert installed.may("list events", "get pods/log", *DENIED) == []
    assert exact(installed.rights)


def test_who_reads_cannot_act_and_who_acts_cannot_read(installed: Installed) -> None:
    installed.install(actions={"enabled": True, "allow": ["restart", "scale"], "namespaces": ["shop"]})

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
    assert hub.names("pods", installed.name)


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
    installed.helm("install", installed.chart, "farwatch-agent", installed.render(), create_namespace=True)
    agent = installed.run()
    lease = ("lease", "farwatch-agent-leader", installed.name)
    assert installed.cluster.get(*lease)["spec"]["holderIdentity"]

    installed.helm("upgrade", installed.chart, "farwatch-agent", installed.render(logLevel="debug"))

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
    installed.helm("install", installed.chart, "farwatch-agent", installed.render())
    installed.helm("upgrade", installed.chart, "farwatch-agent", installed.render())
    assert installed.cluster.get("lease", "farwatch-agent-leader", installed.name)
