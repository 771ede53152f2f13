"""Microsoft Teams' incoming webhooks of old (message cards); for workflows there is ``msteamsv2``."""

from __future__ import annotations

import msgspec

from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.incoming import IncomingConfig, IncomingWebhook
from farwatch.hub.alerting.receivers.words import Words, cut_bytes
from farwatch.hub.alerting.templates import Template, calling

TITLE_LIMIT_BYTES, TEXT_LIMIT_BYTES = 1_024, 20_000
"""Teams takes 28 KB for a whole message; quotes and line breaks grow in JSON."""

COLORS = {Status.FIRING: "8C1A1A", Status.RESOLVED: "2DC72D"}


class MsTeamsConfig(IncomingConfig, frozen=True, kw_only=True):
    """An entry of ``msteams_configs``."""

    title: Template = calling("msteams.default.title")
    summary: Template = calling("msteams.default.summary")
    text: Template = calling("msteams.default.text")


class MessageCard(msgspec.Struct, kw_only=True):
    """What a webhook of old takes."""

    context: str = msgspec.field(name="@context", default="http://schema.org/extensions")
    type: str = "MessageCard"
    title: str
    summary: str
    text: str
    theme_color: str = msgspec.field(name="themeColor")


class MsTeams(IncomingWebhook[MsTeamsConfig]):
    """Posts message cards to a Teams channel."""

    kind = "msteams"

    def _body(self, message: Message, words: Words) -> MessageCard:
        config = self._config
        return MessageCard(
            title=cut_bytes(words.title(config.title), TITLE_LIMIT_BYTES),
            summary=cut_bytes(words.title(config.summary), TITLE_LIMIT_BYTES),
            theme_color=COLORS[message.status],
            text=cut_bytes(words.text(config.text), TEXT_LIMIT_BYTES),
        )
