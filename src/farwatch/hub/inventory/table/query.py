"""A window of a table: search, filters, order, counts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter

import msgspec

from farwatch.hub.inventory.statuses import Level
from farwatch.hub.inventory.table.cells import CellType
from farwatch.hub.inventory.table.columns import COLUMNS
from farwatch.hub.inventory.table.ordering import Order, sort_window
from farwatch.hub.inventory.table.rows import Entries, Entry, Row
from farwatch.kube.selectors import Selector

Sees = Callable[[str, str], bool]
"""Whether somebody may see what is in a cluster (first) and a namespace (second; empty for what lives in none)."""

MOST_FACETS = 200
"""How many clusters, namespaces and words are counted by name; those with the most objects."""


class Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column of a table. `wide` ones are shown only when asked for."""

    id: str
    title: str
    type: CellType
    wide: bool = False


class TableQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are wanted, and in which order.

    Attributes:
        kind: A name in ``KINDS``.
        clusters: Only in these clusters; None: in all.
        namespaces: Only in these namespaces; None: in all.
        levels: Only those that stand so; empty: all.
        words: Only those with one of these statuses, in lower case; empty: all.
        selector: What their labels must be.
        search: Words in lower case that must all be found in name, namespace, status or labels.
        label_columns: Labels that are shown as columns.
        order: What comes first.
        sees: What may be seen at all; None: everything. What may not is counted nowhere.
    """

    kind: str
    clusters: frozenset[str] | None = None
    namespaces: frozenset[str] | None = None
    levels: frozenset[Level] = frozenset()
    words: frozenset[str] = frozenset()
    selector: Selector = Selector()
    search: tuple[str, ...] = ()
    label_columns: tuple[str, ...] = ()
    order: tuple[Order, ...] = ()
    sees: Sees | None = None


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows there would be by level, status, cluster and namespace.

    In each of these, what its own filter leaves out is counted as well: the numbers say what another choice would
    give. Of clusters, namespaces and words, those with the most rows are named.
    """

    levels: dict[str, int]
    statuses: dict[str, int]
    clusters: dict[str, int]
    namespaces: dict[str, int]


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Some rows of a table, in order, and how many there are in all."""

    rows: list[Row]
    total: int


def columns_of(kind: str, label_columns: Iterable[str] = ()) -> list[Column]:
    """The columns of a kind's table, those of labels last."""
    own = [Column(source.id, source.title, source.type, source.wide) for source in COLUMNS.get(kind, ())]
    return own + [Column(f"label:{label}", label, CellType.STRING) for label in label_columns]


def cut_window(entries: Entries, query: TableQuery, offset: int, limit: int) -> Window:
    """The rows from ``offset`` on, ``limit`` at most, of those that the query asks for."""
    chosen = _keep_standing(query, _keep_placed(query, _find(entries, query)))
    window = sort_window(chosen, query.order, query.kind, offset, limit)
    return Window(rows=[_show(entry, query.label_columns) for entry in window], total=len(chosen))


def count_facets(entries: Entries, query: TableQuery) -> Facets:
    """The numbers beside each choice of a filter."""
    found = _find(entries, query)
    standing = list(_keep_standing(query, found))
    placed = list(_keep_placed(query, found))
    in_clusters = [entry for entry in standing if _is_among(query.namespaces, entry.row.namespace)]
    in_namespaces = [entry for entry in standing if _is_among(query.clusters, entry.row.cluster)]
    return Facets(
        levels=_count(placed, "row.status.level"),
        statuses=_count(placed, "row.status.word"),
        clusters=_count(in_clusters, "row.cluster"),
        namespaces=_count(in_namespaces, "row.namespace"),
    )


def _find(entries: Entries, query: TableQuery) -> list[Entry]:
    """What search, labels and sight leave, of all clusters."""
    found: list[Entry] = []
    for cluster, ordered in entries.items():
        found += ordered if query.sees is None else _seen(query.sees, query.kind, cluster, ordered)
    for word in query.search:
        found = [entry for entry in found if word in entry.text]
    if query.selector.requirements:
        matches = query.selector.matches
        found = [entry for entry in found if matches(entry.labels)]
    return found


def _seen(sees: Sees, kind: str, cluster: str, ordered: Sequence[Entry]) -> Iterator[Entry]:
    """Asked once for each namespace; who sees what is in a namespace sees the Namespace as well."""
    if kind == "Namespace":
        return (entry for entry in ordered if sees(cluster, entry.row.name))
    visible = {
        namespace: sees(cluster, namespace) for namespace in {entry.row.namespace for entry in ordered}
    }
    return (entry for entry in ordered if visible[entry.row.namespace])


def _keep_placed(query: TableQuery, found: Sequence[Entry]) -> Sequence[Entry]:
    if query.clusters is not None:
        found = [entry for entry in found if entry.row.cluster in query.clusters]
    if query.namespaces is not None:
        found = [entry for entry in found if entry.row.namespace in query.namespaces]
    return found


def _keep_standing(query: TableQuery, found: Sequence[Entry]) -> Sequence[Entry]:
    if query.levels:
        found = [entry for entry in found if entry.row.status.level in query.levels]
    if query.words:
        found = [entry for entry in found if entry.row.status.word.lower() in query.words]
    return found


def _is_among(names: frozenset[str] | None, name: str) -> bool:
    return names is None or name in names


def _count(found: Iterable[Entry], attribute: str) -> dict[str, int]:
    return dict(Counter(map(attrgetter(attribute), found)).most_common(MOST_FACETS))


def _show(entry: Entry, label_columns: Sequence[str]) -> Row:
    if not label_columns:
        return entry.row
    labels = tuple(entry.labels.get(label) for label in label_columns)
    return msgspec.structs.replace(entry.row, cells=entry.row.cells + labels)
