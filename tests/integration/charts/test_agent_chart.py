"""The agent's chart as real Helm renders it: valid for every release, least rights, hardened pods."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farwatch import __version__
from farwatch.agent.config import SETTINGS
from farwatch.agent.permissions.table import CAPABILITIES, SWITCHES, Account, Capability, Scope

from .agentvalues import ACTIONS, HUB, KEY, LEAST, PEM, TOKEN, VALUE_SETS
from .charts import Chart, Object, Rendered, faults, hook, secret_data
from .podsecurity import violations

pytestmark = pytest.mark.integration

RBAC_KINDS = ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart("farwatch-agent")


def agent_of(rendered: Rendered) -> Object:
    """The Deployment or DaemonSet."""
    (workload,) = rendered.of("Deployment", "DaemonSet")
    return workload


def pod_of(rendered: Rendered) -> Object:
    spec: Object = agent_of(rendered)["spec"]["template"]["spec"]
    return spec


def environment_of(rendered: Rendered) -> dict[str, Object]:
    """The container's variables by name."""
    (container,) = pod_of(rendered)["containers"]
    return {each["name"]: each for each in container["env"]}


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
def test_objects_belong_together_and_to_the_release(chart: Chart, name: str) -> None:
    rendered = chart.render(VALUE_SETS[name])
    keys = [
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"])
        for each in rendered.objects
    ]
    assert len(set(keys)) == len(keys)
    for each in rendered.objects:
        cluster_wide = each["kind"] in {"ClusterRole", "ClusterRoleBinding"}
        assert cluster_wide == ("namespace" not in each["metadata"]), each["metadata"]["name"]
        assert each["metadata"]["labels"]["app.kubernetes.io/instance"] == "farwatch-agent"
    workload = agent_of(rendered)
    selector, template = workload["spec"]["selector"]["matchLabels"], workload["spec"]["template"]
    assert selector.items() <= template["metadata"]["labels"].items()
    for each in rendered.of("Job", "Pod"):
        labels = (each["spec"].get("template") or each)["metadata"]["labels"]
        assert not selector.items() <= labels.items(), "a hook's pod would count as an agent"
    made = set(rendered.names("ServiceAccount")) | {VALUE_SETS[name].get("serviceAccount", {}).get("name")}
    for _, spec in rendered.pods():
        assert spec["serviceAccountName"] in made


@pytest.mark.parametrize("name", VALUE_SETS)
def test_pods_pass_pod_security_restricted_but_for_the_nodes_logs(chart: Chart, name: str) -> None:
    rendered = chart.render(VALUE_SETS[name])
    found = {pod: violations(spec) for pod, spec in rendered.pods()}
    if VALUE_SETS[name].get("features", {}).get("logs"):
        assert found.pop("DaemonSet/farwatch-agent") == ["volume pod-logs: hostPath"]
    assert {pod: what for pod, what in found.items() if what} == {}
    for pod, spec in rendered.pods():
        assert spec["enableServiceLinks"] is False
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, pod
            assert container["resources"]["limits"], pod


@pytest.mark.parametrize("name", VALUE_SETS)
def test_the_agent_knows_every_setting_it_is_given(chart: Chart, name: str) -> None:
    known = {setting.variable for setting in SETTINGS.values()}
    given = environment_of(chart.render(VALUE_SETS[name]))
    assert {variable for variable in given if variable.startswith("FARWATCH_")} <= known


@given(names=st.lists(st.sampled_from(sorted(VALUE_SETS)), min_size=2, max_size=4, unique=True))
@settings(max_examples=30)
def test_what_is_set_together_is_rendered_well_or_refused_with_the_way_out(
    chart: Chart, names: list[str]
) -> None:
    values: Object = {}
    for name in names:
        values = merge(values, VALUE_SETS[name])
    rendered = chart.attempt(values)
    if isinstance(rendered, str):
        assert "farwatch-agent cannot be installed so:\n  - " in rendered
        return
    assert [fault for each in rendered.objects for fault in faults(each)] == []
    for pod, spec in rendered.pods():
        assert set(violations(spec)) <= {"volume pod-logs: hostPath"}, pod
    touched = {what[3] for what in grants_of(rendered)}
    assert not touched & {"*", "secrets", "pods/exec"}


