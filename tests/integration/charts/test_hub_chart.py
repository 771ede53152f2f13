"""The hub's chart as real Helm renders it: valid for every release, hardened, one pod, and every secret in a Secret."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from typer.main import get_command

from farwatch import __version__
from farwatch.cli import app

from .charts import Chart, Object, Rendered, faults, hook, secret_data
from .hubvalues import ALERTING, DATABASE, PEERS, SHARED, SLACK, VALUE_SETS
from .podsecurity import violations

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart("farwatch-hub")


def workload_of(rendered: Rendered) -> Object:
    (found,) = rendered.of("StatefulSet", "Deployment")
    return found


def pod_of(rendered: Rendered) -> Object:
    template: Object = workload_of(rendered)["spec"]["template"]
    return template


def hub_of(rendered: Rendered) -> Object:
    (container,) = pod_of(rendered)["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def options_of(rendered: Rendered) -> dict[str, str]:
    """The hub's options that are given once."""
    pairs = (each.removeprefix("--").partition("=") for each in hub_of(rendered)["args"])
    return {name: value for name, _, value in pairs if name != "retention"}


def volume(rendered: Rendered, name: str) -> Object:
    found = [each for each in pod_of(rendered)["spec"]["volumes"] if each["name"] == name]
    assert len(found) == 1, name
    return {key: value for key, value in found[0].items() if key != "name"}


def mount(rendered: Rendered, name: str) -> str:
    (found,) = [each["mountPath"] for each in hub_of(rendered)["volumeMounts"] if each["name"] == name]
    return str(found)


# --- every set of values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VALUE_SETS)
def test_what_is_rendered_is_valid_in_every_release(chart: Chart, name: str) -> None:
    rendered = chart.render(VALUE_SETS[name])
    assert rendered.notes.strip()
    assert [fault for each in rendered.objects for fault in faults(each)] == []


@pytest.mark.parametrize("name", VALUE_SETS)
def test_lint_finds_nothing(chart: Chart, name: str) -> None:
    assert chart.lint(VALUE_SETS[name]) == []


@pytest.mark.parametrize("name", VALUE_SETS)
def test_pods_pass_pod_security_restricted_and_have_no_token_of_the_cluster(chart: Chart, name: str) -> None:
    for pod, spec in chart.render(VALUE_SETS[name]).pods():
        assert violations(spec) == [], pod
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        for container in [*spec.get("initContainers", ()), *spec["containers"]]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("name", VALUE_SETS)
def test_what_is_mounted_and_selected_is_there(chart: Chart, name: str) -> None:
    rendered = chart.render(VALUE_SETS[name])
    for pod, spec in rendered.pods():
        there = {each["name"] for each in spec.get("volumes", ())}
        for container in [*spec.get("initContainers", ()), *spec["containers"]]:
            assert {each["name"] for each in container.get("volumeMounts", ())} <= there, pod
    labels = pod_of(rendered)["metadata"]["labels"]
    assert workload_of(rendered)["spec"]["selector"]["matchLabels"].items() <= labels.items()
    selector = rendered.find("Service")["spec"]["selector"]
    assert selector.items() <= labels.items()
    for each in rendered.of("CronJob", "Pod"):
        template = each["spec"]["jobTemplate"]["spec"]["template"] if each["kind"] == "CronJob" else each
        assert not selector.items() <= template["metadata"]["labels"].items(), (
            "it would be sent the hub's requests"
        )
    for each in rendered.objects:
        assert each["metadata"]["namespace"] == "farwatch", "nothing stands outside the namespace"
    for path, value in _references(rendered):
        assert value, path


def _references(rendered: Rendered) -> list[tuple[str, bool]]:
    """Whether what pods refer to, by a name of ours, is rendered as well."""
    ours = {(each["kind"], each["metadata"]["name"]) for each in rendered.objects}
    prefix = workload_of(rendered)["metadata"]["name"]
    kinds = {"secret": ("Secret", "secretName"), "configMap": ("ConfigMap", "name")}
    kinds["persistentVolumeClaim"] = ("PersistentVolumeClaim", "claimName")
    return [
        (f"{kind} {source[key]}", (kind, source[key]) in ours)
        for each in pod_of(rendered)["spec"]["volumes"]
        for field, (kind, key) in kinds.items()
        if (source := each.get(field)) and str(source[key]).startswith(f"{prefix}-")
    ]


