"""Current objects of every cluster, and the log of their changes."""

from farwatch.hub.inventory.changes import ObjectChange, Operation
from farwatch.hub.inventory.diff import FieldChange, diff
from farwatch.hub.inventory.errors import ContinueTokenError, InventoryError, PastError, TableError
from farwatch.hub.inventory.inventory import Follower, Inventory, InventoryCounters, StoredObject
from farwatch.hub.inventory.log import ChangeLog, ChangeQuery, LoggedChange
from farwatch.hub.inventory.pages import Found, Page, Query
from farwatch.hub.inventory.past import Past, PastObject, PastQuery
from farwatch.hub.inventory.statuses import Level, Status, status_of
from farwatch.hub.inventory.table import PastTables, Row, Rows, Sees

__all__ = [
    "ChangeLog",
    "ChangeQuery",
    "ContinueTokenError",
    "FieldChange",
    "Follower",
    "Found",
    "Inventory",
    "InventoryCounters",
    "InventoryError",
    "Level",
    "LoggedChange",
    "ObjectChange",
    "Operation",
    "Page",
    "Past",
    "PastError",
    "PastObject",
    "PastQuery",
    "PastTables",
    "Query",
    "Row",
    "Rows",
    "Sees",
    "Status",
    "StoredObject",
    "TableError",
    "diff",
    "status_of",
]
