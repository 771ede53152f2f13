"""Regular expressions as Alertmanager's: in Go's syntax, matched in time linear in the text, whatever the expression."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Self

import re2

MAX_REASON_BYTES = 200

REMEMBERED = 256
LONGEST_REMEMBERED = 200
"""So many texts of this length at most are remembered with what came of them: labels have few values, seen again and again."""

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # they are raised

_OF_MANY = re2.Options()
_OF_MANY.log_errors = False
_OF_MANY.never_nl = True  # no match reaches beyond its line
_OF_MANY.never_capture = True  # groups would be found by a slower way

_OF_WHOLE_TEXT = ("\\A", "\\z", "\\C", "(?")
"""With these an expression may tell a line from a text, or look beyond it; flags are among them."""


class Regex:
    """An expression that must match a text as a whole, as all of Alertmanager's do.

    Raises:
        ValueError: It is none.
    """

    __slots__ = ("_fullmatch", "_known", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._known: dict[str, bool] = {}
        try:
            self._fullmatch = re2.compile(pattern, _OPTIONS).fullmatch
        except re2.error as error:
            reason: bytes = error.args[0]
            raise ValueError(reason[:MAX_REASON_BYTES].decode(errors="replace")) from None

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text."""
        return cls(text)

    def matches(self, text: str) -> bool:
        """Whether it matches the whole text."""
        found = self._known.get(text)
        if found is None:
            found = self._fullmatch(text) is not None
            if len(text) <= LONGEST_REMEMBERED:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[text] = found
        return found

    def choose(self, texts: Collection[str]) -> set[str]:
        """Those that it matches as a whole. Of thousands, one search through all of them takes a twentieth of the time."""
        find_lines = self._compile_for_lines()
        lines = [text for text in texts if "\n" not in text] if find_lines else []
        rest = [text for text in texts if "\n" in text] if find_lines else texts
        chosen = {text for text in rest if self._fullmatch(text) is not None}
        if find_lines and lines:
            chosen.update(found[0] for found in find_lines("\n".join(lines)))
        return chosen

    def _compile_for_lines(self) -> Callable[[str], Iterable[Any]] | None:
        """What finds the lines of a text that it matches as a whole; None where that cannot be."""
        if any(mark in self.pattern for mark in _OF_WHOLE_TEXT):
            return None
        try:
            found: Callable[[str], Iterable[Any]] = re2.compile(
                f"(?m)^(?:{self.pattern})$", _OF_MANY
            ).finditer
        except re2.error:  # with what was added it is too large
            return None
        return found

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)
