"""The configuration, in the format of Alertmanager's file; as yet a part of it.

What is not supported is refused by name, never ignored: a configuration that loads is one that is obeyed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from farwatch.hub.alerting.document import Fault, Problem, Section, read_document
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.routing import RouteConfig
from farwatch.hub.alerting.secrets import Secret, SecretUrl
from farwatch.hub.alerting.templates import Template


class ConfigError(AlertingError):
    """The configuration cannot be used; the message has one line per problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class BasicAuth(Section, frozen=True, kw_only=True):
    """HTTP basic authentication."""

    later: ClassVar = frozenset({"username_file"})

    username: str
    password: Secret | None = None
    password_file: str | None = None

    def faults(self) -> Iterator[Fault]:
        """At most one password."""
        yield from _at_most_one(self, "password", "password_file")


class Authorization(Section, frozen=True, kw_only=True):
    """The HTTP header ``Authorization``."""

    type: str = "Bearer"
    credentials: Secret | None = None
    credentials_file: str | None = None

    def faults(self) -> Iterator[Fault]:
        """One source of credentials, and a scheme that is not basic authentication."""
        yield from _exactly_one(self, "credentials", "credentials_file")
        if self.type.lower() == "basic":
            yield Fault(("type",), "for basic authentication use `basic_auth`")


class HttpConfig(Section, frozen=True, kw_only=True):
    """How receivers are reached over HTTP."""

    later: ClassVar = frozenset(
        {
            "bearer_token",
            "bearer_token_file",
            "enable_http2",
            "follow_redirects",
            "http_headers",
            "no_proxy",
            "oauth2",
            "proxy_connect_header",
            "proxy_from_environment",
            "proxy_url",
            "tls_config",
        }
    )

    authorization: Authorization | None = None
    basic_auth: BasicAuth | None = None

    def faults(self) -> Iterator[Fault]:
        """At most one way to authenticate."""
        yield from _at_most_one(self, "authorization", "basic_auth")


class WebhookConfig(Section, frozen=True, kw_only=True):
    """An entry of ``webhook_configs``."""

    later: ClassVar = frozenset({"payload"})

    send_resolved: bool = True
    url: SecretUrl | None = None
    url_file: str | None = None
    max_alerts: int = 0
    timeout: Duration | None = None
    http_config: HttpConfig | None = None

    def faults(self) -> Iterator[Fault]:
        """One address, and no negative number."""
        yield from _exactly_one(self, "url", "url_file")
        if self.max_alerts < 0:
            yield Fault(("max_alerts",), "`max_alerts` cannot be negative: 0 is no limit")


class SlackConfig(Section, frozen=True, kw_only=True):
    """An entry of ``slack_configs``: an incoming webhook. None: what Farwatch writes by itself."""

    later: ClassVar = frozenset(
        {
            "actions",
            "app_token",
            "app_token_file",
            "app_url",
            "callback_id",
            "fields",
            "image_url",
            "message_text",
            "mrkdwn_in",
            "short_fields",
            "thumb_url",
            "update_message",
        }
    )

    send_resolved: bool = False
    api_url: SecretUrl | None = None
    api_url_file: str | None = None
    channel: Template | None = None
    username: Template | None = None
    icon_emoji: Template | None = None
    icon_url: Template | None = None
    color: Template | None = None
    title: Template | None = None
    title_link: Template | None = None
    pretext: Template | None = None
    text: Template | None = None
    fallback: Template | None = None
    footer: Template | None = None
    link_names: bool = False
    timeout: Duration | None = None
    http_config: HttpConfig | None = None

    def faults(self) -> Iterator[Fault]:
        """At most one address; where there is none, the global one holds."""
        yield from _at_most_one(self, "api_url", "api_url_file")


class ReceiverConfig(Section, frozen=True, kw_only=True):
    """An entry of ``receivers``: a name, and the ways to reach people by it."""

    later: ClassVar = frozenset(
        {
            "discord_configs",
            "email_configs",
            "incidentio_configs",
            "jira_configs",
            "labels",
            "mattermost_configs",
            "msteams_configs",
            "msteamsv2_configs",
            "opsgenie_configs",
            "pagerduty_configs",
            "pushover_configs",
            "rocketchat_configs",
            "sns_configs",
            "telegram_configs",
            "victorops_configs",
            "webex_configs",
            "wechat_configs",
        }
    )

    name: str
    webhook_configs: list[WebhookConfig] = msgspec.field(default_factory=list)
    slack_configs: list[SlackConfig] = msgspec.field(default_factory=list)


