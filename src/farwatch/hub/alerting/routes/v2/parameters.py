"""What queries ask for, read as upstream reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.matchers import Matcher, Operator
from farwatch.hub.alerting.regex import Regex
from farwatch.hub.parameters import AnyRequest

_TRUE = {"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"}
"""Every other word is false; no word at all is what holds by default."""

REMEMBERED_VALUES = 10_000


class BadParameterError(AlertingError):
    """A parameter of the query cannot be used."""


class Filter:
    """Matchers that alerts must fulfil. What is the same for many alerts is decided once."""

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        self._values = [
            matcher for matcher in matchers if matcher.operator is Operator.EQUAL and matcher.value
        ]
        self._others = [matcher for matcher in matchers if matcher not in self._values]
        self._conditions = [(matcher.name, matcher, dict[str | None, bool]()) for matcher in matchers]

    def select(self, known: Iterable[KnownAlert]) -> list[KnownAlert]:
        """The alerts that fulfil all of them. Of many, the few that have a certain value are found the fastest."""
        found = list(known)
        for matcher in self._values:
            name, wanted = matcher.name, matcher.value
            found = [one for one in found if one.alert.labels.get(name) == wanted]
        for matcher in self._others:
            name = matcher.name
            values = [one.alert.labels.get(name) for one in found]
            passing = _choose(matcher, set(values))
            found = [one for one, value in zip(found, values, strict=True) if value in passing]
        return found

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


def _choose(matcher: Matcher, values: set[str | None]) -> set[str | None]:
    """Those of many values that pass; None is that of a label that is missing."""
    texts = {value for value in values if value}
    return matcher.choose(texts) | {value for value in values - texts if _passes(matcher, value)}


def _passes(matcher: Matcher, value: str | None) -> bool:
    # Upstream's rule for an empty value: it asks whether the label is there.
    if not matcher.value and (value is not None) == matcher.negative:
        return True
    return matcher.matches(value or "")
