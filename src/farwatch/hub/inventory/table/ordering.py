"""The order of a table's rows: by any column, ties by cluster, namespace and name, so that windows never overlap. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
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

_MOST_READINGS = 4096
"""How many cells' meanings are remembered: thousands of pods are 1/1."""

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
) -> Sequence[Entry]:
    """The entries from ``offset`` on, ``limit`` at most, of those in order.

    Args:
        entries: By cluster, namespace and name: that is what is left to tell ties apart.
        order: What comes first.
        kind: A name in ``KINDS``.
        offset: The first one's place.
        limit: How many at most.
    """
    for key in reversed(order):
        entries = _sort(entries, _find_keys(entries, key.column, kind), descending=key.descending)
    return entries[offset : offset + limit]


def _sort(entries: Sequence[Entry], keys: list[Any], *, descending: bool) -> list[Entry]:
    """Sorted by one key, stable in either direction; what has nothing to sort by, None, is last."""
    present = [place for place, key in enumerate(keys) if key is not None]
    present.sort(key=keys.__getitem__, reverse=descending)
    if len(present) < len(keys):
        present += [place for place, key in enumerate(keys) if key is None]
    return [entries[place] for place in present]


def _read(word: str, kind: str) -> Order:
    column = word.removeprefix("-")
    known = ("cluster", "namespace", "name", "status", *(source.id for source in COLUMNS.get(kind, ())))
    is_label = column.startswith("label:") and column != "label:"
    if column not in known and not is_label:
        raise TableError(
            f"sort: {column[:100]!r} is no column of {kind}; those are {', '.join(known)}, and label:<name> for a label"
        )
    return Order(column, descending=word.startswith("-"))


def _find_keys(entries: Sequence[Entry], column: str, kind: str) -> list[Any]:
    """What each entry is sorted by; None where it has nothing."""
    if column == "status":
        return [(_LEVELS[entry.row.status.level], entry.row.status.word) for entry in entries]
    if column in {"cluster", "namespace", "name"}:
        return list(map(attrgetter(f"row.{column}"), entries))
    if column.startswith("label:"):
        label = column.removeprefix("label:")
        return [entry.labels.get(label) for entry in entries]
    place, source = next((place, source) for place, source in enumerate(COLUMNS[kind]) if source.id == column)
    cells = [entry.row.cells[place] for entry in entries]
    read = _READINGS.get(source.type)
    return cells if read is None else [read(cell) for cell in cells]


@lru_cache(_MOST_READINGS)
def _read_ratio(cell: Any) -> tuple[float, int] | None:
    """By the share that is there, then by how many there should be."""
    have, _, wanted = str(cell).partition("/")
    if not (have.isdecimal() and wanted.isdecimal()):
        return None
    return (int(have) / int(wanted) if int(wanted) else 1.0, int(wanted))


@lru_cache(_MOST_READINGS)
def _read_quantity(cell: Any) -> Any:
    try:
        return None if cell is None else parse_quantity(cell)
    except QuantityError:
        return None


_READINGS: dict[CellType, Callable[[Any], Any]] = {
    CellType.RATIO: _read_ratio,
    CellType.QUANTITY: _read_quantity,
}
