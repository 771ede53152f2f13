"""Secrets of the configuration, which are used and never shown."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit


class Secret:
    """Text that is never shown: it comes out by ``reveal`` alone."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text."""
        return cls(text)

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class SecretUrl(Secret):
    """An HTTP address that holds a secret, as Slack's webhooks do."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text; the message of an error does not repeat it."""
        try:
            parts = urlsplit(text)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("is not an address of the form https://host/path")
        return cls(text)
