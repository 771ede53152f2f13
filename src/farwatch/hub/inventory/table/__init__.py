"""Tables of objects: a row for each, kept up with its changes; searched, filtered, sorted and cut in the hub."""

from farwatch.hub.inventory.table.past import PastTables
from farwatch.hub.inventory.table.query import Facets, Sees, TableQuery, columns_of, count_facets, cut_window
from farwatch.hub.inventory.table.rows import Row, Rows

__all__ = [
    "Facets",
    "PastTables",
    "Row",
    "Rows",
    "Sees",
    "TableQuery",
    "columns_of",
    "count_facets",
    "cut_window",
]
