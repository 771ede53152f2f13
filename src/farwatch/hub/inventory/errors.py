"""What can be wrong with a question to the inventory."""

from __future__ import annotations


class InventoryError(Exception):
    """The base of the inventory's errors; the message is one line and names the way out."""


class ContinueTokenError(InventoryError):
    """A continue token that no page gave."""


class TableError(InventoryError):
    """A parameter of a table that makes no sense; the message names it."""


class PastError(InventoryError):
    """A time that nothing can be told of, or of too much; the message names the way out."""