def merge(lower: Object, higher: Object) -> Object:
    """Values over values, as Helm takes several files."""
    both = lower | higher
    for key in lower.keys() & higher.keys():
        if isinstance(lower[key], dict) and isinstance(higher[key], dict):
            both[key] = merge(lower[key], higher[key])
    return both


def test_a_rule_list_that_finds_nothing_would_be_worthless() -> None:
    container = {"name": "c", "securityContext": {"privileged": True}, "ports": [{"hostPort": 1}]}
    assert violations(
        {"hostNetwork": True, "volumes": [{"name": "v", "hostPath": {}}], "containers": [container]}
    ) == [
        "hostNetwork",
        "volume v: hostPath",
        "c: privileged",
        "c: allowPrivilegeEscalation is not false",
        "c: runAsNonRoot is not true",
        "c: seccompProfile None",
        "c: capabilities.drop lacks ALL",
        "c: hostPort",
    ]


def test_an_unknown_field_and_a_wrong_type_would_be_found() -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "x"},
        "spec": {"maxUnavailable": 1, "maxAvailable": 1},
    }
    assert len(faults(budget)) == 5
    assert "maxAvailable" in faults(budget)[0]


# --- rights ---------------------------------------------------------------------------------------------------

Grant = tuple[str, str, str, str, str, str]
"""Account, where (empty: the cluster), API group, resource, object (empty: all), verb."""


def grants_of(rendered: Rendered) -> list[Grant]:
    """Every right that the roles of a release give, each by the binding that gives it."""
    return [
        (subject["name"], each["metadata"].get("namespace", ""), *what)
        for each in rendered.lasting
        if each["kind"].endswith("Binding")
        for subject in each["subjects"]
        for what in expand(
            rendered.find(
                each["roleRef"]["kind"], each["roleRef"]["name"], each["metadata"].get("namespace", "")
            )["rules"]
        )
    ]


def expand(rules: list[Object]) -> Iterator[tuple[str, str, str, str]]:
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for name in rule.get("resourceNames", [""]):
                    for verb in rule["verbs"]:
                        yield group, resource, name, verb


def wanted(on: set[str], *, watched: tuple[str, ...] = (), acted: tuple[str, ...] = ()) -> set[Grant]:
    """What the table asks for when these values are on."""
    found = set()
    for capability in CAPABILITIES:
        if not capability.when or capability.when in on:
            account = "farwatch-agent" + ("-act" if capability.account is Account.ACT else "")
            places = acted if capability.account is Account.ACT else watched
            for place in _places(capability, places):
                for rule in capability.rules:
                    found |= {
                        (
                            account,
                            place,
                            group,
                            resource,
                            name.replace("ACT_ACCOUNT", "farwatch-agent-act"),
                            verb,
                        )
                        for group in rule.groups
                        for resource in rule.resources
                        for name in rule.names or ("",)
                        for verb in rule.verbs
                    }
    return found


def _places(capability: Capability, places: tuple[str, ...]) -> tuple[str, ...]:
    match capability.scope:
        case Scope.OWN:
            return ("farwatch",)
        case Scope.KUBE_SYSTEM:
            return ("kube-system",)
        case Scope.CLUSTER if places:
            return ()
    return places or ("",)


