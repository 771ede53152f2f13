"""How receivers speak HTTP: one request, and what its answer means."""

from __future__ import annotations

import os
from base64 import b64encode
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
from multidict import CIMultiDictProxy

from farwatch import __version__
from farwatch.hub.alerting.config import HttpConfig
from farwatch.hub.alerting.receivers.receiver import DeliveryError
from farwatch.hub.alerting.secrets import Secret

DEFAULT_TIMEOUT_SECONDS = 30.0
"""For an attempt where the configuration sets no ``timeout``; a service that hangs is tried again after it."""

ANSWER_LIMIT_BYTES = 4_096
DETAIL_LIMIT = 300
_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = 500


def open_http_session() -> aiohttp.ClientSession:
    """The session that receivers send with.

    It takes no proxy and no credentials from the environment, keeps no cookies, and sets no limit to connections:
    each receiver has its own, so that one that hangs leaves the others theirs.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"farwatch/{__version__}"},
        trust_env=False,
    )


class Endpoint:
    """An address that takes POST requests with JSON.

    Args:
        http: What requests are sent with.
        url: The address.
        url_file: Or a file that holds it, read at each request: it may change.
        timeout: Seconds for a request; 0 for no limit but the group's next flush.
        config: How to authenticate.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        url: Secret | None,
        url_file: str | None,
        timeout: float | None,
        config: HttpConfig,
    ) -> None:
        self._http = http
        self._url = url
        self._url_file = url_file
        self._timeout = aiohttp.ClientTimeout(total=DEFAULT_TIMEOUT_SECONDS if timeout is None else timeout)
        self._config = config

    async def post(self, body: bytes) -> bytes:
        """Send a body; gives the beginning of the answer's.

        Raises:
            DeliveryError: It was not taken.
        """
        url = _secret(self._url, self._url_file)
        headers = {"Content-Type": "application/json", **_authorization(self._config)}
        try:
            async with self._http.post(url, data=body, headers=headers, timeout=self._timeout) as response:
                answer = await response.content.read(ANSWER_LIMIT_BYTES)
                _judge(response, answer, url)
                return answer
        except (aiohttp.InvalidURL, ValueError) as error:
            raise DeliveryError(
                "the address is not valid: correct it in the configuration", retryable=False
            ) from error
        except TimeoutError as error:
            raise DeliveryError(f"no answer within {self._timeout.total:g} s", retryable=True) from error
        except (aiohttp.ClientError, OSError) as error:
            raise DeliveryError(_cause(error), retryable=True) from error


def _judge(response: aiohttp.ClientResponse, answer: bytes, url: str) -> None:
    """Whether an answer is success, as upstream's ``Retrier``; besides, "too many requests" is worth another try."""
    if response.status // 100 == 2:  # noqa: PLR2004 - every 2xx is success
        if response.method != "POST":
            raise DeliveryError(
                "the address redirects, and what was sent got lost: set the final address", retryable=False
            )
        return
    text = answer.decode(errors="replace").strip()
    for secret in (url, response.url.raw_path_qs):
        text = text.replace(secret, "<secret>") if len(secret) > 1 else text
    raise DeliveryError(
        f"status {response.status}{': ' if text else ''}{text[:DETAIL_LIMIT]}",
        retryable=response.status >= _SERVER_ERRORS or response.status == _TOO_MANY_REQUESTS,
        retry_after=_retry_after(response.headers),
    )


def _retry_after(headers: CIMultiDictProxy[str]) -> float | None:
    """Seconds, from either form of ``Retry-After`` (RFC 9110, 10.2.3); a moment counts from the answer's own date."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        then, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("Date", ""))
        return max((then - now).total_seconds(), 0)
    except (ValueError, TypeError):
        return None


def _cause(error: aiohttp.ClientError | OSError) -> str:
    # The message of a client error may hold the address, and with it the secret.
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        number = cause.errno or 0  # negative where a name is not found
        reason = os.strerror(number) if number > 0 else cause.strerror or type(cause).__name__
        return f"cannot connect to {error.host}:{error.port}: {reason}"
    return f"the connection failed: {type(error).__name__}"


def _authorization(config: HttpConfig) -> dict[str, str]:
    if config.basic_auth is not None:
        basic = config.basic_auth
        password = (
            _secret(basic.password, basic.password_file) if basic.password or basic.password_file else ""
        )
        return {"Authorization": f"Basic {b64encode(f'{basic.username}:{password}'.encode()).decode()}"}
    if config.authorization is not None:
        authorization = config.authorization
        credentials = _secret(authorization.credentials, authorization.credentials_file)
        return {"Authorization": f"{authorization.type} {credentials}"}
    return {}


def _secret(inline: Secret | None, file: str | None) -> str:
    """A secret from the configuration, or from the file that it names."""
    if inline is not None:
        return inline.reveal()
    try:
        return Path(file or "").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DeliveryError(f"the secret file {file} cannot be read: {reason}", retryable=False) from error
