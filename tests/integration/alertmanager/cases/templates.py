"""What templates make of alerts: each is a Slack message, sent to the sink by both."""

from __future__ import annotations

from ..scenario import Way, fire, resolve, scenario, slack

FILES = {
    "words.tmpl": (
        '{{ define "words.title" }}[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}'
        "{{ end }}] {{ .CommonLabels.alertname }}{{ end }}\n"
        '{{ define "words.list" }}{{ range . }}* {{ .Labels.pod }} since {{ .StartsAt.Format "2006" }}\n'
        "{{ end }}{{ end }}\n"
        '{{ define "slack.default.footer" }}the footer of their own for {{ .Receiver }}{{ end }}\n'
    )
}

TEXTS = {
    "labels": "{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}",
    "names-and-values": '{{ .CommonLabels.Names | join "," }} {{ .CommonLabels.Values | join "," }}',
    "removal": "{{ range (.CommonLabels.Remove .GroupLabels.Names).SortedPairs }}{{ .Name }};{{ end }}",
    "case": '{{ .CommonLabels.alertname | toUpper | toLower | title }} {{ "a b" | title }}',
    "replacing": '{{ reReplaceAll "([a-z])-([a-z])" "$2_${1}x" .CommonLabels.alertname }}',
    "matching": '{{ if match "^an.*" .CommonLabels.alertname }}yes{{ else }}no{{ end }}',
    "counting": "{{ len .Alerts }} {{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }}",
    "ranging": "{{ range $i, $a := .Alerts }}{{ $i }}:{{ $a.Labels.pod }}/{{ $a.Status }}/{{ $a.Fingerprint }} {{ end }}",
    "missing": "[{{ .CommonLabels.nothing }}][{{ (index .Alerts 0).Annotations.nothing }}]",
    "comparing": '{{ if and (eq .Status "firing") (gt (len .Alerts) 1) }}many{{ else }}few{{ end }}',
    "formatting": '{{ printf "%-8s|%5d|%q|%v" .Status (len .Alerts) .Receiver .GroupLabels }}',
    "variables": '{{ $x := "a" }}{{ range .Alerts }}{{ $x = .Labels.pod }}{{ end }}{{ $x }}',
    "trimming": "a {{- /* a comment */ -}} b {{ with .CommonLabels.zone }} {{ . }} {{- end }}",
    "slices": '{{ join "-" (stringSlice "a" "b" "c") }} {{ slice "abcdef" 1 3 }} {{ index (stringSlice "x" "y") 1 }}',
    "safe": '{{ "<b>&" | safeHtml }} {{ "<b>&" }} {{ html "<b>" }} {{ urlquery "a b&c" }} {{ js "it\'s" }}',
    "beginning": '{{ (index .Alerts 0).StartsAt.UTC.Format "2006-01-02T15:04:05Z07:00" }}',
    "moments": '{{ with (index .Alerts 0).StartsAt }}{{ (.Add 28800e9).Format "15:04" }} {{ .Weekday }} {{ .Year }} '
    "{{ .Month }} {{ .Local.Unix }} {{ (.AddDate 0 1 0).Unix }} {{ end }}",
    "spans": "{{ with index .Alerts 0 }}{{ (.StartsAt.Sub .StartsAt).Hours }} {{ .EndsAt.IsZero }}{{ end }}",
    "chains": '{{ (.CommonLabels.Remove (stringSlice "alertname")).SortedPairs.Values | join " " }}',
    "own-template": '{{ template "words.title" . }}\n{{ template "words.list" .Alerts }}',
    "default-templates": '{{ template "__subject" . }} {{ template "__description" . }} {{ template "__alertmanagerURL" . }}',
    "text-of-alerts": '{{ template "__text_alert_list" .Alerts.Firing }}',
    "whole-data": "{{ .Receiver }} {{ .ExternalURL }} {{ .GroupLabels }} {{ .CommonAnnotations }}",
    "unicode": '{{ "é日本" | toUpper }} {{ len "é" }} {{ printf "%c" 233 }}',
    "plain": "no template at all, with a brace { and quotes \" '",
}

# Alerts that are older than the group's wait would be told at once, each by itself or not, as chance has it.
ALERTS = (
    fire(
        "an-alert",
        pod="b",
        zone="1",
        starts=0,
        annotations={"summary": "<up & down>", "description": "long\ntext"},
        url="http://source.example.com/graph?g0.expr=up%20%3D%3D%200&g0.tab=1",
    ),
    fire("an-alert", pod="a", zone="1", starts=-0.5, annotations={"summary": "x"}),
)

SCENARIOS = [
    *(
        scenario(
            f"template-of-{name}",
            group_by=["alertname"],
            receivers=[slack(title=text, text=text)],
        )
        .at(0, *ALERTS)
        .at(4, resolve("an-alert", pod="b", zone="1"))
        .until(8)
        for name, text in TEXTS.items()
    ),
    scenario(
        "a-template-that-fails",
        receivers=[slack(text="{{ .Nothing }}")],
        differs="Alertmanager tells nobody, Farwatch tells it in plain words",
    )
    .at(0, *ALERTS)
    .until(4),
    scenario(
        "slack-by-default",
        group_by=["alertname"],
        receivers=[Way("slack", {"channel": "#test"})],
        differs="Farwatch has words of its own where a field of Slack is not set",
    )
    .at(0, *ALERTS)
    .until(4),
    scenario(
        "slack-with-everything",
        group_by=["alertname"],
        receivers=[
            slack(
                color='{{ if eq .Status "firing" }}#ff0000{{ else }}good{{ end }}',
                username="{{ .Status }}",
                icon_emoji=":{{ .Status }}:",
                icon_url="http://x.example.com/{{ .Status }}.png",
                link_names=True,
                pretext="pre {{ .Status }}",
                footer="foot {{ .Status }}",
                fallback="fall {{ .Status }}",
                callback_id="id {{ .Status }}",
                title_link="http://x.example.com/{{ .GroupLabels.alertname }}",
                image_url="http://x.example.com/image",
                thumb_url="http://x.example.com/thumb",
                short_fields=True,
                mrkdwn_in=["text", "pretext"],
                fields=[
                    {"title": "Alert", "value": "{{ .CommonLabels.alertname }}"},
                    {"title": "{{ .Status }}", "value": "{{ .Receiver }}", "short": False},
                ],
                actions=[
                    {
                        "type": "button",
                        "text": "Open {{ .Status }}",
                        "url": "http://x.example.com/{{ .Status }}",
                    },
                    {
                        "type": "button",
                        "text": "Ack",
                        "name": "ack",
                        "value": "{{ .GroupLabels.alertname }}",
                        "style": "danger",
                        "confirm": {"text": "Sure?", "title": "Ack", "ok_text": "Yes", "dismiss_text": "No"},
                    },
                ],
            )
        ],
    )
    .at(0, *ALERTS)
    .at(4, resolve("an-alert", pod="b", zone="1"))
    .until(8),
]
