"""What services are sent whose address can be set: each is the sink."""

from __future__ import annotations

from collections.abc import Mapping

from ..scenario import Json, Way, fire, resolve, scenario

SERVICES: Mapping[str, Mapping[str, Json]] = {
    "pagerduty": {"routing_key": "secret"},
    "opsgenie": {"api_key": "secret"},
    "victorops": {"api_key": "secret", "routing_key": "team"},
    "telegram": {"bot_token": "secret", "chat_id": -100},
    "webex": {"room_id": "room", "http_config": {"authorization": {"credentials": "secret"}}},
    "discord": {},
}

SET: Mapping[str, Mapping[str, Json]] = {
    "pagerduty": {
        "client": "client {{ .Status }}",
        "client_url": "http://x.example.com/{{ .Status }}",
        "description": "{{ .CommonLabels.alertname }}",
        "severity": "{{ .CommonLabels.severity }}",
        "class": "class",
        "component": "component",
        "group": "group",
        "details": {
            "firing": "fire",
            "resolved": "none",
            "num_firing": "n {{ .Alerts.Firing | len }}",
            "num_resolved": "n {{ .Alerts.Resolved | len }}",
            "own": "{{ .Status }}",
        },
        "images": [
            {"src": "http://x.example.com/{{ .Status }}.png", "alt": "{{ .Status }}", "href": "http://x"}
        ],
        "links": [{"href": "http://x.example.com", "text": "{{ .Status }}"}],
    },
    "opsgenie": {
        "message": "{{ .CommonLabels.alertname }}",
        "description": "{{ .Status }}",
        "source": "{{ .ExternalURL }}",
        "details": {"own": "{{ .Alerts | len }}"},
        "responders": [{"name": "{{ .CommonLabels.severity }}", "type": "team"}],
        "tags": "a,{{ .Status }}, b",
        "note": "note {{ .Status }}",
        "priority": "P1",
        "entity": "{{ .CommonLabels.severity }}",
        "actions": "x,y",
    },
    "victorops": {
        "message_type": "WARNING",
        "state_message": "{{ .Status }}",
        "entity_display_name": "{{ .CommonLabels.alertname }}",
        "monitoring_tool": "tool",
        "custom_fields": {"own": "{{ .Alerts | len }}"},
    },
    "telegram": {"message": "<b>{{ .Status }}</b> {{ .CommonLabels.alertname }}", "parse_mode": "HTML"},
    "webex": {"message": "{{ .Status }} {{ .CommonLabels.alertname }}"},
    "discord": {"title": "{{ .Status }}", "message": "{{ .CommonLabels.alertname }}"},
}

DIFFERS = "the details for PagerDuty are JSON"

ALERTS = (
    fire(
        "an-alert",
        pod="b",
        severity="critical",
        annotations={"summary": "<up & down>", "description": "long\ntext"},
        url="http://source.example.com/graph",
    ),
    fire("an-alert", pod="a", severity="critical", annotations={"summary": "x"}),
)

SCENARIOS = [
    scenario(
        f"{service}-{words}",
        differs=DIFFERS if (service, words) == ("pagerduty", "by-default") else "",
        before=(0, 30, 0),
        group_by=["alertname"],
        receivers=[Way(service, {**needed, **options[service]})],
    )
    .at(0, *ALERTS)
    .at(4, resolve("an-alert", pod="b", severity="critical"))
    .at(6, resolve("an-alert", pod="a", severity="critical"))
    .until(10)
    for service, needed in SERVICES.items()
    for words, options in (("by-default", {name: {} for name in SERVICES}), ("with-words-of-its-own", SET))
]