DEFAULTS = {value for value, on in SWITCHES.items() if on}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, wanted(DEFAULTS)),
        ({"mode": "daemonset"}, wanted(DEFAULTS)),
        ({"features": {"events": False}}, wanted(DEFAULTS - {"features.events"})),
        ({"evidence": {"podLogs": False}}, wanted(DEFAULTS - {"evidence.podLogs"})),
        ({"features": {"nodeMetrics": True}}, wanted(DEFAULTS | {"features.nodeMetrics"})),
        ({"features": {"logs": True, "profiles": True}, "mode": "daemonset"}, wanted(DEFAULTS)),
        ({"watchNamespaces": ["a", "farwatch"]}, wanted(DEFAULTS, watched=("a", "farwatch"))),
        ({"excludeNamespaces": ["a"]}, wanted(DEFAULTS)),
        ({"actions": {"enabled": False, "allow": ACTIONS}}, wanted(DEFAULTS)),
        (
            {"actions": {"enabled": True, "allow": ["restart", "cordon"]}},
            wanted(DEFAULTS | {"actions.enabled", "actions.restart", "actions.cordon"}),
        ),
        (
            {"actions": {"enabled": True, "allow": ["scale", "delete-pod"], "namespaces": ["a"]}},
            wanted(DEFAULTS | {"actions.enabled", "actions.scale", "actions.delete-pod"}, acted=("a",)),
        ),
        (
            {"actions": {"enabled": True, "allow": ["run-job"]}, "watchNamespaces": ["b"]},
            wanted(DEFAULTS | {"actions.enabled", "actions.run-job"}, watched=("b",), acted=("b",)),
        ),
        ({"rbac": {"create": False}}, set()),
    ],
)
def test_rights_are_the_tables_and_nothing_else(chart: Chart, values: Object, expected: set[Grant]) -> None:
    granted = grants_of(chart.render(LEAST | values))
    assert set(granted) == expected
    assert len(granted) == len(expected), "a right is given twice"


def test_by_default_nothing_is_written_but_the_lease_and_no_secret_is_read(chart: Chart) -> None:
    granted = grants_of(chart.render(LEAST))
    writes = [what for what in granted if what[5] not in {"get", "list", "watch"}]
    assert sorted(writes) == [
        ("farwatch-agent", "farwatch", "coordination.k8s.io", "leases", "", "create"),
        ("farwatch-agent", "farwatch", "coordination.k8s.io", "leases", "farwatch-agent-leader", "update"),
    ]
    touched = {word for what in granted for word in what}
    assert not touched & {
        "*",
        "secrets",
        "pods/exec",
        "pods/attach",
        "pods/portforward",
        "pods/proxy",
        "nodes/proxy",
    }


def test_with_watched_namespaces_there_is_no_cluster_role(chart: Chart) -> None:
    rendered = chart.render(LEAST | {"watchNamespaces": ["a", "b"]})
    lasting = [each["kind"] for each in rendered.lasting]
    assert not {"ClusterRole", "ClusterRoleBinding"} & set(lasting)
    assert environment_of(rendered)["FARWATCH_NAMESPACES"]["value"] == "a,b"


