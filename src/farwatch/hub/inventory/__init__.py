"""Current objects of every cluster, and the log of their changes."""

from farwatch.hub.inventory.changes import ObjectChange, Operation
from farwatch.hub.inventory.diff import FieldChange, diff
from farwatch.hub.inventory.errors import ContinueTokenError, InventoryError
from farwatch.hub.inventory.inventory import Inventory, InventoryCounters, StoredObject
from farwatch.hub.inventory.log import ChangeLog, ChangeQuery, LoggedChange
from farwatch.hub.inventory.pages import Found, Page, Query

__all__ = [
    "ChangeLog",
    "ChangeQuery",
    "ContinueTokenError",
    "FieldChange",
    "Found",
    "Inventory",
    "InventoryCounters",
    "InventoryError",
    "LoggedChange",
    "ObjectChange",
    "Operation",
    "Page",
    "Query",
    "StoredObject",
    "diff",
]
