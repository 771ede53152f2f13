"""Whatever a cluster sends that still decodes: it has a row, can be sorted, and can be told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farwatch.hub.inventory import Inventory, Level, ObjectChange, Operation, Rows
from farwatch.hub.inventory.table import rows as rows_module
from farwatch.hub.inventory.table.columns import COLUMNS, present
from farwatch.hub.inventory.table.ordering import Order
from farwatch.hub.inventory.table.query import TableQuery, cut_window
from farwatch.hub.overview.objects.detail import describe
from farwatch.hub.overview.objects.scene import Present, Ref
from farwatch.kube.kinds import KINDS, Kind
from farwatch.kube.objects import KubeObject, ObjectMeta, Pod

ODD_VALUES: list[Any] = [
    None,
    0,
    -1,
    2**62,
    "",
    "x" * 5000,
    "a/b",
    "True",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-20T21:15:13",
    "2026-11-20T21:15:13Z",
    [],
    {},
    True,
]


def whole(kind: msgspec.inspect.Type, depth: int = 0) -> Any:  # noqa: PLR0911 - one for each type
    """A document in which every field has a value."""
    match kind:
        case msgspec.inspect.StructType():
            return {field.encode_name: whole(field.type, depth + 1) for field in kind.fields if depth < 12}
        case msgspec.inspect.UnionType():
            return whole(
                next(one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType)), depth
            )
        case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
            return [whole(kind.item_type, depth), whole(kind.item_type, depth)]
        case msgspec.inspect.DictType():
            return {"a": whole(kind.value_type, depth), "b": whole(kind.value_type, depth)}
        case msgspec.inspect.IntType():
            return 3
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.DateTimeType():
            return "2026-11-21T12:00:00Z"
    return "text"


WHOLE = {name: whole(msgspec.inspect.type_info(kind.type)) for name, kind in KINDS.items()}


def places_of(document: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) within a document."""
    places: list[tuple[Any, Any]] = []
    for key, value in list(document.items() if isinstance(document, dict) else enumerate(document)):
        places.append((document, key))
        if isinstance(value, dict | list):
            places += places_of(value)
    return places


def distort(kind: Kind, changes: Sequence[tuple[int, Any]], name: str) -> KubeObject:
    """An object with odd values in some places, as far as it still decodes."""
    document = msgspec.json.decode(msgspec.json.encode(WHOLE[kind.name]))
    found = kind.json_decoder.decode(msgspec.json.encode(document))
    for place, value in changes:
        places = places_of(document)
        container, key = places[place % len(places)]
        kept, container[key] = container[key], value
        try:
            found = kind.json_decoder.decode(msgspec.json.encode(document))
        except msgspec.ValidationError:
            container[key] = kept
    metadata = msgspec.structs.replace(found.metadata, name=name, namespace="shop")
    return msgspec.structs.replace(found, metadata=metadata)


changes = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(ODD_VALUES)), max_size=8)


@given(kind=st.sampled_from(sorted(KINDS)), odd=st.lists(changes, min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_object_that_decodes_has_a_row_and_can_be_sorted_and_told_of(
    kind: str, odd: list[Sequence[tuple[int, Any]]]
) -> None:
    found = [distort(KINDS[kind], changes, f"odd-{place}") for place, changes in enumerate(odd)]
    rows = Rows()
    for one in found:
        present(kind, one)  # the row would hide what it raises
        rows.observe([created(kind, one)])
        ref = Ref(kind, "shop", one.metadata.name)
        scene = Present("prod", Inventory(lambda: 0.0))
        msgspec.json.encode(describe("prod", ref, one, scene, alerts=(), at=datetime.now(UTC)))
    for column in COLUMNS[kind]:
        query = TableQuery(kind=kind, order=(Order(column.id), Order("label:a", descending=True)))
        window = cut_window(rows.entries(kind), query, 0, 10)
        assert len(window.rows) == len(found)
        msgspec.json.encode(window)


def created(kind: str, found: KubeObject) -> ObjectChange:
    return ObjectChange(
        cluster="prod", kind=kind, operation=Operation.CREATED, time=0.0, before=None, after=found
    )


def test_an_object_that_cannot_be_shown_costs_no_other_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_at_odd(kind: str, found: KubeObject) -> Any:
        if found.metadata.name == "odd":
            raise ValueError("odd")
        return present(kind, found)

    monkeypatch.setattr(rows_module, "present", fail_at_odd)
    rows = Rows()
    rows.observe([created("Pod", Pod(metadata=ObjectMeta(name=name, uid=name))) for name in ("odd", "well")])
    odd, well = [entry.row for entry in rows.entries("Pod")["prod"]]
    assert (odd.status.word, odd.status.level) == ("Unknown", Level.UNKNOWN)
    assert odd.cells == (None,) * len(COLUMNS["Pod"])
    assert well.cells != odd.cells