class GlobalConfig(Section, frozen=True, kw_only=True):
    """``global``: what holds wherever nothing else is said.

    Attributes:
        resolve_timeout: When an alert ends whose sender says nothing more of it. Detectors tell every end, so it
            concerns alerts from elsewhere alone.
        slack_api_url: Slack's incoming webhook.
        slack_api_url_file: A file that holds it.
        http_config: How receivers are reached over HTTP.
    """

    later: ClassVar = frozenset(
        {
            "jira_api_url",
            "mattermost_webhook_url",
            "mattermost_webhook_url_file",
            "opsgenie_api_key",
            "opsgenie_api_key_file",
            "opsgenie_api_url",
            "pagerduty_url",
            "rocketchat_api_url",
            "rocketchat_token",
            "rocketchat_token_file",
            "rocketchat_token_id",
            "rocketchat_token_id_file",
            "slack_app_token",
            "slack_app_token_file",
            "slack_app_url",
            "smtp_auth_identity",
            "smtp_auth_password",
            "smtp_auth_password_file",
            "smtp_auth_secret",
            "smtp_auth_secret_file",
            "smtp_auth_username",
            "smtp_force_implicit_tls",
            "smtp_from",
            "smtp_hello",
            "smtp_require_tls",
            "smtp_smarthost",
            "smtp_tls_config",
            "telegram_api_url",
            "telegram_bot_token",
            "telegram_bot_token_file",
            "victorops_api_key",
            "victorops_api_key_file",
            "victorops_api_url",
            "webex_api_url",
            "wechat_api_corp_id",
            "wechat_api_secret",
            "wechat_api_secret_file",
            "wechat_api_url",
        }
    )

    resolve_timeout: Duration = Duration(5 * 60)
    slack_api_url: SecretUrl | None = None
    slack_api_url_file: str | None = None
    http_config: HttpConfig = HttpConfig()

    def faults(self) -> Iterator[Fault]:
        """At most one address."""
        yield from _at_most_one(self, "slack_api_url", "slack_api_url_file")


class Config(Section, frozen=True, kw_only=True):
    """The whole file."""

    later: ClassVar = frozenset(
        {"event_recorder", "inhibit_rules", "mute_time_intervals", "templates", "time_intervals", "tracing"}
    )

    global_: GlobalConfig = msgspec.field(name="global", default_factory=GlobalConfig)
    route: RouteConfig
    receivers: list[ReceiverConfig]

    def faults(self) -> Iterator[Fault]:
        """Receivers are named once, are known where they are used, and know their addresses."""
        for index, receiver in enumerate(self.receivers):
            if receiver.name in {earlier.name for earlier in self.receivers[:index]}:
                yield Fault(("receivers", index, "name"), f'receiver "{receiver.name}" is there already')
            yield from self._slack_faults(index, receiver)
        for fault in self.route.root_faults():
            yield Fault(("route", *fault.path), fault.message)
        yield from self._route_faults()

    def _route_faults(self) -> Iterator[Fault]:
        """What routes name must be there."""
        receivers = [receiver.name for receiver in self.receivers]
        for path, route in self.route.walk(("route",)):
            if route.receiver and route.receiver not in receivers:
                yield Fault(
                    (*path, "receiver"),
                    f'receiver "{route.receiver}" is not defined; there are {_quoted(receivers)}',
                )

    def _slack_faults(self, index: int, receiver: ReceiverConfig) -> Iterator[Fault]:
        if self.global_.slack_api_url or self.global_.slack_api_url_file:
            return
        for place, slack in enumerate(receiver.slack_configs):
            if not (slack.api_url or slack.api_url_file):
                path = ("receivers", index, "slack_configs", place)
                yield Fault(path, "no address: set `api_url`, `api_url_file`, or `slack_api_url` in `global`")


DEFAULT = Config(
    route=RouteConfig(receiver="nobody", group_by=["alertname", "cluster", "namespace"]),
    receivers=[ReceiverConfig(name="nobody")],
)
"""What holds without a file: alerts are kept and shown, and nobody is notified."""


def load(path: Path) -> Config:
    """Read a file. Relative names of secret files in it are taken from the file's own directory.

    Raises:
        ConfigError: There is something wrong with it.
    """
    config, problems = read_document(path, Config)
    if config is None:
        raise ConfigError(problems)
    resolved: Config = _with_paths(config, path.absolute().parent)
    return resolved


def check(path: Path) -> list[Problem]:
    """All that is wrong with a file, in the file's order."""
    return read_document(path, Config)[1]


def _with_paths(value: Any, directory: Path) -> Any:
    """The same section, with every ``*_file`` in it made absolute."""
    if isinstance(value, list):
        return [_with_paths(item, directory) for item in value]
    if not isinstance(value, Section):
        return value
    changes = {}
    for name in value.__struct_fields__:
        field = getattr(value, name)
        is_path = name.endswith("_file") and field is not None
        changes[name] = str(directory / field) if is_path else _with_paths(field, directory)
    return msgspec.structs.replace(value, **changes)


def _at_most_one(section: Section, *names: str) -> Iterator[Fault]:
    if sum(getattr(section, name) is not None for name in names) > 1:
        yield Fault((names[-1],), f"set one of {_names(names)}, not both")


def _exactly_one(section: Section, *names: str) -> Iterator[Fault]:
    yield from _at_most_one(section, *names)
    if all(getattr(section, name) is None for name in names):
        yield Fault((), f"set one of {_names(names)}")


def _names(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
