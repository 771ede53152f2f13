"""Go templates as Alertmanager's users write them, over Alertmanager's data model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Self

import gotpl
from gotime import Time

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.message import Message, status

_CALLED = re.compile(r'\btemplate\s+"([^"]+)"')
_DEFINED = re.compile(r'\b(?:define|block)\s+"([^"]+)"')
_GO_ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)


class TemplateFailedError(AlertingError):
    """A template cannot be rendered with this message's data."""


class Template:
    """A text with actions in ``{{ }}``, compiled.

    Raises:
        ValueError: It is not a template, or uses what there is not.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        missing = sorted(set(_CALLED.findall(source)) - set(_DEFINED.findall(source)))
        if missing:
            raise ValueError(f'template "{missing[0]}" is not defined: write its text here')
        try:
            self._compiled = _ENVIRONMENT.from_string(source)
        except gotpl.TemplateSyntaxError as error:
            raise ValueError(
                f"{error}; functions are {', '.join(sorted(_FUNCTIONS))} and Go's own"
            ) from error

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text."""
        return cls(text)

    def render(self, message: Message) -> str:
        """The text for a message.

        Raises:
            TemplateFailedError: It asks for what the message does not have.
        """
        try:
            return str(self._compiled.render(_data(message)))
        except gotpl.TemplateError as error:
            raise TemplateFailedError(str(error)) from error

    def __repr__(self) -> str:
        return f"Template({self.source!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)


class _Fields:
    """A Go struct: a field that is not there is an error."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __gotemplate_lookup__(self, name: str) -> Any:
        return self._fields[name]


class _Texts(list[str]):
    """Alertmanager's ``Strings``."""

    def __gotemplate_lookup__(self, name: str) -> Any:
        return {"Join": self._join}[name]

    def _join(self, separator: str) -> str:
        return separator.join(self)


class _Pairs(list[_Fields]):
    """Alertmanager's ``Pairs``."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = list(pairs)
        super().__init__(_Fields(Name=name, Value=value) for name, value in self._pairs)

    def __gotemplate_lookup__(self, name: str) -> Any:
        return {"Names": self.names, "Values": self.values}[name]

    def names(self) -> _Texts:
        """The names."""
        return _Texts(name for name, _ in self._pairs)

    def values(self) -> _Texts:
        """The values."""
        return _Texts(value for _, value in self._pairs)


class _LabelSet(dict[str, str]):
    """Alertmanager's ``KV``: a label that is not there is empty."""

    def __gotemplate_lookup__(self, name: str) -> Any:
        methods: dict[str, Callable[..., Any]] = {
            "SortedPairs": self._sorted_pairs,
            "Names": self._names,
            "Values": self._values,
            "Remove": self._remove,
        }
        return methods.get(name) or self.get(name, "")

    def _sorted_pairs(self) -> _Pairs:
        # As upstream, the name of the alert comes first.
        return _Pairs(sorted(self.items(), key=lambda pair: (pair[0] != "alertname", pair[0])))

    def _names(self) -> _Texts:
        return self._sorted_pairs().names()

    def _values(self) -> _Texts:
        return self._sorted_pairs().values()

    def _remove(self, names: Iterable[str]) -> _LabelSet:
        out = set(names)
        return _LabelSet((name, value) for name, value in self.items() if name not in out)


class _AlertList(list[_Fields]):
    """Alertmanager's ``Alerts``."""

    def __init__(self, alerts: Iterable[Alert]) -> None:
        self._alerts = list(alerts)
        super().__init__(map(_alert, self._alerts))

    def __gotemplate_lookup__(self, name: str) -> Any:
        return {"Firing": self._firing, "Resolved": self._resolved}[name]

    def _firing(self) -> _AlertList:
        return _AlertList(alert for alert in self._alerts if alert.ends_at is None)

    def _resolved(self) -> _AlertList:
        return _AlertList(alert for alert in self._alerts if alert.ends_at is not None)


class _Moment:
    """Go's ``time.Time``."""

    def __init__(self, time: datetime | None) -> None:
        self._time = Time.from_datetime(time or _GO_ZERO_TIME)

    def __gotemplate_lookup__(self, name: str) -> Any:
        return {"Format": self._time.format, "Unix": self._time.unix_seconds}[name]

    def __str__(self) -> str:
        return str(self._time)


def _alert(alert: Alert) -> _Fields:
    return _Fields(
        Status=str(status(alert)),
        Labels=_LabelSet(alert.labels),
        Annotations=_LabelSet(alert.annotations),
        StartsAt=_Moment(alert.starts_at),
        EndsAt=_Moment(alert.ends_at),
        GeneratorURL=alert.generator_url,
        Fingerprint=alert.fingerprint,
    )


def _data(message: Message) -> _Fields:
    return _Fields(
        Receiver=message.receiver,
        Status=str(message.status),
        Alerts=_AlertList(message.alerts),
        GroupLabels=_LabelSet(message.group_labels),
        CommonLabels=_LabelSet(message.common_labels),
        CommonAnnotations=_LabelSet(message.common_annotations),
        ExternalURL=message.external_url,
    )


def _join(separator: str, texts: Iterable[str]) -> str:
    return separator.join(texts)


def _texts(*texts: str) -> _Texts:
    return _Texts(texts)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "join": _join,
    "stringSlice": _texts,
    "title": lambda text: text.title(),
    "toLower": lambda text: text.lower(),
    "toUpper": lambda text: text.upper(),
    "trimSpace": lambda text: text.strip(),
}

_ENVIRONMENT = gotpl.Environment(
    functions=_FUNCTIONS,
    missing_key="error",
    # A template that runs away must not take the hub with it.
    budget=gotpl.ExecutionBudget(max_output_chars=100_000, max_iterations=100_000, max_template_depth=50),
)
