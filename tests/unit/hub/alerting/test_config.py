from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting import DEFAULT, Config, ConfigError, check, load
from farwatch.hub.alerting.document import parse_document

from .conftest import configuration

MINIMAL = "route: {receiver: team}\nreceivers: [{name: team}]\n"


def problems(text: str) -> list[str]:
    config, found = parse_document(text, "am.yml", Config)
    assert (config is None) == bool(found)
    return [str(problem) for problem in found]


def test_defaults_are_alertmanagers() -> None:
    config = configuration(
        """
        route: {receiver: team}
        receivers:
          - name: team
            webhook_configs: [{url: https://hooks.example/x}]
            slack_configs: [{api_url: https://hooks.slack.example/x}]
        """
    )
    route = config.route.resolved()
    assert (route.group_wait, route.group_interval, route.repeat_interval) == (30, 300, 14_400)
    assert config.global_.resolve_timeout == 300
    (team,) = config.receivers
    assert team.webhook_configs[0].send_resolved
    assert not team.slack_configs[0].send_resolved


def test_a_whole_file_is_read() -> None:
    config = configuration(
        """
        global:
          resolve_timeout: 10m
          slack_api_url: https://hooks.slack.example/services/T0/B0/abc
          http_config: {basic_auth: {username: hub, password: hunter2}}
        route:
          receiver: team
          group_by: ['...']
          group_wait: 0s
          group_interval: 1m30s
          repeat_interval: 1d
        receivers:
          - name: team
            webhook_configs:
              - &hook
                url: http://127.0.0.1:9000/
                send_resolved: no
                max_alerts: 10
                timeout: 500ms
                http_config: {authorization: {credentials: abc}}
              - <<: *hook
                url: http://127.0.0.1:9001/
            slack_configs:
              - channel: '#alerts'
                title: '{{ .CommonLabels.alertname }}'
                color: 12345
        """
    )
    route = config.route.resolved()
    assert (route.group_by, route.group_wait, route.group_interval, route.repeat_interval) == (
        None,
        0,
        90,
        86_400,
    )
    first, second = config.receivers[0].webhook_configs
    assert (first.send_resolved, first.max_alerts, first.timeout) == (False, 10, 0.5)
    assert second.url is not None
    assert second.url.reveal() == "http://127.0.0.1:9001/"
    assert second.timeout == 0.5
    color = config.receivers[0].slack_configs[0].color
    assert color is not None
    assert color.source == "12345"


def test_an_empty_section_is_its_defaults() -> None:
    assert configuration(
        "global:\nroute: {receiver: team, group_by: }\nreceivers: [{name: team, slack_configs: }]\n"
    )


