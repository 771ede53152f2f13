"""What an alert carries to be understood comes along in webhooks, Slack, mails, and templates."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec
import pytest

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.evidence import Digest
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import build_receivers
from farwatch.hub.alerting.receivers.clues import in_html, in_mrkdwn, in_text
from farwatch.hub.alerting.receivers.slack import EVIDENCE_LIMIT, SlackConfig, slack_message
from farwatch.hub.alerting.receivers.webhook import payload
from farwatch.hub.alerting.templates import Template, TemplateLibrary

from ..conftest import Sink, alert, configuration

DIGEST = Digest(
    changes=("Deployment checkout: revision 7 → 8: image shop:1 → shop:2 (40 s before)",),
    events=("Pod a: BackOff (7 times): restarting <failed> container",),
    logs=("starting", "panic: ``` & <nil>"),
    missing=("previous run: there is none",),
)


def message(*pods: str, evidence: tuple[str, ...] = ("a",)) -> Message:
    alerts = tuple(alert(pod, namespace="shop") for pod in pods or ("a",))
    known = {each.fingerprint: DIGEST for each in alerts if each.labels["pod"] in evidence}
    return Message(
        receiver="team",
        reason=NotifyReason.FIRST,
        group_key="{}:{}",
        group_labels={},
        alerts=alerts,
        evidence=known,
    )


def test_in_slack_it_is_a_list_and_a_block_without_mark_up_of_its_own() -> None:
    text = in_mrkdwn(message())
    assert text.splitlines()[:5] == [
        "*Changed before*",
        "• Deployment checkout: revision 7 → 8: image shop:1 → shop:2 (40 s before)",
        "*Warnings*",
        "• Pod a: BackOff (7 times): restarting &lt;failed&gt; container",
        "*Last lines*",
    ]
    assert "\n```\nstarting\npanic: ''' &amp; &lt;nil&gt;\n```\n" in text
    assert text.endswith("_previous run: there is none_")


def test_in_a_mail_it_is_html_in_which_nothing_is_mark_up() -> None:
    block = in_html(message())
    assert "<pre" in block
    assert "panic: ``` &amp; &lt;nil&gt;" in block
    assert "&lt;failed&gt;" in block
    assert "<nil>" not in block


def test_as_text_it_is_indented_under_headings() -> None:
    assert in_text(message()).splitlines()[:2] == [
        "Changed before:",
        "  Deployment checkout: revision 7 → 8: image shop:1 → shop:2 (40 s before)",
    ]


def test_of_several_alerts_each_has_its_place_and_only_a_few_are_shown() -> None:
    text = in_mrkdwn(message("a", "b", "c", "d", "e", evidence=("a", "c", "d", "e")))
    assert [line for line in text.splitlines() if line.startswith("*shop")] == [
        "*shop / a*",
        "*shop / c*",
        "*shop / d*",
    ]


@pytest.mark.parametrize("show", [in_mrkdwn, in_html, in_text])
def test_where_there_is_none_nothing_is_shown(show: Any) -> None:
    assert show(message(evidence=())) == ""
    ended = msgspec.structs.replace(message(), alerts=(alert("a", namespace="shop", ends=60),))
    assert show(ended) == ""


def test_webhooks_carry_it_with_the_alert_and_only_if_there_is_some() -> None:
    with_it, without = msgspec.json.decode(msgspec.json.encode(payload(message("a", "b"))))["alerts"]
    assert with_it["evidence"]["logs"] == ["starting", "panic: ``` & <nil>"]
    assert with_it["evidence"]["missing"] == ["previous run: there is none"]
    assert "evidence" not in without


def test_slack_shows_it_below_the_message() -> None:
    own, evidence = slack_message(message(), SlackConfig(), TemplateLibrary.load([])).attachments
    assert "a crashes" in own.text
    assert evidence.text == in_mrkdwn(message())
    assert evidence.mrkdwn_in == ("text",)


def test_below_the_users_own_words_too_unless_they_show_it_themselves() -> None:
    library = TemplateLibrary.load([])
    own = SlackConfig(text=Template("{{ .Status }}"))
    assert [each.text for each in slack_message(message(), own, library).attachments] == [
        "firing",
        in_mrkdwn(message()),
    ]
    shown = SlackConfig(text=Template("{{ range .Alerts }}{{ .Evidence }}{{ end }}"))
    (attachment,) = slack_message(message(), shown, library).attachments
    assert attachment.text == DIGEST.text


def test_templates_have_it_as_text_and_json_is_alertmanagers() -> None:
    library = TemplateLibrary.load([])
    both = message("a", "b")
    template = Template("{{ range .Alerts }}[{{ .Evidence }}]{{ end }}")
    assert library.render(template, both) == f"[{DIGEST.text}][]"
    assert "vidence" not in library.render(Template("{{ .Alerts | toJson }}"), both)


async def test_a_message_with_it_arrives(sink: Sink, http: aiohttp.ClientSession) -> None:
    config = configuration(
        f"route: {{receiver: team}}\nreceivers: [{{name: team, slack_configs: [{{api_url: '{sink.url}'}}]}}]\n"
    )
    ((_, receiver),) = build_receivers(config, http)["team"]
    await receiver.send(message())
    ((_, body),) = sink.requests
    assert len(body["attachments"]) == 2


def test_slack_gets_no_block_that_does_not_end() -> None:
    long = Digest(logs=tuple(f"{number} {'x' * 290}" for number in range(10)))
    alerts = tuple(alert(pod) for pod in "abc")
    told = msgspec.structs.replace(
        message(), alerts=alerts, evidence={each.fingerprint: long for each in alerts}
    )
    _, evidence = slack_message(told, SlackConfig(), TemplateLibrary.load([])).attachments
    assert len(evidence.text) <= EVIDENCE_LIMIT
    assert evidence.text.count("```") % 2 == 0
    assert evidence.text.endswith("…\n```")
