"""Alertmanager's webhook: the message as JSON, for programs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

import aiohttp
import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.config import HttpConfig, WebhookConfig
from farwatch.hub.alerting.message import Message, status
from farwatch.hub.alerting.receivers.http import Endpoint

GO_ZERO_TIME = "0001-01-01T00:00:00Z"
"""How Go writes a time that is not set: the end of an alert that fires."""


class WebhookAlert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An alert within ``Payload``."""

    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str
    ends_at: str
    generator_url: str = msgspec.field(name="generatorURL")
    fingerprint: str


class Payload(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Alertmanager's payload, version 4 (``notify/webhook/webhook.go`` and ``template.Data``)."""

    receiver: str
    status: str
    alerts: list[WebhookAlert]
    group_labels: dict[str, str]
    common_labels: dict[str, str]
    common_annotations: dict[str, str]
    external_url: str = msgspec.field(name="externalURL")
    version: Literal["4"] = "4"
    group_key: str
    truncated_alerts: int


class Webhook:
    """Posts messages as JSON."""

    kind = "webhook"

    def __init__(self, config: WebhookConfig, http: aiohttp.ClientSession, defaults: HttpConfig) -> None:
        self.send_resolved = config.send_resolved
        self._max_alerts = config.max_alerts
        self._endpoint = Endpoint(
            http,
            url=config.url,
            url_file=config.url_file,
            timeout=config.timeout,
            config=config.http_config or defaults,
        )

    async def send(self, message: Message) -> None:
        """Deliver a message, once.

        Raises:
            DeliveryError: It was not taken.
        """
        await self._endpoint.post(msgspec.json.encode(payload(message, self._max_alerts)))


def payload(message: Message, max_alerts: int = 0) -> Payload:
    """A message as Alertmanager puts it; beyond so many alerts (0: no limit) they are only counted."""
    truncated = max(len(message.alerts) - max_alerts, 0) if max_alerts else 0
    if truncated:
        # As upstream, what alerts have in common is taken from those that are told.
        message = msgspec.structs.replace(message, alerts=message.alerts[:max_alerts])
    return Payload(
        receiver=_quote_meta(message.receiver),
        status=message.status,
        alerts=[_alert(alert) for alert in message.alerts],
        group_labels=message.group_labels,
        common_labels=message.common_labels,
        common_annotations=message.common_annotations,
        external_url=message.external_url,
        group_key=message.group_key,
        truncated_alerts=truncated,
    )


def _alert(alert: Alert) -> WebhookAlert:
    return WebhookAlert(
        status=status(alert),
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=go_time(alert.starts_at),
        ends_at=GO_ZERO_TIME if alert.ends_at is None else go_time(alert.ends_at),
        generator_url=alert.generator_url,
        fingerprint=alert.fingerprint,
    )


def go_time(time: datetime) -> str:
    """A time as Go writes it into JSON: RFC 3339 in UTC, its fraction without zeros at the end."""
    text = time.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if "." in text else text) + "Z"


def _quote_meta(text: str) -> str:
    """As Go's ``regexp.QuoteMeta``: upstream writes the receiver's name so."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)
