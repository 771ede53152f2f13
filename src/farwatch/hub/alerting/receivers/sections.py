"""What the sections of all receivers are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import urlsplit

import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.secrets import Secret, SecretUrl
from farwatch.hub.alerting.templates import Template

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

    later: ClassVar = frozenset({"cert", "key", "max_version", "min_version"})

    ca: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    server_name: str | None = None
    insecure_skip_verify: bool = False

    def faults(self) -> Iterator[Fault]:
        """One source of authorities; a certificate comes with its key."""
        yield from at_most_one(self, "ca", "ca_file")
        if (self.cert_file is None) != (self.key_file is None):
            yield Fault((), "set `cert_file` and `key_file` together")


class HttpConfig(Section, frozen=True, kw_only=True):
    """How receivers are reached over HTTP.

    Attributes:
        authorization: The header ``Authorization``.
        basic_auth: Or a user name and a password.
        bearer_token: Or a token, as older files have it.
        bearer_token_file: Or a file that holds it.
        tls_config: How servers are trusted.
        proxy_url: The proxy to send by; none is taken from the environment.
        follow_redirects: Whether redirects are followed.
        enable_http2: May be set for upstream's sake; HTTP/1.1 is spoken always.
    """

    later: ClassVar = frozenset(
        {"http_headers", "no_proxy", "oauth2", "proxy_connect_header", "proxy_from_environment"}
    )

    authorization: Authorization | None = None
    basic_auth: BasicAuth | None = None
    bearer_token: Secret | None = None
    bearer_token_file: str | None = None
    tls_config: TlsConfig = TlsConfig()
    proxy_url: Url | None = None
    follow_redirects: bool = True
    enable_http2: bool = True

    def faults(self) -> Iterator[Fault]:
        """At most one way to authenticate."""
        yield from at_most_one(self, "authorization", "basic_auth", "bearer_token", "bearer_token_file")


class GlobalConfig(Section, frozen=True, kw_only=True):
    """``global``: what holds wherever nothing else is said.

    A field that is named ``<kind>_<key>`` (``smtp_<key>`` for e-mail) holds for entries of that kind without the key.

    Attributes:
        resolve_timeout: When an alert ends whose sender says nothing more of it. Detectors tell every end, so it
            concerns alerts from elsewhere alone.
        http_config: How receivers are reached over HTTP.
    """

    later: ClassVar = frozenset(
        {
            "jira_api_url",
            "mattermost_webhook_url",
            "mattermost_webhook_url_file",
            "rocketchat_api_url",
            "rocketchat_token",
            "rocketchat_token_file",
            "rocketchat_token_id",
            "rocketchat_token_id_file",
            "smtp_auth_identity",
            "wechat_api_corp_id",
            "wechat_api_secret",
            "wechat_api_secret_file",
            "wechat_api_url",
        }
    )

    resolve_timeout: Duration = Duration(5 * 60)
    http_config: HttpConfig = HttpConfig()
    opsgenie_api_key: Secret | None = None
    opsgenie_api_key_file: str | None = None
    opsgenie_api_url: Url = Url("https://api.opsgenie.com")
    pagerduty_url: Url = Url("https://events.pagerduty.com/v2/enqueue")
    slack_api_url: SecretUrl | None = None
    slack_api_url_file: str | None = None
    slack_app_token: Secret | None = None
    slack_app_token_file: str | None = None
    slack_app_url: Url = Url("https://slack.com/api/chat.postMessage")
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
