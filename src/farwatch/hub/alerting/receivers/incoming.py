"""Incoming webhooks of chats: the address is the secret, and the answer's status says all there is to say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, exactly_one
from farwatch.hub.alerting.receivers.words import Words, compose
from farwatch.hub.alerting.secrets import SecretUrl


class IncomingConfig(ReceiverSection, frozen=True, kw_only=True):
    """What the sections of all of them have."""

    webhook_url: SecretUrl | None = None
    webhook_url_file: str | None = None

    def faults(self) -> Iterator[Fault]:
        """One address."""
        yield from exactly_one(self, "webhook_url", "webhook_url_file")


C = TypeVar("C", bound=IncomingConfig)


class IncomingWebhook(Generic[C]):
    """Posts messages as JSON; each kind brings its ``_body``."""

    def __init__(self, config: C, context: Context) -> None:
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
        body = await compose(message, lambda: self._body(message, Words(self._templates, message)))
        answer = await self._client.send(url, msgspec.json.encode(body))
        return answer.receipt

    def _body(self, message: Message, words: Words) -> Any:
        raise NotImplementedError
