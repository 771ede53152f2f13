"""Secrets do not leave the hub, and come back into what is edited: to their own places, or nowhere."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.document import parse_document
from farwatch.hub.alerting.editing.masking import restore, show
from farwatch.hub.alerting.editing.nodes import MASK, size_problem

WHOLE = """\
# The pager is Ann's.
# pagerduty_configs: [{routing_key: key-of-old}]
global:
  slack_api_url: https://slack.example/top-secret   # not https://slack.example/top-secret of the tests
  smtp_auth_password: &shared 'top-secret: "x"'
  smtp_smarthost: mail.example:25
  smtp_from: hub@example.com
  smtp_auth_username: me
route: {receiver: team}
receivers:
- name: team
  slack_configs:
  - channel: '#alerts'   # our channel
  webhook_configs:
  - url: "https://hook.example/top-secret"
    http_config:
      basic_auth: {username: me, password: *shared}
  - url_file: /etc/secrets/hook
    http_config: {authorization: {credentials: top-secret}}
  - url: http://two/top-secret
    http_config:
      tls_config:
        cert: public
        key: |   # of top-secret
          top-secret
          second-secret

      proxy_url: http://proxy
      proxy_connect_header: {X-Key: [top-secret, second-secret]}
- name: pager
  pagerduty_configs: [{routing_key: 1234567, send_resolved: true}]
