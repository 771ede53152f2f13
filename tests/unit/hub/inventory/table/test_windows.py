from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from farwatch.hub.inventory import Inventory, Level, Rows, TableError
from farwatch.hub.inventory.statuses import status_of
from farwatch.hub.inventory.table.ordering import Order, read_order
from farwatch.hub.inventory.table.query import TableQuery, count_facets, cut_window
from farwatch.hub.inventory.table.rows import Entries, Row, make_entry
from farwatch.kube.objects import PersistentVolume, Pod
from farwatch.link.frames import Item

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PHASES = ["Running", "Pending", "Failed", "Succeeded", "Unknown"]


def pod(
    name: str, namespace: str = "shop", phase: str = "Running", age: int | None = 0, **labels: str
) -> Pod:
    meta: dict[str, Any] = {"name": name, "namespace": namespace, "uid": "u", "labels": labels or None}
    if age is not None:
        meta["creationTimestamp"] = NOON - timedelta(seconds=age)
    return msgspec.convert({"metadata": meta, "status": {"phase": phase}}, Pod)


def entries_of(found: dict[str, list[Pod]]) -> Entries:
    return {
        cluster: sorted(
            (make_entry(cluster, "Pod", one) for one in pods),
            key=lambda entry: (entry.row.namespace, entry.row.name),
        )
        for cluster, pods in sorted(found.items())
    }


pods = st.builds(
    pod,
    name=st.sampled_from(["web-1", "web-2", "db-1", "a", "b"]),
    namespace=st.sampled_from(["shop", "data"]),
    phase=st.sampled_from(PHASES),
    age=st.none() | st.integers(0, 5),
    app=st.sampled_from(["web", "db"]),
)
fleets = st.dictionaries(
    st.sampled_from(["prod", "dev"]),
    st.lists(pods, max_size=8, unique_by=lambda one: (one.metadata.namespace, one.metadata.name)),
).map(entries_of)
orders = st.lists(
    st.builds(
        Order,
        st.sampled_from(["cluster", "name", "status", "created", "restarts", "ready", "label:app"]),
        st.booleans(),
    ),
    max_size=3,
).map(tuple)
queries = st.builds(
    TableQuery,
    kind=st.just("Pod"),
    clusters=st.none() | st.just(frozenset({"prod"})),
    namespaces=st.none() | st.just(frozenset({"shop"})),
    levels=st.frozensets(st.sampled_from(list(Level)), max_size=2),
    words=st.frozensets(st.sampled_from(["running", "failed"]), max_size=1),
    search=st.lists(st.sampled_from(["web", "app=db", "run", "x"]), max_size=2).map(tuple),
    order=orders,
    sees=st.none() | st.just(lambda _, namespace: namespace == "data"),
)


def all_rows(entries: Entries, query: TableQuery) -> list[Row]:
    return cut_window(entries, query, 0, 1000).rows


@given(fleets, queries, st.integers(1, 5))
def test_windows_laid_side_by_side_are_the_table(entries: Entries, query: TableQuery, limit: int) -> None:
    whole = all_rows(entries, query)
    laid: list[Row] = []
    for offset in range(0, len(whole) + limit, limit):
        window = cut_window(entries, query, offset, limit)
        assert window.total == len(whole)
        laid += window.rows
    assert laid == whole


@given(fleets, queries)
def test_a_table_holds_what_fits_and_nothing_else(entries: Entries, query: TableQuery) -> None:
    expected = Counter(
        (entry.row.cluster, entry.row.namespace, entry.row.name)
        for ordered in entries.values()
        for entry in ordered
        if (query.clusters is None or entry.row.cluster in query.clusters)
        and (query.namespaces is None or entry.row.namespace in query.namespaces)
        and (not query.levels or entry.row.status.level in query.levels)
        and (not query.words or entry.row.status.word.lower() in query.words)
        and all(word in entry.text for word in query.search)
        and (query.sees is None or query.sees(entry.row.cluster, entry.row.namespace))
    )
    found = Counter((row.cluster, row.namespace, row.name) for row in all_rows(entries, query))
    assert found == expected


@given(fleets, st.sampled_from(["created", "restarts", "name", "status"]), st.booleans())
def test_ties_are_in_the_order_of_their_places_and_what_has_nothing_to_sort_by_is_last(
    entries: Entries, column: str, descending: bool
) -> None:
    rows = all_rows(entries, TableQuery(kind="Pod", order=(Order(column, descending),)))
    keys = [
        {"created": row.cells[3], "restarts": row.cells[1], "name": row.name, "status": row.status.word}[
            column
        ]
        for row in rows
    ]
    present = [key for key in keys if key is not None]
    assert keys[len(present) :] == [None] * (len(keys) - len(present))
    if column != "status":
        assert present == sorted(present, reverse=descending)
    for (one, first), (other, second) in pairwise(zip(keys, rows, strict=True)):
        if one == other and first.status == second.status:
            assert (first.cluster, first.namespace, first.name) < (
                second.cluster,
                second.namespace,
                second.name,
            )