def test_the_default_configuration_tells_nobody() -> None:
    assert [(r.name, r.webhook_configs, r.slack_configs) for r in DEFAULT.receivers] == [("nobody", [], [])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["am.yml: is empty"]),
        ("- a\n", ["am.yml:1:1: the file must be a mapping of keys to values"]),
        ("route: [\n", ["am.yml:2:1: is not YAML: expected the node content, but found '<stream end>'"]),
        ("[" * 10_000, ["am.yml: is nested too deeply"]),
        ("route: \x07", ["am.yml: is not YAML: "]),
        ("receivers: []\n", ["am.yml:1:1: `route` is missing in the file"]),
        (
            MINIMAL + "tracing: {}\n",
            [
                "am.yml:3:1: `tracing` is not supported yet: take it out; allowed at the top: global, inhibit_rules, mute_time"
            ],
        ),
        (
            "route: {receiver: team, group_byy: [a]}\nreceivers: [{name: team}]\n",
            [
                "am.yml:1:25: unknown key `group_byy`, did you mean `group_by`? allowed in `route`: active_time_intervals, continue"
            ],
        ),
        (
            MINIMAL + "banana: 1\n",
            ["am.yml:3:1: unknown key `banana`; allowed at the top: global, inhibit_rules"],
        ),
        (MINIMAL + "route: {receiver: team}\n", ["am.yml:3:1: `route` stands here twice"]),
        (
            "route: {match: {a: b}, continue: true}\nreceivers: [{name: team}]\n",
            [
                "am.yml:1:8: `receiver` is missing in `route`: who is told of what no other route takes?",
                "am.yml:1:16: `match` cannot stand in the topmost route: all alerts take it",
                "am.yml:1:34: `continue` cannot stand in the topmost route: it has no siblings",
            ],
        ),
        (
            "route: {receiver: team, routes: [{receiver: tema}, {match: {a.b: c}}]}\nreceivers: [{name: team}]\n",
            [
                'am.yml:1:60: "a.b" in `match` is not a label name: use `matchers`, which take any',
            ],
        ),
        (
            "route: {receiver: team, routes: [{receiver: tema}]}\nreceivers: [{name: team}]\n",
            ['am.yml:1:45: receiver "tema" is not defined; there are "team"'],
        ),
        (
            "route: {receiver: team, routes: [{matchers: [a, 'b=~\"(\"'], match_re: {c: '*', d: }, match: [e]}]}\nreceivers: [{name: team}]\n",
            [
                'am.yml:1:46: `route.routes[0].matchers[0]`: a is not a matcher: write it as severity="critical", or',
                'am.yml:1:49: `route.routes[0].matchers[1]`: "(" is not a regular expression: missing ): (',
                "am.yml:1:74: `route.routes[0].match_re.c`: no argument for repetition operator: *",
                "am.yml:1:79: `route.routes[0].match_re` has nothing for `d`",
                "am.yml:1:92: `route.routes[0].match` must be a mapping of keys to values",
            ],
        ),
        (
            "route: {receiver: tema}\nreceivers: [{name: team}, {name: other}]\n",
            ['am.yml:1:19: receiver "tema" is not defined; there are "team", "other"'],
        ),
        (
            "route: {receiver: team}\nreceivers: [{name: team}, {name: ''}]\n",
            ["am.yml:2:34: `name` is empty: routes name receivers by it"],
        ),
        (
            "route: {receiver: team}\nreceivers: [{name: team}, {name: team}]\n",
            ['am.yml:2:34: receiver "team" is there already'],
        ),
        (
            "route:\n  receiver: team\n  group_wait: 5 minutes\nreceivers: [{name: team}]\n",
            ['am.yml:3:15: `route.group_wait`: "5 minutes" is not a duration: write it as 30s, 5m or 1h30m'],
        ),
        (
            "route: {receiver: team, group_interval: 0s, repeat_interval: 0s}\nreceivers: [{name: team}]\n",
            ["am.yml:1:41: `group_interval` cannot be zero", "am.yml:1:62: `repeat_interval` cannot be zero"],
        ),
        (
            "route: {receiver: team, group_by: [a, a, '...']}\nreceivers: [{name: team}]\n",
            [
                "am.yml:1:35: label `a` stands twice in `group_by`",
                "am.yml:1:35: `...` in `group_by` is all labels: name no others beside it",
            ],
        ),
        (
            "route: {receiver: team, group_by: a}\nreceivers: [{name: team}]\n",
            ["am.yml:1:35: `route.group_by` must be a list"],
        ),
        (
            "route: {receiver: [team]}\nreceivers: [{name: team}]\n",
            ["am.yml:1:19: `route.receiver` must be a single value"],
        ),
        (
            "route: {receiver: team}\nreceivers: [{name: team}, ]\n",
            [],
        ),
        (
            (
                "route: {receiver: team, mute_time_intervals: [x], active_time_intervals: [y]}\n"
                "receivers: [{name: team}]\n"
            ),
            [
                "am.yml:1:46: `mute_time_intervals` cannot stand in the topmost route: put it into one below",
                'am.yml:1:47: time interval "x" is not defined in `time_intervals`; there are none',
                "am.yml:1:74: `active_time_intervals` cannot stand in the topmost route: put it into one below",
                'am.yml:1:75: time interval "y" is not defined in `time_intervals`; there are none',
            ],
        ),
        (
            MINIMAL
            + "mute_time_intervals: [{name: x, time_intervals: []}]\n"
            + "time_intervals: [{name: x, time_intervals: [{weekdays: [mon]}]}, {name: x}]\n",
            ['am.yml:4:57: `time_intervals[0].time_intervals[0].weekdays[0]`: "mon" is none of sunday'],
        ),
        (
            MINIMAL + "mute_time_intervals: [{name: x}]\ntime_intervals: [{name: x}, {name: y}]\n",
            ['am.yml:4:25: time interval "x" is there already'],
        ),
        (
            MINIMAL + "inhibit_rules: [{equal: [''], source_match: {a-b: c}}]\n",
            [
                "am.yml:3:25: `equal` holds an empty label name",
                'am.yml:3:45: "a-b" in `source_match` is not a label name: use `source_matchers`, which take any',
            ],
        ),
        (
            "route: {receiver: team}\nreceivers:\n- name: team\n-\n",
            ["am.yml:4:2: `receivers` has an empty entry"],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_the_way_out(text: str, expected: list[str]) -> None:
    found = problems(text)
    assert len(found) == len(expected)
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    ("webhook", "expected"),
    [
        ("{}", "2:44: set one of `url` and `url_file`"),
        ("{url: 'https://a.example', url_file: f}", "set one of `url` and `url_file`, not both"),
        ("{url: 'ftp://a.example/s3cret'}", "url`: is not an address of the form https://host/path"),
        ("{url: 'https://'}", "is not an address"),
        ("{url: 'https://a.example:99999/s3cret'}", "is not an address"),
        ("{url: 'https://a.example', max_alerts: -1}", "`max_alerts` cannot be negative: 0 is no limit"),
        ("{url: 'https://a.example', max_alerts: many}", '"many" is not a whole number'),
        ("{url: 'https://a.example', send_resolved: maybe}", '"maybe" is neither true nor false'),
        ("{url: 'https://a.example', http_config: {oauth2: x}}", "http_config.oauth2 must be a mapping"),
        ("{url: 'https://a.example', http_config: {proxy_url: x}}", 'proxy_url`: "x" is not an address'),
        (
            "{url: 'https://a.example', http_config: {authorization: {type: Basic, credentials: s3cret}}}",
            "for basic authentication use `basic_auth`",
        ),
        (
            "{url: 'https://a.example', http_config: {authorization: {credentials: s3cret}, basic_auth: {username: u}}}",
            "set one of `authorization` and `basic_auth`",
        ),
    ],
)
def test_a_webhook_that_cannot_work_is_refused_without_its_secret(webhook: str, expected: str) -> None:
    (problem,) = problems(
        f"route: {{receiver: team}}\nreceivers: [{{name: team, webhook_configs: [{webhook}]}}]\n"
    )
    assert expected in problem
    assert "s3cret" not in problem


