"""Rocket.Chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.http import DETAIL_LIMIT, LONG_ANSWER_LIMIT_BYTES, Client
from farwatch.hub.alerting.receivers.reading import read_secret, redact
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url, at_most_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

TITLE_LIMIT = 1_024
TEXT_LIMIT = 5_000
"""A server's default for a whole message."""


class RocketchatField(Section, frozen=True, kw_only=True):
    """A small table cell; None: as ``short_fields`` says."""

    title: Template | None = None
    value: Template | None = None
    short: bool | None = None


class RocketchatAction(Section, frozen=True, kw_only=True):
    """A button: a link, or something that is said for who presses it. As upstream, other keys say nothing."""

    type: str | None = None
    text: Template | None = None
    url: Template | None = None
    image_url: Template | None = None
    is_webview: bool = False
    webview_height_ratio: str | None = None
    msg: Template | None = None
    msg_in_chat_window: bool = False
    msg_processing_type: str | None = None


class RocketchatConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``rocketchat_configs``."""

    inherited = (("api_url",), ("token", "token_file"), ("token_id", "token_id_file"))
    prefix = "rocketchat_"

    send_resolved: bool = False
    api_url: Url | None = None
    token: Secret | None = None
    token_file: str | None = None
    token_id: Secret | None = None
    token_id_file: str | None = None
    channel: Template | None = None
    color: Template = Template('{{ if eq .Status "firing" }}red{{ else }}green{{ end }}')
    title: Template = calling("rocketchat.default.title")
    title_link: Template = calling("rocketchat.default.titlelink")
    text: Template = calling("rocketchat.default.text")
    fields: list[RocketchatField] = msgspec.field(default_factory=list)
    short_fields: bool = False
    emoji: Template = calling("rocketchat.default.emoji")
    icon_url: Template = calling("rocketchat.default.iconurl")
    image_url: Template | None = None
    thumb_url: Template | None = None
    link_names: bool = False
    actions: list[RocketchatAction] = msgspec.field(default_factory=list)

    def faults(self) -> Iterator[Fault]:
        """At most one source of each half of the token."""
        yield from at_most_one(self, "token", "token_file")
        yield from at_most_one(self, "token_id", "token_id_file")

    def shortcomings(self) -> Iterator[Fault]:
        """Both halves of the token."""
        for name in ("token", "token_id"):
            if not (getattr(self, name) or getattr(self, f"{name}_file")):
                yield Fault((), f"no token: set `{name}`, `{name}_file`, or `rocketchat_{name}` in `global`")


class RocketchatAnswer(msgspec.Struct):
    """What the server answers, at times with a failure under status 200."""

    success: bool = False
    error: str = ""


class Rocketchat:
    """Posts messages to a Rocket.Chat channel."""

    kind = "rocketchat"

    def __init__(self, config: RocketchatConfig, context: Context) -> None:
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
        token = read_secret(config.token, config.token_file)
        token_id = read_secret(config.token_id, config.token_id_file)
        body = await compose(message, lambda: self._body(Words(self._templates, message)))
        answer = await self._client.send(
            (config.api_url or Url()).joined("api/v1/chat.postMessage"),
            msgspec.json.encode(body),
            headers={"X-Auth-Token": token, "X-User-Id": token_id},
            secrets=[token, token_id],
            answer_limit_bytes=LONG_ANSWER_LIMIT_BYTES,
        )
        try:
            told = msgspec.json.decode(answer.body, type=RocketchatAnswer)
        except msgspec.DecodeError as error:
            raise DeliveryError("Rocket.Chat's answer is not what it must be", retryable=True) from error
        if not told.success:
            said = redact(told.error, (token, token_id)) or "no success"
            raise DeliveryError(f"Rocket.Chat answered: {said[:DETAIL_LIMIT]}", retryable=False)
        return answer.receipt

    def _body(self, words: Words) -> dict[str, Any]:
        config = self._config
        attachment: dict[str, Any] = {
            "title": cut(words.title(config.title), TITLE_LIMIT),
            **{
                name: words.line(getattr(config, name))
                for name in ("title_link", "image_url", "thumb_url", "color")
            },
            "fields": [
                {
                    "short": config.short_fields if field.short is None else field.short,
                    "title": cut(words.line(field.title), TITLE_LIMIT),
                    "value": cut(words.line(field.value), TITLE_LIMIT),
                }
                for field in config.fields
            ],
            "actions": [
                {
                    "type": "button",
                    **_filled({name: words.line(getattr(action, name)) for name in ("text", "url", "msg")}),
                }
                for action in config.actions
            ],
        }
        body = {
            "channel": words.line(config.channel),
            "emoji": words.line(config.emoji),
            "avatar": words.line(config.icon_url),
        }
        attachment["text"] = cut(words.text(config.text), TEXT_LIMIT)
        return {**_filled(body), "attachments": [_filled(attachment)]}


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
