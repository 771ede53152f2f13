"""Which configurations are taken: `amtool check-config` against Farwatch, on files right and wrong."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from farwatch.hub.alerting.config import check

from .scenario import UTF8

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("alertmanager")]

RECEIVERS = "receivers: [{name: x}]\n"
PLAIN = "route: {receiver: x}\n" + RECEIVERS


def route(text: str) -> str:
    """A configuration with these options in its route."""
    return f"route: {{receiver: x, {text}}}\n{RECEIVERS}"


def below(text: str) -> str:
    """A configuration with this route below the topmost one."""
    return route(f"routes: [{{{text}}}]")


def webhook(text: str) -> str:
    return f"route: {{receiver: x}}\nreceivers: [{{name: x, webhook_configs: [{{{text}}}]}}]\n"


def slack(text: str) -> str:
    return f"route: {{receiver: x}}\nreceivers: [{{name: x, slack_configs: [{{{text}}}]}}]\n"


def inhibit(text: str) -> str:
    return PLAIN + f"inhibit_rules: [{{{text}}}]\n"


def interval(text: str) -> str:
    return PLAIN + f"time_intervals: [{{name: t, time_intervals: [{{{text}}}]}}]\n"


FILES = [
    "",
    "{}",
    "[]",
    "route: {receiver: x}",
    "receivers: [{name: x}]",
    PLAIN,
    PLAIN + "unknown: 1\n",
    PLAIN + "global: {}\n",
    PLAIN + "global: {resolve_timeout: 5m}\n",
    PLAIN + "global: {resolve_timeout: 1y2w3d4h5m6s7ms}\n",
    PLAIN + "global: {resolve_timeout: 5}\n",
    PLAIN + "global: {resolve_timeout: -5m}\n",
    PLAIN + "global: {resolve_timeout: 5m1h}\n",
    PLAIN + "global: {resolve_timeout: ''}\n",
    PLAIN + "global: {unknown: 5m}\n",
    PLAIN + "global: {slack_api_url: 'not an address'}\n",
    PLAIN + "global: {slack_api_url: 'ftp://example.com'}\n",
    PLAIN + "global: {slack_api_url: 'http://example.com', slack_api_url_file: /x}\n",
    "route: {receiver: y}\n" + RECEIVERS,
    "route: {receiver: x}\nreceivers: [{name: x}, {name: x}]\n",
    "route: {receiver: x}\nreceivers: [{name: x, unknown: 1}]\n",
    "route: {receiver: x}\nreceivers: [{name: ''}, {name: x}]\n",
    "route: {}\n" + RECEIVERS,
    route("matchers: [a=b]"),
    route("match: {a: b}"),
    route("continue: true"),
    route("group_by: [a, b]"),
    route("group_by: [a, a]"),
    route("group_by: ['...']"),
    route("group_by: ['...', a]"),
    route("group_by: ['1a']"),
    route("group_by: ['']"),
    route("group_by: a"),
    route("group_wait: 0s"),
    route("group_interval: 0s"),
    route("repeat_interval: 0s"),
    route("group_interval: 1h, repeat_interval: 1m"),
    route("mute_time_intervals: [t]"),
    route("active_time_intervals: [t]"),
    below("receiver: y"),
    below("matchers: [a=b], continue: true"),
    below("matchers: ['a']"),
    below("matchers: ['a=~(']"),
    below("matchers: ['{a=b, c!~\"d\"}']"),
    below("matchers: ['1a=b']"),
    below("matchers: ['a=']"),
    below("matchers: ['=b']"),
    below("matchers: ['']"),
    below("matchers: ['a=b c']"),
    below("matchers: ['a=\"b']"),
    below("matchers: ['a=b,']"),
    below("matchers: [',']"),
    below("matchers: a=b"),
    below("match: {a: }"),
    below("match: {a: 1}"),
    below("match: {'a-b': c}"),
    below("match_re: {a: '('}"),
    below("match_re: {a: '[a-z]+', b: '(?i)x'}"),
    below("match_re: {a: '(?=x)'}"),
    below("match_re: {a: '\\\\bx'}"),
    below("mute_time_intervals: [unknown]"),
    PLAIN + "time_intervals: [{name: t, time_intervals: []}, {name: t, time_intervals: []}]\n",
    PLAIN + "time_intervals: [{name: '', time_intervals: []}]\n",
    PLAIN + "time_intervals: [{time_intervals: []}]\n",
    PLAIN + "mute_time_intervals: [{name: t, time_intervals: []}]\n",
    interval("times: [{start_time: '09:00', end_time: '17:00'}]"),
    interval("times: [{start_time: '17:00', end_time: '09:00'}]"),
    interval("times: [{start_time: '09:00', end_time: '09:00'}]"),
    interval("times: [{start_time: '00:00', end_time: '24:00'}]"),
    interval("times: [{start_time: '24:00', end_time: '24:00'}]"),
    interval("times: [{start_time: '09:00', end_time: '25:00'}]"),
    interval("times: [{start_time: '9:00', end_time: '17:00'}]"),
    interval("times: [{start_time: '09:00'}]"),
    interval("weekdays: ['monday:friday', saturday]"),
    interval("weekdays: ['Monday:FRIDAY']"),
    interval("weekdays: ['friday:monday']"),
    interval("weekdays: [mon]"),
    interval("weekdays: ['1:5']"),
    interval("days_of_month: ['1:31', '-1', '-5:-1', '1:-1']"),
    interval("days_of_month: ['0']"),
    interval("days_of_month: ['32']"),
    interval("days_of_month: ['-32']"),
    interval("days_of_month: ['5:1']"),
    interval("days_of_month: ['-1:-5']"),
    interval("days_of_month: ['-1:5']"),
    interval("days_of_month: ['x']"),
    interval("months: ['january:march', '4', '5:december']"),
    interval("months: ['december:january']"),
    interval("months: ['13']"),
    interval("months: [jan]"),
    interval("months: ['0']"),
    interval("years: ['2020', '2021:2030']"),
    interval("years: ['2030:2021']"),
    interval("years: [x]"),
    interval("location: Europe/Berlin"),
    interval("location: UTC"),
    interval("location: Nowhere/Land"),
    interval("location: ''"),
    interval("unknown: 1"),
    inhibit("source_matchers: [a=b], target_matchers: [c=d], equal: [e]"),
    inhibit("source_matchers: [a], target_matchers: [c=d]"),
    inhibit("source_match: {a: b}, target_match_re: {c: d.*}, equal: [e, e]"),
    inhibit("source_match_re: {a: '('}"),
    inhibit("source_match: {'a b': c}"),
    inhibit("equal: ['']"),
    inhibit("equal: [1a]"),
    inhibit(""),
    inhibit("unknown: 1"),
    webhook("url: 'http://example.com'"),
    webhook("url: 'http://example.com', send_resolved: maybe"),
    webhook("url: 'http://example.com', max_alerts: -1"),
    webhook("url: 'http://example.com', max_alerts: many"),
    webhook("url: 'example.com'"),
    webhook("url: ''"),
    webhook("url: 'http://'"),
    webhook(""),
    webhook("url: 'http://example.com', unknown: 1"),
    webhook("url: 'http://example.com', http_config: {basic_auth: {username: a, password: b}}"),
    webhook(
        "url: 'http://example.com', http_config: {basic_auth: {username: a, password: b, password_file: c}}"
    ),
    webhook(
        "url: 'http://example.com', http_config: {bearer_token: a, basic_auth: {username: a, password: b}}"
    ),
    webhook("url: 'http://example.com', http_config: {authorization: {credentials: a}}"),
    webhook("url: 'http://example.com', http_config: {authorization: {type: Basic, credentials: a}}"),
    webhook("url: 'http://example.com', http_config: {authorization: {credentials: a, credentials_file: b}}"),
    webhook("url: 'http://example.com', http_config: {follow_redirects: false}"),
    webhook("url: 'http://example.com', http_config: {tls_config: {insecure_skip_verify: true}}"),
    webhook("url: 'http://example.com', http_config: {proxy_url: 'http://proxy.example.com:3128'}"),
    webhook("url: 'http://example.com', http_config: {unknown: 1}"),
    slack("channel: '#a'"),
    slack("channel: '#a', api_url: 'http://example.com'"),
    slack("api_url: 'http://example.com'"),
    slack("channel: '#a', api_url: 'http://example.com', api_url_file: /x"),
    slack("channel: '#a', api_url_file: /x"),
    slack("channel: '#a', api_url: 'http://example.com', fields: [{title: a}]"),
    slack("channel: '#a', api_url: 'http://example.com', fields: [{title: a, value: b, short: true}]"),
    slack(
        "channel: '#a', api_url: 'http://example.com', actions: [{type: button, text: a, url: 'http://x'}]"
    ),
    slack("channel: '#a', api_url: 'http://example.com', actions: [{type: button, text: a}]"),
    slack("channel: '#a', api_url: 'http://example.com', actions: [{text: a, url: 'http://x'}]"),
    slack("channel: '#a', api_url: 'http://example.com', unknown: a"),
    PLAIN + "templates: [/nowhere/*.tmpl]\n",
    PLAIN + "templates: /nowhere/*.tmpl\n",
    PLAIN + PLAIN,
    PLAIN + "route: {receiver: x}\n",
    "x: &r {receiver: x}\n" + PLAIN,
    "\troute: {receiver: x}\n",
]

OTHERWISE: dict[str, tuple[int, ...] | None] = {
    below("matchers: ['1a=b']"): UTF8,
    route("group_by: ['1a']"): UTF8,
    inhibit("equal: [1a]"): UTF8,
    below("match: {a: }"): None,
    interval("months: ['13']"): None,
    interval("months: ['0']"): None,
}
"""Files that one takes and the other refuses, on purpose: ``docs/compatibility.md`` tells why.