def test_two_releases_share_no_name_outside_their_namespaces(chart: Chart) -> None:
    def outside(namespace: str) -> set[tuple[str, str, str]]:
        rendered = chart.render(LEAST | {"actions": {"enabled": True, "allow": ACTIONS}}, namespace=namespace)
        return {
            (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"])
            for each in rendered.objects
            if each["metadata"].get("namespace") != namespace
        }

    assert outside("one")
    assert not outside("one") & outside("two")


# --- owner references -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VALUE_SETS)
def test_the_hook_adopts_all_that_is_outside_the_namespace_and_may_touch_nothing_else(
    chart: Chart, name: str
) -> None:
    rendered = chart.render(VALUE_SETS[name])
    if not rendered.of("Job"):
        assert VALUE_SETS[name]["ownerReferences"]["enabled"] is False
        return
    (container,) = rendered.find("Job")["spec"]["template"]["spec"]["containers"]
    arguments = container["args"]
    pairs = set(zip(arguments[::2], arguments[1::2], strict=True))
    flags = {
        "ClusterRole": "--cluster-role",
        "ClusterRoleBinding": "--cluster-role-binding",
        "Role": "--role",
        "RoleBinding": "--role-binding",
    }
    outside = [each for each in rendered.of(*RBAC_KINDS) if each["metadata"].get("namespace") != "farwatch"]
    adopted = {
        (
            flags[each["kind"]],
            "/".join(filter(None, (each["metadata"].get("namespace"), each["metadata"]["name"]))),
        )
        for each in outside
    }
    assert {pair for pair in pairs if pair[0] in flags.values()} == adopted
    helper = next(each for each in rendered.of("ClusterRole") if hook(each))
    named = {each["metadata"]["name"] for each in outside}
    for group, resource, what, verb in expand(helper["rules"]):
        assert what in named | {"farwatch"}, "an object that is not the release's"
        assert (group, resource, verb) in {
            ("", "namespaces", "get"),
            *(
                ("rbac.authorization.k8s.io", kind, verb)
                for kind in ("clusterroles", "clusterrolebindings", "roles", "rolebindings")
                for verb in ("get", "patch")
            ),
            ("rbac.authorization.k8s.io", "clusterroles", "delete"),
            ("rbac.authorization.k8s.io", "clusterrolebindings", "delete"),
        }
        if verb == "delete":
            assert what == helper["metadata"]["name"]


def test_every_hook_goes_when_it_has_succeeded(chart: Chart) -> None:
    rendered = chart.render(LEAST)
    hooks = [each for each in rendered.objects if hook(each)]
    assert sorted(each["kind"] for each in hooks) == [
        "ClusterRole",
        "ClusterRoleBinding",
        "Job",
        "Pod",
        "ServiceAccount",
    ]
    for each in hooks:
        policy = each["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
        assert policy == "before-hook-creation,hook-succeeded"


@pytest.mark.parametrize("namespace", ["default", "kube-system"])
def test_a_namespace_that_stays_needs_no_owner_references(chart: Chart, namespace: str) -> None:
    rendered = chart.render(LEAST, namespace=namespace)
    assert not rendered.of("Job")
    assert "not with `kubectl delete namespace`" in rendered.notes


# --- shapes ---------------------------------------------------------------------------------------------------


def test_a_deployment_watches_the_cluster_and_a_daemonset_every_node_as_well(chart: Chart) -> None:
    deployment, daemonset = chart.render(LEAST), chart.render(LEAST | {"mode": "daemonset"})
    assert (agent_of(deployment)["kind"], agent_of(daemonset)["kind"]) == ("Deployment", "DaemonSet")
    roles = [environment_of(each)["FARWATCH_ROLE"]["value"] for each in (deployment, daemonset)]
    assert roles == ["cluster", "node"]
    assert "tolerations" not in pod_of(deployment)
    assert pod_of(daemonset)["tolerations"] == [{"operator": "Exists"}]
    for rendered in (deployment, daemonset):
        variables = environment_of(rendered)
        assert variables["FARWATCH_LEADER_ELECTION"]["value"] == "true"
        assert variables["FARWATCH_NODE_NAME"]["valueFrom"] == {"fieldRef": {"fieldPath": "spec.nodeName"}}
        assert variables["FARWATCH_POD_NAME"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
        assert variables["FARWATCH_LEASE_NAMESPACE"]["valueFrom"] == {
            "fieldRef": {"fieldPath": "metadata.namespace"}
        }


def test_tolerations_that_are_given_take_the_place_of_all(chart: Chart) -> None:
    asked = [{"key": "gpu", "operator": "Exists"}]
    assert pod_of(chart.render(LEAST | {"mode": "daemonset", "tolerations": asked}))["tolerations"] == asked


def test_probes_grace_and_resources_are_as_promised(chart: Chart) -> None:
    spec = pod_of(chart.render(LEAST))
    (container,) = spec["containers"]
    assert container["command"] == ["farwatch", "agent"]
    assert container["image"] == f"farwatch/agent:{__version__}"
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "health"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}
    assert {"name": "health", "containerPort": 13133} in container["ports"]
    assert container["resources"] == {
        "requests": {"cpu": "50m", "memory": "64Mi"},
        "limits": {"cpu": "200m", "memory": "256Mi"},
    }
    assert spec["terminationGracePeriodSeconds"] > 10, "the agent takes up to ten seconds"


def test_logs_of_the_nodes_are_mounted_read_only_and_read_without_being_root(chart: Chart) -> None:
    spec = pod_of(chart.render(LEAST | {"mode": "daemonset", "features": {"logs": True}}))
    (container,) = spec["containers"]
    assert {"name": "pod-logs", "mountPath": "/var/log/pods", "readOnly": True} in container["volumeMounts"]
    assert [each for each in spec["volumes"] if "hostPath" in each] == [
        {"name": "pod-logs", "hostPath": {"path": "/var/log/pods", "type": "Directory"}}
    ]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["supplementalGroups"] == [0]
    without = pod_of(chart.render(LEAST | {"mode": "daemonset"}))
    assert "supplementalGroups" not in without["securityContext"]
    assert not [each for each in without["volumes"] if "hostPath" in each]


def test_several_replicas_have_a_budget_and_prefer_different_nodes(chart: Chart) -> None:
    rendered = chart.render(LEAST | {"replicas": 3})
    assert rendered.find("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert "podAntiAffinity" in pod_of(rendered)["affinity"]
    assert not chart.render(LEAST).of("PodDisruptionBudget"), "it would forbid to drain the only one's node"
    assert not chart.render(LEAST | {"replicas": 3, "mode": "daemonset"}).of("PodDisruptionBudget")


# --- the token ------------------------------------------------------------------------------------------------


def test_a_token_is_in_a_secret_mounted_as_a_file_and_nowhere_else(chart: Chart) -> None:
    for values, key, token in (
        (LEAST, "AGENT_TOKEN", TOKEN),
        ({"hub": HUB, "apiKey": KEY, "clusterName": "c"}, "API_KEY", KEY),
    ):
        rendered = chart.render(values)
        assert secret_data(rendered.find("Secret")) == {key: token}
        others = [each for each in rendered.objects if each["kind"] != "Secret"]
        assert token not in str(others)
        assert token not in rendered.notes
        mounted = next(each for each in pod_of(rendered)["volumes"] if each["name"] == "token")["secret"]
        assert mounted["secretName"] == "farwatch-agent"
        assert {each["key"] for each in mounted["items"]} == {"AGENT_TOKEN", "API_KEY"}
        (mount,) = pod_of(rendered)["containers"][0]["volumeMounts"]
        assert mount["mountPath"] == environment_of(rendered)["FARWATCH_TOKEN_FILE"]["value"]


def test_a_secret_of_ones_own_is_mounted_and_none_is_made(chart: Chart) -> None:
    rendered = chart.render({"hub": HUB, "existingSecret": "mine"})
    assert not rendered.of("Secret")
    assert "'secretName': 'mine'" in str(pod_of(rendered)["volumes"])


def annotations(rendered: Rendered) -> dict[str, str]:
    found: dict[str, str] = agent_of(rendered)["spec"]["template"]["metadata"]["annotations"]
    return found


@pytest.mark.parametrize(
    "change",
    [{"agentToken": TOKEN.replace("x", "y")}, {"caBundle": PEM}, {"proxy": {"https": "http://proxy:3128"}}],
)
def test_what_pods_read_when_they_start_rolls_them_when_it_changes(chart: Chart, change: Object) -> None:
    before = chart.render(LEAST)
    assert annotations(before) == annotations(chart.render(LEAST | {"replicas": 2}))
    assert annotations(before) != annotations(chart.render(LEAST | change))


# --- the network ----------------------------------------------------------------------------------------------


def test_proxies_stay_in_a_secret_and_the_api_server_is_reached_directly(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["proxy"])
    secret = rendered.find("Secret", "farwatch-agent-proxy")
    assert secret_data(secret) == {"HTTPS_PROXY": "http://me:secret@proxy.example.com:3128"}
    variables = environment_of(rendered)
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        reference = variables[name]["valueFrom"]["secretKeyRef"]
        assert reference == {"name": "farwatch-agent-proxy", "key": name, "optional": True}
    direct = variables["NO_PROXY"]["value"].split(",")
    assert {"$(KUBERNETES_SERVICE_HOST)", "kubernetes.default.svc", "10.0.0.0/8", ".corp"} <= set(direct)
    assert environment_of(chart.render(VALUE_SETS["proxies"]))["NO_PROXY"] == variables["NO_PROXY"]
    assert "NO_PROXY" not in environment_of(chart.render(LEAST))


def test_a_ca_bundle_is_mounted_and_trusted(chart: Chart) -> None:
    rendered = chart.render(LEAST | {"caBundle": PEM})
    assert rendered.find("ConfigMap")["data"] == {"ca.crt": PEM}
    folder = next(
        each["mountPath"]
        for each in pod_of(rendered)["containers"][0]["volumeMounts"]
        if each["name"] == "ca"
    )
    assert environment_of(rendered)["FARWATCH_CA_FILE"]["value"] == f"{folder}/ca.crt"


def egress(rendered: Rendered) -> list[tuple[set[int], set[str]]]:
    """For each rule its ports, and its networks (none: anywhere)."""
    return [
        (
            {port["port"] for port in rule["ports"]},
            {to["ipBlock"]["cidr"] for to in rule.get("to", ()) if "ipBlock" in to},
        )
        for rule in rendered.find("NetworkPolicy")["spec"]["egress"]
    ]


def test_a_network_policy_lets_out_to_dns_api_server_and_hub_only(chart: Chart) -> None:
    rendered = chart.render(LEAST | {"networkPolicy": {"enabled": True}})
    assert egress(rendered) == [({53}, set()), ({443, 6443}, set()), ({443}, set())]
    policy = rendered.find("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == []
    assert egress(chart.render(VALUE_SETS["network-policy-narrow"])) == [
        ({53}, set()),
        ({6443}, {"10.0.0.1/32", "10.0.0.2/32"}),
        ({8443, 3128}, {"203.0.113.0/24"}),
        ({3129}, set()),
    ]
    assert not chart.render(LEAST).of("NetworkPolicy")


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://hub", 443),
        ("https://hub:8443/path", 8443),
        ("wss://[2001:db8::1]", 443),
        ("wss://[2001:db8::1]:444", 444),
        ("http://10.0.0.1", 80),
        ("http://10.0.0.1:8080", 8080),
    ],
)
def test_the_policys_port_is_the_hubs(chart: Chart, url: str, port: int) -> None:
    values = LEAST | {"hub": {"url": url, "allowInsecure": True}, "networkPolicy": {"enabled": True}}
    assert egress(chart.render(values))[2][0] == {port}


def test_metrics_are_served_scraped_and_let_in_where_asked(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["service-monitor"] | {"networkPolicy": {"enabled": True}})
    assert environment_of(rendered)["FARWATCH_METRICS_LISTEN"]["value"] == ":9090"
    monitor, service = rendered.find("ServiceMonitor"), rendered.find("Service")
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"] == [{"port": "metrics", "interval": "30s"}]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    labels = agent_of(rendered)["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert [port["name"] for port in service["spec"]["ports"]] == ["metrics"]
    (rule,) = rendered.find("NetworkPolicy")["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == [9090]
    pod_monitor = chart.render(VALUE_SETS["pod-monitor"]).find("PodMonitor")
    assert pod_monitor["spec"]["podMetricsEndpoints"] == [{"port": "metrics"}]
    assert pod_monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert "FARWATCH_METRICS_LISTEN" not in environment_of(chart.render(LEAST))


# --- the chart itself -----------------------------------------------------------------------------------------


def test_the_chart_is_for_the_agent_of_this_version(chart: Chart) -> None:
    assert chart.metadata["appVersion"] == __version__
    assert chart.metadata["kubeVersion"] == ">=1.29.0-0"


def test_the_notes_tell_what_may_be_read_and_how_to_go_on(chart: Chart) -> None:
    notes = chart.render(LEAST).notes
    for words in (
        "https://hub.example.com",
        "helm test farwatch-agent -n farwatch",
        "reads no Secrets",
        "helm uninstall",
    ):
        assert words in notes
    assert (
        "It may read shop and nothing elsewhere" in chart.render(LEAST | {"watchNamespaces": ["shop"]}).notes
    )
    assert "enforce=privileged" in chart.render(VALUE_SETS["daemonset-with-logs"]).notes
    assert "in the clear" in chart.render(VALUE_SETS["in-the-clear"]).notes


def test_the_helm_test_asks_the_agent_about_its_rights_with_its_own_settings(chart: Chart) -> None:
    rendered = chart.render(VALUE_SETS["some-namespaces"])
    test = rendered.find("Pod")
    (container,) = test["spec"]["containers"]
    assert hook(test) == "test"
    assert container["command"] == ["farwatch", "agent", "permissions", "--check"]
    assert container["env"] == pod_of(rendered)["containers"][0]["env"]
    assert test["spec"]["serviceAccountName"] == pod_of(rendered)["serviceAccountName"]


def test_a_value_set_is_there_for_every_value(chart: Chart) -> None:
    set_somewhere = {key for values in VALUE_SETS.values() for key in values}
    unset = set(chart.values) - set_somewhere
    assert unset == {"resources", "terminationGracePeriodSeconds", "containerSecurityContext"}