@pytest.mark.parametrize(
    ("slack", "expected"),
    [
        ("{channel: '#a'}", "no address: set `api_url`, `api_url_file`, or `slack_api_url` in `global`"),
        ("{api_url: 'https://a.example', api_url_file: f}", "set one of `api_url` and `api_url_file`"),
        ("{api_url: 'https://a.example', fields: [{title: a}]}", "`value` is missing"),
        ("{api_url: 'https://a.example', actions: [{type: button, text: a}]}", "set `url` or `name`"),
        ("{app_token: s3cret}", "`channel` is missing"),
        ("{api_url: 'https://a.example', update_message: true}", "only a bot can change messages"),
        (
            "{api_url: 'https://a.example', title: '{{ if }}'}",
            "title`: template:1:7: missing value for command",
        ),
        ("{api_url: 'https://a.example', text: '{{ reReplace }}'}", "function 'reReplace' not defined"),
    ],
)
def test_a_slack_receiver_that_cannot_work_is_refused(slack: str, expected: str) -> None:
    (problem,) = problems(
        f"route: {{receiver: team}}\nreceivers: [{{name: team, slack_configs: [{slack}]}}]\n"
    )
    assert expected in problem


def test_all_problems_are_told_at_once_in_the_files_order() -> None:
    found = problems(
        "route: {receiver: team, nope: 2}\nreceivers: [{name: team, fax_configs: []}]\ntracing: {}\n"
    )
    assert [line.split(":")[1] for line in found] == ["1", "2", "3"]


def test_secrets_never_come_out_again() -> None:
    config = configuration(
        """
        global:
          slack_api_url: https://s3cret.example/s3cret
          http_config: {basic_auth: {username: u, password: s3cret}}
        route: {receiver: team}
        receivers:
          - name: team
            webhook_configs: [{url: https://h.example/s3cret, http_config: {authorization: {credentials: s3cret}}}]
            slack_configs: [{}]
        """
    )
    assert "s3cret" not in repr(config)
    assert "s3cret" not in str(config)
    with pytest.raises(TypeError):
        msgspec.json.encode(config)


def test_files_are_read_and_checked_and_secret_files_stand_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(
        "global: {slack_api_url_file: slack.url}\nroute: {receiver: team}\n"
        "receivers: [{name: team, webhook_configs: [{url_file: /etc/hook.url}], slack_configs: [{}]}]\n"
    )
    assert check(path) == []
    config = load(path)
    assert config.global_.slack_api_url_file == str(tmp_path / "slack.url")
    assert config.receivers[0].webhook_configs[0].url_file == "/etc/hook.url"


def test_a_file_that_is_not_there_or_not_text_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nope\.yml: cannot be read: No such file or directory"):
        load(tmp_path / "nope.yml")
    binary = tmp_path / "binary.yml"
    binary.write_bytes(b"route: \xff")
    assert [problem.message for problem in check(binary)] == ["is not UTF-8: byte 7 is wrong"]


@pytest.mark.parametrize("merge", ["<<: 5", "<<: [1]", "&a <<: *a"])
def test_a_merge_key_that_merges_nothing_is_told(merge: str) -> None:
    (problem,) = problems(f"route:\n  receiver: team\n  {merge}\nreceivers: [{{name: team}}]\n")
    assert "merge" in problem or "not YAML" in problem


def test_every_problem_is_a_line_of_the_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.yml"
    path.write_text(MINIMAL + "a: 1\nb: 2\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert [line.split(":")[1] for line in str(caught.value).splitlines()] == ["3", "4"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "global",
                        "route",
                        "receivers",
                        "receiver",
                        "name",
                        "group_by",
                        "webhook_configs",
                        "url",
                        "<<",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_no_document_breaks_the_reader(value: object) -> None:
    problems(msgspec.json.encode(value).decode())
