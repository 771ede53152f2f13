"""Pushover."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url, exactly_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

TITLE_LIMIT, TEXT_LIMIT, URL_LIMIT = 250, 1_024, 512
EMERGENCY, NORMAL = "2", "0"
"""Priorities: what a page has, as in upstream's default, and what an end has."""

_FORM = "application/x-www-form-urlencoded"


class PushoverConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``pushover_configs``.

    Attributes:
        api_url: Where to send to; not upstream's, for those who reach the service by a gateway.
    """

    api_url: Url = Url("https://api.pushover.net/1/messages.json")
    user_key: Secret | None = None
    user_key_file: str | None = None
    token: Secret | None = None
    token_file: str | None = None
    title: Template = calling("pushover.default.title")
    message: Template = calling("pushover.default.message")
    url: Template = calling("pushover.default.url")
    url_title: Template | None = None
    device: Template | None = None
    sound: Template | None = None
    priority: Template = Template('{{ if eq .Status "firing" }}2{{ else }}0{{ end }}')
    retry: Duration = Duration(60)
    expire: Duration = Duration(3_600)
    ttl: Duration = Duration(0)
    html: bool = False
    monospace: bool = False

    def faults(self) -> Iterator[Fault]:
        """One user, one application, one look."""
        yield from exactly_one(self, "user_key", "user_key_file")
        yield from exactly_one(self, "token", "token_file")
        if self.html and self.monospace:
            yield Fault(("monospace",), "set one of `html` and `monospace`, not both")


class Pushover:
    """Sends messages to Pushover's apps."""

    kind = "pushover"

    def __init__(self, config: PushoverConfig, context: Context) -> None:
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
        words = Words(self._templates, message)
        token = words.secret("token", read_secret(config.token, config.token_file))
        user = words.secret("user_key", read_secret(config.user_key, config.user_key_file))
        form = {"token": token, "user": user}
        form |= await compose(message, lambda: self._form(message, words))
        # In the body, where upstream has it in the address: addresses end up in logs on the way.
        answer = await self._client.send(
            config.api_url, urlencode(form).encode(), content_type=_FORM, secrets=[token, user]
        )
        return answer.receipt

    def _form(self, message: Message, words: Words) -> dict[str, str]:
        config = self._config
        form = {
            "title": cut(words.title(config.title), TITLE_LIMIT),
            "url": cut(words.line(config.url), URL_LIMIT),
            "url_title": words.line(config.url_title),
            "priority": words.line(config.priority, EMERGENCY if message.status is Status.FIRING else NORMAL),
            "retry": str(int(config.retry)),
            "expire": str(int(config.expire)),
            "device": words.line(config.device),
            "sound": words.line(config.sound),
        }
        form |= {name: "1" for name in ("html", "monospace") if getattr(config, name)}
        if config.ttl >= 1:
            form["ttl"] = str(int(config.ttl))
        text = cut(words.text(config.message, html=config.html), TEXT_LIMIT).strip()
        return {**form, "message": text or "(no details)"}  # Pushover refuses empty ones
