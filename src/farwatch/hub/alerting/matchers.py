"""Conditions on labels: ``severity="critical"``, ``team!~"a|b"``, in all ways in which Alertmanager lets write them.

There are two syntaxes (``pkg/labels`` and ``matcher/parse`` upstream). The classic one takes nearly anything as a
value, quoted or not; the newer one takes any name, between quotes. As upstream by default, a text means what the
classic one makes of it, and where it makes nothing of it, what the newer one does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple, Self

from farwatch.hub.alerting.gostrings import quote, unquote
from farwatch.hub.alerting.regex import Regex

CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

_RESERVED = r"""\s{}!=~,\\"'`"""
_CLASSIC = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)(.*)", re.DOTALL)
_CLASSIC_ESCAPE = re.compile(r'\\([n"\\])')
_TOKEN = re.compile(
    rf"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<operator>=~|!=|!~|=)|(?P<mark>[{{}},])|(?P<plain>[^{_RESERVED}]+))""",
    re.DOTALL,
)
_WRITE_IT = 'write it as severity="critical", or with !=, =~ or !~'


class Operator(StrEnum):
    """How a label's value is compared. The order is upstream's."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


_ORDER = {operator: place for place, operator in enumerate(Operator)}


class Matcher:
    """A condition on one label; one that is missing counts as empty.

    Attributes:
        name: The label's name.
        operator: How its value is compared.
        value: With what.
        negative: Whether it wants the value to be different.

    Raises:
        ValueError: The value is to be a regular expression, and is none.
    """

    __slots__ = ("_regex", "name", "negative", "operator", "value")

    def __init__(self, name: str, operator: Operator, value: str) -> None:
        self.name = name
        self.operator = operator
        self.value = value
        self.negative = operator in {Operator.NOT_EQUAL, Operator.NOT_REGEX}
        self._regex: Regex | None = None
        if operator in {Operator.REGEX, Operator.NOT_REGEX}:
            try:
                self._regex = Regex(value)
            except ValueError as error:
                raise ValueError(f'"{value}" is not a regular expression: {error}') from None

    @classmethod
    def parse(cls, text: str) -> Self:
        """From text, as filters of the API have it: one alone, without braces.

        Raises:
            ValueError: It is neither of the classic syntax nor of the newer one.
        """
        try:
            found = _parse_classic_matcher(text)
        except _SyntaxError:
            matchers = () if text.lstrip().startswith("{") else tuple(_parse_quoted(text))
            if len(matchers) != 1:
                raise ValueError(f"{text} is not a matcher: {_WRITE_IT}") from None
            (found,) = matchers
        return cls(found.name, found.operator, found.value)

    def matches(self, value: str) -> bool:
        """Whether a label's value fulfils it."""
        same = self._regex.matches(value) if self._regex else value == self.value
        return same != self.negative

    def choose(self, values: set[str]) -> set[str]:
        """Those of many values that fulfil it."""
        same = self._regex.choose(values) if self._regex else values & {self.value}
        return values - same if self.negative else same

    def __str__(self) -> str:
        if re.search(f"[{_RESERVED}]", self.name):
            return f"{quote(self.name)}{self.operator}{quote(self.value)}"
        value = self.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        return f'{self.name}{self.operator}"{value}"'

    def __repr__(self) -> str:
        return f"Matcher({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matcher) and other._key == self._key

    def __lt__(self, other: Matcher) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, str, int]:
        return self.name, self.value, _ORDER[self.operator]


class Matchers(tuple[Matcher, ...]):
    """Conditions that must all be fulfilled."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From text, with or without braces: ``a="b"``, ``{a="b", c=~"d|e"}``.

        Raises:
            ValueError: It is neither of the classic syntax nor of the newer one.
        """
        try:
            return cls(_parse_classic(text))
        except _SyntaxError:
            return cls(_parse_quoted(text))

    def match(self, labels: Mapping[str, str]) -> bool:
        """Whether labels fulfil all of them."""
        for matcher in self:  # noqa: SIM110 - every alert passes here for every route and rule: a generator takes twice as long
            if not matcher.matches(labels.get(matcher.name, "")):
                return False
        return True

    def __str__(self) -> str:
        return "{" + ",".join(map(str, self)) + "}"


class _SyntaxError(ValueError):
    """Not of this syntax; it may be of the other."""


def _parse_classic(text: str) -> list[Matcher]:
    """Read the classic syntax. Braces may stand around it, and a comma at its end."""
    return [_parse_classic_matcher(part) for part in _split_classic(text.removeprefix("{").removesuffix("}"))]


def _split_classic(text: str) -> list[str]:
    """The parts between commas that are not between quotes."""
    parts, part, quoted, escaped = [], "", False, False
    for character in text:
        if character == "," and not quoted:
            parts.append(part)
            part = ""
            continue
        if character != ",":  # as upstream: a comma leaves an escape open
            quoted ^= character == '"' and not escaped
            escaped = character == "\\" and not escaped
        part += character
    return [*parts, part] if part.strip() else parts


def _parse_classic_matcher(text: str) -> Matcher:
    found = _CLASSIC.fullmatch(text)
    if found is None:
        raise _SyntaxError(f'"{text}" is not a matcher: {_WRITE_IT}')
    name, operator, value = found.groups()
    value = value.strip()  # by an expression it would take time quadratic in the blanks
    quoted = value.startswith('"')
    value = value[1:] if quoted else value
    unescaped = re.sub(r"\\.", "..", value, flags=re.DOTALL)
    if unescaped.count('"') != quoted or unescaped.endswith('"') != quoted:
        raise _SyntaxError(f'"{text}" is not a matcher: a double quote in its value is not escaped')
    value = value[:-1] if quoted else value
    return Matcher(name, Operator(operator), _CLASSIC_ESCAPE.sub(_unescape, value))


def _unescape(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]


class _Token(NamedTuple):
    kind: str
    text: str


def _parse_quoted(text: str) -> Iterator[Matcher]:
    """Read the newer syntax."""
    tokens = list(_tokens(text))
    if tokens and tokens[0].text == "{" and tokens[0].kind == "mark":
        if tokens[-1] != _Token("mark", "}"):
            raise ValueError(f"{text} has no closing brace")
        tokens = tokens[1:-1]
    while tokens:
        if [token.kind for token in tokens[:3]] not in _FORMS:
            raise ValueError(f"{text} is not a matcher: {_WRITE_IT}")
        name, operator, value = tokens[:3]
        yield Matcher(_text(name), Operator(operator.text), _text(value))
        if tokens[3:4] not in ([], [_Token("mark", ",")]):
            raise ValueError(f"{text} has no comma before {tokens[3].text}")
        tokens = tokens[4:]


_FORMS = [[name, "operator", value] for name in ("quoted", "plain") for value in ("quoted", "plain")]


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise ValueError(f"{text} is not a matcher, from character {at + 1} on: {_WRITE_IT}")
        yield _Token(found.lastgroup, found[found.lastgroup])
        at = found.end()


def _text(token: _Token) -> str:
    return unquote(token.text) if token.kind == "quoted" else token.text
