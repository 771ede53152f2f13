"""The syntax of Go's regular expressions (https://github.com/google/re2/wiki/Syntax), read into a tree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

MAX_REPEAT = 1_000
MAX_DEPTH = 100

Test = Callable[[str], bool]


class Place(Enum):
    """A condition on where in the text something stands."""

    TEXT_BEGIN = r"\A"
    TEXT_END = r"\z"
    LINE_BEGIN = "(?m)^"
    LINE_END = "(?m)$"
    WORD_EDGE = r"\b"
    NO_WORD_EDGE = r"\B"

    @staticmethod
    def kind(character: str | None) -> str:
        """All that conditions ask of a neighbour; None is the edge of the text."""
        if character is None or character == "\n":
            return character or ""
        return "w" if _is_word(character) else "."

    def holds(self, before: str | None, after: str | None) -> bool:
        """Whether it holds between two characters; None is the edge of the text."""
        match self:
            case Place.TEXT_BEGIN:
                return before is None
            case Place.TEXT_END:
                return after is None
            case Place.LINE_BEGIN:
                return before is None or before == "\n"
            case Place.LINE_END:
                return after is None or after == "\n"
            case Place.WORD_EDGE | Place.NO_WORD_EDGE:
                edge = (before is not None and _is_word(before)) != (after is not None and _is_word(after))
                return edge == (self is Place.WORD_EDGE)


class Chars(NamedTuple):
    """One character that passes a test."""

    test: Test


class Edge(NamedTuple):
    """No character, but a condition."""

    place: Place


class Sequence(NamedTuple):
    """One after the other."""

    nodes: tuple[Node, ...]


class Choice(NamedTuple):
    """Any of them."""

    nodes: tuple[Node, ...]


class Repeat(NamedTuple):
    """Again and again; None is without end."""

    node: Node
    least: int
    most: int | None


Node = Chars | Edge | Sequence | Choice | Repeat


def parse(pattern: str) -> Node:
    """The tree of an expression.

    Raises:
        ValueError: It is none.
    """
    reader = _Reader(pattern)
    tree = reader.choice(frozenset(), 0)
    if reader.rest:
        raise ValueError("there is a `)` without its `(`")
    return tree


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9"


def _is_space(character: str) -> bool:
    return character in "\t\n\f\r "


def _without(test: Test) -> Test:
    return lambda character: not test(character)


def _within(first: str, last: str) -> Test:
    return lambda character: first <= character <= last


def _folded(test: Test) -> Test:
    """The test, whatever the case."""
    return lambda character: (
        test(character) or test(character.lower()) or test(character.upper()) or test(character.title())
    )


_CLASSES: dict[str, Test] = {
    "d": _is_digit,
    "s": _is_space,
    "w": _is_word,
    "D": _without(_is_digit),
    "S": _without(_is_space),
    "W": _without(_is_word),
}
_NAMED_CLASSES: dict[str, Test] = {
    "alnum": lambda character: character.isascii() and character.isalnum(),
    "alpha": lambda character: character.isascii() and character.isalpha(),
    "ascii": str.isascii,
    "blank": lambda character: character in "\t ",
    "cntrl": lambda character: character < " " or character == "\x7f",
    "digit": _is_digit,
    "graph": _within("!", "~"),
    "lower": _within("a", "z"),
    "print": _within(" ", "~"),
    "punct": lambda character: "!" <= character <= "~" and not character.isalnum(),
    "space": lambda character: character in "\t\n\v\f\r ",
    "upper": _within("A", "Z"),
    "word": _is_word,
    "xdigit": lambda character: character in "0123456789abcdefABCDEF",
}
_PLACES = {"A": Place.TEXT_BEGIN, "z": Place.TEXT_END, "b": Place.WORD_EDGE, "B": Place.NO_WORD_EDGE}
_LETTERS = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_CATEGORIES = {
    "C",
    "Cc",
    "Cf",
    "Co",
    "Cs",
    "L",
    "Ll",
    "Lm",
    "Lo",
    "Lt",
    "Lu",
    "M",
    "Mc",
    "Me",
    "Mn",
    "N",
    "Nd",
    "Nl",
}
_CATEGORIES |= {
    "No",
    "P",
    "Pc",
    "Pd",
    "Pe",
    "Pf",
    "Pi",
    "Po",
    "Ps",
    "S",
    "Sc",
    "Sk",
    "Sm",
    "So",
    "Z",
    "Zl",
    "Zp",
    "Zs",
}
_COUNT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_REPEATS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_GROUP = re.compile(r"\?P?<(\w+)>")
_FLAGS = re.compile(r"\?([imsU]*)(?:-([imsU]+))?([:)])")
_CODE = re.compile(r"x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2})")
_PROPERTY = re.compile(r"(p|P)(?:\{(\^?)(\w+)\}|(\w))")


class _Reader:
    """Reads an expression from left to right; flags that hold are passed down, as letters."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    @property
    def rest(self) -> bool:
        return self._at < len(self._pattern)

    def choice(self, flags: frozenset[str], depth: int) -> Node:
        """Alternatives, up to the end or to a closing bracket, which is left standing."""
        if depth > MAX_DEPTH:
            raise ValueError("the expression is nested too deeply")
        options: list[Node] = []
        parts: list[Node] = []
        while self.rest and self._peek() != ")":
            if self._take("|"):
                options.append(Sequence(tuple(parts)))
                parts = []
            elif (changed := self._flags(flags)) is not None:
                flags = changed
            else:
                parts.append(self._repeated(self._atom(flags, depth)))
        options.append(Sequence(tuple(parts)))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self, text: str) -> bool:
        taken = self._pattern.startswith(text, self._at)
        self._at += len(text) * taken
        return taken

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._pattern, self._at)
        if found:
            self._at = found.end()
        return found

    def _next(self) -> str:
        if not self.rest:
            raise ValueError("the expression ends with a lone `\\`")
        self._at += 1
        return self._pattern[self._at - 1]

    def _flags(self, flags: frozenset[str]) -> frozenset[str] | None:
        """The flags that hold from here on, if that is what stands here: ``(?i)``."""
        found = _FLAGS.match(self._pattern, self._at + 1) if self._peek() == "(" else None
        if found is None or found[3] != ")" or not (found[1] or found[2]):
            return None
        self._at = found.end()
        return (flags | set(found[1])) - set(found[2] or "")

    def _repeated(self, node: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        self._take("?")  # lazy or greedy: what is asked is only whether it matches
        if self._bounds() is not None:
            raise ValueError("a repetition is repeated: put the inner one into brackets")
        least, most = bounds
        if max(least, most or 0) > MAX_REPEAT:
            raise ValueError(f"a repetition counts more than {MAX_REPEAT}")
        if most is not None and most < least:
            raise ValueError(f"the repetition {{{least},{most}}} ends before it begins")
        return Repeat(node, least, most)

    def _bounds(self) -> tuple[int, int | None] | None:
        if self._peek() in _REPEATS:
            return _REPEATS[self._next()]
        found = self._match(_COUNT)
        if found is None:
            return None
        least = int(found[1])
        if found[2] is None:
            return least, least
        return least, int(found[3]) if found[3] else None

    def _atom(self, flags: frozenset[str], depth: int) -> Node:
        character = self._next()
        node: Node = _literal(character, flags)
        match character:
            case "(":
                node = self._group(flags, depth)
            case "[":
                node = Chars(self._class(flags))
            case "\\":
                node = self._escape(flags)
            case ".":
                node = Chars((lambda _: True) if "s" in flags else (lambda character: character != "\n"))
            case "^":
                node = Edge(Place.LINE_BEGIN if "m" in flags else Place.TEXT_BEGIN)
            case "$":
                node = Edge(Place.LINE_END if "m" in flags else Place.TEXT_END)
            case "*" | "+" | "?":
                raise ValueError(f"there is nothing before `{character}` to repeat")
        return node

    def _group(self, flags: frozenset[str], depth: int) -> Node:
        if self._peek() == "?" and not self._match(_GROUP):
            found = self._match(_FLAGS)
            if found is None or found[3] != ":":
                raise ValueError(
                    "`(?` begins nothing that can be matched in linear time: there is no looking ahead or behind"
                )
            flags = (flags | set(found[1])) - set(found[2] or "")
        node = self.choice(flags, depth + 1)
        if not self._take(")"):
            raise ValueError("there is a `(` without its `)`")
        return node

    def _escape(self, flags: frozenset[str]) -> Node:
        if (place := _PLACES.get(self._peek())) is not None:
            self._at += 1
            return Edge(place)
        if self._take("Q"):
            end = self._pattern.find("\\E", self._at)
            text = self._pattern[self._at :] if end < 0 else self._pattern[self._at : end]
            self._at = len(self._pattern) if end < 0 else end + 2
            return Sequence(tuple(_literal(character, flags) for character in text))
        test = self._class_escape(flags)
        return Chars(test) if test else _literal(self._character_escape(), flags)

    def _class_escape(self, flags: frozenset[str]) -> Test | None:
        """A class, of digits or of letters for example, if one stands here."""
        if self._peek() in _CLASSES:
            return _CLASSES[self._next()]
        found = self._match(_PROPERTY)
        if found is None:
            return None
        name = found[3] or found[4]
        if name not in _CATEGORIES:
            raise ValueError(f"\\p{{{name}}} is no general category of Unicode; scripts are not supported")
        test: Test = lambda character: unicodedata.category(character).startswith(name)  # noqa: E731
        test = _folded(test) if "i" in flags else test
        return _without(test) if (found[1] == "P") != bool(found[2]) else test

    def _character_escape(self) -> str:
        if found := self._match(_CODE):
            code = int(found[3], 8) if found[3] else int(found[1] or found[2], 16)
            if code > 0x10FFFF:  # noqa: PLR2004 - the last code point
                raise ValueError(f"there is no character {found[0]}")
            return chr(code)
        character = self._next()
        if character in _LETTERS:
            return _LETTERS[character]
        if character.isdigit():
            raise ValueError(f"`\\{character}`: a reference to a group cannot be matched in linear time")
        if character.isascii() and not character.isalnum() and character != "_":
            return character
        raise ValueError(f"`\\{character}` means nothing")

    def _class(self, flags: frozenset[str]) -> Test:
        """What stands between ``[`` and ``]``."""
        negated = self._take("^")
        tests = [self._class_range("]") if self._take("]") else self._class_item(flags)]
        while not self._take("]"):
            tests.append(self._class_item(flags))
        test: Test = lambda character: any(item(character) for item in tests)  # noqa: E731
        test = _folded(test) if "i" in flags else test
        return _without(test) if negated else test

    def _class_item(self, flags: frozenset[str]) -> Test:
        if self._take("[:"):
            end = self._pattern.find(":]", self._at)
            name = self._pattern[self._at : end] if end >= 0 else ""
            test = _NAMED_CLASSES.get(name.removeprefix("^"))
            if test is None:
                raise ValueError(f"`[:{name}` names no class")
            self._at = end + 2
            return _without(test) if name.startswith("^") else test
        if not self.rest:
            raise ValueError("there is a `[` without its `]`")
        if self._take("\\"):
            return self._class_escape(flags) or self._class_range(self._character_escape())
        return self._class_range(self._next())

    def _class_range(self, first: str) -> Test:
        if self._peek() != "-" or self._pattern[self._at + 1 : self._at + 2] in {"", "]"}:
            return _within(first, first)
        self._at += 1
        last = self._character_escape() if self._take("\\") else self._next()
        if last < first:
            raise ValueError(f"the range {first}-{last} ends before it begins")
        return _within(first, last)


def _literal(character: str, flags: frozenset[str]) -> Node:
    test = _within(character, character)
    return Chars(_folded(test) if "i" in flags else test)
