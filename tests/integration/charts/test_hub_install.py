"""The hub's chart and the one for both, installed by real Helm; their pods run, find each other, and are gone again."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from typing import Any

import helm_python as helm
import pytest

from ..conftest import ADMIN_TOKEN, Stage, eventually
from .agentvalues import TOKEN
from .charts import CHARTS, Chart, Object, faults, secret_data
from .cluster import Cluster
from .hubpod import HubPod, pointed_at
from .hubvalues import NOBODY
from .podsecurity import violations

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("hub-chart")]

NUMBERS = itertools.count(1)
LEFT = "persistentvolumeclaims,ingresses,cronjobs,jobs,networkpolicies,poddisruptionbudgets,pods"
RICH: Object = {
    "alerting": {"config": NOBODY},
    "detectors": {"config": {"exclude_namespaces": ["dev-*"]}},
    "database": {"url": "postgresql://db/farwatch"},
    "backup": {"enabled": True},
    "ingress": {"enabled": True, "host": "hub.example.com", "tls": {"secretName": "tls"}},
    "networkPolicy": {"enabled": True},
    "podDisruptionBudget": {"enabled": True},
    "persistence": {"size": "20Gi"},
}


@pytest.fixture(scope="module")
def cluster(common_stage: Stage) -> Cluster:
    return Cluster.simulate(common_stage)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Chart:
    """The chart for both, with the two that lie beside it packed as Helm does before an install."""
    folder = tmp_path_factory.mktemp("charts")
    shutil.copytree(CHARTS, folder, dirs_exist_ok=True)
    helm.dependency_build(folder / "farwatch")
    return Chart(str(folder / "farwatch"))


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"hub-{next(NUMBERS)}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--ignore-not-found")


def left(cluster: Cluster, namespace: str) -> set[str]:
    """What there is in a namespace of the kinds that may come and go by themselves elsewhere."""
    return {f"{each['kind']}/{each['metadata']['name']}" for each in cluster.get(LEFT, namespace=namespace)}


def admin_token(cluster: Cluster, namespace: str) -> str:
    return secret_data(cluster.get("secret", "farwatch-hub-admin", namespace))["ADMIN_TOKEN"]


# --- the hub alone ----------------------------------------------------------------------------------------------


def test_the_hub_is_installed_upgraded_and_uninstalled_and_only_its_volumes_stay(
    cluster: Cluster, namespace: str
) -> None:
    chart = Chart("farwatch-hub")
    before = cluster.lasting()
    cluster.helm("install", chart.path, "farwatch-hub", {}, namespace=namespace)
    made = admin_token(cluster, namespace)
    assert cluster.get("statefulset", "farwatch-hub", namespace)["spec"]["replicas"] == 1

    upgraded = cluster.helm("upgrade", chart.path, "farwatch-hub", RICH, namespace=namespace)

    assert (upgraded["status"], upgraded["revision"]) == ("deployed", 2)
    assert admin_token(cluster, namespace) == made, "a token that was made is kept"
    claim = cluster.get("persistentvolumeclaim", "farwatch-hub-data", namespace)
    assert claim["spec"]["resources"]["requests"]["storage"] == "20Gi"
    cluster.helm("uninstall", "farwatch-hub", namespace=namespace)
    assert cluster.lasting() == before
    kept = {"PersistentVolumeClaim/farwatch-hub-data", "PersistentVolumeClaim/farwatch-hub-backups"}
    eventually(lambda: left(cluster, namespace) == kept, "only the volumes are left")

    again = cluster.helm("install", chart.path, "farwatch-hub", {}, namespace=namespace)
    assert again["status"] == "deployed", "it takes up the volume of the release before"
    goes = {"persistence": {"retain": False}}
    cluster.helm("upgrade", chart.path, "farwatch-hub", goes, namespace=namespace)
    cluster.helm("uninstall", "farwatch-hub", namespace=namespace)
    eventually(
        lambda: left(cluster, namespace) == {"PersistentVolumeClaim/farwatch-hub-backups"}, "and not that one"
    )


# --- both at once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"firstCluster": {"createSecret": False}},
        {"hub": RICH | {"bootstrap": {"clusterName": "berlin"}}, "agent": {"mode": "daemonset"}},
    ],
    ids=["least", "own-secret", "rich"],
)
def test_both_are_valid_in_every_release_and_restricted(both: Chart, values: Object) -> None:
    assert both.lint(values) == []
    rendered = both.render(values, release="farwatch")
    assert [fault for each in rendered.objects for fault in faults(each)] == []
    assert [(pod, found) for pod, spec in rendered.pods() if (found := violations(spec))] == []
    names = [
        (each["kind"], each["metadata"]["name"], each["metadata"].get("namespace"))
        for each in rendered.objects
    ]
    assert len(names) == len(set(names))
    services = {each["metadata"]["name"]: each for each in rendered.of("Service")}
    agent = rendered.find("DaemonSet" if values.get("agent") else "Deployment", "farwatch-agent")
    selectors = [each["spec"]["selector"] for each in services.values()]
    for selector in selectors:
        assert not selector.items() <= agent["spec"]["template"]["metadata"]["labels"].items()
    url = next(
        variable["value"]
        for variable in agent["spec"]["template"]["spec"]["containers"][0]["env"]
        if variable["name"] == "FARWATCH_HUB"
    )
    assert url == f"http://farwatch-hub:{services['farwatch-hub']['spec']['ports'][0]['port']}"
    made = [each for each in rendered.of("Secret") if each["metadata"]["name"] == "farwatch-first-cluster"]
    assert len(made) == (0 if values.get("firstCluster") else 1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {
                "hub": {"bootstrap": {"clusterName": "", "existingSecret": ""}},
                "agent": {"existingSecret": "", "agentToken": TOKEN},
            },
            ("hub.bootstrap.clusterName: not set", "charts/farwatch-hub"),
        ),
        ({"agent": {"existingSecret": "mine"}}, ('agent.existingSecret: "mine"', "name the same Secret")),
        ({"hub": {"service": {"port": 80}}}, ("agent.hub.url:", "will be at http://farwatch-hub:80;")),
        ({"hub": {"fullnameOverride": "h"}}, ("agent.hub.url:", "will be at http://h:8080;")),
        ({"hub": {"bootstrap": {"key": "token"}}}, ("hub.bootstrap.key:", "AGENT_TOKEN")),
        (
            {"hub": {"clickhouse": {"caSecret": "ca"}}},
            ("clickhouse.caSecret:", "set clickhouse.existingSecret"),
        ),
        ({"hub": {"replicas": 2}}, ("clickhouse.existingSecret", "replicas=1")),
        ({"hubb": {}}, ("hubb", "not allowed")),
    ],
)
def test_what_cannot_work_is_refused(both: Chart, values: Object, words: tuple[str, ...]) -> None:
    said = both.refuse(values)
    for word in words:
        assert word in said


def spec_of(cluster: Cluster, kind: str, name: str, namespace: str) -> Object:
    spec: Object = cluster.get(kind, name, namespace)["spec"]["template"]["spec"]
    return spec


def hub_values(stage: Stage, name: str) -> Object:
    """Whom to tell, with the address in a file of a Secret."""
    webhook: Object = {"url_file": str(stage.folder / "webhook"), "send_resolved": True}
    return {
        "route": {"receiver": name, "group_by": ["..."], "group_wait": "0s"},
        "receivers": [{"name": name, "webhook_configs": [webhook]}],
    }


def test_one_command_installs_both_and_the_first_cluster_is_watched_at_once(
    common_stage: Stage, cluster: Cluster, both: Chart, namespace: str
) -> None:
    stage = common_stage
    (stage.folder / "webhook").write_text(stage.sink.url)
    values: Any = {
        "hub": {
            "alerting": {"config": hub_values(stage, "one"), "reloadSeconds": 1},
            "detectors": {"config": {"detectors": {"KubePodCrashLooping": {"hold": "0s"}}}},
            "backup": {"enabled": True, "keep": 2},
            "adminToken": {"value": ADMIN_TOKEN},
        }
    }
    before = cluster.lasting()
    cluster.helm("install", both.path, "farwatch", values, namespace=namespace)
    token = secret_data(cluster.get("secret", "farwatch-first-cluster", namespace))["AGENT_TOKEN"]
    spec = spec_of(cluster, "statefulset", "farwatch-hub", namespace)
    pod = HubPod(stage, cluster, namespace)

    hub = pod.start(spec)
    agent = cluster.run_container(
        pointed_at(spec_of(cluster, "deployment", "farwatch-agent", namespace), hub.url), namespace
    )
    hub.wait_synced("home")
    assert namespace in hub.names("namespaces", "home")

    # The configuration changes in place, and the hub goes by it; a bad one changes nothing and is told.
    values["hub"]["alerting"]["config"] = hub_values(stage, "two")
    cluster.helm("upgrade", both.path, "farwatch", values, namespace=namespace)
    assert secret_data(cluster.get("secret", "farwatch-first-cluster", namespace))["AGENT_TOKEN"] == token
    fresh = spec_of(cluster, "statefulset", "farwatch-hub", namespace)
    assert fresh == spec, "no restart"
    pod.refresh(spec)
    eventually(lambda: "name: two" in json.dumps(hub.get("/alerting/config")), "the new one holds")
    cluster.kubectl(
        *("-n", namespace, "patch", "configmap", "farwatch-hub-alerting", "--type=merge", "-p"),
        json.dumps({"data": {"alertmanager.yml": "route: {receiver: nobody}"}}),
    )
    pod.refresh(spec)
    hub.find_log(level="error", event="alerting configuration not reloaded: the one before stays")
    assert "name: two" in json.dumps(hub.get("/alerting/config"))

    # The CronJob's pod asks for a backup; a hub on an empty volume begins with it, and the agent is known there.
    job = cluster.get("cronjob", "farwatch-hub-backup", namespace)["spec"]["jobTemplate"]["spec"]["template"]
    asked = cluster.run_container(pointed_at(job["spec"], hub.url), namespace)
    assert asked.wait() == 0, asked.log
    uid = hub.get("/clusters/home")["uid"]
    assert hub.terminate() == 0
    values["hub"] |= {"restore": {"from": "latest"}, "alerting": {"config": hub_values(stage, "three")}}
    cluster.helm("upgrade", both.path, "farwatch", values, namespace=namespace)
    restoring = spec_of(cluster, "statefulset", "farwatch-hub", namespace)
    untouched = pod.begin(restoring)
    assert "holds stores already: nothing is restored" in untouched.output
    shutil.move(pod.claim("farwatch-hub-data"), stage.folder / "lost")
    restored = pod.begin(restoring)
    assert "is restored to" in restored.output, restored.log
    hub = pod.start(restoring)
    assert hub.get("/clusters/home")["uid"] == uid
    agent.clean_up()
    assert hub.terminate() == 0

    cluster.helm("uninstall", "farwatch", namespace=namespace)
    assert cluster.lasting() == before
