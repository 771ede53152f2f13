"""Values of the agent's chart that cannot be used: each refusal names the value and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from .agentvalues import HUB, KEY, LEAST, PEM, TOKEN
from .charts import Chart

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart("farwatch-agent")


def actions(**values: Any) -> dict[str, Any]:
    return {"actions": {"enabled": True, "allow": ["restart"]} | values}


def hub(url: str) -> dict[str, Any]:
    return {"hub": {"url": url}}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"hub": HUB}, ("agentToken: not set", "farwatch cluster add NAME", "existingSecret")),
        ({"agentToken": TOKEN}, ("hub.url: not set", "--set hub.url=https://hub.example.com")),
        (LEAST | {"existingSecret": "x"}, ("agentToken, existingSecret: give only one",)),
        (LEAST | {"apiKey": KEY, "clusterName": "c"}, ("agentToken, apiKey: give only one",)),
        ({"hub": HUB, "agentToken": KEY}, ("agentToken: this is an organisation key", "give it as apiKey")),
        (
            {"hub": HUB, "agentToken": "abc"},
            ("agentToken: not a cluster's token", "farwatch cluster rotate-token"),
        ),
        (
            {"hub": HUB, "apiKey": TOKEN, "clusterName": "c"},
            ("apiKey: this is one cluster's token", "agentToken"),
        ),
        (
            {"hub": HUB, "apiKey": "abc", "clusterName": "c"},
            ("apiKey: not an organisation key", "fwo_", "farwatch cluster keys create NAME"),
        ),
        ({"hub": HUB, "apiKey": KEY}, ("clusterName: not set", "--set clusterName=")),
        (LEAST | {"clusterName": "Prod EU"}, ('clusterName: "Prod EU"', "lower case letters")),
        (LEAST | {"clusterName": "x" * 64}, ("clusterName:", "at most 63")),
        (LEAST | hub("hub.example.com"), ('hub.url: "hub.example.com"', "https://hub.example.com")),
        (LEAST | hub("ftp://hub"), ('hub.url: "ftp://hub"', "not a URL")),
        (LEAST | hub("https://me:pw@hub"), ("hub.url:", "neither credentials nor a query")),
        (LEAST | hub("https://hub/?a=b"), ("hub.url:", "neither credentials nor a query")),
        (LEAST | hub("http://hub"), ('hub.url: "http://hub"', "in the clear", "hub.allowInsecure=true")),
        (
            LEAST | {"watchNamespaces": ["a"], "excludeNamespaces": ["b"]},
            ("excludeNamespaces: has no meaning beside watchNamespaces", "leave out of watchNamespaces"),
        ),
        (
            LEAST | {"watchNamespaces": ["team-*"]},
            ('watchNamespaces: "team-*"', "patterns are not understood"),
        ),
        (LEAST | {"watchNamespaces": ["a", "a"]}, ("watchNamespaces: names a namespace twice",)),
        (LEAST | {"excludeNamespaces": ["A"]}, ('excludeNamespaces: "A"', "kube-system")),
        (LEAST | actions(namespaces=["_"]), ('actions.namespaces: "_"', "kube-system")),
        (LEAST | {"features": {"logs": True}}, ("features.logs:", "mode=daemonset")),
        (
            LEAST | {"features": {"nodeMetrics": True}, "watchNamespaces": ["a"]},
            ("features.nodeMetrics: nodes are in no namespace", "set one of the two"),
        ),
        (LEAST | actions(allow=[]), ("actions.allow: empty", "--set actions.allow={restart,scale}")),
        (LEAST | actions(allow=["cordon"], namespaces=["a"]), ("actions.allow: cordon", "in no namespace")),
        (
            LEAST | actions(allow=["cordon"]) | {"watchNamespaces": ["a"]},
            ("actions.allow: cordon", "leave it out"),
        ),
        (
            LEAST | {"proxy": {"https": "socks5://proxy"}},
            ('proxy.https: "socks5://proxy"', "http://proxy.example.com"),
        ),
        (
            LEAST | {"proxy": {"http": "http://p", "existingSecret": "s"}},
            ("proxy.existingSecret: holds the proxies", "give either"),
        ),
        (LEAST | {"caBundle": "/etc/ssl/ca.pem"}, ("caBundle: holds no PEM", "--set-file caBundle=ca.pem")),
        (LEAST | {"metrics": {"enabled": True, "port": 13133}}, ("metrics.port: 13133 is taken", "9090")),
        (
            LEAST | {"metrics": {"serviceMonitor": {"enabled": True}}},
            ("metrics.serviceMonitor.enabled", "metrics.enabled=true"),
        ),
        (
            LEAST | {"metrics": {"podMonitor": {"enabled": True}}},
            ("metrics.podMonitor.enabled", "metrics.enabled=true"),
        ),
        (
            LEAST
            | {
                "metrics": {
                    "enabled": True,
                    "podMonitor": {"enabled": True},
                    "serviceMonitor": {"enabled": True},
                }
            },
            ("metrics.podMonitor.enabled", "enable one of them"),
        ),
        (
            LEAST | {"networkPolicy": {"enabled": True}, "proxy": {"existingSecret": "s"}},
            ("networkPolicy.extraEgress: empty", "[{ports: [{port: 3128}]}]"),
        ),
        (LEAST | {"serviceAccount": {"create": False}}, ("serviceAccount.name: not set", "name the account")),
        (
            LEAST | {"extraEnv": [{"name": "FARWATCH_TOKEN", "value": "x"}]},
            ("extraEnv: FARWATCH_TOKEN", "set that value"),
        ),
    ],
)
def test_what_cannot_work_is_refused_with_the_way_out(
    chart: Chart, values: dict[str, Any], words: tuple[str, ...]
) -> None:
    said = chart.refuse(values)
    for word in words:
        assert word in said
    assert said.count("\n  - ") == 1, "one fault, one line"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mode": "statefulset"}, ("/mode", "'deployment', 'daemonset'")),
        ({"agentTokn": "x"}, ("agentTokn", "not allowed")),
        ({"hub": {"ulr": "x"}}, ("/hub", "ulr", "not allowed")),
        ({"hub": "https://hub"}, ("/hub", "got string, want object")),
        ({"hub": None}, ("missing property 'hub'",)),
        ({"replicas": 0}, ("/replicas", "minimum: got 0, want 1")),
        ({"replicas": "2"}, ("/replicas", "got string, want integer")),
        ({"image": {"pullPolicy": "always"}}, ("/image/pullPolicy", "'Always', 'IfNotPresent', 'Never'")),
        ({"image": {"repository": ""}}, ("/image/repository", "minLength")),
        ({"watchNamespaces": "shop"}, ("/watchNamespaces", "got string, want array")),
        (
            {"actions": {"allow": ["exec"]}},
            ("/actions/allow/0", "'restart', 'scale', 'delete-pod', 'cordon', 'run-job'"),
        ),
        ({"features": {"events": "yes"}}, ("/features/events", "got string, want boolean")),
        ({"metrics": {"port": 70000}}, ("/metrics/port", "maximum")),
        ({"terminationGracePeriodSeconds": 5}, ("/terminationGracePeriodSeconds", "want 10")),
        ({"logLevel": "trace"}, ("/logLevel", "'debug', 'info', 'warning', 'error'")),
        ({"podLabels": {"a": 1}}, ("/podLabels/a", "got number, want string")),
        ({"extraEnv": [{"value": "x"}]}, ("/extraEnv/0", "missing property 'name'")),
        ({"networkPolicy": {"apiServerPorts": []}}, ("/networkPolicy/apiServerPorts", "minItems")),
    ],
)
def test_the_schema_names_the_value_and_what_is_allowed(
    chart: Chart, values: dict[str, Any], words: tuple[str, ...]
) -> None:
    said = chart.refuse(LEAST | values)
    for word in words:
        assert word in said


def test_all_faults_are_told_at_once(chart: Chart) -> None:
    said = chart.refuse({"clusterName": "X", "caBundle": "x"})
    assert said.count("\n  - ") == 4
    for name in ("hub.url", "agentToken", "clusterName", "caBundle"):
        assert f"  - {name}: " in said


@pytest.mark.parametrize(
    "proxy", ["http://me:hunter2@proxy:x", "me:hunter2@proxy/path", "ftp://me:hunter2@proxy"]
)
def test_a_refusal_shows_no_secret(chart: Chart, proxy: str) -> None:
    assert "hunter2" not in chart.refuse(LEAST | {"proxy": {"https": proxy}})
    assert "hunter2" not in chart.refuse({"hub": HUB, "agentToken": "hunter2"})
    assert "hunter2" not in chart.refuse(LEAST | hub("https://me:hunter2@hub"))


@pytest.mark.parametrize(
    "values",
    [
        hub("wss://hub:8443/base/path"),
        hub("https://[2001:db8::1]:8443"),
        {"proxy": {"https": "proxy.corp:3128"}},
        {"proxy": {"https": "https://user:p%40ss@[2001:db8::1]:3128/"}},
        {"caBundle": "# our CA\n" + PEM},
        {"actions": {"enabled": False, "allow": ["restart"]}},
        {"global": {"anything": {"for": "other charts"}}},
    ],
)
def test_what_can_work_is_taken(chart: Chart, values: dict[str, Any]) -> None:
    assert chart.render(LEAST | values).objects
