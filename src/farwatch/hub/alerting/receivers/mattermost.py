"""Mattermost's incoming webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.incoming import IncomingConfig, IncomingWebhook
from farwatch.hub.alerting.receivers.sections import at_most_one
from farwatch.hub.alerting.receivers.words import Words, cut
from farwatch.hub.alerting.templates import Template, calling

TEXT_LIMIT = 16_383
"""Of a post; of an attachment's text, too."""

ATTACHMENT_LIMIT = 8_000
"""Attachments are kept in a post's properties, of which there may be 800,000 characters in all."""

URGENT, STANDARD = "urgent", "standard"
_PRIORITIES = frozenset({URGENT, "important", STANDARD})

_ATTACHMENT = (
    "fallback",
    "color",
    "pretext",
    "text",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "thumb_url",
    "footer",
    "footer_icon",
    "image_url",
)


class MattermostField(Section, frozen=True, kw_only=True):
    """A small table cell."""

    title: Template
    value: Template
    short: bool | None = None


class MattermostAttachment(Section, frozen=True, kw_only=True):
    """A part of a message with a coloured bar."""

    fallback: Template | None = None
    color: Template | None = None
    pretext: Template | None = None
    text: Template | None = None
    author_name: Template | None = None
    author_link: Template | None = None
    author_icon: Template | None = None
    title: Template | None = None
    title_link: Template | None = None
    fields: list[MattermostField] = msgspec.field(default_factory=list)
    thumb_url: Template | None = None
    footer: Template | None = None
    footer_icon: Template | None = None
    image_url: Template | None = None


class MattermostProps(Section, frozen=True, kw_only=True):
    """What else belongs to a message: a card beside it."""

    card: Template | None = None


class MattermostPriority(Section, frozen=True, kw_only=True):
    """How urgent a message is."""

    priority: Template | None = None
    requested_ack: bool = False
    persistent_notifications: bool = False


class MattermostConfig(IncomingConfig, frozen=True, kw_only=True):
    """An entry of ``mattermost_configs``; with ``attachments``, the keys of the one attachment say nothing."""

    inherited = (("webhook_url", "webhook_url_file"),)
    prefix = "mattermost_"

    channel: Template | None = None
    username: Template = calling("mattermost.default.username")
    icon_url: Template | None = None
    icon_emoji: Template | None = None
    text: Template = calling("mattermost.default.text")
    fallback: Template = calling("mattermost.default.fallback")
    color: Template = calling("mattermost.default.color")
    pretext: Template | None = None
    author_name: Template | None = None
    author_link: Template | None = None
    author_icon: Template | None = None
    title: Template = calling("mattermost.default.title")
    title_link: Template = calling("mattermost.default.titlelink")
    fields: list[MattermostField] = msgspec.field(default_factory=list)
    thumb_url: Template | None = None
    footer: Template | None = None
    footer_icon: Template | None = None
    image_url: Template | None = None
    attachments: list[MattermostAttachment] = msgspec.field(default_factory=list)
    type: Template | None = None
    props: MattermostProps | None = None
    priority: MattermostPriority | None = None

    def faults(self) -> Iterator[Fault]:
        """At most one address."""
        yield from at_most_one(self, "webhook_url", "webhook_url_file")

    def shortcomings(self) -> Iterator[Fault]:
        """The address."""
        if not (self.webhook_url or self.webhook_url_file):
            yield Fault(
                (),
                "no address: set `webhook_url`, `webhook_url_file`, or `mattermost_webhook_url` in `global`",
            )


class Mattermost(IncomingWebhook[MattermostConfig]):
    """Posts messages to a Mattermost channel."""

    kind = "mattermost"

    def _body(self, message: Message, words: Words) -> dict[str, Any]:  # noqa: ARG002 - others need it
        config = self._config
        body: dict[str, Any] = {
            name: words.line(getattr(config, name))
            for name in ("channel", "username", "icon_url", "icon_emoji", "type")
        }
        if config.priority is not None and config.priority.priority is not None:
            body["priority"] = _priority(config.priority, words)
        if config.props is not None and config.props.card is not None:
            body["props"] = {"card": cut(words.line(config.props.card), TEXT_LIMIT)}
        if config.attachments:
            body["attachments"] = [_attachment(attachment, words) for attachment in config.attachments]
            body["text"] = cut(words.text(config.text), TEXT_LIMIT)
        else:
            body["attachments"] = [_attachment(config, words)]
        return {name: value for name, value in body.items() if value}


def _priority(section: MattermostPriority, words: Words) -> dict[str, Any]:
    """As upstream, one that the service takes: it refuses a message with another, or with more than goes with it."""
    priority = words.line(section.priority).lower()
    if priority not in _PRIORITIES:
        priority = STANDARD
    return {
        "priority": priority,
        "requested_ack": section.requested_ack and priority != STANDARD,
        "persistent_notifications": section.persistent_notifications and priority == URGENT,
    }


def _attachment(section: MattermostConfig | MattermostAttachment, words: Words) -> dict[str, Any]:
    lines = {
        name: words.line(getattr(section, name)) for name in _ATTACHMENT if name not in {"text", "title"}
    }
    attachment: dict[str, Any] = {**lines, "title": words.title(section.title) if section.title else ""}
    attachment["fields"] = [
        {"title": words.line(field.title), "value": words.line(field.value), "short": field.short}
        for field in section.fields
    ]
    attachment["text"] = words.text(section.text)
    return {
        name: cut(value, ATTACHMENT_LIMIT) if isinstance(value, str) else value
        for name, value in attachment.items()
        if value
    }