@given(fleets, queries)
def test_facets_are_the_totals_that_each_choice_would_give(entries: Entries, query: TableQuery) -> None:
    facets = count_facets(entries, query)
    replace = msgspec.structs.replace
    for level, number in facets.levels.items():
        chosen = replace(query, levels=frozenset({Level(level)}), words=frozenset())
        assert cut_window(entries, chosen, 0, 0).total == number
    for cluster, number in facets.clusters.items():
        assert cut_window(entries, replace(query, clusters=frozenset({cluster})), 0, 0).total == number
    for namespace, number in facets.namespaces.items():
        assert cut_window(entries, replace(query, namespaces=frozenset({namespace})), 0, 0).total == number


def test_quantities_are_sorted_by_what_they_mean() -> None:
    volumes = [
        msgspec.convert(
            {"metadata": {"name": name}, "spec": {"capacity": {"storage": size}}}, PersistentVolume
        )
        for name, size in (("a", "10Gi"), ("b", "900Mi"), ("c", "bogus"), ("d", "1Ti"))
    ]
    entries = {"prod": [make_entry("prod", "PersistentVolume", volume) for volume in volumes]}
    query = TableQuery(kind="PersistentVolume", order=(Order("capacity"),))
    assert [row.name for row in all_rows(entries, query)] == ["b", "a", "d", "c"]


@pytest.mark.parametrize("text", ["age", "-", "name,,", "label:", "restarts desc", "x" * 10_000])
def test_an_order_by_no_column_is_told_so(text: str) -> None:
    with pytest.raises(
        TableError, match="is no column of Pod; those are cluster, namespace, name, status, ready"
    ):
        read_order(text, "Pod")


class Following(RuleBasedStateMachine):
    """Rows that follow an inventory, through whatever happens to it."""

    names = st.sampled_from(["web-1", "web-2", "db-1"])
    clusters = st.sampled_from(["prod", "dev"])

    def __init__(self) -> None:
        super().__init__()
        self.inventory = Inventory(NOON.timestamp)
        self.rows = Rows()
        self.inventory.follow(self.rows)
        self.version = 0

    def item(self, name: str, namespace: str, phase: str) -> Item:
        self.version += 1
        found = pod(name, namespace, phase)
        meta = msgspec.structs.replace(found.metadata, resource_version=str(self.version))
        document = msgspec.msgpack.encode(msgspec.structs.replace(found, metadata=meta))
        return Item(namespace, name, "u", str(self.version), document, 0.0)

    @rule(
        cluster=clusters,
        name=names,
        namespace=st.sampled_from(["shop", "data"]),
        phase=st.sampled_from(PHASES),
    )
    def change(self, cluster: str, name: str, namespace: str, phase: str) -> None:
        self.inventory.apply(cluster, "Pod", [self.item(name, namespace, phase)])

    @rule(cluster=clusters, name=names)
    def delete(self, cluster: str, name: str) -> None:
        self.inventory.apply(cluster, "Pod", [Item("shop", name, "u", "0", None, 0.0)])

    @rule(cluster=clusters, name=names)
    def come_back_with_less(self, cluster: str, name: str) -> None:
        self.inventory.begin_snapshot(cluster, "Pod")
        self.inventory.snapshot_items(cluster, "Pod", [self.item(name, "shop", "Running")])
        self.inventory.end_snapshot(cluster, "Pod")

    @rule(cluster=clusters)
    def remove(self, cluster: str) -> None:
        self.inventory.remove(cluster)

    @invariant()
    def counts_are_those_of_a_recount(self) -> None:
        for cluster in ("prod", "dev"):
            known = list(self.inventory.objects(cluster, "Pod"))
            expected: dict[str, dict[Level, int]] = {}
            for found in known:
                levels = expected.setdefault(found.metadata.namespace, {})
                level = status_of("Pod", found).level
                levels[level] = levels.get(level, 0) + 1
            assert {
                namespace: dict(counts) for namespace, counts in self.rows.counts("Pod", cluster)
            } == expected

    @invariant()
    def there_is_a_row_for_each_object_in_order(self) -> None:
        for cluster in ("prod", "dev"):
            entries = self.rows.entries("Pod").get(cluster, [])
            expected = sorted(
                self.inventory.objects(cluster, "Pod"),
                key=lambda one: (one.metadata.namespace, one.metadata.name),
            )
            assert [entry.row for entry in entries] == [
                make_entry(cluster, "Pod", one).row for one in expected
            ]


TestFollowing = Following.TestCase
TestFollowing.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
