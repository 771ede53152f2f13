from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.inventory.diff import diff


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, [("a.c", None, 2)]),
        ({"a": {"b": 1}}, {}, [("a", {"b": 1}, None)]),
        ({"l": [1, 2]}, {"l": [1, 3, 4]}, [("l[1]", 2, 3), ("l[2]", None, 4)]),
        (
            {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "True"}]},
            {"conditions": [{"type": "Other", "status": "True"}, {"type": "Ready", "status": "False"}]},
            [("conditions[Ready].status", "True", "False")],
        ),
        (
            {"containers": [{"name": "a", "image": "x:1"}]},
            {"containers": [{"name": "a", "image": "x:2"}, {"name": "b"}]},
            [("containers[a].image", "x:1", "x:2"), ("containers[b]", None, {"name": "b"})],
        ),
        ({"a": [1]}, {"a": {"0": 1}}, [("a", [1], {"0": 1})]),
        (
            {"metadata": {"resourceVersion": "1", "generation": 1}, "status": {"observedGeneration": 1}},
            {"metadata": {"resourceVersion": "2", "generation": 2}, "status": {"observedGeneration": 2}},
            [],
        ),
    ],
)
def test_fields_that_differ_are_named_by_their_path(before: Any, after: Any, expected: list[Any]) -> None:
    assert [(change.path, change.before, change.after) for change in diff(before, after)] == expected


JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    assert diff(document, document) == []


@given(
    st.dictionaries(st.sampled_from("abc"), JSON, max_size=3),
    st.dictionaries(st.sampled_from("abc"), JSON, max_size=3),
)
def test_documents_that_differ_have_a_field_that_does(before: Any, after: Any) -> None:
    assert bool(diff(before, after)) == (before != after)
