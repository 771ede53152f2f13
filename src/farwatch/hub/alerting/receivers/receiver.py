"""What every receiver is."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import aiohttp

from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.templates import TemplateLibrary

DEFAULT_TIMEOUT_SECONDS = 30.0
"""For an attempt where the configuration sets no ``timeout``; a service that hangs is tried again after it."""


class DeliveryError(AlertingError):
    """A message was not delivered. The message of this error holds no secret.

    Attributes:
        retryable: Whether trying again may help.
        retry_after: How many seconds the service asks to wait before that.
    """

    def __init__(self, message: str, *, retryable: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after


class Context(NamedTuple):
    """What receivers share.

    Attributes:
        http: What requests are sent with.
        templates: The named templates.
        timeout: Seconds for an attempt where the configuration sets none.
    """

    http: aiohttp.ClientSession
    templates: TemplateLibrary
    timeout: float = DEFAULT_TIMEOUT_SECONDS


class Receiver(Protocol):
    """One way to reach people: one entry of a receiver's ``<kind>_configs``."""

    @property
    def kind(self) -> str:
        """Its name in the configuration: ``webhook``, ``slack``."""

    @property
    def send_resolved(self) -> bool:
        """Whether it is told of resolutions."""

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt: in a few words, what the service answered.

        Raises:
            DeliveryError: The service did not take it.
        """
