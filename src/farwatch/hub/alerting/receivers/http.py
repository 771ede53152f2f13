"""How receivers speak HTTP: one request, and what its answer means."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

from farwatch import __version__
from farwatch.hub.alerting.receivers.oauth2 import TokenSource
from farwatch.hub.alerting.receivers.proxying import Proxy
from farwatch.hub.alerting.receivers.reading import read_secret, read_text, redact
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import HttpConfig
from farwatch.hub.alerting.receivers.trust import Trust

ANSWER_LIMIT_BYTES = 4_096
LONG_ANSWER_LIMIT_BYTES = 1024 * 1024
"""For services whose answer says how it went: some repeat the message in it."""

DETAIL_LIMIT = 300
TOKEN_LENGTH = 6
JSON = "application/json"
_UNAUTHORIZED = 401
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


class Answer(NamedTuple):
    """What a service answered; of the body, the beginning."""

    status: int
    body: bytes

    @property
    def receipt(self) -> str:
        """The proof of delivery, in a few words."""
        return f"status {self.status}"


class Client:
    """Sends a receiver's requests.

    Args:
        context: What requests are sent with.
        config: How: by which proxy, whom to trust, how to authenticate.
        timeout: Seconds for a request; 0 for no limit but the group's next flush.
        retried: Statuses that are worth another try besides 429 and 5xx.
    """

    def __init__(
        self,
        context: Context,
        config: HttpConfig | None,
        *,
        timeout: float | None = None,
        retried: Iterable[int] = (),
    ) -> None:
        self._http = context.http
        self._config = config or HttpConfig()
        self._timeout = aiohttp.ClientTimeout(total=context.timeout if timeout is None else timeout)
        self._retried = frozenset(retried)
        self._trust = Trust(self._config.tls_config)
        self._proxy = Proxy(self._config)
        self._tokens = None if self._config.oauth2 is None else TokenSource(self._config.oauth2, self._http)

    async def send(
        self,
        url: str,
        body: bytes,
        *,
        method: str = "POST",
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        answer_limit_bytes: int = ANSWER_LIMIT_BYTES,
    ) -> Answer:
        """Send a body; gives the service's answer.

        Args:
            url: Where to.
            body: What.
            method: The request's.
            content_type: The body's.
            headers: More of them.
            secrets: What may not appear in an error's message; the address never does.
            answer_limit_bytes: How much is read of the answer.

        Raises:
            DeliveryError: It was not taken.
        """
        config = self._config
        proxy = self._proxy.resolve(url)
        try:
            all_headers = more_headers(config)
            all_headers["Content-Type"] = content_type
            all_headers.update(await self._authorization())
            all_headers.update(headers or {})
            async with self._http.request(
                method,
                url,
                data=body,
                headers=all_headers,
                timeout=self._timeout,
                allow_redirects=config.follow_redirects,
                proxy=proxy,
                proxy_headers=self._proxy.headers if proxy else None,
                ssl=self._trust.context(),
                server_hostname=config.tls_config.server_name,
            ) as response:
                answer = await _read(response.content, answer_limit_bytes)
                hidden = [
                    url,
                    *_parts(response),
                    *secrets,
                    *_credentials(all_headers),
                    *_hidden(config),
                ]
                if response.status == _UNAUTHORIZED and self._tokens is not None:
                    self._tokens.forget()
                self._judge(response, answer, method, hidden)
                return Answer(response.status, answer)
        except aiohttp.InvalidURL as error:
            raise _bad_address() from error
        except TimeoutError as error:
            raise DeliveryError(f"no answer within {self._timeout.total:g} s", retryable=True) from error
        except (aiohttp.ClientError, OSError) as error:  # a certificate's is a ValueError as well
            raise DeliveryError(_cause(error), retryable=True) from error
        except ValueError as error:
            raise _bad_address() from error

    async def _authorization(self) -> dict[str, str]:
        if self._tokens is None:
            return authorization(self._config)
        async with asyncio.timeout(self._timeout.total or None):  # 0 is none
            return {"Authorization": f"Bearer {await self._tokens.token()}"}

    def _judge(
        self, response: aiohttp.ClientResponse, answer: bytes, method: str, secrets: list[str]
    ) -> None:
        """Whether an answer is success, as upstream's ``Retrier``; besides, "too many requests" is worth another try."""
        if response.status // 100 == 2:  # noqa: PLR2004 - every 2xx is success
            if response.method != method:
                raise DeliveryError(
                    "the address redirects, and what was sent got lost: set the final address",
                    retryable=False,
                )
            return
        text = redact(answer.decode(errors="replace").strip(), secrets)
        retryable = response.status >= _SERVER_ERRORS or response.status == _TOO_MANY_REQUESTS
        raise DeliveryError(
            f"status {response.status}{': ' if text else ''}{text[:DETAIL_LIMIT]}",
            retryable=retryable or response.status in self._retried,
            retry_after=_retry_after(response.headers),
        )