@pytest.mark.parametrize("name", VALUE_SETS)
def test_no_secret_leaves_the_secrets(chart: Chart, name: str) -> None:
    rendered = chart.render(VALUE_SETS[name])
    values = [value for each in rendered.of("Secret") for value in secret_data(each).values()]
    elsewhere = str([each for each in rendered.objects if each["kind"] != "Secret"]) + rendered.notes
    assert not [value for value in values if value in elsewhere]


@pytest.mark.parametrize("name", VALUE_SETS)
def test_farwatch_knows_every_command_and_option_it_is_given(chart: Chart, name: str) -> None:
    for _, spec in chart.render(VALUE_SETS[name]).pods():
        for container in [*spec.get("initContainers", ()), *spec["containers"]]:
            farwatch, *words = [*container["command"], *container.get("args", ())]
            assert farwatch == "farwatch"
            command: Any = get_command(app)
            while words and not words[0].startswith("-") and hasattr(command, "commands"):
                command = command.commands[words.pop(0)]
            with command.make_context("farwatch", words) as parsed:
                assert parsed.params


def test_a_value_set_is_there_for_every_value(chart: Chart) -> None:
    unset = set(chart.values) - {key for values in VALUE_SETS.values() for key in values}
    assert unset == {"resources", "containerSecurityContext"}


# --- one pod, and what it keeps -------------------------------------------------------------------------------


def test_one_pod_owns_the_stores_and_is_given_time_to_close_them(chart: Chart) -> None:
    rendered = chart.render({})
    assert rendered.find("StatefulSet")["spec"]["replicas"] == 1
    assert pod_of(rendered)["spec"]["terminationGracePeriodSeconds"] == 45
    container = hub_of(rendered)
    assert container["image"] == f"farwatch/hub:{__version__}"
    assert container["command"] == ["farwatch", "hub"]
    assert {probe: container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")} == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/healthz",
    }
    assert options_of(rendered) == {
        "data": "/var/lib/farwatch",
        "listen": ":8080",
        "external-url": "http://farwatch-hub.farwatch:8080",
        "agent-grace": "45",
        "evidence-wait": "2",
        "log-level": "info",
    }


def test_the_volume_stays_at_an_uninstall_and_can_grow(chart: Chart) -> None:
    claim = chart.render({}).find("PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}
    large = chart.render(VALUE_SETS["large-volume"])
    assert large.find("PersistentVolumeClaim")["spec"]["storageClassName"] == "fast"
    # What belongs to a StatefulSet cannot be changed: then no upgrade could make it larger.
    assert "volumeClaimTemplates" not in large.find("StatefulSet")["spec"]
    goes = chart.render(VALUE_SETS["volume-that-goes"]).find("PersistentVolumeClaim")
    assert "annotations" not in goes["metadata"]


def test_other_volumes_take_its_place(chart: Chart) -> None:
    own, none = chart.render(VALUE_SETS["own-volume"]), chart.render(VALUE_SETS["no-volume"])
    assert not own.of("PersistentVolumeClaim")
    assert volume(own, "data") == {"persistentVolumeClaim": {"claimName": "farwatch"}}
    assert not none.of("PersistentVolumeClaim")
    assert volume(none, "data") == {"emptyDir": {}}
    assert "ends with its pod" in none.notes


# --- several pods, and what they share -------------------------------------------------------------------------


def test_several_pods_share_stores_outside_and_keep_nothing_themselves(chart: Chart) -> None:
    rendered = chart.render(SHARED)
    assert rendered.find("Deployment")["spec"]["replicas"] == 2
    assert not rendered.of("StatefulSet", "PersistentVolumeClaim")
    assert volume(rendered, "data") == {"emptyDir": {}}
    options = options_of(rendered)
    assert options["standby"] == ""
    assert options["database-file"] == mount(rendered, "database") + "/url"
    assert options["telemetry-file"] == mount(rendered, "clickhouse") + "/url"
    assert "ends with its pod" not in rendered.notes
    assert "statefulset" not in rendered.notes


def test_one_pod_stands_by_for_nobody(chart: Chart) -> None:
    rendered = chart.render(SHARED | {"replicas": 1})
    assert rendered.find("StatefulSet")["spec"]["replicas"] == 1
    assert "standby" not in options_of(rendered)
    assert "telemetry-file" in options_of(rendered)


def test_only_the_pod_that_works_is_sent_requests_well_or_not(chart: Chart) -> None:
    container = hub_of(chart.render(SHARED))
    assert {probe: container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")} == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/activez",
    }
    assert container["readinessProbe"]["failureThreshold"] == 1


def test_an_update_waits_for_no_pod_that_stands_by(chart: Chart) -> None:
    """It is ready only when the pod that works is gone, which the update would not let go before."""
    spec = chart.render(SHARED).find("Deployment")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "100%", "maxUnavailable": "100%"}
    assert spec["progressDeadlineSeconds"] == 2**31 - 1


