"""Alertmanager's webhook: the message as JSON, for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
import structlog
from msgspec import UNSET, UnsetType

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.evidence import Digest
from farwatch.hub.alerting.message import Message, go_time, quote_meta, status
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, exactly_one
from farwatch.hub.alerting.receivers.words import TemplateTree, Words, compose
from farwatch.hub.alerting.secrets import SecretUrl

_log = structlog.get_logger(__name__)

GO_ZERO_TIME = "0001-01-01T00:00:00Z"
"""How Go writes a time that is not set: the end of an alert that fires."""


class WebhookAlert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An alert within ``Payload``; only ours carries ``evidence``, and only if there is some."""

    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str
    ends_at: str
    generator_url: str = msgspec.field(name="generatorURL")
    fingerprint: str
    evidence: Digest | UnsetType = UNSET


class Payload(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Alertmanager's payload, version 4 (``notify/webhook/webhook.go`` and ``template.Data``)."""

    receiver: str
    status: str
    alerts: list[WebhookAlert]
    notification_reason: str = msgspec.field(name="notification_reason")
    group_labels: dict[str, str]
    common_labels: dict[str, str]
    common_annotations: dict[str, str]
    external_url: str = msgspec.field(name="externalURL")
    version: Literal["4"] = "4"
    group_key: str
    truncated_alerts: int


class WebhookConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``webhook_configs``; ``payload`` takes the place of Alertmanager's."""

    url: SecretUrl | None = None
    url_file: str | None = None
    max_alerts: int = 0
    payload: TemplateTree | None = None
    timeout: Duration | None = None

    def faults(self) -> Iterator[Fault]:
        """One address, and no negative number."""
        yield from exactly_one(self, "url", "url_file")
        if self.max_alerts < 0:
            yield Fault(("max_alerts",), "`max_alerts` cannot be negative: 0 is no limit")


class Webhook:
    """Posts messages as JSON."""

    kind = "webhook"

    def __init__(self, config: WebhookConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config, timeout=config.timeout)

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        words = Words(self._templates, message)
        url = words.secret("url", read_secret(self._config.url, self._config.url_file))
        body = await compose(message, lambda: msgspec.json.encode(self._body(message, words)))
        answer = await self._client.send(url, body)
        return answer.receipt

    def _body(self, message: Message, words: Words) -> Any:
        config = self._config
        if config.payload is not None:
            body = config.payload.render(words)
            if not words.failures:
                return body
            _log.warning("webhook payload failed, Alertmanager's is sent", failures=words.failures)
        return payload(message, config.max_alerts)


def payload(message: Message, max_alerts: int = 0) -> Payload:
    """A message as Alertmanager puts it; beyond so many alerts (0: no limit) they are only counted."""
    truncated = max(len(message.alerts) - max_alerts, 0) if max_alerts else 0
    if truncated:
        # As upstream, what alerts have in common is taken from those that are told.
        message = msgspec.structs.replace(message, alerts=message.alerts[:max_alerts])
    return Payload(
        receiver=quote_meta(message.receiver),
        status=message.status,
        alerts=[_alert(alert, message.evidence.get(alert.fingerprint)) for alert in message.alerts],
        notification_reason=message.reason,
        group_labels=message.group_labels,
        common_labels=message.common_labels,
        common_annotations=message.common_annotations,
        external_url=message.external_url,
        group_key=message.group_key,
        truncated_alerts=truncated,
    )


def _alert(alert: Alert, evidence: Digest | None) -> WebhookAlert:
    return WebhookAlert(
        status=status(alert),
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=go_time(alert.starts_at),
        ends_at=GO_ZERO_TIME if alert.ends_at is None else go_time(alert.ends_at),
        generator_url=alert.generator_url,
        fingerprint=alert.fingerprint,
        evidence=evidence or UNSET,
    )
