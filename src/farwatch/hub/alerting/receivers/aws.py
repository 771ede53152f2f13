"""How Amazon's services know who asks: credentials as its SDKs find them, and Signature Version 4.

A signature is 40 lines; the SDK that would make it is 20 MiB.
"""

from __future__ import annotations

import configparser
import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit
from xml.etree import ElementTree as ET

import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.reading import read_text
from farwatch.hub.alerting.receivers.receiver import DeliveryError
from farwatch.hub.alerting.secrets import Secret

FORM = "application/x-www-form-urlencoded; charset=utf-8"
SESSION_NAME = "farwatch"
RENEW_BEFORE_SECONDS = 300.0
"""Borrowed credentials are renewed so long before they end."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_STS_VERSION = "2011-06-15"


class SigV4Config(Section, frozen=True, kw_only=True):
    """``sigv4``: as whom requests are signed. What is left out is found as Amazon's SDKs find it."""

    region: str | None = None
    access_key: str | None = None
    secret_key: Secret | None = None
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    use_fips_sts_endpoint: bool = False

    def faults(self) -> Iterator[Fault]:
        """A key has two halves."""
        if (self.access_key is None) != (self.secret_key is None):
            yield Fault((), "set `access_key` and `secret_key` together")


class Credentials(NamedTuple):
    """A key, and until when it is good: seconds since the epoch, None: for ever."""

    access_key: str
    secret_key: str
    session_token: str = ""
    expires_at: float | None = None


class Scope(NamedTuple):
    """What a signature is good for."""

    region: str
    service: str
    time: datetime


