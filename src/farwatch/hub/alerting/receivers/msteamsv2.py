"""Microsoft Teams' workflows: adaptive cards."""

from __future__ import annotations

from typing import Any

from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.incoming import IncomingConfig, IncomingWebhook
from farwatch.hub.alerting.receivers.msteams import TEXT_LIMIT_BYTES, TITLE_LIMIT_BYTES
from farwatch.hub.alerting.receivers.words import Words, cut_bytes
from farwatch.hub.alerting.templates import Template, calling

COLORS = {Status.FIRING: "Attention", Status.RESOLVED: "Good"}


class MsTeamsV2Config(IncomingConfig, frozen=True, kw_only=True):
    """An entry of ``msteamsv2_configs``."""

    title: Template = calling("msteamsv2.default.title")
    text: Template = calling("msteamsv2.default.text")


class MsTeamsV2(IncomingWebhook[MsTeamsV2Config]):
    """Posts adaptive cards to a Teams workflow."""

    kind = "msteamsv2"

    def _body(self, message: Message, words: Words) -> dict[str, Any]:
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
