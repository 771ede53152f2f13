"""Slack: a message for people, on a phone, at night; by an incoming webhook or a bot."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.durations import Duration, format_duration
from farwatch.hub.alerting.message import Message, Status
from farwatch.hub.alerting.receivers.clues import cut_blocks, in_mrkdwn
from farwatch.hub.alerting.receivers.http import DETAIL_LIMIT, LONG_ANSWER_LIMIT_BYTES, Client
from farwatch.hub.alerting.receivers.reading import read_secret, redact
from farwatch.hub.alerting.receivers.receiver import Context, DeliveryError
from farwatch.hub.alerting.receivers.sections import ReceiverSection, Url, at_most_one
from farwatch.hub.alerting.receivers.words import Words, compose, cut
from farwatch.hub.alerting.secrets import Secret, SecretUrl
from farwatch.hub.alerting.templates import Template, TemplateLibrary, calling

TITLE_LIMIT = 1_024
TEXT_LIMIT = 25_000
FIELD_LIMIT = 1_000
EVIDENCE_LIMIT = 6_000
PRETEXT_LIMIT = 3_000
MESSAGE_TEXT_LIMIT = 4_000
"""Slack takes 40,000 characters for a whole message."""

ALERTS_SHOWN = 5
"""More of them than a screen holds are counted."""

EVIDENCE_COLOR = "#9aa0a6"
RESOLVED_COLOR, RESOLVED_SIGN = "good", "✅"
SEVERITIES = {"critical": ("danger", "🔴"), "warning": ("warning", "🟠"), "info": ("#439fe0", "🔵")}
"""Colour of the bar and sign of the title."""

POST, UPDATE = "/chat.postMessage", "/chat.update"
"""Slack's methods, as its addresses end."""

MESSAGES_REMEMBERED = 1_000
"""Of those that may be updated; older ones are posted anew."""

_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"})
_PASSING = frozenset({"ratelimited", "rate_limited", "service_unavailable", "internal_error", "fatal_error"})

_TEMPLATES = (
    "title",
    "title_link",
    "pretext",
    "text",
    "fallback",
    "color",
    "footer",
    "callback_id",
    "image_url",
    "thumb_url",
)
_SENDER_TEMPLATES = ("channel", "username", "icon_emoji", "icon_url")


class SlackConfirmation(Section, frozen=True, kw_only=True):
    """What is asked before an action is done."""

    text: Template
    title: Template | None = None
    ok_text: Template | None = None
    dismiss_text: Template | None = None


class SlackAction(Section, frozen=True, kw_only=True):
    """A button: a link, or with a name, a message to the app."""

    type: Template
    text: Template
    url: Template | None = None
    style: Template | None = None
    name: Template | None = None
    value: Template | None = None
    confirm: SlackConfirmation | None = None

    def faults(self) -> Iterator[Fault]:
        """Something to do."""
        if not (self.url or self.name):
            yield Fault((), "set `url` or `name`")


class SlackField(Section, frozen=True, kw_only=True):
    """A small table cell; None: as ``short_fields`` says."""

    title: Template
    value: Template
    short: bool | None = None


class SlackConfig(ReceiverSection, frozen=True, kw_only=True):
    """An entry of ``slack_configs``: an incoming webhook, or a bot's token. None: what Farwatch writes by itself."""

    inherited = (("api_url", "api_url_file", "app_token", "app_token_file"), ("app_url",))
    prefix = "slack_"

    send_resolved: bool = False
    api_url: SecretUrl | None = None
    api_url_file: str | None = None
    app_token: Secret | None = None
    app_token_file: str | None = None
    app_url: Url | None = None
    channel: Template | None = None
    username: Template | None = None
    icon_emoji: Template | None = None
    icon_url: Template | None = None
    color: Template | None = None
    title: Template | None = None
    title_link: Template | None = None
    pretext: Template | None = None
    text: Template | None = None
    message_text: Template | None = None
    fallback: Template | None = None
    callback_id: Template | None = None
    footer: Template | None = None
    image_url: Template | None = None
    thumb_url: Template | None = None
    fields: list[SlackField] = msgspec.field(default_factory=list)
    short_fields: bool = False
    actions: list[SlackAction] = msgspec.field(default_factory=list)
    mrkdwn_in: list[str] = msgspec.field(default_factory=list)
    link_names: bool = False
    update_message: bool = False
    timeout: Duration | None = None

    def faults(self) -> Iterator[Fault]:
        """At most one address or token."""
        yield from at_most_one(self, "api_url", "api_url_file", "app_token", "app_token_file")

    def shortcomings(self) -> Iterator[Fault]:
        """An address or a token, and a bot where messages are to be updated."""
        is_app = bool(self.app_token or self.app_token_file)
        if not (self.api_url or self.api_url_file or is_app):
            yield Fault((), "no address: set `api_url`, `api_url_file`, or `slack_api_url` in `global`")
        if is_app and self.channel is None:
            yield Fault((), "`channel` is missing: a token has none of its own")
        if self.update_message and not (is_app or _posts_as_bot(self.api_url)):
            yield Fault(
                ("update_message",),
                f"only a bot can change messages: set `app_token`, or an `api_url` that ends in {POST}",
            )


