"""A hundred services that have no receiver of their own, by way of Apprise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.deliveries import Deliveries
from farwatch.hub.alerting.receivers.reading import read_text
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import ReceiverSection, exactly_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

T = TypeVar("T")

THREADS = 8
"""Of each entry."""

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
        self._deliveries = Deliveries()
        # Apprise blocks. Threads of its own: a service that hangs takes nobody else's.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt. Services that took it when it was tried before are left out.

        Raises:
            DeliveryError: One of the services did not take it.
        """
        notify = await compose(message, lambda: self._arguments(message))
        results: dict[str, bool | None] = {}
        settled = self._deliveries.settled(message)
        try:
            async with asyncio.timeout(self._timeout):
                services = dict(await self._run(lambda: list(self._services())))
                results |= dict.fromkeys(services)
                left = {name: service for name, service in services.items() if name not in settled}
                await asyncio.gather(*(self._notify(results, *each, notify) for each in left.items()))
        except TimeoutError as error:
            self._keep(message, settled, results)
            raise DeliveryError(f"no answer within {self._timeout:g} s", retryable=True) from error
        taken = self._keep(message, settled, results)
        failed = [name for name in services if name not in taken]
        if failed:
            raise DeliveryError(
                f"{len(failed)} of {len(services)} services did not take it: {', '.join(failed)}",
                retryable=True,
            )
        self._deliveries.forget(message)
        return f"taken by {', '.join(services)}"

    def _arguments(self, message: Message) -> dict[str, str]:
        words = Words(self._templates, message)
        title = cut(words.title(self._config.title), TITLE_LIMIT)
        body = cut(words.text(self._config.body, html=self._config.format == "html"), TEXT_LIMIT)
        return {
            "title": title,
            "body": body or "(no details)",
            "notify_type": "success" if message.status is Status.RESOLVED else "failure",
            "body_format": self._config.format,
        }

    def _keep(
        self, message: Message, settled: dict[str, str], results: Mapping[str, bool | None]
    ) -> dict[str, str]:
        """Remember who took it; gives them."""
        taken = settled | {name: "" for name, took in results.items() if took}
        self._deliveries.keep(message, taken)
        return taken

    async def _notify(
        self, results: dict[str, bool | None], name: str, service: Any, message: dict[str, Any]
    ) -> None:
        results[name] = await self._run(lambda: _notify(service, message))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

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


def _notify(service: Any, message: dict[str, Any]) -> bool:
    try:
        return bool(service.notify(**message))
    except (OSError, ValueError, TypeError, KeyError):  # what its services let through
        return False


def _service(url: str) -> Any:
    """A service of Apprise; None if it knows none of this form."""
    # Loaded where it is used: it takes half a second and 40 MiB, and most hubs have no need of it.
    from apprise import Apprise as Library  # noqa: PLC0415

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its words hold addresses with their secrets
    return Library.instantiate(url, suppress_exceptions=True)
