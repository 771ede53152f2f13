from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import DeliveryError, Receiver, build_receivers
from farwatch.hub.alerting.receivers.slack import (
    TEXT_LIMIT,
    TITLE_LIMIT,
    Attachment,
    SlackConfig,
    slack_message,
)
from farwatch.hub.alerting.templates import TemplateLibrary

from ..conftest import START, Sink, at, configuration

PLACE = {
    "cluster": "prod-eu-west-1",
    "namespace": "shop",
    "workload_kind": "Deployment",
    "workload": "checkout",
}


def crashing(ends: float | None = None, severity: str = "critical", **labels: str) -> Alert:
    return Alert(
        labels={"alertname": "KubePodCrashLooping", "severity": severity, **PLACE, **labels},
        annotations={
            "summary": "2 pods crash",
            "description": "checkout-abc exited with 1 (Error) & restarted 7 times in <10m>",
            "runbook_url": "https://runbooks.example/crash",
        },
        starts_at=at(0),
        ends_at=None if ends is None else at(ends),
    )


def message(*alerts: Alert) -> Message:
    return Message(
        receiver="team",
        reason=NotifyReason.FIRST,
        group_key="{}:{}",
        group_labels={},
        alerts=alerts,
        external_url="https://farwatch.example",
    )


def config(text: str = "{}") -> SlackConfig:
    whole = configuration(
        "global: {slack_api_url: 'https://slack.example'}\nroute: {receiver: team}\n"
        f"receivers: [{{name: team, slack_configs: [{text}]}}]"
    )
    return whole.receivers[0].slack_configs[0]


def posted(*alerts: Alert, text: str = "{}") -> Attachment:
    return slack_message(message(*alerts), config(text), TemplateLibrary()).attachments[0]


SINCE = f"<!date^{int(START)}^{{date_short_pretty}} {{time}}|2026-03-01 03:00 UTC>"


def test_without_templates_it_says_what_where_how_bad_and_since_when() -> None:
    attachment = posted(crashing())
    assert attachment == Attachment(
        title="🔴 KubePodCrashLooping",
        title_link="https://farwatch.example",
        text=(
            "*prod-eu-west-1* / *shop* / *Deployment checkout*\n"
            "checkout-abc exited with 1 (Error) &amp; restarted 7 times in &lt;10m&gt;\n"
            f"_since {SINCE}_ · <https://runbooks.example/crash|Runbook>"
        ),
        fallback="🔴 KubePodCrashLooping prod-eu-west-1 / shop / Deployment checkout",
        color="danger",
        mrkdwn_in=("text", "pretext", "fallback"),
    )


def test_a_resolution_says_how_long_it_lasted() -> None:
    attachment = posted(crashing(ends=754))
    assert (attachment.title, attachment.color) == ("✅ Resolved: KubePodCrashLooping", "good")
    assert f"_resolved, lasted 12m34s, since {SINCE}_" in attachment.text


def test_several_alerts_are_counted_and_each_says_where_it_differs() -> None:
    attachment = posted(
        crashing(),
        crashing(workload="search", severity="warning"),
        crashing(ends=60, namespace="bank", workload="till"),
    )
    assert attachment.title == "🔴 KubePodCrashLooping (2 firing, 1 resolved)"
    assert attachment.text.startswith("*prod-eu-west-1* / *Deployment*\n*shop / checkout*: checkout-abc")
    assert "*bank / till*: checkout-abc" in attachment.text
    assert (
        posted(crashing(ends=9), crashing(ends=9, workload="b")).title
        == "✅ Resolved: KubePodCrashLooping (all 2)"
    )


def test_more_alerts_than_a_screen_holds_are_counted() -> None:
    attachment = posted(*(crashing(workload=f"w{number}") for number in range(12)))
    assert attachment.title == "🔴 KubePodCrashLooping (12 firing)"
    assert attachment.text.endswith("_and 7 more_")
    assert attachment.text.count("Runbook") == 5


@pytest.mark.parametrize(
    ("severity", "sign", "color"),
    [
        ("critical", "🔴", "danger"),
        ("warning", "🟠", "warning"),
        ("info", "🔵", "#439fe0"),
        ("other", "🟠", "warning"),
    ],
)
def test_the_worst_severity_gives_sign_and_colour(severity: str, sign: str, color: str) -> None:
    attachment = posted(
        crashing(severity="info" if severity == "info" else "none", pod="x"), crashing(severity=severity)
    )
    assert (attachment.title[0], attachment.color) == (sign, color)


