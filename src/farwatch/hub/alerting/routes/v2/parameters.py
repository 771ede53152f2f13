"""What queries ask for, read as upstream reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from litestar import Request

from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.matchers import Matcher, Operator
from farwatch.hub.alerting.regex import Regex

_TRUE = {"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"}
"""Every other word is false; no word at all is what holds by default."""

REMEMBERED_VALUES = 10_000

AnyRequest = Request[Any, Any, Any]


class BadParameterError(AlertingError):
    """A parameter of the query cannot be used."""


class Filter:
    """Matchers that alerts must fulfil. What is the same for many alerts is decided once."""

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        self._values = [
            (matcher.name, matcher.value)
            for matcher in matchers
            if matcher.operator is Operator.EQUAL and matcher.value
        ]
        self._conditions = [(matcher.name, matcher, dict[str | None, bool]()) for matcher in matchers]

    def select(self, known: Iterable[KnownAlert]) -> list[KnownAlert]:
        """The alerts that fulfil all of them. Of many, the few that have a certain value are found the fastest."""
        found = list(known)
        for name, value in self._values:
            found = [one for one in found if one.alert.labels.get(name) == value]
        return [one for one in found if self.passes(one.alert.labels)] if self._conditions else found

    def passes(self, labels: Mapping[str, str]) -> bool:
        """Whether labels fulfil all of them."""
        for name, matcher, decided in self._conditions:
            value = labels.get(name)
            passed = decided.get(value)
            if passed is None:
                if len(decided) >= REMEMBERED_VALUES:
                    decided.clear()
                passed = decided[value] = _passes(matcher, value)
            if not passed:
                return False
        return True


def flag(request: AnyRequest, name: str) -> bool:
    """A choice that is made unless the query says otherwise."""
    word = request.query_params.get(name)
    return not word or word.lower() in _TRUE


def matchers(request: AnyRequest, name: str = "filter") -> list[Matcher]:
    """A parameter that may be given several times, a matcher each.

    Raises:
        BadParameterError: One is none.
    """
    try:
        return [Matcher.parse(text) for text in request.query_params.getall(name, [])]
    except ValueError as error:
        where = "" if name == "filter" else f"failed to parse {name} param: "
        raise BadParameterError(f"{where}bad matcher format: {error}") from None


def receiver_pattern(request: AnyRequest) -> Regex | None:
    """The expression that the name of a receiver must match as a whole, if any.

    Raises:
        BadParameterError: It is no regular expression.
    """
    text = request.query_params.get("receiver")
    if text is None:
        return None
    try:
        return Regex(text)
    except ValueError as error:
        raise BadParameterError(f"failed to parse receiver param: {error}") from None


def _passes(matcher: Matcher, value: str | None) -> bool:
    # Upstream's rule for an empty value: it asks whether the label is there.
    if not matcher.value and (value is not None) == matcher.negative:
        return True
    return matcher.matches(value or "")
