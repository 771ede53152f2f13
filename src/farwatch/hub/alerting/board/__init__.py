"""The alerts as people look at them: how each stands, chosen, ordered, counted, grouped. Pure, but for what it is shown."""

from farwatch.hub.alerting.board.board import Board, receivers_of
from farwatch.hub.alerting.board.counting import Count, Facets, count_facets
from farwatch.hub.alerting.board.grouping import GroupBy, GroupSummary, group_standings
from farwatch.hub.alerting.board.standing import Mark, Standing, Status
from farwatch.hub.alerting.board.wanted import Order, OrderError, Wanted, choose, read_order, sort, words_of

__all__ = [
    "Board",
    "Count",
    "Facets",
    "GroupBy",
    "GroupSummary",
    "Mark",
    "Order",
    "OrderError",
    "Standing",
    "Status",
    "Wanted",
    "choose",
    "count_facets",
    "group_standings",
    "read_order",
    "receivers_of",
    "sort",
    "words_of",
]
