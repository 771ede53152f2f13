"""What receivers say: users' templates, and plain words where one of them fails."""

from __future__ import annotations

import asyncio
import html as markup
from collections.abc import Callable
from typing import Any, Self, TypeVar

import msgspec
import yaml

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.message import Message, status
from farwatch.hub.alerting.receivers.receiver import DeliveryError
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, TemplateFailedError, TemplateLibrary

T = TypeVar("T")

FEW_ALERTS = 50
"""Words for so many are found in some milliseconds."""

_MARK = "…"
_PLACES = ("cluster", "namespace", "workload", "pod", "node", "instance")
_ERROR_LIMIT = 300
_YAML_LIMIT = 10_000
"""Characters. Longer texts are taken as JSON or as they stand: reading YAML takes a second for half a megabyte."""

_NUMBER_LIMIT = 2**63

_STRING, _TIMESTAMP, *_NUMBERS = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "timestamp", "int", "float")
)


async def compose(message: Message, work: Callable[[], T]) -> T:
    """Find the words for a message; for a large one beside the event loop, which it would hold up for a second."""
    return work() if len(message.alerts) <= FEW_ALERTS else await asyncio.to_thread(work)


class Words:
    """What a receiver says of one message.

    A template that fails does not hold the message back: the text says it plainly, and names the failure. So ask
    for the ``text`` last.
    """

    def __init__(self, templates: TemplateLibrary, message: Message) -> None:
        self._templates = templates
        self._message = message
        self.failures: list[str] = []

    def line(self, template: Template | None, otherwise: str = "") -> str:
        """A field beside the text; ``otherwise`` stands in for a template that fails."""
        if template is None:
            return ""
        try:
            return self._templates.render(template, self._message)
        except TemplateFailedError as error:
            self.failures.append(str(error)[:_ERROR_LIMIT])
            return otherwise

    def title(self, template: Template | None) -> str:
        """A line that says the essence: the plain title stands in for a template that fails."""
        return self.line(template, plain_title(self._message))

    def text(self, template: Template | None, *, html: bool = False) -> str:
        """The text, with a note of all that failed; as HTML, what comes from the message is escaped."""
        text = ""
        try:
            if template is not None:
                text = self._templates.render(template, self._message, html=html)
        except TemplateFailedError as error:
            self.failures.append(str(error)[:_ERROR_LIMIT])
            plain = plain_text(self._message)
            text = markup.escape(plain, quote=False) if html else plain
        if not self.failures:
            return text
        note = f"Not as you wrote it, a template failed: {'; '.join(self.failures)}"
        # First, so that it is not what a limit of the service cuts off.
        return f"{markup.escape(note, quote=False) if html else note}\n{text}"

    def exact(self, name: str, template: Template | None) -> str:
        """A field that has no substitute: where to send to.

        Raises:
            DeliveryError: The template fails.
        """
        if template is None:
            return ""
        try:
            return self._templates.render(template, self._message)
        except TemplateFailedError as error:
            raise DeliveryError(f"the template of {name} failed: {error}", retryable=False) from error

    def secret(self, name: str, text: str) -> str:
        """A secret that may have actions in it, as upstream lets keys and addresses have.

        Raises:
            DeliveryError: It is a template that fails; the message does not repeat it.
        """
        if "{{" not in text:
            return text
        try:
            return self._templates.render(Template(text), self._message).strip()
        except (TemplateFailedError, ValueError):
            raise DeliveryError(f"{name} is a template that fails", retryable=False) from None


class TemplateTree:
    """Any YAML, whose texts are templates: lists and mappings of them stay what they are.

    As upstream, a text that comes out as YAML (and so JSON) is what it says: ``{{ .Alerts | toJson }}`` gives a list.

    Attributes:
        templates: All templates in it.
    """

    def __init__(self, value: Any) -> None:
        self.templates: list[Template] = []
        self._value = self._compile(value)

    @classmethod
    def convert(cls, value: Any) -> Self:
        """From what YAML gives.

        Raises:
            ValueError: One of its texts is not a template.
        """
        return cls(value)

    def render(self, words: Words) -> Any:
        """The same, in words."""
        return _render(self._value, words)

    def _compile(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {str(name): self._compile(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._compile(item) for item in value]
        if isinstance(value, str):
            self.templates.append(template := Template(value))
            return template
        return value if isinstance(value, (bool, int, float)) or value is None else str(value)


def _render(value: Any, words: Words) -> Any:
    if isinstance(value, dict):
        return {name: _render(item, words) for name, item in value.items()}
    if isinstance(value, list):
        return [_render(item, words) for item in value]
    return _structured(words.line(value)) if isinstance(value, Template) else value


def _structured(text: str) -> Any:
    """What a text says as JSON or YAML; the text itself where that is a text, or nothing that JSON can hold."""
    try:
        value = _plain(_read(text))
    except (yaml.YAMLError, ValueError, RecursionError):
        # Labels may hold anything: a date that there is not, a number beyond all measure, a thousand brackets.
        return text
    return text if isinstance(value, str) else value


def _read(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return yaml.load(text, _Loader) if len(text) <= _YAML_LIMIT else text  # noqa: S506 - a safe loader


class _Loader(yaml.SafeLoader):
    """Reads what upstream's library reads as data: times stay texts, and so do numbers with colons."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse aliases: a few bytes of them may stand for gigabytes, or for a list that holds itself."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        node: yaml.Node | None = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode) and (
            node.tag == _TIMESTAMP or (node.tag in _NUMBERS and ":" in node.value)
        ):
            node.tag = _STRING
        return node


def _plain(value: Any) -> Any:
    """The same as JSON can hold it.

    Raises:
        ValueError: It cannot.
    """
    if isinstance(value, dict):
        return {_key(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (int, float)):
        if abs(value) < _NUMBER_LIMIT:
            return value
    elif value is None or isinstance(value, str):
        return value
    raise ValueError("not JSON")


def _key(name: object) -> str:
    if isinstance(name, bool) or not isinstance(name, (str, int)):
        raise ValueError("not a name of JSON")  # noqa: TRY004 - one kind for all that is no JSON
    return str(name)


def templated(secret: Secret | None) -> bool:
    """Whether a secret has actions in it."""
    return secret is not None and "{{" in secret.reveal()


def cut(text: str, limit: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= limit else text[: limit - 1] + _MARK


def cut_bytes(text: str, limit: int) -> str:
    """A text of at most so many bytes of UTF-8."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    return encoded[: limit - len(_MARK.encode())].decode(errors="ignore") + _MARK


def plain_title(message: Message) -> str:
    """What it is about, without any template."""
    names = ", ".join(sorted({alert.labels.get("alertname", "alert") for alert in message.alerts}))
    count = f":{len(message.firing)}" if message.firing else ""
    return f"[{message.status.upper()}{count}] {names}"


def plain_text(message: Message) -> str:
    """What is wrong and where, without any template."""
    return "\n".join([plain_title(message), *map(_plain_line, message.alerts)])


def _plain_line(alert: Alert) -> str:
    place = "/".join(alert.labels[name] for name in _PLACES if alert.labels.get(name))
    facts = alert.annotations.get("summary") or alert.annotations.get("description") or ""
    parts = [alert.labels.get("alertname", "alert"), place, facts]
    return f"{status(alert)}: {' '.join(filter(None, parts))}"
