"""incident.io's alert sources."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret, read_text
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url, at_most_one, exactly_one
from farwatch.hub.alerting.receivers.webhook import payload
from farwatch.hub.alerting.receivers.words import compose
from farwatch.hub.alerting.secrets import Secret

PAYLOAD_LIMIT_BYTES = 512 * 1024
_VERSION = "1"


class IncidentioConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``incidentio_configs``."""

    url: Url | None = None
    url_file: str | None = None
    alert_source_token: Secret | None = None
    alert_source_token_file: str | None = None
    max_alerts: int = 0
    timeout: Duration | None = None

    def faults(self) -> Iterator[Fault]:
        """One address, and one token."""
        yield from exactly_one(self, "url", "url_file")
        yield from at_most_one(self, "alert_source_token", "alert_source_token_file")
        own = self.alert_source_token or self.alert_source_token_file
        other = self.http_config is not None and self.http_config.authorization is not None
        if own and other:
            yield Fault((), "set `alert_source_token` or `http_config.authorization`, not both")
        if self.max_alerts < 0:
            yield Fault(("max_alerts",), "`max_alerts` cannot be negative: 0 is no limit")

    def shortcomings(self) -> Iterator[Fault]:
        """The token."""
        if not (self.alert_source_token or self.alert_source_token_file) and (
            self.http_config is None or self.http_config.authorization is None
        ):
            yield Fault(
                (),
                "no token: set `alert_source_token`, `alert_source_token_file` or `http_config.authorization`",
            )


class Incidentio:
    """Sends alerts to incident.io, as Alertmanager's webhooks have them."""

    kind = "incidentio"

    def __init__(self, config: IncidentioConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._client = Client(context, config.http_config, timeout=config.timeout)

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        config = self._config
        headers, secrets = {}, []
        if config.alert_source_token or config.alert_source_token_file:
            token = read_secret(config.alert_source_token, config.alert_source_token_file)
            headers, secrets = {"Authorization": f"Bearer {token}"}, [token]
        url = config.url or read_text(None, config.url_file)
        body = await compose(message, lambda: self._body(message))
        answer = await self._client.send(url, body, headers=headers, secrets=secrets)
        return answer.receipt

    def _body(self, message: Message) -> bytes:
        body = self._encoded(message, self._config.max_alerts)
        # As upstream: one alert is enough for an incident.
        return body if len(body) <= PAYLOAD_LIMIT_BYTES else self._encoded(message, 1)

    @staticmethod
    def _encoded(message: Message, max_alerts: int) -> bytes:
        return msgspec.json.encode(msgspec.structs.replace(payload(message, max_alerts), version=_VERSION))
