"""Values of the hub's chart that cannot be used: each refusal names the value and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from .charts import Chart
from .hubvalues import ALERTING, DATABASE, NOBODY, SHARED, SLACK

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart("farwatch-hub")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (SHARED | {"database": {}}, ("replicas: 2 pods cannot share records", "database.existingSecret")),
        (
            SHARED | {"clickhouse": {}},
            ("replicas: 2 pods cannot share telemetry", "clickhouse.existingSecret", "replicas=1"),
        ),
        (
            SHARED | {"persistence": {"existingClaim": "x"}},
            ("persistence.existingClaim: is not used, because 2 pods", "leave it out"),
        ),
        (
            SHARED | {"backup": {"enabled": True}},
            ("backup.enabled: ", "back up PostgreSQL and ClickHouse with their own tools"),
        ),
        ({"clickhouse": {"caSecret": "ca"}}, ("clickhouse.caSecret: ", "clickhouse.existingSecret")),
        ({"autoscaling": {"enabled": True}}, ("autoscaling: one hub works", "resources")),
        ({"extraArgs": ["--standby"]}, ("extraArgs: --standby is set", "set that value")),
        ({"externalUrl": "hub.example.com"}, ('externalUrl: "hub.example.com"', "https://hub.example.com")),
        ({"adminPassword": "short"}, ("adminPassword: shorter than 12", "leave it empty")),
        (
            {"adminPassword": "x" * 20, "adminToken": {"existingSecret": "s"}},
            ("adminPassword: adminToken.existingSecret is where", "only one"),
        ),
        ({"adminToken": {"value": "short"}}, ("adminToken.value: shorter than 16", "leave it empty")),
        (
            {"adminToken": {"value": "x" * 20, "existingSecret": "s"}},
            ("adminToken.value: adminToken.existingSecret holds", "only one"),
        ),
        ({"database": {"url": DATABASE, "existingSecret": "s"}}, ("database.url: ", "only one")),
        ({"database": {"url": "mysql://me:hunter2@db/x"}}, ("database.url: not of the form postgresql://",)),
        ({"heartbeat": {"url": "ping"}}, ("heartbeat.url: not an address",)),
        (
            {"alerting": {"config": NOBODY, "existingConfigMap": "x"}},
            ("alerting.config: alerting.existingConfigMap holds", "only one"),
        ),
        ({"alerting": {"config": {"receivers": []}}}, ("alerting.config: has no route",)),
        ({"alerting": {"templates": {"a.tmpl": "x"}}}, ("alerting.templates: without alerting.config",)),
        (
            {"alerting": {"config": NOBODY, "templates": {"a/b": "x"}}},
            ('alerting.templates: "a/b"', "name.tmpl"),
        ),
        (
            {"alerting": {"config": ALERTING}},
            ("alerting.existingSecret: not set", "name the Secret"),
        ),
        ({"detectors": {"config": {"detect": {}}}}, ("detectors.config: begins with detect",)),
        ({"detectors": {"config": {"detectors": {}}, "existingConfigMap": "x"}}, ("detectors.config: ",)),
        ({"bootstrap": {"clusterName": "home"}}, ("bootstrap.existingSecret: not set", "fwa_")),
        ({"bootstrap": {"existingSecret": "s"}}, ("bootstrap.clusterName: not set",)),
        (
            {"bootstrap": {"clusterName": "My Home", "existingSecret": "s"}},
            ('bootstrap.clusterName: "My Home"', "lower case letters"),
        ),
        ({"persistence": {"size": "10 GB"}}, ('persistence.size: "10 GB"', "10Gi")),
        ({"persistence": {"enabled": False, "existingClaim": "x"}}, ("persistence.existingClaim:", "true")),
        ({"restore": {"from": "latest"}}, ("restore.from: no volume of backups", "backup.enabled=true")),
        (
            {"restore": {"from": "../x"}, "backup": {"enabled": True}},
            ('restore.from: "../x"', "latest"),
        ),
        (
            {"sso": {"existingSecret": "s"}},
            ("sso.existingSecret: identity providers send", "set externalUrl"),
        ),
        ({"extraArgs": ["--trusted-proxies=::1"]}, ("extraArgs: --trusted-proxies is", "set that value")),
        ({"ingress": {"enabled": True, "tls": {"secretName": "x"}}}, ("ingress.host: not set", "--set")),
        (
            {"ingress": {"enabled": True, "host": "h"}},
            ("ingress.tls.secretName: not set", "ingress.tls.clusterIssuer"),
        ),
        (
            {"ingress": {"tls": {"issuer": "a", "clusterIssuer": "b"}}},
            ("ingress.tls.issuer: beside ingress.tls.clusterIssuer",),
        ),
        ({"httpRoute": {"enabled": True}}, ("httpRoute.parentRefs: empty", "name the gateway")),
        (
            {"resources": {"limits": {"memory": "512Mi"}}},
            ("resources.limits.memory: 512Mi leaves", "640Mi"),
        ),
        ({"alertmanagerApi": {"enabled": True, "port": 8080}}, ("alertmanagerApi.port: 8080 is taken",)),
        (
            {"alertmanagerApi": {"enabled": True}, "service": {"port": 9093}},
            ("alertmanagerApi.port: is the same as service.port",),
        ),
        (
            {"alertmanagerApi": {"enabled": True}, "networkPolicy": {"enabled": True}},
            ("networkPolicy.alertmanagerFrom: empty", "say who may"),
        ),
        ({"serviceAccount": {"create": False}}, ("serviceAccount.name: not set", "name the account")),
        (
            {"extraEnv": [{"name": "FARWATCH_ADMIN_TOKEN", "value": "x"}]},
            ("extraEnv: FARWATCH_ADMIN_TOKEN", "set that value"),
        ),
        ({"extraArgs": ["--data=/elsewhere"]}, ("extraArgs: --data is set", "set that value")),
    ],
)
def test_what_cannot_work_is_refused_with_the_way_out(
    chart: Chart, values: dict[str, Any], words: tuple[str, ...]
) -> None:
    said = chart.refuse(values)
    for word in words:
        assert word in said
    assert said.count("\n  - ") == 1, "one fault, one line"
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"replicas": 0}, ("/replicas", "minimum")),
        ({"replicas": 20}, ("/replicas", "maximum")),
        ({"clickhouse": {"url": "https://me:hunter2@ch:8443/x"}}, ("/clickhouse", "'url' not allowed")),
        ({"persistance": {}}, ("persistance", "not allowed")),
        ({"service": {"type": "External"}}, ("/service/type", "'ClusterIP', 'LoadBalancer', 'NodePort'")),
        ({"retention": {"days": 0}}, ("/retention/days", "minimum")),
        (
            {"retention": {"tables": {"chnges": 3}}},
            ("invalid propertyName 'chnges'", "'changes', 'alert_events'"),
        ),
        ({"alertmanagerApi": {"auth": "basic"}}, ("/alertmanagerApi/auth", "'token', 'none'")),
        ({"backup": {"schedule": "daily"}}, ("/backup/schedule",)),
        ({"backup": {"keep": 0}}, ("/backup/keep", "minimum")),
        ({"image": {"digest": "sha256:abc"}}, ("/image/digest",)),
        ({"terminationGracePeriodSeconds": 5}, ("/terminationGracePeriodSeconds", "want 30")),
        ({"evidenceWaitSeconds": 60}, ("/evidenceWaitSeconds", "maximum")),
        ({"httpRoute": {"requestTimeout": "forever"}}, ("/httpRoute/requestTimeout",)),
        ({"trustedProxies": ["ingress.local"]}, ("/trustedProxies/0", "does not match pattern")),
        ({"logLevel": "trace"}, ("/logLevel", "'debug', 'info', 'warning', 'error'")),
        ({"extraEnv": [{"value": "x"}]}, ("/extraEnv/0", "missing property 'name'")),
    ],
)
def test_the_schema_names_the_value_and_what_is_allowed(
    chart: Chart, values: dict[str, Any], words: tuple[str, ...]
) -> None:
    said = chart.refuse(values)
    for word in words:
        assert word in said


def test_all_faults_are_told_at_once(chart: Chart) -> None:
    assert chart.refuse({"replicas": 3, "persistence": {"size": "x"}}).count("\n  - ") == 3


@pytest.mark.parametrize(
    "values",
    [
        {"replicas": 1},
        SHARED,
        SHARED | {"database": {"url": "postgresql://db/farwatch"}, "replicas": 9},
        {"resources": {"limits": {"memory": "2Gi"}}},
        {"resources": {"limits": {"memory": 1073741824}}},
        {"database": {"url": "postgres://db/farwatch"}},
        SLACK | {"global": {"anything": {"for": "other charts"}}},
    ],
)
def test_what_can_work_is_taken(chart: Chart, values: dict[str, Any]) -> None:
    assert chart.render(values).objects