def test_an_alert_with_nothing_but_a_name_is_told_too() -> None:
    attachment = posted(Alert(labels={"alertname": "Odd"}, annotations={}, starts_at=at(0)))
    assert (attachment.title, attachment.text) == ("🟠 Odd", f"_since {SINCE}_")


def test_alerts_of_different_names_are_named_together() -> None:
    other = msgspec.structs.replace(crashing(), labels={**crashing().labels, "alertname": "KubeNodeNotReady"})
    assert posted(crashing(), other).title == "🔴 KubeNodeNotReady, KubePodCrashLooping (2 firing)"


def test_a_runbook_that_is_no_address_is_no_link() -> None:
    odd = msgspec.structs.replace(crashing(), annotations={"summary": "x", "runbook_url": "javascript:1|y"})
    assert "javascript" not in posted(odd).text


def test_the_users_templates_take_the_place_of_our_words() -> None:
    sent = slack_message(
        message(crashing()),
        config(
            "{channel: '#{{ .CommonLabels.namespace }}', username: bot, icon_emoji: ':x:', link_names: true,"
            " title: '{{ .CommonLabels.alertname }}: {{ .Status }}', text: '{{ .CommonAnnotations.summary }}',"
            " color: blue, footer: foot, pretext: pre, fallback: fall, title_link: ''}"
        ),
        TemplateLibrary(),
    )
    assert msgspec.json.decode(msgspec.json.encode(sent)) == {
        "channel": "#shop",
        "username": "bot",
        "icon_emoji": ":x:",
        "link_names": True,
        "attachments": [
            {
                "title": "KubePodCrashLooping: firing",
                "text": "2 pods crash",
                "fallback": "fall",
                "color": "blue",
                "footer": "foot",
                "pretext": "pre",
                "mrkdwn_in": ["text", "pretext", "fallback"],
            }
        ],
    }


def test_the_users_versions_of_default_templates_take_the_place_of_our_words() -> None:
    library = TemplateLibrary(
        {
            "own.tmpl": '{{ define "slack.default.title" }}theirs{{ end }}'
            '{{ define "slack.default.titlelink" }}http://theirs{{ end }}'
            '{{ define "slack.default.iconemoji" }}:theirs:{{ end }}'
            '{{ define "slack.default.text" }}theirs, too{{ end }}'
        }
    )
    sent = slack_message(message(crashing()), config("{text: ours}"), library)
    (attachment,) = sent.attachments
    assert (attachment.title, attachment.title_link, attachment.text) == ("theirs", "http://theirs", "ours")
    assert sent.icon_emoji == ":theirs:"
    assert attachment.fallback == posted(crashing()).fallback


def test_if_a_template_fails_the_page_goes_out_in_our_words_and_says_so() -> None:
    attachment = posted(crashing(), text="{title: mine, text: '{{ .Nope }}'}")
    assert attachment.title == "🔴 KubePodCrashLooping"
    assert attachment.footer.startswith("Not as you wrote it, a template failed: ")
    assert "Nope" in attachment.footer


def test_if_the_channels_template_fails_the_webhooks_own_channel_gets_it() -> None:
    sent = slack_message(message(crashing()), config("{channel: '{{ .Nope }}'}"), TemplateLibrary())
    assert sent.channel == ""
    assert "a template failed" in sent.attachments[0].footer


def test_long_texts_are_cut() -> None:
    long = msgspec.structs.replace(crashing(), annotations={"description": "x" * 50_000})
    attachment = posted(long, text=f"{{title: '{'t' * 2_000}'}}")
    assert (len(attachment.title), len(attachment.text)) == (TITLE_LIMIT, TEXT_LIMIT)
    assert attachment.title.endswith("…")
    assert attachment.text.endswith("…")


@pytest.mark.parametrize("answer", ["ok", '{"ok": true}'])
async def test_slacks_ok_is_success(sink: Sink, http: aiohttp.ClientSession, answer: str) -> None:
    sink.otherwise = web.Response(text=answer)
    await _receiver(sink, http).send(message(crashing()))