The value is the first version of Alertmanager that does as Farwatch does; None: none does.
"""


def refused_by_amtool(amtool: Path, folder: Path) -> dict[str, str]:
    """The files that amtool refuses, and its reasons; one process looks at all."""
    names = {}
    for number, text in enumerate(FILES):
        file = folder / f"{number}.yml"
        file.write_text(text)
        names[str(file)] = text
    done = subprocess.run(
        [amtool, "check-config", *names], capture_output=True, text=True, timeout=60, check=False
    )
    verdicts = re.findall(r"^Checking '(.*)'\s+(SUCCESS|FAILED: .*)$", done.stdout, re.MULTILINE)
    assert len(verdicts) == len(FILES), done.stdout + done.stderr
    return {names[file]: verdict for file, verdict in verdicts if verdict != "SUCCESS"}


@pytest.fixture(scope="module")
def refused(amtool: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return refused_by_amtool(amtool, tmp_path_factory.mktemp("configurations"))


@pytest.mark.parametrize("text", FILES)
def test_a_file_is_taken_or_refused_as_amtool_does(
    text: str, refused: dict[str, str], peer_version: tuple[int, ...], tmp_path: Path
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(text)
    problems = check(file)
    differs = bool(problems) != (text in refused)
    said = f"\n{text}\namtool: {refused.get(text, 'taken')}\nFarwatch: {[str(each) for each in problems] or 'taken'}"
    since = OTHERWISE.get(text)
    assert differs == (text in OTHERWISE and (since is None or peer_version < since)), said
