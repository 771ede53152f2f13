from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from farwatch.hub.alerting import Config
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.document import parse_document
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import build_receivers
from farwatch.hub.alerting.receivers.aws import Credentials, Scope, signed

from ..conftest import Sink, alert, configuration

TOPIC = "arn:aws:sns:eu-west-1:1:pages"
MESSAGE = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key="{}:{}",
    group_labels={"alertname": "KubePodCrashLooping"},
    alerts=(alert("a", cluster="x"),),
)


def text(sink_url: str, more: str) -> str:
    keys = "sigv4: {region: eu-west-1, access_key: AK, secret_key: s3cret}"
    return (
        "route: {receiver: team}\n"
        f"receivers: [{{name: team, sns_configs: [{{api_url: '{sink_url}', {keys}, {more}}}]}}]\n"
    )


@pytest.fixture
def publish(sink: Sink, http: aiohttp.ClientSession) -> Any:
    """Publish a message, with these keys in the section; gives the receipt and the form that arrived."""

    async def publish(more: str, message: Message = MESSAGE) -> tuple[str, dict[str, Any]]:
        ((_, receiver),) = build_receivers(configuration(text(sink.url, more)), http)["team"]
        receipt = await receiver.send(message)
        return receipt, sink.requests[-1][1]

    return publish


async def test_a_topic_gets_subject_message_and_attributes(publish: Any, sink: Sink) -> None:
    sink.otherwise = web.Response(text="<PublishResponse><MessageId>42-x</MessageId></PublishResponse>")
    attributes = "attributes: {severity: '{{ .Status }}', team: web}"
    receipt, form = await publish(f"topic_arn: '{TOPIC}', subject: 's', message: 'm é', {attributes}")
    assert receipt == "message 42-x"
    assert form == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": TOPIC,
        "Message": "m é",
        "Subject": "s",
        "MessageAttributes.entry.1.Name": "severity",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "firing",
        "MessageAttributes.entry.2.Name": "team",
        "MessageAttributes.entry.2.Value.DataType": "String",
        "MessageAttributes.entry.2.Value.StringValue": "web",
    }


async def test_an_attribute_without_a_value_is_left_out_as_the_service_refuses_it(publish: Any) -> None:
    attributes = "attributes: {a: '{{ .Nope.Nope }}', b: '{{ .CommonLabels.none }}', c: x}"
    _, form = await publish(f"topic_arn: '{TOPIC}', {attributes}")
    assert form["MessageAttributes.entry.1.Name"] == "c"
    assert "MessageAttributes.entry.2.Name" not in form
    assert "Nope" in form["Message"]


async def test_a_fifo_topic_takes_news_about_a_group_but_no_message_twice(publish: Any) -> None:
    async def told(message: Message) -> tuple[str, str]:
        _, form = await publish("topic_arn: 'arn:aws:sns:eu-west-1:1:pages.fifo'", message)
        return form["MessageGroupId"], form["MessageDeduplicationId"]

    ended = msgspec.structs.replace(MESSAGE, alerts=(alert("a", cluster="x", ends=60),))
    first, again, last = await told(MESSAGE), await told(MESSAGE), await told(ended)
    assert first == again
    assert first[0] == last[0]
    assert first[1] != last[1]  # within five minutes, one with the same would be dropped without a word


async def test_the_request_is_signed_for_the_service_and_region(publish: Any, sink: Sink) -> None:
    await publish(f"topic_arn: '{TOPIC}', message: m, subject: s")
    headers = sink.headers[0]
    time = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    body = "Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A1%3Apages&Message=m&Subject=s"
    expected = signed(sink.url, body.encode(), Credentials("AK", "s3cret"), Scope("eu-west-1", "sns", time))
    assert headers["Authorization"] == expected["Authorization"]


async def test_without_templates_it_says_what_upstream_says(publish: Any) -> None:
    _, form = await publish(f"topic_arn: '{TOPIC}'")
    assert form["Subject"].startswith("[FIRING:1] KubePodCrashLooping")
    assert "a crashes" in form["Message"]


async def test_a_fifo_topic_gets_a_group_and_an_id(publish: Any) -> None:
    _, form = await publish(f"topic_arn: '{TOPIC}.fifo'")
    assert form["MessageGroupId"] == MESSAGE.group_hash
    assert len(form["MessageDeduplicationId"]) == 64


async def test_a_phone_gets_what_fits_into_its_messages(publish: Any) -> None:
    _, form = await publish("phone_number: '+49 1', message: '" + "é" * 1_700 + "', subject: ''")
    assert form["PhoneNumber"] == "+49 1"
    assert len(form["Message"]) == 1_600
    assert form["MessageAttributes.entry.1.Name"] == "truncated"
    assert "Subject" not in form


async def test_a_long_message_is_cut_to_what_the_service_takes_and_says_so(publish: Any) -> None:
    alerts = (alert("a", summary="é" * 200_000),)
    long = msgspec.structs.replace(MESSAGE, alerts=alerts)
    _, form = await publish(f"target_arn: '{TOPIC}', message: '{{{{ .CommonAnnotations.summary }}}}'", long)
    assert form["TargetArn"] == TOPIC
    assert 256 * 1024 - 10 < len(form["Message"].encode()) <= 256 * 1024
    assert form["MessageAttributes.entry.1.Value.StringValue"] == "true"


async def test_a_subject_is_one_short_line(publish: Any) -> None:
    _, form = await publish(f"topic_arn: '{TOPIC}', subject: \"a\\nb {'c' * 200}\"")
    assert form["Subject"].startswith("a b ccc")
    assert len(form["Subject"]) == 99  # "less than 100 characters", says the reference of Publish


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("message: m", "set one of `topic_arn`, `target_arn` and `phone_number`"),
        ("topic_arn: a, phone_number: b", "set one of `topic_arn`"),
        ("topic_arn: a, sigv4: {access_key: a}", "set `access_key` and `secret_key` together"),
        ("topic_arn: a, sigv4: {key: a}", "unknown key `key`"),
    ],
)
def test_what_is_wrong_is_refused(more: str, fault: str) -> None:
    receivers = f"route: {{receiver: team}}\nreceivers: [{{name: team, sns_configs: [{{{more}}}]}}]\n"
    _, problems = parse_document(receivers, "f", Config)
    assert fault in "\n".join(map(str, problems))
