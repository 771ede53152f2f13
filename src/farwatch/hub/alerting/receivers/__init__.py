"""The ways to reach people: one module each."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
import msgspec

from farwatch.hub.alerting.config import Config, ReceiverConfig, SlackConfig
from farwatch.hub.alerting.receivers.http import open_http_session
from farwatch.hub.alerting.receivers.receiver import DeliveryError, Receiver
from farwatch.hub.alerting.receivers.slack import Slack
from farwatch.hub.alerting.receivers.webhook import Webhook

__all__ = ["DeliveryError", "Receiver", "build_receivers", "open_http_session"]


def build_receivers(config: Config, http: aiohttp.ClientSession) -> dict[str, list[tuple[int, Receiver]]]:
    """By name, every way of a receiver to reach people, each with its index among those of its kind."""
    return {receiver.name: list(_build(receiver, config, http)) for receiver in config.receivers}


def _build(
    receiver: ReceiverConfig, config: Config, http: aiohttp.ClientSession
) -> Iterator[tuple[int, Receiver]]:
    defaults = config.global_.http_config
    for index, webhook in enumerate(receiver.webhook_configs):
        yield index, Webhook(webhook, http, defaults)
    for index, slack in enumerate(receiver.slack_configs):
        yield index, Slack(_with_address(slack, config), http, defaults)


def _with_address(slack: SlackConfig, config: Config) -> SlackConfig:
    if slack.api_url or slack.api_url_file:
        return slack
    return msgspec.structs.replace(
        slack, api_url=config.global_.slack_api_url, api_url_file=config.global_.slack_api_url_file
    )
