"""Regular expressions as Alertmanager's: in Go's syntax, matched in time linear in the text, whatever the expression."""

from __future__ import annotations

from typing import Self

import re2

MAX_REASON_BYTES = 200

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # they are raised


class Regex:
    """An expression that must match a text as a whole, as all of Alertmanager's do.

    Raises:
        ValueError: It is none.
    """

    __slots__ = ("_fullmatch", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
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
        return self._fullmatch(text) is not None

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)