def authorization(config: HttpConfig) -> dict[str, str]:
    """The header that a configuration asks for, if any.

    Raises:
        DeliveryError: The file of a secret cannot be read.
    """
    if config.basic_auth is not None:
        basic = config.basic_auth
        name = read_text(basic.username, basic.username_file)
        password = (
            read_secret(basic.password, basic.password_file) if basic.password or basic.password_file else ""
        )
        return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}
    if config.authorization is not None:
        own = config.authorization
        return {"Authorization": f"{own.type} {read_secret(own.credentials, own.credentials_file)}"}
    if config.bearer_token or config.bearer_token_file:
        return {"Authorization": f"Bearer {read_secret(config.bearer_token, config.bearer_token_file)}"}
    return {}


def _parts(response: aiohttp.ClientResponse) -> list[str]:
    """The address without its server, and what in it is long enough to be a token."""
    url = response.url
    tokens = [*url.raw_path.split("/"), *url.query.values()]
    return [url.raw_path_qs, url.raw_path, *(token for token in tokens if len(token) >= TOKEN_LENGTH)]


def _hidden(config: HttpConfig) -> list[str]:
    """What ``http_headers`` adds in secret, and the password in its plain form."""
    headers = config.http_headers.values()
    basic = config.basic_auth
    has_password = basic is not None and (basic.password or basic.password_file)
    return [
        *([read_secret(basic.password, basic.password_file)] if basic and has_password else ()),
        *(secret.reveal() for header in headers for secret in header.secrets),
        *(read_text(None, file) for header in headers for file in header.files),
    ]


def _credentials(headers: Mapping[str, str]) -> list[str]:
    return headers.get("Authorization", "").split(" ")[1:]


def more_headers(config: HttpConfig) -> CIMultiDict[str]:
    """The headers that a configuration adds.

    Raises:
        DeliveryError: The file of one cannot be read.
    """
    headers: CIMultiDict[str] = CIMultiDict()
    for name, header in config.http_headers.items():
        values = [
            *header.values,
            *(secret.reveal() for secret in header.secrets),
            *(read_text(None, file) for file in header.files),
        ]
        headers.extend((name, value) for value in values)
    return headers


async def _read(stream: aiohttp.StreamReader, limit: int) -> bytes:
    """The beginning of an answer: ``read`` alone gives what happens to be there."""
    parts: list[bytes] = []
    left = limit
    while left and (part := await stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


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


def _bad_address() -> DeliveryError:
    return DeliveryError("the address is not valid: correct it in the configuration", retryable=False)


def _cause(error: aiohttp.ClientError | OSError) -> str:
    # The message of a client error may hold the address, and with it the secret.
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = (
            getattr(error.certificate_error, "verify_message", "") or type(error.certificate_error).__name__
        )
        return f"{error.host}:{error.port} is not trusted: {reason}"
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        number = cause.errno or 0  # negative where a name is not found
        reason = os.strerror(number) if number > 0 else cause.strerror or type(cause).__name__
        return f"cannot connect to {error.host}:{error.port}: {reason}"
    return f"the connection failed: {type(error).__name__}"
