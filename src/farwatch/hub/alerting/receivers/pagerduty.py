"""PagerDuty's Events API, version 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
import yaml

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import Client, read_secret
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url, exactly_one
from farwatch.hub.alerting.receivers.words import Words, cut
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

SUMMARY_LIMIT = 1_024
EVENT_LIMIT_BYTES = 512_000
_ACTIONS = {Status.FIRING: "trigger", Status.RESOLVED: "resolve"}
DETAILS = {
    "firing": Template("{{ .Alerts.Firing | toJson }}"),
    "resolved": Template("{{ .Alerts.Resolved | toJson }}"),
    "num_firing": Template("{{ .Alerts.Firing | len }}"),
    "num_resolved": Template("{{ .Alerts.Resolved | len }}"),
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

    later: ClassVar = frozenset({"service_key", "service_key_file"})
    inherited = (("url",),)
    prefix = "pagerduty_"

    routing_key: Secret | None = None
    routing_key_file: str | None = None
    url: Url | None = None
    client: Template = calling("pagerduty.default.client")
    client_url: Template = calling("pagerduty.default.clientURL")
    description: Template = calling("pagerduty.default.description")
    severity: Template = Template("error")
    details: dict[str, Template] = msgspec.field(default_factory=dict)
    images: list[PagerDutyImage] = msgspec.field(default_factory=list)
    links: list[PagerDutyLink] = msgspec.field(default_factory=list)
    source: Template | None = None
    class_: Template | None = msgspec.field(name="class", default=None)
    component: Template | None = None
    group: Template | None = None
    timeout: Duration | None = None

    def faults(self) -> Iterator[Fault]:
        """One key."""
        yield from exactly_one(self, "routing_key", "routing_key_file")


class PagerDuty:
    """Triggers and resolves events of PagerDuty."""

    kind = "pagerduty"

    def __init__(self, config: PagerDutyConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config, timeout=config.timeout)

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        config = self._config
        words = Words(self._templates, message)
        key = words.secret("routing_key", read_secret(config.routing_key, config.routing_key_file))
        if not key:
            raise DeliveryError("`routing_key` is empty", retryable=False)
        event = self._event(message, words, key)
        body = msgspec.json.encode(event)
        if len(body) > EVENT_LIMIT_BYTES:
            # As upstream: what happened and where it is stays, the long part goes.
            event["payload"]["custom_details"] = {"error": "Left out: the event was larger than 512 kB."}
            body = msgspec.json.encode(event)
        answer = await self._client.send(config.url or "", body, secrets=[key])
        return answer.receipt

    def _event(self, message: Message, words: Words, key: str) -> dict[str, Any]:
        config = self._config
        images = [_rendered(image, words) for image in config.images]
        links = [_rendered(link, words) for link in config.links]
        event = {
            "routing_key": key,
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
            "custom_details": {
                name: _structured(words.line(template))
                for name, template in {**DETAILS, **config.details}.items()
            },
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


def _structured(text: str) -> Any:
    """A text, or what it holds if it is YAML (and so JSON), as upstream does: lists of alerts are shown as tables."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, (list, dict, int, float)) else text
