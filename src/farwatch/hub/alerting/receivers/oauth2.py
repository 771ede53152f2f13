"""Tokens that are fetched by client credentials (RFC 6749, 4.4), and kept until shortly before they end."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote, urlencode

import aiohttp
import msgspec

from farwatch.hub.alerting.receivers.proxying import Proxy
from farwatch.hub.alerting.receivers.reading import read_secret
from farwatch.hub.alerting.receivers.receiver import DeliveryError
from farwatch.hub.alerting.receivers.sections import OAuth2
from farwatch.hub.alerting.receivers.trust import Trust

ANSWER_LIMIT_BYTES = 65_536
RENEW_BEFORE_SECONDS = 10.0
"""As Go's ``golang.org/x/oauth2``."""

_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = 500


class TokenAnswer(msgspec.Struct):
    """What a token endpoint answers; the seconds it is good for, if it says."""

    access_token: str
    expires_in: float | None = None


class TokenSource:
    """Fetches tokens.

    Args:
        config: Where from, and as whom.
        http: What requests are sent with.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, config: OAuth2, http: aiohttp.ClientSession, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._http = http
        self._clock = clock
        self._trust = Trust(config.tls_config)
        self._proxy = Proxy(config)
        self._token = ""
        self._good_until: float | None = 0.0

    async def token(self) -> str:
        """A token that is good now.

        Raises:
            DeliveryError: There is none to be had; its message holds no secret.
        """
        if not self._token or (self._good_until is not None and self._clock() >= self._good_until):
            answer = await self._fetch()
            self._token = answer.access_token
            lasts = answer.expires_in
            self._good_until = None if lasts is None else self._clock() + lasts - RENEW_BEFORE_SECONDS
        return self._token

    def forget(self) -> None:
        """The token was refused: the next request fetches another."""
        self._token = ""

    async def _fetch(self) -> TokenAnswer:
        config = self._config
        secret = read_secret(config.client_secret, config.client_secret_file)
        form = {"grant_type": "client_credentials", **config.endpoint_params}
        if config.scopes:
            form["scope"] = " ".join(config.scopes)
        proxy = self._proxy.resolve(config.token_url)
        credentials = f"{quote(config.client_id, safe='')}:{quote(secret, safe='')}".encode()
        try:
            async with self._http.post(
                config.token_url,
                data=urlencode(form).encode(),
                headers={
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Authorization": f"Basic {b64encode(credentials).decode()}",
                },
                proxy=proxy,
                proxy_headers=self._proxy.headers if proxy else None,
                ssl=self._trust.context(),
                server_hostname=config.tls_config.server_name,
            ) as response:
                body = await response.content.read(ANSWER_LIMIT_BYTES)
                if not response.ok:
                    raise DeliveryError(
                        f"no token from `oauth2`: status {response.status}",
                        retryable=response.status >= _SERVER_ERRORS or response.status == _TOO_MANY_REQUESTS,
                    )
        except (aiohttp.ClientError, OSError) as error:
            raise DeliveryError(f"no token from `oauth2`: {type(error).__name__}", retryable=True) from error
        try:
            return msgspec.json.decode(body, type=TokenAnswer, strict=False)
        except msgspec.DecodeError as error:
            raise DeliveryError("no token from `oauth2`: its answer holds none", retryable=True) from error
