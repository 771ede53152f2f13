"""The order of a table's rows: by any column, ties by cluster, namespace and name, so that windows never overlap. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from farwatch.hub.inventory.errors import TableError
from farwatch.hub.inventory.statuses import Level
from farwatch.hub.inventory.table.cells import CellType
from farwatch.hub.inventory.table.columns import COLUMNS
from farwatch.hub.inventory.table.rows import Entry
from farwatch.kube.quantities import QuantityError, parse_quantity

MOST_KEYS = 4
"""By how many columns rows are sorted at once."""

_HEAP_SHARE = 8
"""A window in the first eighth is picked out rather than sorted for: cheaper by half."""

SortKey = Callable[[Entry], Any]
"""What a row is sorted by; None where it has nothing to sort by: such rows come last, in either direction."""

_place: SortKey = attrgetter("row.cluster", "row.namespace", "row.name")
_LEVELS = {
    level: place for place, level in enumerate((Level.BAD, Level.WARN, Level.UNKNOWN, Level.OK, Level.DONE))
}


class Order(msgspec.Struct, frozen=True):
    """What rows are sorted by: a column, or a label as ``label:app``; the smallest first unless ``descending``."""

    column: str
    descending: bool = False


def read_order(text: str, kind: str) -> tuple[Order, ...]:
    """The order that ``-restarts,name`` means in a kind's table.

    Raises:
        TableError: It names no column of the kind; the message names them all.
    """
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    if len(words) > MOST_KEYS:
        raise TableError(
            f"sort: {len(words)} columns are more than the {MOST_KEYS} that rows are sorted by at once"
        )
    return tuple(_read(word, kind) for word in words)


def sort_window(
    entries: Sequence[Entry], order: Sequence[Order], kind: str, offset: int, limit: int
) -> list[Entry]:
    """The entries from ``offset`` on, ``limit`` at most, of those in order."""
    end = offset + limit
    if not order and end * _HEAP_SHARE < len(entries):
        return heapq.nsmallest(end, entries, key=_place)[offset:]
    ordered = sorted(entries, key=_place)
    for key in reversed(order):
        ordered = _sort(ordered, _sort_key(key.column, kind), descending=key.descending)
    return ordered[offset:end]


def _sort(entries: list[Entry], key: SortKey, *, descending: bool) -> list[Entry]:
    """Sorted by one key, stable in either direction; what has nothing to sort by is last."""
    keyed = [(key(entry), entry) for entry in entries]
    present = [pair for pair in keyed if pair[0] is not None]
    present.sort(key=lambda pair: pair[0], reverse=descending)
    return [entry for _, entry in present] + [entry for value, entry in keyed if value is None]


def _read(word: str, kind: str) -> Order:
    column = word.removeprefix("-")
    known = ("cluster", "namespace", "name", "status", *(source.id for source in COLUMNS.get(kind, ())))
    if column not in known and not column.removeprefix("label:") != column:
        raise TableError(
            f"sort: {column[:100]!r} is no column of {kind}; those are {', '.join(known)}, and label:<name> for a label"
        )
    return Order(column, descending=word.startswith("-"))


def _sort_key(column: str, kind: str) -> SortKey:
    if column == "status":
        return lambda entry: (_LEVELS[entry.row.status.level], entry.row.status.word)
    if column in {"cluster", "namespace", "name"}:
        return attrgetter(f"row.{column}")
    if column.startswith("label:"):
        label = column.removeprefix("label:")
        return lambda entry: entry.labels.get(label)
    place, source = next((place, source) for place, source in enumerate(COLUMNS[kind]) if source.id == column)
    read = _READINGS.get(source.type)
    if read is None:
        return lambda entry: entry.row.cells[place]
    return lambda entry: read(entry.row.cells[place])


def _read_ratio(cell: Any) -> tuple[float, int] | None:
    """By the share that is there, then by how many there should be."""
    have, _, wanted = str(cell).partition("/")
    if not (have.isdecimal() and wanted.isdecimal()):
        return None
    return (int(have) / int(wanted) if int(wanted) else 1.0, int(wanted))


def _read_quantity(cell: Any) -> Any:
    try:
        return None if cell is None else parse_quantity(cell)
    except QuantityError:
        return None


_READINGS: dict[CellType, Callable[[Any], Any]] = {
    CellType.RATIO: _read_ratio,
    CellType.QUANTITY: _read_quantity,
}
