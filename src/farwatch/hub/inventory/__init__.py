"""Current objects of every cluster, and the log of their changes."""

from farwatch.hub.inventory.changes import ObjectChange, Operation

__all__ = ["ObjectChange", "Operation"]
