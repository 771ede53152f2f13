"""Discord's webhooks."""

from __future__ import annotations

import msgspec

from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.incoming import IncomingConfig, IncomingWebhook
from farwatch.hub.alerting.receivers.words import Words, cut
from farwatch.hub.alerting.templates import Template, calling

TITLE_LIMIT, DESCRIPTION_LIMIT, CONTENT_LIMIT = 256, 4_096, 2_000
COLORS = {Status.FIRING: 0x992D22, Status.RESOLVED: 0x2ECC71}


class DiscordConfig(IncomingConfig, frozen=True, kw_only=True):
    """An entry of ``discord_configs``."""

    content: Template | None = None
    title: Template = calling("discord.default.title")
    message: Template = calling("discord.default.message")
    username: str = ""
    avatar_url: str = ""


class Embed(msgspec.Struct, kw_only=True):
    """The part of a message with the coloured bar."""

    title: str
    description: str
    color: int


class DiscordMessage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a webhook takes."""

    content: str
    embeds: list[Embed]
    username: str = ""
    avatar_url: str = ""


class Discord(IncomingWebhook[DiscordConfig]):
    """Posts messages to a Discord channel."""

    kind = "discord"

    def _body(self, message: Message, words: Words) -> DiscordMessage:
        config = self._config
        return DiscordMessage(
            content=cut(words.line(config.content), CONTENT_LIMIT),
            username=config.username,
            avatar_url=config.avatar_url,
            embeds=[
                Embed(
                    title=cut(words.title(config.title), TITLE_LIMIT),
                    color=COLORS[message.status],
                    description=cut(words.text(config.message), DESCRIPTION_LIMIT),
                )
            ],
        )