def _posts_as_bot(url: Secret | None) -> bool:
    return url is not None and url.reveal().endswith(POST)


class Attachment(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The part of a Slack message with the coloured bar."""

    title: str
    text: str
    fallback: str
    color: str
    title_link: str = ""
    pretext: str = ""
    footer: str = ""
    callback_id: str = ""
    image_url: str = ""
    thumb_url: str = ""
    fields: list[dict[str, Any]] = msgspec.field(default_factory=list)
    actions: list[dict[str, Any]] = msgspec.field(default_factory=list)
    mrkdwn_in: tuple[str, ...] = msgspec.field(default_factory=tuple)


class SlackMessage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What an incoming webhook and ``chat.postMessage`` take."""

    attachments: list[Attachment]
    channel: str = ""
    ts: str = ""
    username: str = ""
    icon_emoji: str = ""
    icon_url: str = ""
    link_names: bool = False
    text: str = ""


class SlackAnswer(msgspec.Struct, kw_only=True):
    """What Slack's methods answer; where a message went, if it was posted."""

    ok: bool = False
    error: str = ""
    channel: str = ""
    ts: str = ""


class Slack:
    """Posts messages to a Slack channel."""

    kind = "slack"

    def __init__(self, config: SlackConfig, context: Context) -> None:
        self.send_resolved = config.send_resolved
        self._config = config
        self._templates = context.templates
        self._client = Client(context, config.http_config, timeout=config.timeout)
        self._posted: OrderedDict[str, tuple[str, str]] = OrderedDict()

    async def send(self, message: Message) -> str:
        """Deliver a message, once, and give the receipt; with ``update_message``, in the place of the group's last one.

        Raises:
            DeliveryError: It was not taken.
        """
        posted = self._posted.get(message.group_key) if self._config.update_message else None
        body = await compose(message, lambda: slack_message(message, self._config, self._templates))
        if posted is None:
            answer = await self._call(POST, body)
        else:
            channel, ts = posted
            answer = await self._call(UPDATE, msgspec.structs.replace(body, channel=channel, ts=ts))
            if answer.error in _GONE:
                answer = await self._call(POST, body)
        if not answer.ok:
            raise DeliveryError(
                f"Slack answered: {answer.error[:DETAIL_LIMIT]}", retryable=answer.error in _PASSING
            )
        if self._config.update_message and answer.ts:
            self._remember(message, answer)
        return f"posted as {answer.ts}" if answer.ts else "ok"

    async def _call(self, method: str, body: SlackMessage) -> SlackAnswer:
        config = self._config
        if config.app_token or config.app_token_file:
            token = read_secret(config.app_token, config.app_token_file)
            url, headers, secrets = config.app_url or "", {"Authorization": f"Bearer {token}"}, [token]
        else:
            url = read_secret(config.api_url, config.api_url_file)
            headers, secrets = {}, [url]
        if method == UPDATE:
            url = url.removesuffix(POST) + UPDATE
        answer = await self._client.send(
            url,
            msgspec.json.encode(body),
            headers=headers,
            secrets=secrets,
            answer_limit_bytes=LONG_ANSWER_LIMIT_BYTES,
        )
        told = _answer(answer.body)
        told.error = redact(told.error, secrets)
        return told

    def _remember(self, message: Message, answer: SlackAnswer) -> None:
        """Where the group's message is: until it is resolved, and for the newest groups."""
        self._posted.pop(message.group_key, None)
        if message.status is Status.FIRING:
            self._posted[message.group_key] = (answer.channel, answer.ts)
        while len(self._posted) > MESSAGES_REMEMBERED:
            self._posted.popitem(last=False)


def _answer(body: bytes) -> SlackAnswer:
    # Slack says what is wrong in the body, at times under status 200.
    if body.strip() == b"ok":
        return SlackAnswer(ok=True)
    try:
        answer = msgspec.json.decode(body, type=SlackAnswer)
    except msgspec.DecodeError:
        return SlackAnswer(error=body.decode(errors="replace"))
    return answer if answer.ok or answer.error else SlackAnswer(error=body.decode(errors="replace"))


def slack_message(message: Message, config: SlackConfig, templates: TemplateLibrary) -> SlackMessage:
    """What is posted: the user's templates, and Farwatch's own words where there are none.

    If a template fails, the page still goes out, in Farwatch's words, and says so.
    """
    words = Words(templates, message)
    attachment = default_attachment(message)
    for name in _TEMPLATES:
        if (template := _template(name, config, templates)) is not None:
            setattr(attachment, name, words.line(template))
    attachment.fields = [_field(field, config, words) for field in config.fields]
    attachment.actions = [_action(action, words) for action in config.actions]
    if words.failures:
        attachment = default_attachment(message)
    attachment.mrkdwn_in = tuple(config.mrkdwn_in) or attachment.mrkdwn_in
    sender = {name: words.line(_template(name, config, templates)) for name in _SENDER_TEMPLATES}
    if words.failures:
        attachment.footer = f"Not as you wrote it, a template failed: {'; '.join(words.failures)}"
    attachment.title = cut(attachment.title, TITLE_LIMIT)
    attachment.text = cut(attachment.text, TEXT_LIMIT)
    attachment.pretext = cut(attachment.pretext, PRETEXT_LIMIT)
    for name in ("fallback", "footer"):
        setattr(attachment, name, cut(getattr(attachment, name), TITLE_LIMIT))
    return SlackMessage(
        attachments=[attachment, *_evidence(message, config)],
        link_names=config.link_names,
        text=cut(words.line(config.message_text), MESSAGE_TEXT_LIMIT),
        **sender,
    )


def _evidence(message: Message, config: SlackConfig) -> list[Attachment]:
    """What is known about the alerts, below the message, unless the user's templates say it themselves."""
    text = in_mrkdwn(message)
    shown = any((template := getattr(config, name)) and ".Evidence" in template.source for name in _TEMPLATES)
    if not text or shown:
        return []
    return [
        Attachment(
            title="",
            text=cut_blocks(text, EVIDENCE_LIMIT),
            fallback="",
            color=EVIDENCE_COLOR,
            mrkdwn_in=("text",),
        )
    ]


def _template(name: str, config: SlackConfig, templates: TemplateLibrary) -> Template | None:
    """The user's template for a field: the configuration's, or their own version of Alertmanager's default one."""
    given: Template | None = getattr(config, name)
    default = f"slack.default.{name.replace('_', '')}"
    return calling(default) if given is None and default in templates.users_names else given


def _field(field: SlackField, config: SlackConfig, words: Words) -> dict[str, Any]:
    return {
        "title": cut(words.line(field.title), FIELD_LIMIT),
        "value": cut(words.line(field.value), FIELD_LIMIT),
        "short": config.short_fields if field.short is None else field.short,
    }


def _action(action: SlackAction, words: Words) -> dict[str, Any]:
    # As upstream: a link has no name, no value, and asks for no confirmation.
    names = ("type", "text", "style", "url") if action.url else ("type", "text", "style", "name", "value")
    rendered: dict[str, Any] = {name: words.line(getattr(action, name)) for name in names}
    if action.confirm is not None and not action.url:
        confirm = action.confirm
        rendered["confirm"] = _filled(
            {name: words.line(getattr(confirm, name)) for name in confirm.__struct_fields__}
        )
    return _filled(rendered)


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


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
