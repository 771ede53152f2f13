"""A hundred services that have no receiver of their own, by way of Apprise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.reading import read_text
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import ReceiverSection, exactly_one
from farwatch.hub.alerting.receivers.words import Words, cut
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

TITLE_LIMIT, TEXT_LIMIT = 250, 30_000
"""Apprise cuts to what each service takes; this bounds what it is given."""


class AppriseConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``apprise_configs``; Alertmanager has none.

    Attributes:
        urls: Services in Apprise's form, ``matrix://user:password@host/#room``; they hold secrets.
        urls_file: Or a file with one on each line.
        title: A template.
        body: A template.
        format: What the body is written in.
        timeout: For one attempt.
    """

    urls: list[Secret] | None = None
    urls_file: str | None = None
    title: Template = calling("slack.default.title")
    body: Template = calling("pushover.default.message")
    format: Literal["text", "markdown", "html"] = "text"
    timeout: Duration | None = None

    def faults(self) -> Iterator[Fault]:
        """Services that Apprise knows; what is wrong is told without them."""
        yield from exactly_one(self, "urls", "urls_file")
        if self.urls == []:
            yield Fault(("urls",), "`urls` is empty")
        if self.http_config is not None:
            yield Fault(("http_config",), "`http_config` does not reach Apprise's services: take it out")
        for index, url in enumerate(self.urls or []):
            if _service(url.reveal()) is None:
                scheme = urlsplit(url.reveal()).scheme[:20]
                yield Fault(
                    ("urls", index),
                    f'no service of Apprise is written so (it begins with "{scheme}"): see its list of services',
                )


class Apprise:
    """Sends messages by Apprise."""

    kind = "apprise"

    def __init__(self, config: AppriseConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._timeout = (context.timeout if config.timeout is None else config.timeout) or None

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken; it is not tried again at once if some of the services did take it.
        """
        services = list(self._services())
        words = Words(self._templates, message)
        title = cut(words.title(self._config.title), TITLE_LIMIT)
        body = cut(words.text(self._config.body, html=self._config.format == "html"), TEXT_LIMIT)
        notify = {
            "title": title,
            "body": body or "(no details)",
            "notify_type": "success" if message.status is Status.RESOLVED else "failure",
            "body_format": self._config.format,
        }
        try:
            async with asyncio.timeout(self._timeout):
                results = await asyncio.gather(*(_notify(service, notify) for service in services))
        except TimeoutError as error:
            raise DeliveryError(f"no answer within {self._timeout:g} s", retryable=True) from error
        failed = [name for (name, _), ok in zip(services, results, strict=True) if not ok]
        if failed:
            raise DeliveryError(
                f"{len(failed)} of {len(services)} services did not take it: {', '.join(failed)}",
                retryable=len(failed) == len(services),
            )
        return f"taken by {', '.join(name for name, _ in services)}"

    def _services(self) -> Iterator[tuple[str, Any]]:
        """Each service by its name."""
        for number, url in enumerate(self._urls(), start=1):
            service = _service(url)
            if service is None:
                raise DeliveryError(
                    f"line {number} of {self._config.urls_file} is no service of Apprise", retryable=False
                )
            yield f"{service.service_name} {number}", service

    def _urls(self) -> Sequence[str]:
        if self._config.urls is not None:
            return [url.reveal() for url in self._config.urls]
        lines = read_text(None, self._config.urls_file).splitlines()
        urls = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if not urls:
            raise DeliveryError(f"{self._config.urls_file} names no service", retryable=False)
        return urls


async def _notify(service: tuple[str, Any], message: dict[str, Any]) -> bool:
    # Off the loop: Apprise blocks. A thread that hangs ends by the services' own time-outs of some seconds.
    try:
        return bool(await asyncio.to_thread(service[1].notify, **message))
    except (OSError, ValueError, TypeError, KeyError):  # what its services let through
        return False


def _service(url: str) -> Any:
    """A service of Apprise; None if it knows none of this form."""
    # Loaded where it is used: it takes half a second and 40 MiB, and most hubs have no need of it.
    from apprise import Apprise as Library  # noqa: PLC0415

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its words hold addresses with their secrets
    return Library.instantiate(url, suppress_exceptions=True)
