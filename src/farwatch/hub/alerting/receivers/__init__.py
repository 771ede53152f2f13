"""The ways to reach people: one module each, which brings its section of the configuration with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import aiohttp
import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.receivers.apprise import Apprise, AppriseConfig
from farwatch.hub.alerting.receivers.discord import Discord, DiscordConfig
from farwatch.hub.alerting.receivers.email import Email, EmailConfig
from farwatch.hub.alerting.receivers.http import open_http_session
from farwatch.hub.alerting.receivers.incidentio import Incidentio, IncidentioConfig
from farwatch.hub.alerting.receivers.jira import Jira, JiraConfig
from farwatch.hub.alerting.receivers.mattermost import Mattermost, MattermostConfig
from farwatch.hub.alerting.receivers.msteams import MsTeams, MsTeamsConfig
from farwatch.hub.alerting.receivers.msteamsv2 import MsTeamsV2, MsTeamsV2Config
from farwatch.hub.alerting.receivers.opsgenie import OpsGenie, OpsGenieConfig
from farwatch.hub.alerting.receivers.pagerduty import PagerDuty, PagerDutyConfig
from farwatch.hub.alerting.receivers.pushover import Pushover, PushoverConfig
from farwatch.hub.alerting.receivers.receiver import DEFAULT_TIMEOUT_SECONDS, Context, DeliveryError, Receiver
from farwatch.hub.alerting.receivers.rocketchat import Rocketchat, RocketchatConfig
from farwatch.hub.alerting.receivers.sections import GlobalConfig, HttpConfig, ReceiverSection
from farwatch.hub.alerting.receivers.slack import Slack, SlackConfig
from farwatch.hub.alerting.receivers.sns import Sns, SnsConfig
from farwatch.hub.alerting.receivers.telegram import Telegram, TelegramConfig
from farwatch.hub.alerting.receivers.victorops import VictorOps, VictorOpsConfig
from farwatch.hub.alerting.receivers.webex import Webex, WebexConfig
from farwatch.hub.alerting.receivers.webhook import Webhook, WebhookConfig
from farwatch.hub.alerting.receivers.wechat import Wechat, WechatConfig
from farwatch.hub.alerting.templates import TemplateLibrary

if TYPE_CHECKING:
    from farwatch.hub.alerting.config import Config

__all__ = [
    "KINDS",
    "Context",
    "DeliveryError",
    "GlobalConfig",
    "HttpConfig",
    "Receiver",
    "ReceiverConfig",
    "build_receivers",
    "open_http_session",
]

KINDS: dict[str, type[Any]] = {
    receiver.kind: receiver
    for receiver in (
        Apprise,
        Discord,
        Email,
        Incidentio,
        Jira,
        Mattermost,
        MsTeams,
        MsTeamsV2,
        OpsGenie,
        PagerDuty,
        Pushover,
        Rocketchat,
        Slack,
        Sns,
        Telegram,
        VictorOps,
        Webex,
        Webhook,
        Wechat,
    )
}
"""By the name that their sections have in the configuration, before ``_configs``."""


class ReceiverConfig(Section, frozen=True, kw_only=True):
    """An entry of ``receivers``: a name, and the ways to reach people by it."""

    later: ClassVar = frozenset({"labels"})

    name: str
    apprise_configs: list[AppriseConfig] = msgspec.field(default_factory=list)
    discord_configs: list[DiscordConfig] = msgspec.field(default_factory=list)
    email_configs: list[EmailConfig] = msgspec.field(default_factory=list)
    incidentio_configs: list[IncidentioConfig] = msgspec.field(default_factory=list)
    jira_configs: list[JiraConfig] = msgspec.field(default_factory=list)
    mattermost_configs: list[MattermostConfig] = msgspec.field(default_factory=list)
    msteams_configs: list[MsTeamsConfig] = msgspec.field(default_factory=list)
    msteamsv2_configs: list[MsTeamsV2Config] = msgspec.field(default_factory=list)
    opsgenie_configs: list[OpsGenieConfig] = msgspec.field(default_factory=list)
    pagerduty_configs: list[PagerDutyConfig] = msgspec.field(default_factory=list)
    pushover_configs: list[PushoverConfig] = msgspec.field(default_factory=list)
    rocketchat_configs: list[RocketchatConfig] = msgspec.field(default_factory=list)
    slack_configs: list[SlackConfig] = msgspec.field(default_factory=list)
    sns_configs: list[SnsConfig] = msgspec.field(default_factory=list)
    telegram_configs: list[TelegramConfig] = msgspec.field(default_factory=list)
    victorops_configs: list[VictorOpsConfig] = msgspec.field(default_factory=list)
    webex_configs: list[WebexConfig] = msgspec.field(default_factory=list)
    webhook_configs: list[WebhookConfig] = msgspec.field(default_factory=list)
    wechat_configs: list[WechatConfig] = msgspec.field(default_factory=list)

    def entries(self, defaults: GlobalConfig) -> Iterator[tuple[str, int, ReceiverSection]]:
        """Each way to reach people: its kind, its index among those of its kind, and its section, made whole."""
        for kind in KINDS:
            for index, section in enumerate(getattr(self, f"{kind}_configs")):
                yield kind, index, section.with_defaults(defaults)

    def shortcomings(self, defaults: GlobalConfig) -> Iterator[Fault]:
        """What its entries lack, and ``global`` does not give them either."""
        for kind, index, section in self.entries(defaults):
            for fault in section.shortcomings():
                yield Fault((f"{kind}_configs", index, *fault.path), fault.message)


def build_receivers(
    config: Config, http: aiohttp.ClientSession, timeout: float = DEFAULT_TIMEOUT_SECONDS
) -> dict[str, list[tuple[int, Receiver]]]:
    """By name, every way of a receiver to reach people, each with its index among those of its kind.

    Args:
        config: What there is to build.
        http: What requests are sent with.
        timeout: Seconds for an attempt where the configuration sets none.

    Raises:
        TemplateFilesError: A file of templates cannot be used.
    """
    context = Context(http, TemplateLibrary.load(config.templates), timeout)
    return {
        receiver.name: [
            (index, KINDS[kind](section, context))
            for kind, index, section in receiver.entries(config.global_)
        ]
        for receiver in config.receivers
    }
