"""What the sections of all receivers are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, NamedTuple, Self, get_args
from urllib.parse import urlsplit

import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.secrets import Secret, SecretUrl
from farwatch.hub.alerting.templates import Template

TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]

_OWN_HEADERS = frozenset(
    {
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
    }
)
_SLACK_WAYS = ("slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file")


class Url(str):
    """An HTTP address that holds no secret."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text.

        Raises:
            ValueError: It is none.
        """
        try:
            parts = urlsplit(text)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f'"{text}" is not an address of the form https://host/path')
        return cls(text)

    def joined(self, path: str) -> str:
        """The address of a path below this one."""
        return f"{self.rstrip('/')}/{path}"


class HostPort(NamedTuple):
    """A server by its name and port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> HostPort:
        """From ``host:port``.

        Raises:
            ValueError: It is none.
        """
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:  # noqa: PLR2004 - ports have 16 bits
            raise ValueError(f'"{text}" is not of the form host:port')
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class BasicAuth(Section, frozen=True, kw_only=True):
    """HTTP basic authentication."""

    username: str | None = None
    username_file: str | None = None
    password: Secret | None = None
    password_file: str | None = None

    def faults(self) -> Iterator[Fault]:
        """One user name, and at most one password."""
        yield from exactly_one(self, "username", "username_file")
        yield from at_most_one(self, "password", "password_file")


class Authorization(Section, frozen=True, kw_only=True):
    """The HTTP header ``Authorization``."""

    type: str = "Bearer"
    credentials: Secret | None = None
    credentials_file: str | None = None

    def faults(self) -> Iterator[Fault]:
        """One source of credentials, and a scheme that is not basic authentication."""
        yield from exactly_one(self, "credentials", "credentials_file")
        if self.type.lower() == "basic":
            yield Fault(("type",), "for basic authentication use `basic_auth`")


class TlsConfig(Section, frozen=True, kw_only=True):
    """How servers are trusted, and how we show who we are."""

    ca: str | None = None
    ca_file: str | None = None
    cert: str | None = None
    cert_file: str | None = None
    key: Secret | None = None
    key_file: str | None = None
    server_name: str | None = None
    insecure_skip_verify: bool = False
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None

    def faults(self) -> Iterator[Fault]:
        """One source of each; a certificate comes with its key."""
        for name in ("ca", "cert", "key"):
            yield from at_most_one(self, name, f"{name}_file")
        if (self.cert is None and self.cert_file is None) != (self.key is None and self.key_file is None):
            yield Fault(
                (), "set a certificate (`cert_file`, `cert`) and its key (`key_file`, `key`) together"
            )
        order = get_args(TlsVersion)
        if (
            self.min_version
            and self.max_version
            and order.index(self.min_version) > order.index(self.max_version)
        ):
            yield Fault(("max_version",), "`max_version` is older than `min_version`")


class ProxyConfig(Section, frozen=True, kw_only=True):
    """By which proxy a server is reached.

    Attributes:
        proxy_url: The proxy to send by.
        no_proxy: What is reached directly all the same.
        proxy_from_environment: Or the proxy that ``HTTPS_PROXY`` and the like name; they are not looked at otherwise.
        proxy_connect_header: Headers for the proxy itself.
    """

    proxy_url: Url | None = None
    no_proxy: str | None = None
    proxy_from_environment: bool = False
    proxy_connect_header: dict[str, list[Secret]] = msgspec.field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """One source of a proxy, and one for what belongs to it."""
        if self.proxy_from_environment and (self.proxy_url or self.no_proxy):
            yield Fault(
                ("proxy_from_environment",),
                "`proxy_from_environment` takes all from the environment: set no `proxy_url` or `no_proxy` beside it",
            )
        if self.no_proxy and not self.proxy_url and not self.proxy_from_environment:
            yield Fault(("no_proxy",), "`no_proxy` says nothing without `proxy_url`")
        if self.proxy_connect_header and not (self.proxy_url or self.proxy_from_environment):
            yield Fault(("proxy_connect_header",), "`proxy_connect_header` says nothing without a proxy")


class OAuth2(ProxyConfig, frozen=True, kw_only=True):
    """A token that is fetched by client credentials (RFC 6749, 4.4)."""

    client_id: str
    client_secret: Secret | None = None
    client_secret_file: str | None = None
    token_url: Url
    scopes: list[str] = msgspec.field(default_factory=list)
    endpoint_params: dict[str, str] = msgspec.field(default_factory=dict)
    tls_config: TlsConfig = TlsConfig()

    def faults(self) -> Iterator[Fault]:
        """One secret."""
        yield from super().faults()
        yield from exactly_one(self, "client_secret", "client_secret_file")


class HttpHeader(Section, frozen=True, kw_only=True):
    """The values of a header, from three kinds of sources."""

    values: list[str] = msgspec.field(default_factory=list)
    secrets: list[Secret] = msgspec.field(default_factory=list)
    files: list[str] = msgspec.field(default_factory=list)


