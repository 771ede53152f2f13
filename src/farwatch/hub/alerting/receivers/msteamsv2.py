"""Microsoft Teams' workflows: adaptive cards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.msteams import TEXT_LIMIT_BYTES, TITLE_LIMIT_BYTES
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, exactly_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut_bytes
from farwatch.hub.alerting.secrets import SecretUrl
from farwatch.hub.alerting.templates import Template, calling

COLORS = {Status.FIRING: "Attention", Status.RESOLVED: "Good"}


class MsTeamsV2Config(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``msteamsv2_configs``."""

    webhook_url: SecretUrl | None = None
    webhook_url_file: str | None = None
    title: Template = calling("msteamsv2.default.title")
    text: Template = calling("msteamsv2.default.text")

    def faults(self) -> Iterator[Fault]:
        """One address."""
        yield from exactly_one(self, "webhook_url", "webhook_url_file")


class MsTeamsV2:
    """Posts adaptive cards to a Teams workflow."""

    kind = "msteamsv2"

    def __init__(self, config: MsTeamsV2Config, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config)

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        url = read_secret(self._config.webhook_url, self._config.webhook_url_file)
        card = await compose(message, lambda: self._card(message))
        answer = await self._client.send(url, msgspec.json.encode(card))
        return answer.receipt

    def _card(self, message: Message) -> dict[str, Any]:
        words = Words(self._templates, message)
        title = cut_bytes(words.title(self._config.title), TITLE_LIMIT_BYTES)
        text = cut_bytes(words.text(self._config.text), TEXT_LIMIT_BYTES)
        return adaptive_card(title, text, COLORS[message.status])


def adaptive_card(title: str, text: str, color: str) -> dict[str, Any]:
    """What a workflow takes: a message with one card attached."""
    block = {"type": "TextBlock", "wrap": True}
    heading = {
        **block,
        "text": title,
        "weight": "Bolder",
        "size": "Medium",
        "style": "heading",
        "color": color,
    }
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [heading, {**block, "text": text}],
        "msteams": {"width": "full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}
