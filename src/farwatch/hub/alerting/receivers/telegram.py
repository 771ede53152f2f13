"""Telegram's bots."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, Literal

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_secret, read_text
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url, at_most_one, exactly_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut, plain_title
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

TEXT_LIMIT = 4_096
TITLE_LIMIT = 500
_TOO_LONG = "The message is longer than Telegram takes: make the template of `message` shorter."


class TelegramConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``telegram_configs``."""

    inherited = (("api_url",), ("bot_token", "bot_token_file"))
    prefix = "telegram_"

    api_url: Url | None = None
    bot_token: Secret | None = None
    bot_token_file: str | None = None
    chat_id: int | None = None
    chat_id_file: str | None = None
    message_thread_id: int | None = None
    message: Template = calling("telegram.default.message")
    disable_notifications: bool = False
    parse_mode: Literal["HTML", "Markdown", "MarkdownV2", ""] = "HTML"

    def faults(self) -> Iterator[Fault]:
        """One chat, at most one token."""
        yield from exactly_one(self, "chat_id", "chat_id_file")
        yield from at_most_one(self, "bot_token", "bot_token_file")

    def shortcomings(self) -> Iterator[Fault]:
        """The bot's token."""
        if not (self.bot_token or self.bot_token_file):
            yield Fault(
                (), "no token: set `bot_token`, `bot_token_file`, or `telegram_bot_token` in `global`"
            )


class Telegram:
    """Sends messages to a Telegram chat."""

    kind = "telegram"

    def __init__(self, config: TelegramConfig, context: Context) -> None:
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
        token = read_secret(config.bot_token, config.bot_token_file)
        url = (config.api_url or Url()).joined(f"bot{token}/sendMessage")
        body = await compose(message, lambda: self._body(message))
        answer = await self._client.send(url, msgspec.json.encode(body), secrets=[token])
        return answer.receipt

    def _body(self, message: Message) -> dict[str, Any]:
        config = self._config
        html = config.parse_mode == "HTML"
        words = Words(self._templates, message)
        text = words.text(config.message, html=html)
        if html and len(text) > TEXT_LIMIT:
            # As upstream: HTML that is cut is not HTML.
            text = f"{escape(cut(plain_title(message), TITLE_LIMIT), quote=False)}\n{_TOO_LONG}"
        # Telegram refuses a message whose Markdown is not whole, as plain words and cut ones are not.
        is_whole = html or not (words.failures or len(text) > TEXT_LIMIT)
        optional = {
            "parse_mode": config.parse_mode if config.parse_mode and is_whole else None,
            "message_thread_id": config.message_thread_id,
        }
        return {
            "chat_id": self._chat(),
            "text": cut(text, TEXT_LIMIT),
            "disable_notification": config.disable_notifications,
            "disable_web_page_preview": True,
            **{name: value for name, value in optional.items() if value is not None},
        }

    def _chat(self) -> int:
        if self._config.chat_id is not None:
            return self._config.chat_id
        try:
            return int(read_text(None, self._config.chat_id_file))
        except ValueError as error:
            raise DeliveryError(
                f"the file {self._config.chat_id_file} holds no chat's number", retryable=False
            ) from error
