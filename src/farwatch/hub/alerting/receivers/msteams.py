"""Microsoft Teams' incoming webhooks of old (message cards); for workflows there is ``msteamsv2``."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, exactly_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut_bytes
from farwatch.hub.alerting.secrets import SecretUrl
from farwatch.hub.alerting.templates import Template, calling

TITLE_LIMIT_BYTES, TEXT_LIMIT_BYTES = 1_024, 20_000
"""Teams takes 28 KB for a whole message; quotes and line breaks grow in JSON."""

COLORS = {Status.FIRING: "8C1A1A", Status.RESOLVED: "2DC72D"}


class MsTeamsConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``msteams_configs``."""

    webhook_url: SecretUrl | None = None
    webhook_url_file: str | None = None
    title: Template = calling("msteams.default.title")
    summary: Template = calling("msteams.default.summary")
    text: Template = calling("msteams.default.text")

    def faults(self) -> Iterator[Fault]:
        """One address."""
        yield from exactly_one(self, "webhook_url", "webhook_url_file")


class MessageCard(msgspec.Struct, kw_only=True):
    """What a webhook of old takes."""

    context: str = msgspec.field(name="@context", default="http://schema.org/extensions")
    type: str = "MessageCard"
    title: str
    summary: str
    text: str
    theme_color: str = msgspec.field(name="themeColor")


class MsTeams:
    """Posts message cards to a Teams channel."""

    kind = "msteams"

    def __init__(self, config: MsTeamsConfig, context: Context) -> None:
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

    def _card(self, message: Message) -> MessageCard:
        config = self._config
        words = Words(self._templates, message)
        return MessageCard(
            title=cut_bytes(words.title(config.title), TITLE_LIMIT_BYTES),
            summary=cut_bytes(words.title(config.summary), TITLE_LIMIT_BYTES),
            theme_color=COLORS[message.status],
            text=cut_bytes(words.text(config.text), TEXT_LIMIT_BYTES),
        )
