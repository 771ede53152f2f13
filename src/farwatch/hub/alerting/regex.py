"""Regular expressions as Alertmanager's: in Go's syntax, matched in time linear in the text, whatever the expression."""

from __future__ import annotations

from typing import Self

import re2

MAX_REASON_BYTES = 200

REMEMBERED = 256
LONGEST_REMEMBERED = 200
"""So many texts of this length at most are remembered with what came of them: labels have few values, seen again and again."""

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # they are raised


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

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)
