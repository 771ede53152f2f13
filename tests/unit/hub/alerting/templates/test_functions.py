from __future__ import annotations

import pytest

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.templates import Template, TemplateFailedError, TemplateLibrary

from ..conftest import START, alert

MESSAGE = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key="{}:{}",
    group_labels={"alertname": "KubePodCrashLooping"},
    alerts=(alert("a", summary="<x> & y"),),
    external_url="https://farwatch.example",
)
LIBRARY = TemplateLibrary(now=lambda: START + 3_661.5)
FIRST = "(index .Alerts 0)"


def rendered(source: str, *, html: bool = False) -> str:
    return LIBRARY.render(Template(source), MESSAGE, html=html)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{{ title "hello WORLD, don\'t" }}', "Hello World, Don't"),
        ('{{ match "^a.c$" "abc" }} {{ match "b" "abc" }} {{ match "^b" "abc" }}', "true true false"),
        ('{{ reReplaceAll "(\\\\w+)@(?P<host>\\\\w+)" "${host}:$1 $$ $9" "me@home" }}', "home:me $ "),
        ('{{ reReplaceAll "a" "$1x" "banana" }}', "bnn"),
        ('{{ urlUnescape "a%20b+c" }}', "a b c"),
        ('{{ join "," (stringSlice "a" "b") }}', "a,b"),
        (f'{{{{ {FIRST}.StartsAt | date "2006-01-02 15:04" }}}}', "2026-03-01 03:00"),
        (f'{{{{ {FIRST}.StartsAt | tz "Europe/Paris" | date "15:04 MST" }}}}', "04:00 CET"),
        (f"{{{{ since {FIRST}.StartsAt }}}}", "1h1m1.5s"),
        (f"{{{{ since {FIRST}.StartsAt | humanizeDuration }}}}", "1h 1m 1s"),
        (f"{{{{ (since {FIRST}.StartsAt).Seconds }}}}", "3661.5"),
        ("{{ (now).Unix }}", "1772337661"),
        (
            f'{{{{ {FIRST}.StartsAt.UTC.Format "15:04" }}}} {{{{ {FIRST}.StartsAt.Local.Unix }}}}',
            "03:00 1772334000",
        ),
        (f'{{{{ ({FIRST}.StartsAt.Add 28800e9).Format "15:04" }}}}', "11:00"),
        (f'{{{{ ({FIRST}.StartsAt.AddDate 0 1 -1).Format "2006-01-02" }}}}', "2026-03-31"),
        (
            f"{{{{ with {FIRST}.StartsAt }}}}{{{{ .Year }}}} {{{{ .Month }}}} {{{{ .Day }}}} {{{{ .Weekday }}}}{{{{ end }}}}",
            "2026 March 1 Sunday",
        ),
        (
            f"{{{{ with {FIRST}.StartsAt }}}}{{{{ .Hour }}}}:{{{{ .Minute }}}}:{{{{ .Second }}}} {{{{ .Equal . }}}} {{{{ .After . }}}} {{{{ .Before . }}}} {{{{ (.Sub .).Hours }}}}{{{{ end }}}}",
            "3:0:0 true false false 0",
        ),
        ('{{ (toDate "2006-01-02" "2026-03-01").Unix }}', "1772323200"),
        ('{{ (toDate "2006-01-02" "nonsense").IsZero }}', "true"),
        ("{{ toJson .GroupLabels }}", '{"alertname":"KubePodCrashLooping"}'),
        ('{{ toJson "<&>" }}', '"\\u003c\\u0026\\u003e"'),
        (f"{{{{ toJson {FIRST}.EndsAt }}}}", '"0001-01-01T00:00:00Z"'),
        ('{{ base64encode "a?>" }} {{ base64decode "YT8-" }}', "YT8- a?>"),
        ('{{ index (dict "a" 1) "a" }} {{ len (append (list 1 2) 3) }}', "1 3"),
        ("{{ .NotificationReason }} {{ .CommonLabels }}", "first notification "),
        ('[{{ index .CommonLabels "absent" }}]', "[]"),
    ],
)
def test_functions_do_what_alertmanagers_do(source: str, expected: str) -> None:
    found = rendered(source)
    assert found.startswith(expected) if "NotificationReason" in source else found == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", "0s"),
        ("1", "1s"),
        ("1.23456", "1.235s"),
        ("61", "1m 1s"),
        ("90061", "1d 1h 1m 1s"),
        ("-61", "-1m 1s"),
        ('"0.5"', "500ms"),
        ("0.1", "100ms"),
        ("0.001", "1ms"),
        ("0.00001234", "12.34us"),
        ('"NaN"', "NaN"),
        ('"+Inf"', "+Inf"),
    ],
)
def test_durations_are_told_as_prometheus_tells_them(value: str, expected: str) -> None:
    assert rendered(f"{{{{ humanizeDuration {value} }}}}") == expected


@pytest.mark.parametrize(
    "source",
    [
        '{{ match "(" "a" }}',
        '{{ tz "Nowhere" now }}',
        '{{ mustToDate "2006" "x" }}',
        "{{ dict 1 }}",
        '{{ humanizeDuration "x" }}',
        '{{ base64decode "?" }}',
    ],
)
def test_a_function_that_fails_fails_the_template_alone(source: str) -> None:
    with pytest.raises(TemplateFailedError):
        rendered(source)


def test_a_regular_expression_cannot_run_away() -> None:
    assert rendered(f'{{{{ match "^(a+)+$" "{"a" * 5_000}b" }}}}') == "false"


def test_in_html_what_comes_from_the_message_is_escaped_unless_called_safe() -> None:
    source = f"<b>{{{{ {FIRST}.Annotations.summary }}}}</b>{{{{ safeHtml {FIRST}.Annotations.summary }}}}"
    assert rendered(source, html=True) == "<b>&lt;x&gt; &amp; y</b><x> & y"
