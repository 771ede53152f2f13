"""The named templates that Alertmanager brings with it: the same names, which give the same text.

Users' files call them (``{{ template "slack.default.title" . }}``) and put their own in their place.
"""

from __future__ import annotations

_BY_PLAIN_TEXT = "__text_alert_list"
_BY_MARKDOWN = "__text_alert_list_markdown"
_ANNOTATIONS = '{{ .CommonAnnotations.SortedPairs.Values | join " " }}'
_SUBJECT = '{{ template "__subject" . }}'
_PRODUCT = '{{ template "__alertmanager" . }}'
_LINK = '{{ template "__alertmanagerURL" . }}'
_COLOR = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'


def _define(name: str, body: str) -> str:
    return f'{{{{ define "{name}" }}}}{body}{{{{ end }}}}\n'


def _pairs(of: str, indent: str) -> str:
    return f"{{{{ range .{of}.SortedPairs }}}}{indent}- {{{{ .Name }}}} = {{{{ .Value }}}}\n{{{{ end }}}}"


def _alert_list(*, indent: str, gap: str) -> str:
    labels = f"{gap}Labels:\n{_pairs('Labels', indent)}"
    annotations = f"{gap}Annotations:\n{_pairs('Annotations', indent)}"
    return f"{{{{ range . }}}}{labels}{annotations}{gap}Source: {{{{ .GeneratorURL }}}}\n{{{{ end }}}}{gap}"


def _sections(template: str, mark: str = "") -> str:
    """What fires and what is resolved, each with blank lines around it."""
    return "".join(
        f'\n{{{{ with .Alerts.{which} }}}}\n{mark}Alerts {which}:\n{{{{ template "{template}" . }}}}\n{{{{ end }}}}'
        for which in ("Firing", "Resolved")
    )


def _tight_sections() -> str:
    """The same without blank lines."""
    return "".join(
        f'\n{{{{ with .Alerts.{which} }}}}Alerts {which}:\n{{{{ template "{_BY_PLAIN_TEXT}" . }}}}{{{{ end }}}}'
        for which in ("Firing", "Resolved")
    )


_LOOSE = f"{_sections(_BY_PLAIN_TEXT)}\n"
_MARKDOWN = f"{_sections(_BY_MARKDOWN, mark='# ')}\n"

_PRIORITY = """
{{- $firing := .Alerts.Firing -}}
{{- $told := .Alerts.Resolved -}}
{{- range $firing -}}
  {{- if match "^(critical|warning|info)$" (index .Labels "severity") -}}{{- $told = $firing -}}{{- end -}}
{{- end -}}
{{- $priority := "" -}}
{{- range $told -}}
  {{- $severity := index .Labels "severity" -}}
  {{- if eq $severity "critical" -}}{{- $priority = "High" -}}
  {{- else if and (eq $severity "warning") (ne $priority "High") -}}{{- $priority = "Medium" -}}
  {{- else if and (eq $severity "info") (eq $priority "") -}}{{- $priority = "Low" -}}
  {{- end -}}
{{- end -}}
{{- $priority -}}
"""

