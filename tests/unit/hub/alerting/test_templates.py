from __future__ import annotations

import pytest

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.templates import Template, TemplateFailedError

from .conftest import alert

MESSAGE = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key="{}:{}",
    group_labels={"alertname": "KubePodCrashLooping"},
    alerts=(alert("a", namespace="shop"), alert("b", ends=60, namespace="shop")),
    external_url="https://farwatch.example",
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", "plain"),
        ("{{ .CommonLabels.alertname }}: {{ .Status | toUpper }}", "KubePodCrashLooping: FIRING"),
        ("{{ len .Alerts.Firing }}/{{ .Alerts | len }} {{ len .Alerts.Resolved }}", "1/2 1"),
        ("{{ range .Alerts }}{{ .Labels.pod }}={{ .Status }} {{ end }}", "a=firing b=resolved "),
        ("{{ range .Alerts.Resolved }}{{ .Annotations.summary }}{{ end }}", "b crashes"),
        ("[{{ .CommonLabels.absent }}]", "[]"),
        ("{{ if .CommonLabels.absent }}yes{{ else }}no{{ end }}", "no"),
        ('{{ .GroupLabels.SortedPairs.Values | join " " }}', "KubePodCrashLooping"),
        (
            "{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }},{{ end }}",
            "alertname=KubePodCrashLooping,namespace=shop,",
        ),
        ('{{ (.CommonLabels.Remove .GroupLabels.Names).Values.Join "-" }}', "shop"),
        ('{{ with .CommonLabels.Remove (stringSlice "alertname") }}{{ len . }}{{ end }}', "1"),
        (
            "{{ range $name, $value := .GroupLabels }}{{ $name }}={{ $value }}{{ end }}",
            "alertname=KubePodCrashLooping",
        ),
        (
            '{{ (index .Alerts 0).StartsAt.Format "15:04" }} {{ (index .Alerts 0).StartsAt.Unix }}',
            "03:00 1772334000",
        ),
        ("{{ (index .Alerts 0).StartsAt }}", "2026-03-01 03:00:00 +0000 UTC"),
        ("{{ (index .Alerts 0).Fingerprint }}", alert("a", namespace="shop").fingerprint),
        (
            '{{ define "x" }}<{{ .Receiver }}>{{ end }}{{ template "x" . }} {{ .ExternalURL }}',
            "<team> https://farwatch.example",
        ),
        ("{{ title (toLower .Status) }}{{ trimSpace ` x ` }}", "Firingx"),
    ],
)
def test_templates_see_alertmanagers_data(source: str, expected: str) -> None:
    assert Template(source).render(MESSAGE) == expected


@pytest.mark.parametrize(
    "source",
    ["{{ .Nope }}", "{{ (index .Alerts 9).Status }}", "{{ .Alerts.Nope }}", "{{ .CommonLabels.Remove }}"],
)
def test_a_template_that_asks_for_what_there_is_not_fails_by_itself(source: str) -> None:
    with pytest.raises(TemplateFailedError):
        Template(source).render(MESSAGE)


def test_a_template_that_runs_away_is_stopped() -> None:
    with pytest.raises(TemplateFailedError):
        Template('{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}').render(MESSAGE)
    with pytest.raises(TemplateFailedError):
        Template('{{ range .Alerts }}{{ printf "%200000d" 1 }}{{ end }}').render(MESSAGE)