class Signer:
    """Signs requests, with credentials of its own or of a role.

    Credentials come from the configuration, the environment (``AWS_ACCESS_KEY_ID``, ...), a web identity as a cluster's
    service accounts have it (``AWS_WEB_IDENTITY_TOKEN_FILE``), or the shared file (``~/.aws/credentials``), in this order.

    Args:
        config: As whom.
        client: What roles are asked for with.
        environment: Where the SDKs' variables are.
    """

    def __init__(
        self, config: SigV4Config, client: Client, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._config = config
        self._client = client
        self._environment = environment
        self._borrowed: Credentials | None = None

    @property
    def region(self) -> str:
        """Where requests go.

        Raises:
            DeliveryError: Nobody says.
        """
        environment = self._environment
        region = self._config.region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
        if not region:
            raise DeliveryError("no region: set `sigv4.region`, or AWS_REGION", retryable=False)
        return region

    async def headers(self, service: str, url: str, body: bytes, now: datetime) -> dict[str, str]:
        """The headers that a POST of a form must have.

        Raises:
            DeliveryError: There are no credentials.
        """
        scope = Scope(self.region, service, now)
        return signed(url, body, await self._credentials(now), scope)

    async def _credentials(self, now: datetime) -> Credentials:
        borrowed = self._borrowed
        if borrowed is not None and now.timestamp() + RENEW_BEFORE_SECONDS < (borrowed.expires_at or 0):
            return borrowed
        own = self._own()
        if own is None:
            own = self._borrowed = await self._by_web_identity()
        if self._config.role_arn:
            scope = Scope(self.region, "sts", now)
            own = self._borrowed = await self._by_role(self._config.role_arn, own, scope)
        return own

    def _own(self) -> Credentials | None:
        """Those that are at hand; None if a web identity has to be exchanged for some."""
        config, environment = self._config, self._environment
        if config.access_key and config.secret_key:
            return Credentials(config.access_key, config.secret_key.reveal())
        if not config.profile and environment.get("AWS_ACCESS_KEY_ID"):
            return Credentials(
                environment["AWS_ACCESS_KEY_ID"],
                environment.get("AWS_SECRET_ACCESS_KEY", ""),
                environment.get("AWS_SESSION_TOKEN", ""),
            )
        if not config.profile and environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
            return None
        return self._shared()

    def _shared(self) -> Credentials:
        path = Path(self._environment.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()
        profile = self._config.profile or self._environment.get("AWS_PROFILE", "default")
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(read_text(None, str(path)))
            section = parser[profile]
            return Credentials(
                section["aws_access_key_id"],
                section["aws_secret_access_key"],
                section.get("aws_session_token", ""),
            )
        except (configparser.Error, KeyError, DeliveryError):
            raise DeliveryError(
                f"no credentials: set `sigv4`, AWS_ACCESS_KEY_ID, or the profile {profile!r} in {path}",
                retryable=False,
            ) from None

    async def _by_web_identity(self) -> Credentials:
        environment = self._environment
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "RoleArn": environment.get("AWS_ROLE_ARN", ""),
            "RoleSessionName": environment.get("AWS_ROLE_SESSION_NAME", SESSION_NAME),
            "WebIdentityToken": read_text(None, environment["AWS_WEB_IDENTITY_TOKEN_FILE"]),
        }
        return await self._borrow(form, None)

    async def _by_role(self, role: str, own: Credentials, scope: Scope) -> Credentials:
        form = {"Action": "AssumeRole", "RoleArn": role, "RoleSessionName": SESSION_NAME}
        if self._config.external_id:
            form["ExternalId"] = self._config.external_id
        return await self._borrow(form, (own, scope))

    async def _borrow(self, form: dict[str, str], signer: tuple[Credentials, Scope] | None) -> Credentials:
        url, body = self._sts_url(), encode_form({**form, "Version": _STS_VERSION})
        headers = {} if signer is None else signed(url, body, *signer)
        secrets = [form["WebIdentityToken"]] if "WebIdentityToken" in form else []
        answer = await self._client.send(url, body, content_type=FORM, headers=headers, secrets=secrets)
        return _read_credentials(answer.body)

    def _sts_url(self) -> str:
        own = self._environment.get("AWS_ENDPOINT_URL_STS")
        fips = "-fips" if self._config.use_fips_sts_endpoint else ""
        return own or f"https://sts{fips}.{self.region}.amazonaws.com/"


def encode_form(fields: Mapping[str, str]) -> bytes:
    """A form as Amazon's query protocol has it: a blank is %20, not a plus."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in fields.items()
    ).encode()


def signed(url: str, body: bytes, credentials: Credentials, scope: Scope) -> dict[str, str]:
    """The headers that prove who sends a POST: Signature Version 4.

    The steps are those of the AWS General Reference, "Create a signed AWS API request".
    """
    parts = urlsplit(url)
    stamp = f"{scope.time.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    headers = {"host": parts.netloc, "x-amz-date": stamp}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(headers))
    query = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in sorted(parse_qsl(parts.query)))
    request = "\n".join(
        [
            "POST",
            quote(parts.path or "/", safe="/-_.~%"),
            query,
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    place = f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    text = f"{_ALGORITHM}\n{stamp}\n{place}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in place.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    authorization = f"{_ALGORITHM} Credential={credentials.access_key}/{place}, SignedHeaders={names}, Signature={signature}"
    sent = {"X-Amz-Date": stamp, "Authorization": authorization}
    if credentials.session_token:
        sent["X-Amz-Security-Token"] = credentials.session_token
    return sent


def _read_credentials(answer: bytes) -> Credentials:
    try:
        # A few hundred bytes from the service that we trust with our key.
        found = ET.fromstring(answer).find(".//{*}Credentials")  # noqa: S314
        fields = {} if found is None else {child.tag.rpartition("}")[2]: child.text or "" for child in found}
        expires_at = msgspec.convert(fields["Expiration"], datetime, strict=False).timestamp()
        return Credentials(
            fields["AccessKeyId"], fields["SecretAccessKey"], fields["SessionToken"], expires_at
        )
    except (ET.ParseError, KeyError, msgspec.ValidationError):
        raise DeliveryError("the role's credentials came in no form that is known", retryable=True) from None