def test_one_pod_at_a_time_is_evicted_and_none_while_none_works(chart: Chart) -> None:
    rendered = chart.render(SHARED)
    budget = rendered.find("PodDisruptionBudget")["spec"]
    assert (budget["minAvailable"], budget["unhealthyPodEvictionPolicy"]) == (0, "IfHealthyBudget")
    assert budget["selector"] == workload_of(rendered)["spec"]["selector"]
    assert not chart.render({}).of("PodDisruptionBudget")


def test_pods_are_spread_over_nodes_and_zones_unless_told_otherwise(chart: Chart) -> None:
    rendered = chart.render(SHARED)
    spread = pod_of(rendered)["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    for each in spread:
        assert each["whenUnsatisfiable"] == "ScheduleAnyway", "one node is better than none"
        assert each["labelSelector"] == workload_of(rendered)["spec"]["selector"]
    (own,) = pod_of(chart.render(VALUE_SETS["replicas-spread"]))["spec"]["topologySpreadConstraints"]
    assert own["topologyKey"] == "rack"
    assert "topologySpreadConstraints" not in pod_of(chart.render({}))["spec"]


def test_only_the_pod_that_works_is_scraped(chart: Chart) -> None:
    (endpoint,) = chart.render(VALUE_SETS["replicas-spread"]).find("ServiceMonitor")["spec"]["endpoints"]
    (keep,) = endpoint["relabelings"]
    assert (keep["sourceLabels"], keep["action"]) == (["__meta_kubernetes_pod_ready"], "keep")


def test_a_clickhouse_is_told_by_files_of_secrets(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["replicas-spread"])
    assert volume(rendered, "clickhouse")["secret"]["items"] == [{"key": "CLICKHOUSE_URL", "path": "url"}]
    assert volume(rendered, "clickhouse-ca")["secret"]["items"] == [{"key": "tls.crt", "path": "ca.crt"}]
    assert options_of(rendered)["telemetry-ca"] == mount(rendered, "clickhouse-ca") + "/ca.crt"
    own = volume(chart.render(VALUE_SETS["clickhouse"]), "clickhouse")
    assert own["secret"]["items"] == [{"key": "url", "path": "url"}]


# --- secrets --------------------------------------------------------------------------------------------------


def test_an_admin_token_is_made_when_none_is_given(chart: Chart) -> None:
    rendered = chart.render({})
    made = secret_data(rendered.find("Secret", "farwatch-hub-admin"))["ADMIN_TOKEN"]
    assert made.startswith("fwt_")
    assert len(made) == 4 + 43
    assert hub_of(rendered)["env"][0] == {
        "name": "FARWATCH_ADMIN_TOKEN",
        "valueFrom": {"secretKeyRef": {"name": "farwatch-hub-admin", "key": "ADMIN_TOKEN"}},
    }
    assert "get secret farwatch-hub-admin" in rendered.notes


def test_the_admins_password_is_made_beside_the_token_and_told_where(chart: Chart) -> None:
    rendered = chart.render({})
    made = secret_data(rendered.find("Secret", "farwatch-hub-admin"))["ADMIN_PASSWORD"]
    assert len(made) == 24
    variables = {each["name"]: each for each in hub_of(rendered)["env"]}
    assert variables["FARWATCH_ADMIN_PASSWORD"]["valueFrom"]["secretKeyRef"] == {
        "name": "farwatch-hub-admin",
        "key": "ADMIN_PASSWORD",
        "optional": True,
    }
    assert "ADMIN_PASSWORD" in rendered.notes
    given = chart.render({"adminPassword": "purple monkey dishwasher"})
    kept = secret_data(given.find("Secret", "farwatch-hub-admin"))["ADMIN_PASSWORD"]
    assert kept == "purple monkey dishwasher"


def test_a_reset_in_the_pod_finds_what_the_hub_keeps(chart: Chart) -> None:
    for values in ({}, VALUE_SETS["postgresql"]):
        rendered = chart.render(values)
        variables = {each["name"]: each.get("value") for each in hub_of(rendered)["env"]}
        options = options_of(rendered)
        assert variables["FARWATCH_DATA"] == options["data"]
        assert variables.get("FARWATCH_DATABASE_FILE") == options.get("database-file")


def test_an_admin_token_of_ones_own_is_used_everywhere(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["own-admin-token"] | {"backup": {"enabled": True}})
    assert not rendered.of("Secret")
    reference = {"secretKeyRef": {"name": "farwatch-admin", "key": "token"}}
    for _, spec in rendered.pods():
        (container,) = spec["containers"]
        variables = {each["name"]: each.get("valueFrom") for each in container["env"]}
        assert variables.get("FARWATCH_ADMIN_TOKEN", variables.get("FARWATCH_TOKEN")) == reference


def test_a_database_is_told_by_a_file_of_a_secret(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["postgresql"])
    assert secret_data(rendered.find("Secret", "farwatch-hub-database")) == {"DATABASE_URL": DATABASE}
    assert options_of(rendered)["database-file"] == mount(rendered, "database") + "/url"
    own = volume(chart.render(VALUE_SETS["own-postgresql"]), "database")
    assert own["secret"]["secretName"] == "cluster-app"
    assert own["secret"]["items"] == [{"key": "uri", "path": "url"}]


def test_a_heartbeat_is_told_by_the_environment(chart: Chart) -> None:
    for name, secret, key in (
        ("heartbeat", "farwatch-hub-heartbeat", "HEARTBEAT_URL"),
        ("own-heartbeat", "heartbeat", "url"),
    ):
        variables = {
            each["name"]: each.get("valueFrom") for each in hub_of(chart.render(VALUE_SETS[name]))["env"]
        }
        assert variables["FARWATCH_HEARTBEAT_URL"] == {"secretKeyRef": {"name": secret, "key": key}}


def test_the_first_cluster_is_told_with_its_token(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["bootstrap"])
    assert options_of(rendered)["bootstrap-cluster"] == "home"
    assert options_of(rendered)["bootstrap-token-file"] == mount(rendered, "bootstrap") + "/token"
    assert volume(rendered, "bootstrap")["secret"]["items"] == [{"key": "token", "path": "token"}]


# --- configuration --------------------------------------------------------------------------------------------


def test_the_alerting_configuration_is_in_a_folder_that_follows_its_config_map(chart: Chart) -> None:
    rendered = chart.render(SLACK)
    data = rendered.find("ConfigMap")["data"]
    assert yaml.safe_load(data["alertmanager.yml"]) == ALERTING
    assert data["ours.tmpl"] == SLACK["alerting"]["templates"]["ours.tmpl"]
    assert options_of(rendered)["alerting"] == mount(rendered, "alerting") + "/alertmanager.yml"
    assert options_of(rendered)["alerting-reload"] == "5"
    assert volume(rendered, "secrets")["secret"]["secretName"] == "farwatch-receivers"
    assert mount(rendered, "secrets") == "/etc/farwatch/secrets"
    # A file mounted alone (subPath) stays what it was when the pod was made.
    assert not [each for each in hub_of(rendered)["volumeMounts"] if "subPath" in each]


def annotations(rendered: Rendered) -> dict[str, str]:
    found: dict[str, str] = pod_of(rendered)["metadata"]["annotations"]
    return found


def test_what_is_read_again_restarts_nothing_and_what_is_not_does(chart: Chart) -> None:
    before = annotations(chart.render(SLACK))
    other = {"route": {"receiver": "on-call"}, "receivers": ALERTING["receivers"]}
    assert annotations(chart.render({"alerting": SLACK["alerting"] | {"config": other}})) == before
    for change in ("detectors", "postgresql", "heartbeat", "given-admin-token", "given-admin-password"):
        assert annotations(chart.render(SLACK | VALUE_SETS[change])) != before, change


def test_detectors_are_told_below_their_section(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["detectors"])
    told = yaml.safe_load(rendered.find("ConfigMap")["data"]["detectors.yml"])
    assert told == {"detect": VALUE_SETS["detectors"]["detectors"]["config"]}
    assert options_of(rendered)["detectors"] == mount(rendered, "detectors") + "/detectors.yml"


def test_providers_come_from_a_secret_and_proxies_are_told_one_by_one(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["single-sign-on"])
    assert options_of(rendered)["sso"] == mount(rendered, "sso") + "/sso.yml"
    assert volume(rendered, "sso") == {"secret": {"secretName": "farwatch-sso", "defaultMode": 0o440}}
    told = [each for each in hub_of(rendered)["args"] if each.startswith("--trusted-proxies=")]
    assert told == ["--trusted-proxies=10.0.0.0/8", "--trusted-proxies=fd00::7"]


def test_retention_is_told_first_for_all_then_for_single_tables(chart: Chart) -> None:
    arguments = hub_of(chart.render(VALUE_SETS["retention"]))["args"]
    assert [each for each in arguments if each.startswith("--retention")] == [
        "--retention=30",
        "--retention=alert_events=365",
        "--retention=changes=7",
    ]


# --- how it is reached ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("ingress", "https://hub.example.com"),
        ("ingress-issued", "https://hub.example.com"),
        ("ingress-behind-tls", "http://hub.example.com"),
        ("gateway", "https://hub.example.com"),
        ("load-balancer", "https://hub.example.com"),
    ],
)
def test_links_in_notifications_lead_where_people_reach_it(chart: Chart, name: str, url: str) -> None:
    rendered = chart.render(VALUE_SETS[name])
    assert options_of(rendered)["external-url"] == url
    assert f"The hub is at {url}." in rendered.notes