"""


def test_nothing_of_a_secret_is_shown_wherever_it_stands() -> None:
    shown = show(WHOLE)
    for secret in ("top-secret", "second-secret", "key-of-old", "1234567"):
        assert secret not in shown
    for kept in (
        "# The pager is Ann's.",
        "# our channel",
        "&shared <secret>",
        "*shared",
        "cert: public",
        "'#alerts'",
    ):
        assert kept in shown
    assert len(shown.splitlines()) == len(WHOLE.splitlines()) - 2  # the key of two lines


def test_what_is_not_edited_comes_back_as_it_was() -> None:
    whole = WHOLE.replace(
        "|   # of top-secret\n          top-secret\n          second-secret\n", "top-secret\n"
    )
    assert restore(show(whole), whole, "text") == (whole, [])


def test_a_secret_of_several_lines_comes_back_with_them() -> None:
    restored, problems = restore(show(WHOLE), WHOLE, "text")
    assert problems == []
    assert yaml.safe_load(restored) == yaml.safe_load(WHOLE)


def edited(old: str, new: str, base: str = WHOLE) -> str:
    shown = show(base)
    assert old in shown
    text, problems = restore(shown.replace(old, new, 1), base, "text")
    assert problems == []
    return text


def refused(text: str, base: str = WHOLE) -> str:
    same, problems = restore(text, base, "text")
    assert same == text
    (problem,) = problems
    return str(problem)


def test_a_secret_is_changed_by_writing_it() -> None:
    text = edited("slack_api_url: <secret>", "slack_api_url: https://slack.example/other")
    assert yaml.safe_load(text)["global"]["slack_api_url"] == "https://slack.example/other"
    assert yaml.safe_load(text)["receivers"][1]["pagerduty_configs"][0]["routing_key"] == 1234567


RECEIVERS = """\
route: {receiver: a}
receivers:
- name: a
  webhook_configs:
  - {url: http://a/1, max_alerts: 1}
  - {url: http://a/2, max_alerts: 2}
- name: b
  webhook_configs:
  - url: http://b/1
- name: c
  webhook_configs:
  - {url: http://c/1}
  - {url: http://c/2}
"""


def urls(text: str) -> dict[str, list[str]]:
    return {
        receiver["name"]: [entry["url"] for entry in receiver["webhook_configs"]]
        for receiver in yaml.safe_load(text)["receivers"]
    }


def back(text: str) -> dict[str, list[str]]:
    restored, problems = restore(text, RECEIVERS, "text")
    assert problems == []
    return urls(restored)


def block(name: str, *entries: str) -> str:
    return f"- name: {name}\n  webhook_configs:\n" + "".join(f"  - {entry}\n" for entry in entries)


HEAD = "route: {receiver: a}\nreceivers:\n"
A1, A2 = "{url: <secret>, max_alerts: 1}", "{url: <secret>, max_alerts: 2}"
ONE = "{url: <secret>}"


def test_receivers_are_known_by_their_names_in_any_order() -> None:
    assert back(HEAD + block("b", ONE) + block("a", A1, A2)) == {
        "b": ["http://b/1"],
        "a": ["http://a/1", "http://a/2"],
    }


def test_entries_that_change_places_keep_their_secrets() -> None:
    assert back(HEAD + block("a", A2, A1)) == {"a": ["http://a/2", "http://a/1"]}


def test_an_entry_that_is_changed_in_its_place_keeps_its_secret() -> None:
    assert back(HEAD + block("a", A1, "{url: <secret>, max_alerts: 7}")) == {
        "a": ["http://a/1", "http://a/2"]
    }


def test_an_entry_that_is_taken_out_leaves_the_others_theirs() -> None:
    assert back(HEAD + block("a", A2)) == {"a": ["http://a/2"]}


def test_a_receiver_that_is_renamed_keeps_its_secrets() -> None:
    assert back(HEAD + block("beta", ONE) + block("a", A1, A2) + block("c", ONE, ONE))["beta"] == [
        "http://b/1"
    ]


def test_entries_that_look_alike_are_known_by_their_places() -> None:
    assert back(HEAD + block("c", ONE, ONE)) == {"c": ["http://c/1", "http://c/2"]}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (
            HEAD + block("c", ONE),
            5,
            "which entry of `receivers[0].webhook_configs` this was before cannot be told",
        ),
        (
            HEAD + block("a", A1, "{url: <secret>, max_alerts: 7}", A2),
            6,
            "cannot be told, as entries came, went or moved",
        ),
        (
            HEAD + block("a", A2, "{url: <secret>, max_alerts: 7}"),
            6,
            "cannot be told, as entries came, went or moved",
        ),
        (
            HEAD + block("d", "{url: <secret>, max_alerts: 9}"),
            5,
            '"d" is new, or was renamed and changed at once',
        ),
        (
            "global: {slack_api_url: <secret>}\n" + HEAD + block("b", "{url: x}"),
            1,
            "there was no `global` here",
        ),
        (
            HEAD + "- name: b\n  webhook_configs: [{url: <secret>, http_config: {bearer_token: <secret>}}]\n",
            4,
            "there was no `http_config` here",
        ),
    ],
)
def test_a_secret_that_may_be_anothers_is_refused_with_its_place(text: str, line: int, why: str) -> None:
    told = refused(text, RECEIVERS)
    assert told.startswith(f"text:{line}:")
    assert why in told
    assert told.endswith("write the secret itself")


ENTRIES = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=6, unique=True)


def written(entries: list[tuple[str, int]], secret: str = "") -> str:
    """Receivers whose entries are told apart by a number; each has a secret of its own, or the one that is given."""
    receivers: dict[str, list[int]] = {}
    for name, number in entries:
        receivers.setdefault(name, []).append(number)
    return HEAD + "".join(
        block(name, *(f"{{url: {secret or f'http://{name}/{n}'}, max_alerts: {n}}}" for n in numbers))
        for name, numbers in receivers.items()
    )


@given(before=ENTRIES, after=ENTRIES)
def test_no_secret_ever_goes_to_another_receiver_nor_away_from_an_unchanged_entry(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    restored, problems = restore(written(after, MASK), written(before), "text")
    found = yaml.safe_load(restored)["receivers"]
    for receiver in found:
        for entry in receiver["webhook_configs"]:
            name, number = receiver["name"], entry["max_alerts"]
            if not problems and (name, number) in before:
                assert entry["url"] == f"http://{name}/{number}"
            elif not problems and any(name == known for known, _ in before):
                assert entry["url"].startswith(f"http://{name}/")
    if problems:
        assert restored == written(after, MASK)
    if set(after) <= set(before):
        assert problems == []


def test_an_alias_cannot_stand_for_two_secrets() -> None:
    told = refused(
        HEAD
        + "- name: a\n  webhook_configs: [&one {url: <secret>, max_alerts: 1}, {url: http://a, max_alerts: 2}]\n"
        + "- name: b\n  webhook_configs: [*one]\n",
        RECEIVERS,
    )
    assert "stands for different secrets, as it is shared by an alias" in told


def test_a_merge_key_takes_the_secret_of_the_place_where_it_is() -> None:
    base = """\
route: {receiver: a}
receivers:
- name: a
  webhook_configs:
  - &one {url: http://a/1}
  - {<<: *one, max_alerts: 2}
"""
    shown = show(base)
    assert "http://a/1" not in shown
    assert restore(shown, base, "text") == (base, [])


def test_comments_come_back_where_it_is_clear_which() -> None:
    assert "# pagerduty_configs: [{routing_key: key-of-old}]" in edited("#alerts", "#other")
    moved = show(WHOLE).replace(
        "# pagerduty_configs: [{routing_key: <secret>", "# gone: [{routing_key: <secret>"
    )
    assert "key-of-old" not in restore(moved, WHOLE, "text")[0]


def test_what_is_no_yaml_is_left_to_who_reads_it() -> None:
    assert restore("a: [", WHOLE, "text") == ("a: [", [])
    assert restore("", WHOLE, "text") == ("", [])


@given(
    st.text(
        st.characters(min_codepoint=0x20, max_codepoint=0x2FF, exclude_characters="\x7f\x85\xa0"),
        min_size=1,
        max_size=40,
    ).filter(lambda text: text != MASK)
)
def test_any_secret_comes_back_as_the_same_text(secret: str) -> None:
    base = yaml.safe_dump(
        {
            "global": {"opsgenie_api_key": secret},
            "route": {"receiver": "a"},
            "receivers": [{"name": "a", "opsgenie_configs": [{"api_key": secret, "priority": "P1"}]}],
        },
        allow_unicode=True,
    )
    shown = show(base)
    assert yaml.safe_load(shown)["global"]["opsgenie_api_key"] == MASK
    restored, problems = restore(shown.replace("P1", "P2"), base, "text")
    assert problems == []
    assert parse_document(base.replace("P1", "P2"), "x", Config) == parse_document(restored, "x", Config)


def test_what_a_later_version_may_know_is_taken_for_secret() -> None:
    shown = show(
        "route: {receiver: a}\nreceivers: [{name: a, pigeon_configs: [{loft: {key: top-secret}, ways: [top]}]}]\n"
    )
    assert (
        shown
        == "route: {receiver: a}\nreceivers: [{name: a, pigeon_configs: [{loft: {key: <secret>}, ways: [<secret>]}]}]\n"
    )


def test_a_text_that_grows_by_its_aliases_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for n in range(1, 9):
        bomb += f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n"
    problem = size_problem(bomb, "text")
    assert problem is not None
    assert "more than 100000 values when its aliases are written out" in problem.message
    loop = size_problem("a: &a [*a]", "text")
    assert loop is not None
    assert size_problem("a: [", "text") is None  # not YAML: for who reads it
    deep = size_problem("[" * 5_000 + "]" * 5_000, "text")
    assert deep is not None
    assert "nested too deeply" in deep.message
    assert size_problem("x" * 600_000, "text") is not None
    assert size_problem(WHOLE, "text") is None
