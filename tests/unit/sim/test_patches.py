import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.sim.errors import PatchError
from farwatch.sim.patches import PatchType, apply_patch, merge

scalars = st.none() | st.integers(-3, 3) | st.text("xy", max_size=2)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=10,
)
patches = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


def by_the_book(target: Any, patch: Any) -> Any:
    """RFC 7386, section 2, word by word."""
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    target = dict(target)
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = by_the_book(target.get(name), value)
    return target


@given(values, patches)
def test_merge_follows_the_rfc_and_leaves_its_arguments_alone(document: Any, patch: dict[str, Any]) -> None:
    before = copy.deepcopy((document, patch))
    assert merge(document, patch) == by_the_book(document, patch)
    assert (document, patch) == before


@given(values, patches)
def test_merging_twice_changes_nothing_more(document: Any, patch: dict[str, Any]) -> None:
    once = merge(document, patch)
    assert merge(once, patch) == once


def test_each_type_is_read_its_own_way() -> None:
    document = {"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}}
    change = {"spec": {"containers": [{"name": "b", "image": "2"}]}}
    strategic = apply_patch(document, change, PatchType.STRATEGIC)
    merged = apply_patch(document, change, PatchType.MERGE)
    replace = [{"op": "replace", "path": "/spec/containers/1/image", "value": "2"}]
    assert [c["image"] for c in strategic["spec"]["containers"]] == ["1", "2"]
    assert merged["spec"]["containers"] == [{"name": "b", "image": "2"}]
    assert apply_patch(document, replace, PatchType.JSON) == strategic


@pytest.mark.parametrize(
    ("patch", "patch_type"),
    [
        ([{"op": "replace", "path": "", "value": 1}], PatchType.JSON),
        ([], PatchType.MERGE),
        ("x", PatchType.STRATEGIC),
    ],
)
def test_what_leaves_no_object_is_refused(patch: Any, patch_type: PatchType) -> None:
    with pytest.raises(PatchError):
        apply_patch({"a": 1}, patch, patch_type)
