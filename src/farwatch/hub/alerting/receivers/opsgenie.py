"""Opsgenie's alert API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url, at_most_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

MESSAGE_LIMIT, DESCRIPTION_LIMIT = 130, 15_000
RESPONDER_TYPES = ("team", "teams", "user", "escalation", "schedule")


class Responder(Section, frozen=True, kw_only=True):
    """Who is to respond: one of ``id``, ``name`` and ``username``."""

    id: Template | None = None
    name: Template | None = None
    username: Template | None = None
    type: Template

    def faults(self) -> Iterator[Fault]:
        """Somebody, of a known type."""
        if not (self.id or self.name or self.username):
            yield Fault((), "set one of `id`, `name` and `username`")
        kind = self.type.source
        if "{{" not in kind and kind.lower() not in RESPONDER_TYPES:
            yield Fault(("type",), f'`type`: "{kind}" is none of {", ".join(RESPONDER_TYPES)}')


class OpsGenieConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``opsgenie_configs``."""

    inherited = (("api_key", "api_key_file"), ("api_url",))
    prefix = "opsgenie_"

    api_key: Secret | None = None
    api_key_file: str | None = None
    api_url: Url | None = None
    message: Template = calling("opsgenie.default.message")
    description: Template = calling("opsgenie.default.description")
    source: Template = calling("opsgenie.default.source")
    details: dict[str, Template] = msgspec.field(default_factory=dict)
    entity: Template | None = None
    responders: list[Responder] = msgspec.field(default_factory=list)
    actions: Template | None = None
    tags: Template | None = None
    note: Template | None = None
    priority: Template | None = None
    update_alerts: bool = False

    def faults(self) -> Iterator[Fault]:
        """At most one key."""
        yield from at_most_one(self, "api_key", "api_key_file")

    def shortcomings(self) -> Iterator[Fault]:
        """The key."""
        if not (self.api_key or self.api_key_file):
            yield Fault((), "no key: set `api_key`, `api_key_file`, or `opsgenie_api_key` in `global`")


class OpsGenie:
    """Opens, updates and closes alerts of Opsgenie."""

    kind = "opsgenie"

    def __init__(self, config: OpsGenieConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config)

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        words = Words(self._templates, message)
        if message.status is Status.RESOLVED:
            path = f"{message.group_hash}/close?identifierType=alias"
            return await self._send(words, "POST", path, {"source": words.line(self._config.source)})
        alert = await compose(message, lambda: self._alert(message, words))
        receipt = await self._send(words, "POST", "", alert)
        if self._config.update_alerts:
            for field in filter(alert.get, ("message", "description")):
                path = f"{message.group_hash}/{field}?identifierType=alias"
                receipt = await self._send(words, "PUT", path, {field: alert[field]})
        return receipt

    async def _send(self, words: Words, method: str, path: str, body: dict[str, Any]) -> str:
        config = self._config
        key = words.secret("api_key", read_secret(config.api_key, config.api_key_file))
        answer = await self._client.send(
            (config.api_url or Url()).joined(f"v2/alerts/{path}".rstrip("/")),
            msgspec.json.encode(body),
            method=method,
            headers={"Authorization": f"GenieKey {key}"},
            secrets=[key],
        )
        return answer.receipt

    def _alert(self, message: Message, words: Words) -> dict[str, Any]:
        config = self._config
        alert = {
            "alias": message.group_hash,
            "message": cut(words.title(config.message), MESSAGE_LIMIT),
            "details": {
                **message.common_labels,
                **{name: words.line(template) for name, template in config.details.items()},
            },
            "source": words.line(config.source),
            "responders": list(self._responders(words)),
            "tags": _split(words.line(config.tags)),
            "note": words.line(config.note),
            "priority": words.line(config.priority),
            "entity": words.line(config.entity),
            "actions": _split(words.line(config.actions)),
            "description": cut(words.text(config.description), DESCRIPTION_LIMIT),
        }
        return {name: value for name, value in alert.items() if value or name in ("details", "source")}

    def _responders(self, words: Words) -> Iterator[dict[str, str]]:
        for responder in self._config.responders:
            fields = {name: words.line(getattr(responder, name)) for name in responder.__struct_fields__}
            kind = fields.pop("type").lower()
            if kind == "teams":
                yield from ({"name": name, "type": "team"} for name in _split(fields["name"]))
            elif any(fields.values()):
                yield {**{name: value for name, value in fields.items() if value}, "type": kind}


def _split(text: str) -> list[str]:
    return [part for part in text.strip().split(",") if part]
