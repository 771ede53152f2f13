"""Amazon SNS."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.aws import FORM, Signer, SigV4Config, encode_form
from farwatch.hub.alerting.receivers.deliveries import identify
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection
from farwatch.hub.alerting.receivers.words import Words, compose, cut, cut_bytes
from farwatch.hub.alerting.templates import Template, calling
from farwatch.hub.times import to_time

TEXT_LIMIT_BYTES = 256 * 1024
SMS_LIMIT, SUBJECT_LIMIT = 1_600, 99

_VERSION = "2010-03-31"
_DESTINATIONS = ("topic_arn", "target_arn", "phone_number")
_MESSAGE_ID = re.compile(rb"<MessageId>([^<]{1,100})</MessageId>")


class SnsConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``sns_configs``.

    Attributes:
        use_aws_http_client: May be set for upstream's sake; there is but one client here.
    """

    api_url: Template | None = None
    sigv4: SigV4Config = SigV4Config()
    topic_arn: Template | None = None
    phone_number: Template | None = None
    target_arn: Template | None = None
    subject: Template = calling("sns.default.subject")
    message: Template = calling("sns.default.message")
    attributes: dict[str, Template] = msgspec.field(default_factory=dict)
    use_aws_http_client: bool = False

    def faults(self) -> Iterator[Fault]:
        """One place to send to."""
        if sum(getattr(self, name) is not None for name in _DESTINATIONS) != 1:
            yield Fault((), "set one of `topic_arn`, `target_arn` and `phone_number`")


class Sns:
    """Publishes to a topic, a device or a phone.

    Args:
        config: Its section.
        context: What receivers share.
        clock: Seconds since the epoch: what is signed carries the time.
    """

    kind = "sns"

    def __init__(self, config: SnsConfig, context: Context, clock: Callable[[], float] = time.time) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config)
        self._signer = Signer(config.sigv4, self._client)
        self._clock = clock

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        words = Words(self._templates, message)
        url = (
            words.exact("api_url", self._config.api_url)
            or f"https://sns.{self._signer.region}.amazonaws.com/"
        )
        body = await compose(message, lambda: encode_form(self._form(message, words)))
        now = to_time(self._clock())
        headers = await self._signer.headers("sns", url, body, now)
        secret = self._config.sigv4.secret_key
        answer = await self._client.send(
            url, body, content_type=FORM, headers=headers, secrets=[secret.reveal()] if secret else []
        )
        found = _MESSAGE_ID.search(answer.body)
        return f"message {found[1].decode(errors='replace')}" if found else answer.receipt

    def _form(self, message: Message, words: Words) -> dict[str, str]:
        config = self._config
        form = {"Action": "Publish", "Version": _VERSION}
        for name, key in zip(_DESTINATIONS, ("TopicArn", "TargetArn", "PhoneNumber"), strict=True):
            if getattr(config, name) is not None:
                form[key] = words.exact(name, getattr(config, name))
        if form.get("TopicArn", "").endswith(".fifo"):
            # Not upstream's id, the group's: what comes with the same within five minutes is dropped, and so would be
            # the end of an alert soon after its beginning.
            form |= {"MessageGroupId": message.group_hash, "MessageDeduplicationId": identify(message)}
        subject = " ".join(words.title(config.subject).split())  # a line break in it is refused
        attributes = {name: words.line(template) for name, template in config.attributes.items()}
        text = words.text(config.message)
        whole = cut(text, SMS_LIMIT) if "PhoneNumber" in form else cut_bytes(text, TEXT_LIMIT_BYTES)
        if whole != text:
            attributes["truncated"] = "true"
        form["Message"] = whole or "(no details)"
        if subject:
            form["Subject"] = cut(subject, SUBJECT_LIMIT)
        filled = sorted((name, value) for name, value in attributes.items() if value)  # others are refused
        for number, (name, value) in enumerate(filled, start=1):
            entry = f"MessageAttributes.entry.{number}"
            form |= {
                f"{entry}.Name": name,
                f"{entry}.Value.DataType": "String",
                f"{entry}.Value.StringValue": value,
            }
        return form
