"""Discord's webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, exactly_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut
from farwatch.hub.alerting.secrets import SecretUrl
from farwatch.hub.alerting.templates import Template, calling

TITLE_LIMIT, DESCRIPTION_LIMIT, CONTENT_LIMIT = 256, 4_096, 2_000
COLORS = {Status.FIRING: 0x992D22, Status.RESOLVED: 0x2ECC71}


class DiscordConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``discord_configs``."""

    webhook_url: SecretUrl | None = None
    webhook_url_file: str | None = None
    content: Template | None = None
    title: Template = calling("discord.default.title")
    message: Template = calling("discord.default.message")
    username: str = ""
    avatar_url: str = ""

    def faults(self) -> Iterator[Fault]:
        """One address."""
        yield from exactly_one(self, "webhook_url", "webhook_url_file")


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


class Discord:
    """Posts messages to a Discord channel."""

    kind = "discord"

    def __init__(self, config: DiscordConfig, context: Context) -> None:
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
        body = await compose(message, lambda: self._body(message))
        answer = await self._client.send(url, msgspec.json.encode(body))
        return answer.receipt

    def _body(self, message: Message) -> DiscordMessage:
        config = self._config
        words = Words(self._templates, message)
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