@pytest.mark.parametrize(
    ("answer", "said"),
    [("no_team", "no_team"), ('{"ok": false, "error": "invalid_auth"}', "invalid_auth"), ("[1]", "[1]")],
)
async def test_a_refusal_under_status_200_is_a_refusal(
    sink: Sink, http: aiohttp.ClientSession, answer: str, said: str
) -> None:
    sink.otherwise = web.Response(text=answer)
    with pytest.raises(DeliveryError) as caught:
        await _receiver(sink, http).send(message(crashing()))
    assert (caught.value.retryable, str(caught.value)) == (False, f"Slack answered: {said}")


async def test_an_answer_that_repeats_a_long_message_is_read_to_its_end(
    sink: Sink, http: aiohttp.ClientSession
) -> None:
    sink.otherwise = web.json_response({"ok": True, "message": {"text": "x" * 60_000}, "ts": "7.1"})
    assert await _receiver(sink, http).send(message(crashing())) == "posted as 7.1"


async def test_what_slack_refuses_is_told_without_secrets(sink: Sink, http: aiohttp.ClientSession) -> None:
    sink.otherwise = web.Response(text=f"no service at {sink.url}")
    with pytest.raises(DeliveryError) as caught:
        await _receiver(sink, http).send(message(crashing()))
    assert str(caught.value) == "Slack answered: no service at <secret>"


def test_what_stands_before_and_above_the_text_may_be_long() -> None:
    sent = slack_message(
        message(crashing()),
        config(f"{{pretext: '{'p' * 2_500}', message_text: '{'m' * 3_500}'}}"),
        TemplateLibrary(),
    )
    assert (sent.text, sent.attachments[0].pretext) == ("m" * 3_500, "p" * 2_500)


class TestUpdates:
    """``update_message``: one message for a group, changed as the group changes."""

    @pytest.fixture
    def bot(self, sink: Sink, http: aiohttp.ClientSession) -> Receiver:
        root = str(sink.server.make_url("/api"))
        whole = configuration(
            "route: {receiver: team}\nreceivers: [{name: team, slack_configs: [{app_token: xoxb-1,"
            f" app_url: '{root}/chat.postMessage', channel: '#a', update_message: true, send_resolved: true}}]}}]"
        )
        ((_, receiver),) = build_receivers(whole, http)["team"]
        sink.otherwise = web.json_response({"ok": True, "channel": "C1", "ts": "7.1"})
        return receiver

    async def test_the_groups_message_is_changed_until_it_is_resolved(
        self, sink: Sink, bot: Receiver
    ) -> None:
        for ends in (None, None, 60, None):
            await bot.send(message(crashing(ends=ends)))
        asked = [(path, body["channel"], body.get("ts")) for (_, path), (_, body) in _asked(sink)]
        assert asked == [
            ("/api/chat.postMessage", "#a", None),
            ("/api/chat.update", "C1", "7.1"),
            ("/api/chat.update", "C1", "7.1"),
            ("/api/chat.postMessage", "#a", None),
        ]

    async def test_one_that_is_gone_is_posted_anew(self, sink: Sink, bot: Receiver) -> None:
        await bot.send(message(crashing()))
        sink.answers.append(web.json_response({"ok": False, "error": "message_not_found"}))
        assert await bot.send(message(crashing())) == "posted as 7.1"
        assert [path for (_, path), _ in _asked(sink)][1:] == ["/api/chat.update", "/api/chat.postMessage"]

    async def test_groups_have_messages_of_their_own(self, sink: Sink, bot: Receiver) -> None:
        await bot.send(message(crashing()))
        await bot.send(msgspec.structs.replace(message(crashing()), group_key="other"))
        assert {path for (_, path), _ in _asked(sink)} == {"/api/chat.postMessage"}


def _asked(sink: Sink) -> Iterator[tuple[tuple[str, str], tuple[float, dict[str, Any]]]]:
    return zip(sink.targets, sink.requests, strict=True)


async def test_the_global_address_holds_where_there_is_no_other(
    sink: Sink, http: aiohttp.ClientSession
) -> None:
    await _receiver(sink, http).send(message(crashing()))
    assert len(sink.requests) == 1


def _receiver(sink: Sink, http: aiohttp.ClientSession) -> Receiver:
    whole = configuration(
        f"global: {{slack_api_url: '{sink.url}'}}\nroute: {{receiver: team}}\nreceivers: [{{name: team, slack_configs: [{{}}]}}]"
    )
    ((_, receiver),) = build_receivers(whole, http)["team"]
    return receiver