_CELL = "padding:8px 16px;border-bottom:1px solid #e4e6e9"
_MAIL = f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{_SUBJECT}</title></head>
<body style="margin:0;padding:16px;background:#f4f5f7;font:14px/1.5 Helvetica,Arial,sans-serif;color:#1f2329">
<table style="width:100%;max-width:640px;margin:0 auto;background:#fff;border-collapse:collapse">
<tr><th style="padding:16px;color:#fff;background:{{{{ if .Alerts.Firing }}}}#c0392b{{{{ else }}}}#27804a{{{{ end }}}}">
{{{{ len .Alerts }}}} alert{{{{ if gt (len .Alerts) 1 }}}}s{{{{ end }}}} for
{{{{ range .GroupLabels.SortedPairs }}}}{{{{ .Name }}}}={{{{ .Value }}}} {{{{ end }}}}</th></tr>
<tr><td style="{_CELL}"><a href="{_LINK}">View in {_PRODUCT}</a></td></tr>
{{{{ with .Alerts.Firing }}}}<tr><td style="{_CELL}"><b>[{{{{ len . }}}}] Firing</b></td></tr>
{{{{ template "__email_alert_list" . }}}}{{{{ end }}}}
{{{{ with .Alerts.Resolved }}}}<tr><td style="{_CELL}"><b>[{{{{ len . }}}}] Resolved</b></td></tr>
{{{{ template "__email_alert_list" . }}}}{{{{ end }}}}
<tr><td style="padding:16px;color:#6b7280"><a href="{{{{ .ExternalURL }}}}">Sent by {_PRODUCT}</a></td></tr>
</table></body></html>
"""
_MAIL_LINE = "{{ .Name }} = {{ .Value }}<br>"
_MAIL_ALERTS = f"""{{{{ range . }}}}<tr><td style="{_CELL}"><b>Labels</b><br>
{{{{ range .Labels.SortedPairs }}}}{_MAIL_LINE}{{{{ end }}}}
{{{{ with .Annotations.SortedPairs }}}}<b>Annotations</b><br>{{{{ range . }}}}{_MAIL_LINE}{{{{ end }}}}{{{{ end }}}}
{{{{ with .GeneratorURL }}}}<a href="{{{{ . }}}}">Source</a>{{{{ end }}}}</td></tr>
{{{{ end }}}}"""

_COMMON_NAMES = (
    '{{ .GroupLabels.SortedPairs.Values | join " " }} '
    "{{ if gt (len .CommonLabels) (len .GroupLabels) }}"
    '({{ (.CommonLabels.Remove .GroupLabels.Names).Values | join " " }})'
    "{{ end }}"
)

_TEMPLATES = {
    "__alertmanager": "Alertmanager",
    "__alertmanagerURL": "{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}",
    "__subject": (
        '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}] '
        + _COMMON_NAMES
    ),
    "__description": "",
    _BY_PLAIN_TEXT: _alert_list(indent=" ", gap=""),
    _BY_MARKDOWN: _alert_list(indent="  ", gap="\n"),
    "__email_alert_list": _MAIL_ALERTS,
    "email.default.subject": _SUBJECT,
    "email.default.html": _MAIL,
    "slack.default.title": _SUBJECT,
    "slack.default.username": _PRODUCT,
    "slack.default.fallback": (
        '{{ template "slack.default.title" . }} | {{ template "slack.default.titlelink" . }}'
    ),
    "slack.default.callbackid": "",
    "slack.default.pretext": "",
    "slack.default.titlelink": _LINK,
    "slack.default.iconemoji": "",
    "slack.default.iconurl": "",
    "slack.default.text": "",
    "slack.default.footer": "",
    "slack.default.color": _COLOR,
    "pagerduty.default.description": _SUBJECT,
    "pagerduty.default.client": _PRODUCT,
    "pagerduty.default.clientURL": _LINK,
    "pagerduty.default.instances": f'{{{{ template "{_BY_PLAIN_TEXT}" . }}}}',
    "opsgenie.default.message": _SUBJECT,
    "opsgenie.default.description": _ANNOTATIONS + _tight_sections(),
    "opsgenie.default.source": _LINK,
    "wechat.default.message": f"{_SUBJECT}\n{_ANNOTATIONS}{_tight_sections()}\nAlertmanagerUrl:\n{_LINK}",
    "wechat.default.to_user": "",
    "wechat.default.to_party": "",
    "wechat.default.to_tag": "",
    "wechat.default.agent_id": "",
    "victorops.default.state_message": _ANNOTATIONS + _tight_sections(),
    "victorops.default.entity_display_name": _SUBJECT,
    "victorops.default.monitoring_tool": _PRODUCT,
    "pushover.default.title": _SUBJECT,
    "pushover.default.message": _ANNOTATIONS + _LOOSE,
    "pushover.default.url": _LINK,
    "sns.default.subject": _SUBJECT,
    "sns.default.message": _ANNOTATIONS + _LOOSE,
    "telegram.default.message": _LOOSE,
    "discord.default.content": "",
    "discord.default.title": _SUBJECT,
    "discord.default.message": _LOOSE,
    "webex.default.message": _ANNOTATIONS + _LOOSE,
    "msteams.default.summary": _SUBJECT,
    "msteams.default.title": _SUBJECT,
    "msteams.default.text": _MARKDOWN,
    "msteamsv2.default.title": _SUBJECT,
    "msteamsv2.default.text": _MARKDOWN,
    "jira.default.summary": _SUBJECT,
    "jira.default.description": _MARKDOWN,
    "jira.default.priority": _PRIORITY,
    "rocketchat.default.title": _SUBJECT,
    "rocketchat.default.alias": _PRODUCT,
    "rocketchat.default.titlelink": _LINK,
    "rocketchat.default.emoji": "",
    "rocketchat.default.iconurl": "",
    "rocketchat.default.text": "",
    "mattermost.default.color": _COLOR,
    "mattermost.default.username": _PRODUCT,
    "mattermost.default.title": _SUBJECT,
    "mattermost.default.titlelink": _LINK,
    "mattermost.default.fallback": (
        '{{ template "mattermost.default.title" . }} | {{ template "mattermost.default.titlelink" . }}'
    ),
    "mattermost.default.text": _MARKDOWN,
}

DEFAULT_TEMPLATE = "".join(_define(name, body) for name, body in _TEMPLATES.items())
"""All of them, as one template file."""