class HttpConfig(ProxyConfig, frozen=True, kw_only=True):
    """How receivers are reached over HTTP.

    Attributes:
        authorization: The header ``Authorization``.
        basic_auth: Or a user name and a password.
        bearer_token: Or a token, as older files have it.
        bearer_token_file: Or a file that holds it.
        oauth2: Or one that is fetched.
        tls_config: How servers are trusted.
        http_headers: More headers.
        follow_redirects: Whether redirects are followed.
        enable_http2: May be set for upstream's sake; HTTP/1.1 is spoken always.
    """

    authorization: Authorization | None = None
    basic_auth: BasicAuth | None = None
    bearer_token: Secret | None = None
    bearer_token_file: str | None = None
    oauth2: OAuth2 | None = None
    tls_config: TlsConfig = TlsConfig()
    http_headers: dict[str, HttpHeader] = msgspec.field(default_factory=dict)
    follow_redirects: bool = True
    enable_http2: bool = True

    def faults(self) -> Iterator[Fault]:
        """At most one way to authenticate, and no header that another key or the receiver sets."""
        yield from super().faults()
        yield from at_most_one(
            self, "authorization", "basic_auth", "bearer_token", "bearer_token_file", "oauth2"
        )
        for name in self.http_headers:
            if name.lower() in _OWN_HEADERS:
                yield Fault(
                    ("http_headers",), f"`{name}` cannot be set in `http_headers`: it is set otherwise"
                )


class GlobalConfig(Section, frozen=True, kw_only=True):
    """``global``: what holds wherever nothing else is said.

    A field that is named ``<kind>_<key>`` (``smtp_<key>`` for e-mail) holds for entries of that kind without the key.

    Attributes:
        resolve_timeout: When an alert ends whose sender says nothing more of it. Detectors tell every end, so it
            concerns alerts from elsewhere alone.
        http_config: How receivers are reached over HTTP.
    """

    resolve_timeout: Duration = Duration(5 * 60)
    http_config: HttpConfig = HttpConfig()
    jira_api_url: Url | None = None
    mattermost_webhook_url: SecretUrl | None = None
    mattermost_webhook_url_file: str | None = None
    opsgenie_api_key: Secret | None = None
    opsgenie_api_key_file: str | None = None
    opsgenie_api_url: Url = Url("https://api.opsgenie.com")
    pagerduty_url: Url = Url("https://events.pagerduty.com/v2/enqueue")
    rocketchat_api_url: Url = Url("https://open.rocket.chat/")
    rocketchat_token: Secret | None = None
    rocketchat_token_file: str | None = None
    rocketchat_token_id: Secret | None = None
    rocketchat_token_id_file: str | None = None
    slack_api_url: SecretUrl | None = None
    slack_api_url_file: str | None = None
    slack_app_token: Secret | None = None
    slack_app_token_file: str | None = None
    slack_app_url: Url = Url("https://slack.com/api/chat.postMessage")
    smtp_auth_identity: str | None = None
    smtp_auth_password: Secret | None = None
    smtp_auth_password_file: str | None = None
    smtp_auth_secret: Secret | None = None
    smtp_auth_secret_file: str | None = None
    smtp_auth_username: str | None = None
    smtp_force_implicit_tls: bool | None = None
    smtp_from: Template | None = None
    smtp_hello: str = "localhost"
    smtp_require_tls: bool = True
    smtp_smarthost: HostPort | None = None
    smtp_tls_config: TlsConfig = TlsConfig()
    telegram_api_url: Url = Url("https://api.telegram.org")
    telegram_bot_token: Secret | None = None
    telegram_bot_token_file: str | None = None
    victorops_api_key: Secret | None = None
    victorops_api_key_file: str | None = None
    victorops_api_url: Url = Url("https://alert.victorops.com/integrations/generic/20131114/alert")
    wechat_api_corp_id: Template | None = None
    wechat_api_secret: Secret | None = None
    wechat_api_secret_file: str | None = None
    wechat_api_url: Url = Url("https://qyapi.weixin.qq.com/cgi-bin/")
    webex_api_url: Url = Url("https://webexapis.com/v1/messages")

    def faults(self) -> Iterator[Fault]:
        """At most one source of each secret, and one way to Slack."""
        for name in self.__struct_fields__:
            if name.endswith("_file"):
                yield from at_most_one(self, name.removesuffix("_file"), name)
        slack = [name for name in _SLACK_WAYS if getattr(self, name) is not None]
        if {name.split("_")[1] for name in slack} == {"api", "app"}:
            yield Fault(
                (slack[-1],), "set an address (`slack_api_url`) or a token (`slack_app_token`), not both"
            )


class ReceiverSection(Section, frozen=True, kw_only=True):
    """An entry of a receiver's ``<kind>_configs``."""

    inherited: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Groups of keys that are taken from ``global``, there with ``prefix`` before them, if none of a group is set."""

    prefix: ClassVar[str] = ""

    send_resolved: bool = True
    http_config: HttpConfig | None = None

    def with_defaults(self, defaults: GlobalConfig) -> Self:
        """The same entry, with what it leaves open taken from ``global``."""
        changes: dict[str, Any] = {"http_config": self.http_config or defaults.http_config}
        for group in self.inherited:
            if all(getattr(self, name) is None for name in group):
                changes.update(
                    {name: getattr(defaults, f"{self.prefix}{name.rstrip('_')}") for name in group}
                )
        return msgspec.structs.replace(self, **changes)

    def shortcomings(self) -> Iterator[Fault]:
        """What is still missing after ``with_defaults``."""
        yield from ()


def at_most_one(section: Section, *names: str) -> Iterator[Fault]:
    """A fault if two of the keys are set."""
    if sum(getattr(section, name) is not None for name in names) > 1:
        yield Fault((names[-1],), f"set one of {_names(names)}, not {'several' if names[2:] else 'both'}")


def exactly_one(section: Section, *names: str) -> Iterator[Fault]:
    """A fault if not just one of the keys is set."""
    yield from at_most_one(section, *names)
    if all(getattr(section, name) is None for name in names):
        yield Fault((), f"set one of {_names(names)}")


def _names(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)
