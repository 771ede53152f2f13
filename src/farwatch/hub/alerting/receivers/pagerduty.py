"""PagerDuty's Events API, version 2, and version 1 for services that have a ``service_key``."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Self

import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import GlobalConfig, ReceiverSection, Url, exactly_one
from farwatch.hub.alerting.receivers.words import TemplateTree, Words, compose, cut
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

URL_V1 = Url("https://events.pagerduty.com/generic/2010-04-15/create_event.json")
SUMMARY_LIMIT = 1_024
EVENT_LIMIT_BYTES = 512_000
_ACTIONS = {Status.FIRING: "trigger", Status.RESOLVED: "resolve"}
DETAILS = {
    "firing": TemplateTree("{{ .Alerts.Firing | toJson }}"),
    "resolved": TemplateTree("{{ .Alerts.Resolved | toJson }}"),
    "num_firing": TemplateTree("{{ .Alerts.Firing | len }}"),
    "num_resolved": TemplateTree("{{ .Alerts.Resolved | len }}"),
}
"""What is told of every event, unless the configuration says it otherwise."""


class PagerDutyImage(Section, frozen=True, kw_only=True):
    """An image beside the event."""

    src: Template | None = None
    alt: Template | None = None
    href: Template | None = None


class PagerDutyLink(Section, frozen=True, kw_only=True):
    """A link beside the event."""

    href: Template | None = None
    text: Template | None = None


class PagerDutyConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``pagerduty_configs``."""

    inherited = (("url",),)
    prefix = "pagerduty_"

    routing_key: Secret | None = None
    routing_key_file: str | None = None
    service_key: Secret | None = None
    service_key_file: str | None = None
    url: Url | None = None
    client: Template = calling("pagerduty.default.client")
    client_url: Template = calling("pagerduty.default.clientURL")
    description: Template = calling("pagerduty.default.description")
    severity: Template = Template("error")
    details: dict[str, TemplateTree] = msgspec.field(default_factory=dict)
    images: list[PagerDutyImage] = msgspec.field(default_factory=list)
    links: list[PagerDutyLink] = msgspec.field(default_factory=list)
    source: Template | None = None
    class_: Template | None = msgspec.field(name="class", default=None)
    component: Template | None = None
    group: Template | None = None
    timeout: Duration | None = None

    def faults(self) -> Iterator[Fault]:
        """One key."""
        yield from exactly_one(self, "routing_key", "routing_key_file", "service_key", "service_key_file")

    @property
    def is_old(self) -> bool:
        """Whether version 1 is spoken."""
        return self.service_key is not None or self.service_key_file is not None

    def with_defaults(self, defaults: GlobalConfig) -> Self:
        """The same entry; the address in ``global`` is that of version 2."""
        entry = msgspec.structs.replace(self, url=URL_V1) if self.is_old and self.url is None else self
        return super(PagerDutyConfig, entry).with_defaults(defaults)


class PagerDuty:
    """Triggers and resolves events of PagerDuty."""

    kind = "pagerduty"

    def __init__(self, config: PagerDutyConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        # As upstream: version 1 says 403 for too many events.
        retried = (HTTPStatus.FORBIDDEN,) if config.is_old else ()
        self._client = Client(context, config.http_config, timeout=config.timeout, retried=retried)

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        words = Words(self._templates, message)
        name, key = self._key(words)
        body = await compose(message, lambda: self._body(message, words, {name: key}))
        answer = await self._client.send(self._config.url or "", body, secrets=[key])
        return answer.receipt

    def _body(self, message: Message, words: Words, key: dict[str, str]) -> bytes:
        event = self._event_v1(message, words) if self._config.is_old else self._event(message, words)
        body = msgspec.json.encode(key | event)
        if len(body) > EVENT_LIMIT_BYTES:
            # As upstream: what happened and where it is stays, the long part goes.
            place, details = (
                (event, "details") if self._config.is_old else (event["payload"], "custom_details")
            )
            place[details] = {"error": "Left out: the event was larger than 512 kB."}
            body = msgspec.json.encode(key | event)
        return body

    def _key(self, words: Words) -> tuple[str, str]:
        """The key, after its name."""
        config = self._config
        name = "service_key" if config.is_old else "routing_key"
        key = words.secret(name, read_secret(getattr(config, name), getattr(config, f"{name}_file")))
        if not key:
            raise DeliveryError(f"`{name}` is empty", retryable=False)
        return name, key

    def _details(self, words: Words) -> dict[str, Any]:
        return {name: tree.render(words) for name, tree in {**DETAILS, **self._config.details}.items()}

    def _event_v1(self, message: Message, words: Words) -> dict[str, Any]:
        config = self._config
        event: dict[str, Any] = {
            "event_type": _ACTIONS[message.status],
            "incident_key": message.group_hash,
            "description": cut(words.title(config.description) or " ", SUMMARY_LIMIT),
            "details": self._details(words),
        }
        if message.status is Status.FIRING:
            event |= {"client": words.line(config.client), "client_url": words.line(config.client_url)}
        if words.failures:
            event["details"]["template_error"] = "; ".join(words.failures)
        return {name: value for name, value in event.items() if value}

    def _event(self, message: Message, words: Words) -> dict[str, Any]:
        config = self._config
        images = [_rendered(image, words) for image in config.images]
        links = [_rendered(link, words) for link in config.links]
        event: dict[str, Any] = {
            "event_action": _ACTIONS[message.status],
            "dedup_key": message.group_hash,
            "client": words.line(config.client),
            "client_url": words.line(config.client_url),
            "images": [image for image in images if image["src"]],
            "links": [link for link in links if link["href"]],
        }
        payload: dict[str, Any] = {
            "source": words.line(config.source or config.client, "farwatch") or "farwatch",
            "severity": words.line(config.severity, "error"),
            "class": words.line(config.class_),
            "component": words.line(config.component),
            "group": words.line(config.group),
            "custom_details": self._details(words),
            "summary": cut(words.title(config.description) or " ", SUMMARY_LIMIT),
        }
        if words.failures:
            payload["custom_details"]["template_error"] = "; ".join(words.failures)
        return {
            **{name: value for name, value in event.items() if value},
            "payload": {name: value for name, value in payload.items() if value},
        }


def _rendered(section: Section, words: Words) -> dict[str, str]:
    return {name: words.line(getattr(section, name)) for name in section.__struct_fields__}
