"""Webex rooms."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url
from farwatch.hub.alerting.receivers.words import Words, compose, cut_bytes
from farwatch.hub.alerting.templates import Template, calling

TEXT_LIMIT_BYTES = 7_439


class WebexConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``webex_configs``; the bot's token stands in ``http_config.authorization``."""

    inherited = (("api_url",),)
    prefix = "webex_"

    room_id: Template
    api_url: Url | None = None
    message: Template = calling("webex.default.message")

    def shortcomings(self) -> Iterator[Fault]:
        """The bot's token."""
        if self.http_config is None or self.http_config.authorization is None:
            yield Fault((), "no token: set `http_config.authorization` to the bot's")


class Webex:
    """Posts messages to a Webex room."""

    kind = "webex"

    def __init__(self, config: WebexConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config)

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        body = await compose(message, lambda: self._body(Words(self._templates, message)))
        answer = await self._client.send(self._config.api_url or "", msgspec.json.encode(body))
        return answer.receipt

    def _body(self, words: Words) -> dict[str, str]:
        return {
            "roomId": words.exact("room_id", self._config.room_id),
            "markdown": cut_bytes(words.text(self._config.message), TEXT_LIMIT_BYTES),
        }
