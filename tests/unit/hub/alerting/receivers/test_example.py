"""Slack messages of a configuration as users of the field write it read as it says."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec
import pytest

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import build_receivers

from ..conftest import Sink, alert, configuration

# As ../shared/examples/alertmanager.yml has it, but for where messages go.
TEXT = """
global:
  slack_api_url: URL
route:
  receiver: slack-default
receivers:
  - name: 'slack-default'
    slack_configs:
      - channel: '#alerts'
        send_resolved: true
        title: '{{ .CommonLabels.alertname }}: {{ .Status }}'
        text: |
          *Alert:* {{ .CommonLabels.alertname }}
          *Status:* {{ .Status }}
          *Cluster:* {{ .CommonLabels.cluster }}
          *Namespace:* {{ .CommonLabels.namespace }}
          *Details:* {{ .CommonAnnotations.description }}
  - name: 'slack-critical'
    slack_configs:
      - channel: '#critical-alerts'
        send_resolved: true
        icon_emoji: ':rotating_light:'
        title: '*CRITICAL: {{ .CommonLabels.alertname }}*'
        text: '{{ .CommonAnnotations.summary }}'
  - name: 'slack-platform'
    slack_configs:
      - channel: '#platform-team'
        send_resolved: true
"""

FIRING = alert("a", cluster="prod", namespace="shop", severity="critical")
FIRING = msgspec.structs.replace(FIRING, annotations={"summary": "it crashes", "description": "exit code 1"})


@pytest.fixture
def told(sink: Sink, http: aiohttp.ClientSession) -> Any:
    async def told(receiver: str, ends: float | None = None) -> Any:
        ((_, slack),) = build_receivers(configuration(TEXT.replace("URL", sink.url)), http)[receiver]
        ended = alert("a", cluster="prod", namespace="shop", severity="critical", ends=ends)
        shown = FIRING if ends is None else msgspec.structs.replace(ended, annotations=FIRING.annotations)
        message = Message(
            receiver=receiver,
            reason=NotifyReason.FIRST,
            group_key="{}:{}",
            group_labels={"alertname": "KubePodCrashLooping"},
            alerts=(shown,),
            external_url="https://hub.example",
        )
        await slack.send(message)
        return sink.requests[-1][1]

    return told


async def test_the_default_channel_gets_title_and_lines(told: Any) -> None:
    body = await told("slack-default")
    (attachment,) = body["attachments"]
    assert body["channel"] == "#alerts"
    assert attachment["title"] == "KubePodCrashLooping: firing"
    assert attachment["text"] == (
        "*Alert:* KubePodCrashLooping\n*Status:* firing\n*Cluster:* prod\n*Namespace:* shop\n"
        "*Details:* exit code 1\n"
    )
    assert attachment["color"] == "danger"
    assert "text" in attachment["mrkdwn_in"]


async def test_the_end_is_told_in_the_same_words(told: Any) -> None:
    (attachment,) = (await told("slack-default", ends=60))["attachments"]
    assert attachment["title"] == "KubePodCrashLooping: resolved"
    assert attachment["color"] == "good"


async def test_the_critical_channel_gets_its_sign_and_summary(told: Any) -> None:
    body = await told("slack-critical")
    (attachment,) = body["attachments"]
    assert (body["channel"], body["icon_emoji"]) == ("#critical-alerts", ":rotating_light:")
    assert (attachment["title"], attachment["text"]) == ("*CRITICAL: KubePodCrashLooping*", "it crashes")


async def test_where_nothing_is_written_the_hubs_own_words_say_what_and_where(told: Any) -> None:
    body = await told("slack-platform")
    (attachment,) = body["attachments"]
    assert body["channel"] == "#platform-team"
    assert attachment["title"] == "🔴 KubePodCrashLooping"
    assert attachment["text"].splitlines()[:2] == ["*prod* / *shop* / *a*", "exit code 1"]
