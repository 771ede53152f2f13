"""Slack's incoming webhooks: a message for people, on a phone, at night."""

from __future__ import annotations

import aiohttp
import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.config import HttpConfig, SlackConfig
from farwatch.hub.alerting.durations import format_duration
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.http import DETAIL_LIMIT, Endpoint
from farwatch.hub.alerting.receivers.receiver import DeliveryError
from farwatch.hub.alerting.templates import Template, TemplateFailedError

TITLE_LIMIT = 1_024
TEXT_LIMIT = 30_000
"""Slack takes 40,000 characters for a whole message."""

ALERTS_SHOWN = 5
"""More of them than a screen holds are counted."""

RESOLVED_COLOR, RESOLVED_SIGN = "good", "✅"
SEVERITIES = {"critical": ("danger", "🔴"), "warning": ("warning", "🟠"), "info": ("#439fe0", "🔵")}
"""Colour of the bar and sign of the title."""

_TEMPLATES = ("title", "title_link", "pretext", "text", "fallback", "color", "footer")
_SENDER_TEMPLATES = ("channel", "username", "icon_emoji", "icon_url")


class Attachment(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The part of a Slack message with the coloured bar."""

    title: str
    text: str
    fallback: str
    color: str
    title_link: str = ""
    pretext: str = ""
    footer: str = ""
    mrkdwn_in: tuple[str, ...] = msgspec.field(default_factory=tuple)


class SlackMessage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What an incoming webhook takes."""

    attachments: list[Attachment]
    channel: str = ""
    username: str = ""
    icon_emoji: str = ""
    icon_url: str = ""
    link_names: bool = False


class Slack:
    """Posts messages to a Slack channel."""

    kind = "slack"

    def __init__(self, config: SlackConfig, http: aiohttp.ClientSession, defaults: HttpConfig) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._endpoint = Endpoint(
            http,
            url=config.api_url,
            url_file=config.api_url_file,
            timeout=config.timeout,
            config=config.http_config or defaults,
        )

    async def send(self, message: Message) -> None:
        """Deliver a message, once.

        Raises:
            DeliveryError: It was not taken.
        """
        answer = await self._endpoint.post(msgspec.json.encode(slack_message(message, self._config)))
        # Slack says what is wrong in the body, at times under status 200.
        if answer.strip() != b"ok" and not _is_ok(answer):
            text = answer.decode(errors="replace")[:DETAIL_LIMIT]
            raise DeliveryError(f"Slack answered: {text}", retryable=False)


def _is_ok(answer: bytes) -> bool:
    try:
        decoded = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        return False
    return isinstance(decoded, dict) and decoded.get("ok") is True


def slack_message(message: Message, config: SlackConfig) -> SlackMessage:
    """What is posted: the user's templates, and Farwatch's own words where there are none.

    If a template fails, the page still goes out, in Farwatch's words, and says so.
    """
    attachment = default_attachment(message)
    try:
        own = {name: _rendered(config, name, message) for name in _TEMPLATES}
        for name, text in own.items():
            if text is not None:
                setattr(attachment, name, text)
    except TemplateFailedError as error:
        attachment = default_attachment(message)
        attachment.footer = _cut(f"Not as you wrote it, a template failed: {error}", TITLE_LIMIT)
    attachment.title = _cut(attachment.title, TITLE_LIMIT)
    attachment.text = _cut(attachment.text, TEXT_LIMIT)
    attachment.fallback = _cut(attachment.fallback, TITLE_LIMIT)
    return SlackMessage(
        attachments=[attachment], link_names=config.link_names, **_sender(message, config, attachment)
    )


def _sender(message: Message, config: SlackConfig, attachment: Attachment) -> dict[str, str]:
    sender = {}
    for name in _SENDER_TEMPLATES:
        try:
            sender[name] = _rendered(config, name, message) or ""
        except TemplateFailedError as error:
            attachment.footer = _cut(
                f"Not as you wrote it, the template of {name} failed: {error}", TITLE_LIMIT
            )
    return sender


def _rendered(config: SlackConfig, name: str, message: Message) -> str | None:
    template: Template | None = getattr(config, name)
    return None if template is None else template.render(message)


def default_attachment(message: Message) -> Attachment:
    """Farwatch's own words: what, where, how bad, since when, and what is known about it."""
    color, sign = _look(message)
    title = f"{sign} {_headline(message)}"
    shown = [*message.firing, *message.resolved][:ALERTS_SHOWN]
    lines = [_place(message.common_labels), *(_paragraph(alert, message) for alert in shown)]
    if len(message.alerts) > len(shown):
        lines.append(f"_and {len(message.alerts) - len(shown)} more_")
    return Attachment(
        title=title,
        title_link=message.external_url,
        text="\n".join(filter(None, lines)),
        fallback=f"{title} {_plain_place(message.common_labels)}".rstrip(),
        color=color,
        mrkdwn_in=("text", "pretext", "fallback"),
    )


def _look(message: Message) -> tuple[str, str]:
    if message.status is Status.RESOLVED:
        return RESOLVED_COLOR, RESOLVED_SIGN
    present = {alert.labels.get("severity", "") for alert in message.firing}
    worst = next((severity for severity in SEVERITIES if severity in present), "warning")
    return SEVERITIES[worst]


def _headline(message: Message) -> str:
    name = message.common_labels.get("alertname") or ", ".join(
        sorted({alert.labels.get("alertname", "alert") for alert in message.alerts})
    )
    if message.status is Status.RESOLVED:
        count = len(message.alerts)
        return f"Resolved: {name}" if count == 1 else f"Resolved: {name} (all {count})"
    firing, resolved = len(message.firing), len(message.resolved)
    if resolved:
        return f"{name} ({firing} firing, {resolved} resolved)"
    return name if firing == 1 else f"{name} ({firing} firing)"


def _where(labels: dict[str, str]) -> list[str]:
    workload = f"{labels.get('workload_kind', '')} {labels.get('workload', '')}".strip()
    object_ = workload or labels.get("pod") or labels.get("node") or labels.get("instance", "")
    return [part for part in (labels.get("cluster", ""), labels.get("namespace", ""), object_) if part]


def _place(labels: dict[str, str]) -> str:
    return " / ".join(f"*{_escaped(part)}*" for part in _where(labels))


def _plain_place(labels: dict[str, str]) -> str:
    return " / ".join(_where(labels))


def _paragraph(alert: Alert, message: Message) -> str:
    """One alert of the message: where, unless all are there; its facts; since when."""
    shared = message.common_labels
    own_place = _where({name: value for name, value in alert.labels.items() if name not in shared})
    place = "*" + _escaped(" / ".join(own_place)) + "*: " if own_place else ""
    annotations = alert.annotations
    facts = annotations.get("description") or annotations.get("summary") or annotations.get("message") or ""
    runbook = annotations.get("runbook_url", "")
    link = f" · <{_escaped(runbook)}|Runbook>" if runbook.startswith(("http://", "https://")) else ""
    return f"{place}{_escaped(facts)}\n{_times(alert)}{link}".strip()


def _times(alert: Alert) -> str:
    began = _local(alert.starts_at.timestamp(), f"{alert.starts_at:%Y-%m-%d %H:%M} UTC")
    if alert.ends_at is None:
        return f"_since {began}_"
    lasted = format_duration((alert.ends_at - alert.starts_at).total_seconds())
    return f"_resolved, lasted {lasted}, since {began}_"


def _local(timestamp: float, otherwise: str) -> str:
    """A time that Slack shows in the reader's own time zone."""
    return f"<!date^{int(timestamp)}^{{date_short_pretty}} {{time}}|{otherwise}>"


def _escaped(text: str) -> str:
    """Text in which Slack sees no markup (its three control characters)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
