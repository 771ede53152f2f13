"""What goes wrong on a link."""

from __future__ import annotations

from farwatch.link.frames import CloseCode


class LinkError(Exception):
    """A frame, or an order of frames, that ends the link.

    Attributes:
        code: Why, for machines.
        reason: Why, for people.
    """

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