def test_an_ingress_ends_tls_with_a_secret_or_by_an_issuer(chart: Chart) -> None:
    own = chart.render(VALUE_SETS["ingress"]).find("Ingress")
    assert own["spec"]["tls"] == [{"hosts": ["hub.example.com"], "secretName": "wildcard"}]
    assert own["spec"]["ingressClassName"] == "nginx"
    assert own["metadata"]["annotations"] == {"nginx.ingress.kubernetes.io/proxy-read-timeout": "3600"}
    issued = chart.render(VALUE_SETS["ingress-issued"]).find("Ingress")
    assert issued["spec"]["tls"][0]["secretName"] == "farwatch-hub-tls"
    assert issued["metadata"]["annotations"] == {"cert-manager.io/cluster-issuer": "letsencrypt"}
    clear = chart.render(VALUE_SETS["ingress-behind-tls"])
    assert "tls" not in clear.find("Ingress")["spec"]
    assert "in the clear" in clear.notes


def test_a_route_of_the_gateway_has_no_end_for_links(chart: Chart) -> None:
    spec = chart.render(VALUE_SETS["gateway"]).find("HTTPRoute")["spec"]
    assert spec["rules"] == [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
            "timeouts": {"request": "0s"},
            "backendRefs": [{"name": "farwatch-hub", "port": 8080}],
        }
    ]
    assert spec["hostnames"] == ["hub.example.com"]


