"""WeChat Work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, Self
from urllib.parse import urlencode

import msgspec

from farwatch.hub.alerting.document import Fault
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.http import DETAIL_LIMIT, Client
from farwatch.hub.alerting.receivers.reading import read_secret, redact
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import GlobalConfig, ReceiverSection, Url, at_most_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut_bytes
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, calling

TEXT_LIMIT_BYTES = 2_048
TOKEN_SECONDS = 2 * 3_600.0
_TOKEN_ENDED = frozenset({40_014, 42_001})
"""Another was asked for meanwhile; or it is too old."""


class WechatConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``wechat_configs``."""

    inherited = (("api_secret", "api_secret_file"), ("api_url",))
    prefix = "wechat_"

    send_resolved: bool = False
    api_secret: Secret | None = None
    api_secret_file: str | None = None
    corp_id: Template | None = None
    api_url: Url | None = None
    message: Template = calling("wechat.default.message")
    to_user: Template = calling("wechat.default.to_user")
    to_party: Template = calling("wechat.default.to_party")
    to_tag: Template = calling("wechat.default.to_tag")
    agent_id: Template = calling("wechat.default.agent_id")
    message_type: Literal["text", "markdown"] = "text"

    def faults(self) -> Iterator[Fault]:
        """At most one secret."""
        yield from at_most_one(self, "api_secret", "api_secret_file")

    def with_defaults(self, defaults: GlobalConfig) -> Self:
        """The same entry; upstream names the corporation's key in ``global`` out of line."""
        corp_id = self.corp_id or defaults.wechat_api_corp_id
        return super(WechatConfig, msgspec.structs.replace(self, corp_id=corp_id)).with_defaults(defaults)

    def shortcomings(self) -> Iterator[Fault]:
        """Who asks, and their secret."""
        if not (self.api_secret or self.api_secret_file):
            yield Fault(
                (), "no secret: set `api_secret`, `api_secret_file`, or `wechat_api_secret` in `global`"
            )
        if self.corp_id is None:
            yield Fault((), "no corporation: set `corp_id`, or `wechat_api_corp_id` in `global`")


class WechatAnswer(msgspec.Struct):
    """What the service answers, under status 200 whatever happened."""

    errcode: int = 0
    errmsg: str = ""
    access_token: str = ""


class Wechat:
    """Sends messages to people of a corporation.

    Args:
        config: Its section.
        context: What receivers share.
        clock: Seconds, monotonic: a token is good for two hours.
    """

    kind = "wechat"

    def __init__(
        self, config: WechatConfig, context: Context, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config)
        self._clock = clock
        self._token = ""
        self._good_until = 0.0

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: It was not taken.
        """
        words = Words(self._templates, message)
        token = await self._fresh_token(words)
        url = f"{(self._config.api_url or Url()).joined('message/send')}?{urlencode({'access_token': token})}"
        body = await compose(message, lambda: self._body(words))
        answer = await self._client.send(url, msgspec.json.encode(body), secrets=[token])
        told = _read(answer.body)
        if told.errcode:
            expired = told.errcode in _TOKEN_ENDED
            self._token = "" if expired else self._token
            raise DeliveryError(
                f"WeChat answered: {redact(told.errmsg, [token])[:DETAIL_LIMIT]}", retryable=expired
            )
        return answer.receipt

    def _body(self, words: Words) -> dict[str, Any]:
        config = self._config
        body = {
            "touser": words.line(config.to_user),
            "toparty": words.line(config.to_party),
            "totag": words.line(config.to_tag),
            "agentid": words.line(config.agent_id),
            "safe": "0",
            "msgtype": config.message_type,
        }
        text = {"content": cut_bytes(words.text(config.message), TEXT_LIMIT_BYTES)}
        empty = {"content": ""}
        is_text = config.message_type == "text"
        return {
            **{name: value for name, value in body.items() if value},
            "text": text if is_text else empty,
            "markdown": empty if is_text else text,
        }

    async def _fresh_token(self, words: Words) -> str:
        if self._token and self._clock() < self._good_until:
            return self._token
        config = self._config
        secret = words.secret("api_secret", read_secret(config.api_secret, config.api_secret_file))
        query = urlencode({"corpsecret": secret, "corpid": words.exact("corp_id", config.corp_id)})
        url = f"{(config.api_url or Url()).joined('gettoken')}?{query}"
        answer = await self._client.send(url, b"", method="GET", secrets=[secret])
        told = _read(answer.body)
        if not told.access_token:
            raise DeliveryError(
                f"WeChat gives no token: {redact(told.errmsg, [secret])[:DETAIL_LIMIT]}", retryable=False
            )
        self._token, self._good_until = told.access_token, self._clock() + TOKEN_SECONDS
        return self._token


def _read(body: bytes) -> WechatAnswer:
    try:
        return msgspec.json.decode(body, type=WechatAnswer)
    except msgspec.DecodeError as error:
        raise DeliveryError("WeChat's answer is not what it must be", retryable=True) from error
