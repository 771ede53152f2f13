from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from farwatch.hub.alerting import check, load
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.templates import (
    Template,
    TemplateFailedError,
    TemplateFilesError,
    TemplateLibrary,
    calling,
)

from ..conftest import alert

MESSAGE = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key="{}:{}",
    group_labels={"alertname": "KubePodCrashLooping"},
    alerts=(alert("a", namespace="shop"), alert("b", ends=60, namespace="shop")),
    external_url="https://farwatch.example",
)

LIBRARY = TemplateLibrary()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", "plain"),
        ("{{ .CommonLabels.alertname }}: {{ .Status | toUpper }}", "KubePodCrashLooping: FIRING"),
        ("{{ len .Alerts.Firing }}/{{ .Alerts | len }} {{ len .Alerts.Resolved }}", "1/2 1"),
        ("{{ range .Alerts }}{{ .Labels.pod }}={{ .Status }} {{ end }}", "a=firing b=resolved "),
        ("{{ range .Alerts.Resolved }}{{ .Annotations.summary }}{{ end }}", "b crashes"),
        ("[{{ .CommonLabels.absent }}]", "[]"),
        ('[{{ .RouteLabels.team }}{{ routeLabels "team" }}]', "[]"),
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
    assert LIBRARY.render(Template(source), MESSAGE) == expected


@pytest.mark.parametrize(
    "source",
    ["{{ .Nope }}", "{{ (index .Alerts 9).Status }}", "{{ .Alerts.Nope }}", "{{ .CommonLabels.Remove }}"],
)
def test_a_template_that_asks_for_what_there_is_not_fails_by_itself(source: str) -> None:
    with pytest.raises(TemplateFailedError):
        LIBRARY.render(Template(source), MESSAGE)


def test_a_template_that_runs_away_is_stopped() -> None:
    with pytest.raises(TemplateFailedError):
        LIBRARY.render(Template('{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}'), MESSAGE)
    with pytest.raises(TemplateFailedError):
        LIBRARY.render(Template('{{ range .Alerts }}{{ printf "%20000000d" 1 }}{{ end }}'), MESSAGE)


def test_the_default_templates_have_alertmanagers_names_and_text() -> None:
    alerts = (alert("a", namespace="shop"),)
    message = msgspec.structs.replace(MESSAGE, alerts=alerts, receiver="a team")
    link = "https://farwatch.example/#/alerts?receiver=a+team"
    subject = "[FIRING:1] KubePodCrashLooping (shop a)"
    listed = (
        "Labels:\n - alertname = KubePodCrashLooping\n - namespace = shop\n - pod = a\n"
        "Annotations:\n - summary = a crashes\nSource: \n"
    )
    expected = {
        "__subject": subject,
        "slack.default.fallback": f"{subject} | {link}",
        "slack.default.color": "danger",
        "pagerduty.default.clientURL": link,
        "opsgenie.default.description": f"a crashes\nAlerts Firing:\n{listed}\n",
        "telegram.default.message": f"\n\nAlerts Firing:\n{listed}\n\n\n",
        "discord.default.content": "",
        "jira.default.priority": "",
    }
    for name, text in expected.items():
        assert LIBRARY.render(calling(name), message) == text, name


def test_the_default_mail_shows_what_fires_and_what_is_resolved_without_mark_up_from_outside() -> None:
    evil = alert("<script>", ends=60, namespace="shop")
    html = LIBRARY.render(
        calling("email.default.html"), msgspec.structs.replace(MESSAGE, alerts=(alert("a"), evil)), html=True
    )
    assert "[1] Firing" in html
    assert "[1] Resolved" in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_users_files_add_templates_and_take_the_place_of_defaults(tmp_path: Path) -> None:
    (tmp_path / "a.tmpl").write_text('{{ define "mine" }}<{{ template "__subject" . }}>{{ end }}')
    (tmp_path / "b.tmpl").write_text('{{ define "__subject" }}own{{ end }}')
    library = TemplateLibrary.load([f"{tmp_path}/*.tmpl", f"{tmp_path}/none/*.tmpl"])
    assert library.render(calling("mine"), MESSAGE) == "<own>"
    assert library.render(calling("slack.default.title"), MESSAGE) == "own"
    assert library.missing(Template('{{ template "mine" . }}{{ template "nobodys" . }}')) == ["nobodys"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{{ define }}", "a.tmpl:1:"),
        (b"{{ nope }}", "function 'nope' not defined"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_template_is_refused_by_name(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.tmpl").write_bytes(content)
    with pytest.raises(TemplateFilesError) as caught:
        TemplateLibrary.load([f"{tmp_path}/*.tmpl"])
    assert said in str(caught.value)
    assert "a.tmpl" in str(caught.value)


def test_a_configuration_whose_templates_are_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(
        "route: {receiver: team}\ntemplates: ['*.tmpl']\nreceivers:\n"
        "- {name: team, discord_configs: [{webhook_url: 'https://a.example', title: '{{ template \"mine\" . }}'}]}\n"
    )
    (problem,) = check(path)
    assert 'receiver "team".discord_configs[0].title: template "mine" is not defined' in str(problem)
    (tmp_path / "a.tmpl").write_text('{{ define "mine" }}x{{ end }}')
    assert not check(path)
    assert load(path).templates == [f"{tmp_path}/*.tmpl"]