def test_metrics_are_scraped_with_a_token(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["monitored"])
    monitor, service = rendered.find("ServiceMonitor"), rendered.find("Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["authorization"]["credentials"] == {"name": "scrape", "key": "TOKEN"}
    plain = chart.render({"metrics": {"serviceMonitor": {"enabled": True}}}).find("ServiceMonitor")
    assert plain["spec"]["endpoints"][0]["authorization"]["credentials"] == {
        "name": "farwatch-hub-admin",
        "key": "ADMIN_TOKEN",
    }


def test_a_network_policy_lets_in_who_is_named_and_its_own_pods(chart: Chart) -> None:
    anybody = chart.render(VALUE_SETS["network-policy"]).find("NetworkPolicy")["spec"]
    assert anybody["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]
    assert anybody["policyTypes"] == ["Ingress"]
    rendered = chart.render(VALUE_SETS["network-policy-narrow"] | {"backup": {"enabled": True}})
    some = rendered.find("NetworkPolicy")["spec"]
    assert some["policyTypes"] == ["Ingress", "Egress"]
    web, alertmanager = some["ingress"]
    assert web["from"][0] == PEERS[0]
    own = web["from"][1]["podSelector"]["matchLabels"]
    job = rendered.find("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    assert own.items() <= job.items()
    assert own.items() <= rendered.find("Pod")["metadata"]["labels"].items()
    assert alertmanager["from"] == PEERS
    assert [port["port"] for rule in some["egress"] for port in rule["ports"]] == [53, 53, 443]


def test_alertmanagers_port_is_served_where_asked(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["alertmanager"])
    assert options_of(rendered)["alertmanager-listen"] == ":9094"
    assert options_of(rendered)["alertmanager-auth"] == "none"
    ports = {port["name"]: port["port"] for port in rendered.find("Service")["spec"]["ports"]}
    assert ports == {"http": 8080, "alertmanager": 9094}


# --- backups --------------------------------------------------------------------------------------------------


def test_a_cron_job_asks_the_hub_for_backups_on_a_volume_of_their_own(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["backups"])
    job = rendered.find("CronJob")["spec"]
    assert (job["schedule"], job["concurrencyPolicy"]) == ("@hourly", "Forbid")
    (container,) = job["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["farwatch", "backup", "create"]
    assert container["args"] == ["--keep=48", "--timeout=3600"]
    assert container["env"][0] == {"name": "FARWATCH_HUB", "value": "http://farwatch-hub.farwatch:8080"}
    assert "volumes" not in job["jobTemplate"]["spec"]["template"]["spec"], "the stores have one owner"
    assert options_of(rendered)["backups"] == mount(rendered, "backups")
    claim = rendered.find("PersistentVolumeClaim", "farwatch-hub-backups")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_a_restore_comes_before_the_hub_and_only_into_an_empty_volume(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["backups-elsewhere"])
    (restore,) = pod_of(rendered)["spec"]["initContainers"]
    assert restore["command"] == ["farwatch", "backup", "restore"]
    assert restore["args"] == [
        "--backups=/var/lib/farwatch-backups",
        "--data=/var/lib/farwatch",
        "--database-file=/var/run/farwatch/database/url",
        "--if-empty",
        "20261121T021700Z",
    ]
    assert volume(rendered, "backups") == {"persistentVolumeClaim": {"claimName": "nfs"}}
    assert "initContainers" not in pod_of(chart.render({}))["spec"]


# --- the chart itself -----------------------------------------------------------------------------------------


def test_the_chart_is_for_the_hub_of_this_version(chart: Chart) -> None:
    assert chart.metadata["appVersion"] == __version__
    assert chart.metadata["kubeVersion"] == ">=1.29.0-0"


def test_the_helm_test_asks_the_hub_as_its_administrator(chart: Chart) -> None:
    test = chart.render({}).find("Pod")
    assert hook(test) == "test"
    (container,) = test["spec"]["containers"]
    assert container["command"] == ["farwatch", "cluster", "list"]
    assert [each["name"] for each in container["env"]] == ["FARWATCH_HUB", "FARWATCH_TOKEN"]


def test_the_notes_warn_of_secrets_in_a_config_map(chart: Chart) -> None:
    told = {"name": "r", "slack_configs": [{"api_url": "https://hooks.slack.com/services/x"}]}
    config: dict[str, Any] = {"route": {"receiver": "r"}, "receivers": [told]}
    assert "alerting.config holds secrets" in chart.render({"alerting": {"config": config}}).notes
    assert "holds secrets" not in chart.render(SLACK).notes
    assert "Nobody is told" in chart.render({}).notes
