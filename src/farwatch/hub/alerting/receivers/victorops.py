"""VictorOps, now Splunk On-Call: its REST endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url, at_most_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

TEXT_LIMIT = 20_480
TITLE_LIMIT = 1_024
FIRING_TYPES = frozenset({"INFO", "WARNING", "CRITICAL"})
RESERVED = frozenset(
    {
        "routing_key",
        "message_type",
        "state_message",
        "entity_display_name",
        "monitoring_tool",
        "entity_id",
        "entity_state",
    }
)


class VictorOpsConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``victorops_configs``."""

    inherited = (("api_key", "api_key_file"), ("api_url",))
    prefix = "victorops_"

    routing_key: Template
    api_key: Secret | None = None
    api_key_file: str | None = None
    api_url: Url | None = None
    message_type: Template = Template("CRITICAL")
    state_message: Template = calling("victorops.default.state_message")
    entity_display_name: Template = calling("victorops.default.entity_display_name")
    monitoring_tool: Template = calling("victorops.default.monitoring_tool")
    custom_fields: dict[str, Template] = msgspec.field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """At most one key; custom fields take no other's name."""
        yield from at_most_one(self, "api_key", "api_key_file")
        for name in sorted(RESERVED & self.custom_fields.keys()):
            yield Fault(("custom_fields", name), f"`{name}` is the service's own field: choose another name")

    def shortcomings(self) -> Iterator[Fault]:
        """The key."""
        if not (self.api_key or self.api_key_file):
            yield Fault((), "no key: set `api_key`, `api_key_file`, or `victorops_api_key` in `global`")


class VictorOps:
    """Sends messages to Splunk On-Call."""

    kind = "victorops"

    def __init__(self, config: VictorOpsConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config)

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        config = self._config
        key = read_secret(config.api_key, config.api_key_file)
        words = Words(self._templates, message)
        routing_key = words.exact("routing_key", config.routing_key)
        url = (config.api_url or Url()).joined(f"{quote(key, safe='')}/{quote(routing_key, safe='')}")
        body = await compose(message, lambda: self._body(message, words))
        answer = await self._client.send(url, msgspec.json.encode(body), secrets=[key])
        return answer.receipt

    def _body(self, message: Message, words: Words) -> dict[str, str]:
        config = self._config
        return {
            **{name: words.line(template) for name, template in config.custom_fields.items()},
            "message_type": _message_type(message, words.line(config.message_type)),
            "entity_id": message.group_hash,
            "entity_display_name": cut(words.title(config.entity_display_name), TITLE_LIMIT),
            "monitoring_tool": words.line(config.monitoring_tool),
            "state_message": cut(words.text(config.state_message), TEXT_LIMIT),
        }


def _message_type(message: Message, wanted: str) -> str:
    if message.status is Status.RESOLVED:
        return "RECOVERY"
    return wanted if wanted in FIRING_TYPES else "CRITICAL"
